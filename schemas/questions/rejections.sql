-- Which rules rejected how many rows, with one reason as it stands.
SELECT recipe, run_id, step, rule, count(*) AS rows, min(reason) AS example
FROM rejections GROUP BY ALL ORDER BY recipe, run_id, rows DESC, step, rule
