-- The same problem with two answers: one of them is wrong.
SELECT recipe, run_id, list_sort(list(DISTINCT answer)) AS answers, count(*) AS rows, list(id ORDER BY id) AS ids,
       min(problem) AS problem
FROM examples GROUP BY recipe, run_id, lower(regexp_replace(trim(problem), '\s+', ' ', 'g'))
HAVING count(DISTINCT answer) > 1 ORDER BY rows DESC, problem
