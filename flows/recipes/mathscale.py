"""From the concepts of seeds: a graph of what occurs together, walks through it, a problem for each walk.

Source: MathScale (Tang et al. 2024). Departures: steps of a walk by the numbers of a public re-implementation, and
solutions must not contradict each other; the paper's validation by a model did not help and is left out, as there.
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
from tasks.tools import llm
from tasks.tools.orchestrator import recipe


@recipe(summary="A concept graph out of seeds, walks through it, a problem for each walk.")
def mathscale(teacher: Teacher, model: Model = "", size: Size = 1000, seed: Draws = 0, samples: Samples = 4,
              gate: Gated = "lenient", seeds: Seeds = "", licence: Licence = "", embedder: Embedder = "",
              decontaminate: TestSets = (), name: Name = "mathmill-mathscale", max_cost: MaxCost = 0.0,
              max_tokens: MaxTokens = 0) -> Table[Example]:
    """Seeds -> concepts -> walks -> problems -> attempts -> verdicts -> examples -> distinct -> data set."""
    by = llm.teacher(teacher, model)
    worked = sample.problems(seeds, licence=licence, seed=seed)
    concepts = compose.concepts(worked, by)
    briefs = compose.walks(concepts, size=size, seed=seed)
    problems = compose.unlike(compose.problems(briefs, by))
    attempts = solve.attempts(problems, by, samples=samples, stop="agreed")
    verdicts = judge.attempts(problems, attempts)
    examples = judge.accepted(problems, attempts, verdicts, briefs, gate=gate)
    distinct = dedup.by_meaning(examples, embedder=embedder)
    clean = decontamination.against(distinct, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name)
