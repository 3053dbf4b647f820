"""Many solutions of each seed by one model; of the right ones those that calculate differently.

Source: rejection sampling fine-tuning (Yuan et al. 2023), k = 100 there. Kept: right answer, no wrong equation, one
solution for each list of equations, the one least like the others. `size` is how many seeds are used.
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
from tasks import compose, export, judge, sample, solve
from tasks import decontaminate as decontamination
from tasks.tools import llm
from tasks.tools.orchestrator import recipe


@recipe(summary="Several right solutions a seed, told apart by their equations.")
def rft(teacher: Teacher, model: Model = "", size: Size = 1000, seed: Draws = 0, samples: Samples = 8,
        seeds: Seeds = "", licence: Licence = "", embedder: Embedder = "", decontaminate: TestSets = (),
        name: Name = "mathmill-rft", max_cost: MaxCost = 0.0, max_tokens: MaxTokens = 0) -> Table[Example]:
    """Seeds -> attempts -> verdicts -> examples -> paths -> clean -> data set."""
    by = llm.teacher(teacher, model)
    worked = sample.problems(seeds, licence=licence, seed=seed)
    briefs = compose.briefs(worked, {"seed": 1}, size=size, seed=seed)
    problems = compose.unlike(compose.problems(briefs, by))
    attempts = solve.attempts(problems, by, samples=samples)
    verdicts = judge.attempts(problems, attempts)
    examples = judge.accepted(problems, attempts, verdicts, briefs, gate="strict", most=0)
    paths = judge.paths(examples)
    clean = decontamination.against(paths, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name)
