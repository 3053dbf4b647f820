-- Examples by topic and level of difficulty, with the solve rate of their problems where it was measured.
SELECT e.recipe, e.run_id, topic, difficulty, count(*) AS rows, count(r.share) AS rated,
       round(avg(r.share), 3) AS solve_rate
FROM examples e LEFT JOIN rates r ON r.run_id = e.run_id AND r.problem_id = e.parents[1]
GROUP BY ALL ORDER BY ALL
