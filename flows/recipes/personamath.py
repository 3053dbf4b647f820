"""Seeds solved anew and told for many persons; what was solved wrong is thought over once.

Source: PersonaMath (Luo et al. 2024). Departures: 500 personas of our own instead of Persona Hub's, and the second
thoughts replace wrong solutions; they get no extra weight, since corrections were not seen to be worth more.
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
    Personas,
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

MIX = {"seed": 1, "persona": 3}


@recipe(summary="Problems as given persons meet them, and reflection on what was solved wrong.")
def personamath(teacher: Teacher, model: Model = "", size: Size = 1000, seed: Draws = 0, samples: Samples = 3,
                gate: Gated = "lenient", personas: Personas = "", seeds: Seeds = "", licence: Licence = "",
                embedder: Embedder = "", decontaminate: TestSets = (), name: Name = "mathmill-personamath",
                max_cost: MaxCost = 0.0, max_tokens: MaxTokens = 0) -> Table[Example]:
    """Seeds -> problems -> attempts -> verdicts -> revised -> verdicts -> examples -> distinct -> data set."""
    by = llm.teacher(teacher, model)
    worked = sample.problems(seeds, licence=licence, seed=seed)
    briefs = compose.briefs(worked, MIX, size=size, seed=seed, personas=personas)
    problems = compose.unlike(compose.problems(briefs, by))
    attempts = solve.attempts(problems, by, samples=samples, stop="agreed")
    verdicts = judge.attempts(problems, attempts)
    revised = solve.revised(problems, attempts, verdicts, by)
    seconds = judge.attempts(problems, revised, name="second_verdicts")
    examples = judge.accepted(problems, revised, seconds, briefs, gate=gate)
    distinct = dedup.by_meaning(examples, embedder=embedder)
    clean = decontamination.against(distinct, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name)
