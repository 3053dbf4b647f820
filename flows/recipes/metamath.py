"""Each seed four ways: as it is, in other words, and with one of its numbers asked for, by statement or by mask.

Source: MetaMath (Yu et al. 2023). Departures: numbers of a paraphrase are checked by program, the masked number is
drawn by chance, and the answer of a reversed problem is that number, which solutions must reach.
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
from tasks import compose, export, judge, sample, solve
from tasks import decontaminate as decontamination
from tasks.tools import llm
from tasks.tools.orchestrator import recipe

MIX = {"seed": 1, "paraphrase": 1, "self_verification": 1, "fobar": 1}


@recipe(summary="Bootstrapped seeds: rephrased, self-verification, FOBAR; solutions that reach the known answer.")
def metamath(teacher: Teacher, model: Model = "", size: Size = 1000, seed: Draws = 0, samples: Samples = 1,
             gate: Gated = "strict", seeds: Seeds = "", licence: Licence = "", embedder: Embedder = "",
             decontaminate: TestSets = (), name: Name = "mathmill-metamath", max_cost: MaxCost = 0.0,
             max_tokens: MaxTokens = 0) -> Table[Example]:
    """Seeds -> briefs -> problems -> attempts -> verdicts -> examples -> clean -> data set. Likeness is wanted here."""
    by = llm.teacher(teacher, model)
    worked = sample.problems(seeds, licence=licence, seed=seed)
    briefs = compose.briefs(worked, MIX, size=size, seed=seed)
    problems = compose.unlike(compose.problems(briefs, by))
    attempts = solve.attempts(problems, by, samples=samples)
    verdicts = judge.attempts(problems, attempts)
    examples = judge.accepted(problems, attempts, verdicts, briefs, gate=gate)
    clean = decontamination.against(examples, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name)
