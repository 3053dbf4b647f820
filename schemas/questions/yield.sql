-- Of the problems of each run, how many became examples, and what one example cost.
WITH kept AS (
    SELECT run_id, max(kept) FILTER (step = 'problems') AS problems, arg_max(kept, place) AS examples
    FROM (SELECT s.*, CASE WHEN step IN ('examples', 'paths') THEN 1 WHEN step = 'distinct' THEN 2
                           WHEN step = 'clean' THEN 3 WHEN step IN ('accepted', 'selected') THEN 4 END AS place
          FROM steps s)
    GROUP BY run_id),
paid AS (SELECT run_id, CASE WHEN count(cost) = count(*) THEN sum(cost) END AS dollars FROM calls GROUP BY run_id)
SELECT recipe, run_id, problems, examples, round(examples / nullif(problems, 0), 4) AS share, dollars,
       dollars / nullif(examples, 0) AS dollars_each, round(seconds, 1) AS seconds
FROM runs JOIN kept USING (run_id) LEFT JOIN paid USING (run_id) ORDER BY started, run_id
