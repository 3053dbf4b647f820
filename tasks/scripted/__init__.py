"""ScriptedTeacher: a small server that stands in for a model, and says so. No model is inside.

It speaks the OpenAI protocol over real HTTP (models, chat completions with `n` and schemas, usage, rate-limit headers,
files, batches) and answers mathmill's own prompts from the template families that ship: problems are drawn from them,
solutions are their worked ones. It is there for tests, load tests and a first taste without a key; what it writes is
no better than the families, and it cannot solve a problem that it does not know.

    python -m tasks.scripted --port 0 --seed 1 --faults wrong_answer=0.05,429=0.02

The same seed and request give the same answer, in any order and after a restart. A fault plan spoils a share of the
answers; `GET /scripted/spoiled` lists which, so that tests measure what a pipeline catches.

    stock    problems with worked solutions, drawn once at the start
    replies  what each prompt is answered: prompt name -> function(sections, rng, stock) -> fields
    faults   the plan, and what it does to an answer
    server   the protocol
"""
