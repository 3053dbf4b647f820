"""ScriptedTeacher: a small server that stands in for a model, and says so. No model is inside.

It speaks the OpenAI protocol over real HTTP (models, chat completions with `n` and schemas, usage, rate-limit headers
where there is a limit, files, batches) and answers mathmill's own prompts from the template families that ship:
problems are drawn from them, solutions are their worked ones. It is there for tests, load tests and a first taste
without a key. What it writes is no better than the families; it does not read a problem, it knows it or not: one that
it does not know it answers wrongly, and reports so. It does not stream.

    python -m tasks.scripted --port 0 --seed 1 --faults wrong_answer=0.05,429=0.02

The same seed and request give the same answer, in any order and after a restart. A fault plan spoils a share of the
answers; `GET /scripted/spoiled` lists which, so that tests measure what a pipeline catches. It ends with whoever
started it. On one core it answers some 5,000 requests a second.

    stock        problems with worked solutions, drawn once at the start
    variants     known problems found again in what recipes make of them
    asked        which of our prompts a request is, with its sections
    answers/     what each prompt is answered: prompt name -> function(sections, rng, stock) -> fields
    replies      those put together; how a new prompt is taught
    faults       the plan, and what it does to an answer
    completions  a request answered, without HTTP
    server, batches   the protocol
"""
