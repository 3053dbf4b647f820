"""New problems from the template families that ship with mathmill, or from a user's own: no seed, no model."""

from flows.parameters import (
    Draws,
    Embedder,
    Families,
    Isolation,
    Levels,
    Modes,
    Name,
    PerFamily,
    Planted,
    Size,
    TestSets,
    Topics,
)
from schemas.records import Example
from schemas.table import Table
from tasks import decontaminate as decontamination
from tasks import dedup, export, families, instantiate, select, verify
from tasks.tools.orchestrator import recipe


@recipe(summary="New problems from template families that ship: arithmetic to calculus, five levels of difficulty.")
def templates(size: Size = 1000, seed: Draws = 0, topics: Topics = (), difficulty: Levels = (), file: Families = "",
              modes: Modes = (), embedder: Embedder = "", per_family: PerFamily = 0, decontaminate: TestSets = (),
              name: Name = "mathmill-templates", planted: Planted = 0.01,
              isolation: Isolation = "auto") -> Table[Example]:
    """Families -> problems -> solutions -> verdicts -> examples -> distinct -> clean -> data set."""
    shipped = instantiate.with_variants(families.shipped(topics, difficulty, file), modes)
    problems = instantiate.templates(shipped, size=size, seed=seed)
    solutions = instantiate.solutions(problems, shipped)
    verdicts = verify.by_both(problems, solutions, shipped, planted=planted, isolation=isolation)
    examples = select.verified(problems, solutions, verdicts, shipped)
    distinct = dedup.by_meaning(examples, embedder=embedder, per_family=per_family)
    clean = decontamination.against(distinct, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name, templates=shipped)
