"""Seeds restated, reversed and altered, each solved in turns of reasoning and programs.

Source: MuMath-Code (Yin et al. 2024). Kept: at most four turns, errors shown and mended. Departures: programs run in
a jail, one problem has one kind of solution (its plain solutions are what `metamath` and `mugglemath` make).
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

MIX = {"seed": 2, "paraphrase": 2, "fobar": 1, "bf_trans": 1, "numbers": 2, "harder": 2}


@recipe(summary="Restated, reversed and altered problems, solved in turns of words and programs.")
def mumath_code(teacher: Teacher, model: Model = "", size: Size = 1000, seed: Draws = 0, samples: Samples = 3,
                gate: Gated = "lenient", seeds: Seeds = "", licence: Licence = "", embedder: Embedder = "",
                decontaminate: TestSets = (), name: Name = "mathmill-mumath-code", max_cost: MaxCost = 0.0,
                max_tokens: MaxTokens = 0) -> Table[Example]:
    """Seeds -> briefs -> problems -> attempts -> verdicts -> examples -> clean -> data set. Likeness is wanted here."""
    by = llm.teacher(teacher, model)
    worked = sample.problems(seeds, licence=licence, seed=seed)
    briefs = compose.briefs(worked, MIX, size=size, seed=seed)
    problems = compose.unlike(compose.problems(briefs, by))
    attempts = solve.attempts(problems, by, style="tools", samples=samples, stop="agreed")
    verdicts = judge.attempts(problems, attempts)
    examples = judge.accepted(problems, attempts, verdicts, briefs, gate=gate)
    clean = decontamination.against(examples, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name)
