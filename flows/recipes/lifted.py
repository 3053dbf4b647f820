"""The main job: worked problems in; new, verified, distinct, clean problems with solutions out. No model needed.

Source of the idea: symbolic templates of grade-school problems (GSM-Symbolic, Mirzadeh et al. 2024), 100 written by
hand. Departure: templates are lifted from the worked solutions themselves, and every example is verified twice.
"""

from flows.parameters import (
    Column,
    Draws,
    Embedder,
    Isolation,
    Licence,
    Limit,
    Modes,
    Name,
    PerFamily,
    Planted,
    Seeds,
    Size,
    TestSets,
)
from schemas.records import Example
from schemas.table import Table
from tasks import decontaminate as decontamination
from tasks import dedup, export, instantiate, lift, sample, select, verify
from tasks.tools.orchestrator import recipe


@recipe(summary="New problems from worked ones: templates lifted, drawn, verified twice, deduplicated, decontaminated.")
def lifted(size: Size = 1000, seed: Draws = 0, seeds: Seeds = "", question_column: Column = "",
           solution_column: Column = "", answer_column: Column = "", licence: Licence = "", limit: Limit = 0,
           modes: Modes = (), embedder: Embedder = "", per_family: PerFamily = 0, decontaminate: TestSets = (),
           name: Name = "mathmill-lifted", planted: Planted = 0.01,
           isolation: Isolation = "auto") -> Table[Example]:
    """Seeds -> templates -> problems -> solutions -> verdicts -> examples -> distinct -> clean -> data set."""
    worked = sample.problems(seeds, question_column=question_column, solution_column=solution_column,
                             answer_column=answer_column, licence=licence, limit=limit, seed=seed)
    templates = instantiate.with_variants(lift.templates(worked), modes)
    problems = instantiate.templates(templates, size=size, seed=seed)
    solutions = instantiate.solutions(problems, templates)
    verdicts = verify.by_both(problems, solutions, templates, planted=planted, isolation=isolation)
    examples = select.verified(problems, solutions, verdicts, templates)
    distinct = dedup.by_meaning(examples, embedder=embedder, per_family=per_family)
    clean = decontamination.against(distinct, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name, templates=templates)
