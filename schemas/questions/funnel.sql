-- Rows due, kept and rejected, step by step, of every run.
SELECT recipe, run_id, step, expected AS due, kept, rejected, round(kept / nullif(expected, 0), 4) AS share
FROM steps WHERE step NOT LIKE '%.%'
