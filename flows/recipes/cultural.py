"""Seeds told anew for readers elsewhere: their names, places and things; numbers and answer as they were.

Source: Lost in Cultural Translation (Karim et al. 2025). Departures: training seeds, not a test set; dictionaries of
our own; that the marked text is the problem is checked by putting the words back, not by a judge and an alignment.
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


@recipe(summary="Problems retold for six regions of the world by dictionaries; the answers stay.")
def cultural(teacher: Teacher, model: Model = "", size: Size = 1000, seed: Draws = 0, samples: Samples = 1,
             seeds: Seeds = "", licence: Licence = "", embedder: Embedder = "", decontaminate: TestSets = (),
             name: Name = "mathmill-cultural", max_cost: MaxCost = 0.0, max_tokens: MaxTokens = 0) -> Table[Example]:
    """Seeds -> briefs -> problems -> attempts -> verdicts -> examples -> clean -> data set. Likeness is wanted here."""
    by = llm.teacher(teacher, model)
    worked = sample.problems(seeds, licence=licence, seed=seed)
    briefs = compose.briefs(worked, {"cultural": 1}, size=size, seed=seed)
    problems = compose.unlike(compose.problems(briefs, by))
    attempts = solve.attempts(problems, by, samples=samples)
    verdicts = judge.attempts(problems, attempts)
    examples = judge.accepted(problems, attempts, verdicts, briefs, gate="strict")
    clean = decontamination.against(examples, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name)
