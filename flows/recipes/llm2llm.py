"""New problems where a student fails: it solves the seeds, and the teacher writes more like those it got wrong.

Source: LLM2LLM (Lee et al. 2024), one round. Kept: only seeds seed new problems. Departures: the student is not
trained here (train it on the result and run again with it); repeats are found by meaning instead of ROUGE-L.
"""

from flows.parameters import (
    Draws,
    Embedder,
    Licence,
    MaxCost,
    MaxTokens,
    Model,
    Name,
    Samples,
    Seeds,
    Size,
    Student,
    Teacher,
    TestSets,
)
from schemas.records import Example
from schemas.table import Table
from tasks import compose, dedup, export, judge, sample, solve
from tasks import decontaminate as decontamination
from tasks.tools import llm
from tasks.tools.orchestrator import recipe

PUPILS = {"scripted": "scripted:--faults wrong_answer=0.4"}  # it must fail somewhere


@recipe(summary="Problems like those that a student model fails, written by its teacher.")
def llm2llm(teacher: Teacher, model: Model = "", student: Student = "", student_model: Model = "", size: Size = 1000,
            seed: Draws = 0, samples: Samples = 1, seeds: Seeds = "", licence: Licence = "", embedder: Embedder = "",
            decontaminate: TestSets = (), name: Name = "mathmill-llm2llm", max_cost: MaxCost = 0.0,
            max_tokens: MaxTokens = 0) -> Table[Example]:
    """Seeds -> a student's tries -> failed seeds -> problems like them -> attempts -> examples -> data set."""
    by, pupil = llm.teacher(teacher, model), llm.teacher(student or PUPILS.get(teacher, teacher), student_model)
    briefs = compose.briefs(sample.problems(seeds, licence=licence, seed=seed), {"seed": 1}, size=size, seed=seed)
    known = compose.problems(briefs, by)
    tries = solve.attempts(known, pupil, samples=samples, name="tries")
    rates = judge.rates(known, tries, judge.attempts(known, tries, name="try_verdicts"))
    failed = judge.failed(known, rates, briefs)
    more = compose.briefs(failed, {"similar": 1}, size=size, seed=seed, name="more_briefs")
    problems = compose.unlike(compose.problems(more, by, name="more_problems"))
    attempts = solve.attempts(problems, by, samples=samples)
    examples = judge.accepted(problems, attempts, judge.attempts(problems, attempts), more)
    distinct = dedup.by_meaning(examples, embedder=embedder)
    clean = decontamination.against(distinct, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name)
