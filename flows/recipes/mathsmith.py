"""Hard problems from concepts alone, by two of nine kinds of hardness each; answers by majority.

Source: MathSmith (Zhan et al. 2025). Departures: concepts of our own curriculum instead of PlanetMath, no tuned
writer; the plan must have its five steps, and a problem goes on only where most of its solutions agree.
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
    Teacher,
    TestSets,
)
from schemas.records import Example
from schemas.table import Table
from tasks import compose, dedup, export, judge, sample, solve
from tasks import decontaminate as decontamination
from tasks.tools import llm
from tasks.tools.orchestrator import recipe


@recipe(summary="Hard problems from concepts and named kinds of hardness; a majority must agree.")
def mathsmith(teacher: Teacher, model: Model = "", size: Size = 1000, seed: Draws = 0, samples: Samples = 5,
              seeds: Seeds = "", licence: Licence = "", embedder: Embedder = "", decontaminate: TestSets = (),
              name: Name = "mathmill-mathsmith", max_cost: MaxCost = 0.0, max_tokens: MaxTokens = 0) -> Table[Example]:
    """Seeds -> briefs -> problems -> attempts -> verdicts -> examples -> distinct -> clean -> data set."""
    by = llm.teacher(teacher, model)
    worked = sample.problems(seeds, licence=licence, seed=seed)
    briefs = compose.briefs(worked, {"from_hardness": 1}, size=size, seed=seed)
    problems = compose.unlike(compose.problems(briefs, by))
    attempts = solve.attempts(problems, by, samples=samples)
    verdicts = judge.attempts(problems, attempts)
    examples = judge.accepted(problems, attempts, verdicts, briefs, gate="strict")
    distinct = dedup.by_meaning(examples, embedder=embedder)
    clean = decontamination.against(distinct, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name)
