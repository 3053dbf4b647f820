"""Seeds solved in rounds of program, output and a check in two parts, until the check holds.

Source: chain of self-correction (Gao et al. 2024), first phase. Kept: does the program fit the problem, does the
output, then a conclusion or a new round; only right answers stay. `size` is how many seeds are used.
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


@recipe(summary="Solutions that check their program and its output, and correct themselves.")
def cosc(teacher: Teacher, model: Model = "", size: Size = 1000, seed: Draws = 0, samples: Samples = 2,
         seeds: Seeds = "", licence: Licence = "", embedder: Embedder = "", decontaminate: TestSets = (),
         name: Name = "mathmill-cosc", max_cost: MaxCost = 0.0, max_tokens: MaxTokens = 0) -> Table[Example]:
    """Seeds -> briefs -> problems -> attempts -> verdicts -> examples -> distinct -> clean -> data set."""
    by = llm.teacher(teacher, model)
    worked = sample.problems(seeds, licence=licence, seed=seed)
    briefs = compose.briefs(worked, {"seed": 1}, size=size, seed=seed)
    problems = compose.unlike(compose.problems(briefs, by))
    attempts = solve.attempts(problems, by, style="checked", samples=samples, turns=8)
    verdicts = judge.attempts(problems, attempts)
    examples = judge.accepted(problems, attempts, verdicts, briefs, gate="strict")
    distinct = dedup.by_meaning(examples, embedder=embedder)
    clean = decontamination.against(distinct, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name)
