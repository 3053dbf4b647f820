-- The largest families: examples that are draws of one template, with one problem to see.
SELECT recipe, run_id, template_id, count(*) AS rows, min(problem) AS example
FROM examples GROUP BY ALL ORDER BY rows DESC, template_id LIMIT 50
