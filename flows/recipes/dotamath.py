"""Ten kinds of new problems out of each seed, solved by sub-tasks, a program with its steps, and a check of it.

Source: DotaMath (Li et al. 2024). Departures: one call a change instead of ten new problems in one, kinds of our own
where the paper names none, and a vote for new problems.
"""

from flows.parameters import (
    Draws,
    Embedder,
    Gated,
    Licence,
    MaxCost,
    MaxTokens,
    Model,
    Name,
    Samples,
    Seeds,
    Size,
    Teacher,
    TestSets,
)
from schemas.records import Example
from schemas.table import Table
from tasks import compose, dedup, export, judge, sample, solve
from tasks import decontaminate as decontamination
from tasks.evolve.change import DOTAMATH
from tasks.tools import llm
from tasks.tools.orchestrator import recipe


@recipe(summary="Ten kinds of evolved problems, solved by decomposition, program and check.")
def dotamath(teacher: Teacher, model: Model = "", size: Size = 1000, seed: Draws = 0, samples: Samples = 3,
             gate: Gated = "lenient", seeds: Seeds = "", licence: Licence = "", embedder: Embedder = "",
             decontaminate: TestSets = (), name: Name = "mathmill-dotamath", max_cost: MaxCost = 0.0,
             max_tokens: MaxTokens = 0) -> Table[Example]:
    """Seeds -> briefs -> problems -> attempts -> verdicts -> examples -> distinct -> clean -> data set."""
    by = llm.teacher(teacher, model)
    worked = sample.problems(seeds, licence=licence, seed=seed)
    briefs = compose.briefs(worked, dict.fromkeys(DOTAMATH, 1), size=size, seed=seed)
    problems = compose.unlike(compose.problems(briefs, by))
    attempts = solve.attempts(problems, by, style="subtasks", samples=samples, stop="agreed")
    verdicts = judge.attempts(problems, attempts)
    examples = judge.accepted(problems, attempts, verdicts, briefs, gate=gate)
    distinct = dedup.by_meaning(examples, embedder=embedder)
    clean = decontamination.against(distinct, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name)
