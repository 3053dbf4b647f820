"""Seeds abstracted by a model to templates with a program, then bound anew, wholly or in part, without a model.

Source: InfinityMATH (Zhang et al. 2024). Kept: one call that masks numbers and writes the program, one repair,
partial bindings. Departures: programs in a small language that can be checked; at most three partial bindings a
template; solutions are the program's lines in words, and every draw is verified twice.
"""

from flows.parameters import (
    Draws,
    Embedder,
    Licence,
    MaxCost,
    MaxTokens,
    Model,
    Name,
    Seeds,
    Size,
    Teacher,
    TestSets,
)
from schemas.records import Example
from schemas.table import Table
from tasks import compose, dedup, export, instantiate, sample, select, verify
from tasks import decontaminate as decontamination
from tasks.tools import llm
from tasks.tools.orchestrator import recipe


@recipe(summary="Templates with programs by a model; numbers bound anew, wholly or in part.")
def infinitymath(teacher: Teacher, model: Model = "", size: Size = 1000, seed: Draws = 0, seeds: Seeds = "",
                 licence: Licence = "", embedder: Embedder = "", decontaminate: TestSets = (),
                 name: Name = "mathmill-infinitymath", max_cost: MaxCost = 0.0,
                 max_tokens: MaxTokens = 0) -> Table[Example]:
    """Seeds -> templates -> partly bound -> problems -> solutions -> verdicts -> examples -> distinct -> data set."""
    worked = sample.problems(seeds, licence=licence, seed=seed)
    drawn_from = compose.partly_bound(compose.templates(worked, llm.teacher(teacher, model)))
    problems = instantiate.templates(drawn_from, size=size, seed=seed)
    solutions = instantiate.solutions(problems, drawn_from)
    verdicts = verify.by_both(problems, solutions, drawn_from)
    examples = select.verified(problems, solutions, verdicts, drawn_from)
    distinct = dedup.by_meaning(examples, embedder=embedder)
    clean = decontamination.against(distinct, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name, templates=drawn_from)
