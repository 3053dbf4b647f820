"""Symbolic templates that a model makes of seeds, with clauses more or less, and many draws of each.

Source: GSM-Symbolic (Mirzadeh et al. 2024), whose templates people wrote and whose data must not be reused.
Departures: training seeds, a model in the place of people, held to give each seed back; p1, p2, m1 and noop are
written by rules. `lifted` does the same without a model.
"""

from flows.parameters import (
    Draws,
    Embedder,
    Licence,
    MaxCost,
    MaxTokens,
    Model,
    Modes,
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


@recipe(summary="Templates by a model, their variants (p1, p2, m1, noop), many draws of each.")
def gsm_symbolic(teacher: Teacher, model: Model = "", size: Size = 1000, seed: Draws = 0, seeds: Seeds = "",
                 licence: Licence = "", modes: Modes = (), embedder: Embedder = "", decontaminate: TestSets = (),
                 name: Name = "mathmill-gsm-symbolic", max_cost: MaxCost = 0.0,
                 max_tokens: MaxTokens = 0) -> Table[Example]:
    """Seeds -> templates -> variants -> problems -> solutions -> verdicts -> examples -> distinct -> data set."""
    worked = sample.problems(seeds, licence=licence, seed=seed)
    drawn_from = instantiate.with_variants(compose.templates(worked, llm.teacher(teacher, model)), modes)
    problems = instantiate.templates(drawn_from, size=size, seed=seed)
    solutions = instantiate.solutions(problems, drawn_from)
    verdicts = verify.by_both(problems, solutions, drawn_from)
    examples = select.verified(problems, solutions, verdicts, drawn_from)
    distinct = dedup.by_meaning(examples, embedder=embedder)
    clean = decontamination.against(distinct, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name, templates=drawn_from)
