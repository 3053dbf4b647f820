-- Calls paid and found again, tokens and dollars, by run, step and model.
SELECT recipe, run_id, step, model, calls, hits, prompt_tokens, completion_tokens, cost
FROM calls ORDER BY recipe, run_id, cost DESC NULLS FIRST, step, model
