"""Five kinds of new problems out of each seed, with several solutions that must agree.

Source: MuggleMath (Li et al. 2023), query and response augmentation. Departures: one call a change instead of one for
all five, and a vote of equivalent answers where the paper only drops what has no answer.
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
from tasks.evolve.change import MUGGLEMATH
from tasks.tools import llm
from tasks.tools.orchestrator import recipe


@recipe(summary="Evolved problems: numbers, fractions, ideas combined, conditions, depth; solutions that agree.")
def mugglemath(teacher: Teacher, model: Model = "", size: Size = 1000, seed: Draws = 0, samples: Samples = 4,
               gate: Gated = "lenient", seeds: Seeds = "", licence: Licence = "", embedder: Embedder = "",
               decontaminate: TestSets = (), name: Name = "mathmill-mugglemath", max_cost: MaxCost = 0.0,
               max_tokens: MaxTokens = 0) -> Table[Example]:
    """Seeds -> briefs -> problems -> attempts -> verdicts -> examples -> distinct -> clean -> data set."""
    by = llm.teacher(teacher, model)
    worked = sample.problems(seeds, licence=licence, seed=seed)
    briefs = compose.briefs(worked, dict.fromkeys(MUGGLEMATH, 1), size=size, seed=seed)
    problems = compose.unlike(compose.problems(briefs, by))
    attempts = solve.attempts(problems, by, samples=samples, stop="agreed")
    verdicts = judge.attempts(problems, attempts)
    examples = judge.accepted(problems, attempts, verdicts, briefs, gate=gate)
    distinct = dedup.by_meaning(examples, embedder=embedder)
    clean = decontamination.against(distinct, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name)
