-- Pairs that ask the same and answer otherwise: one of the two is wrong.
SELECT recipe, run_id, rule, score, answer, twin_answer, problem, twin, row_id, twin_id
FROM conflicts ORDER BY score DESC, row_id
