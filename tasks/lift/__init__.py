"""Lift: from a problem and its worked solution, a symbolic template, with no model.

The field wrote such templates by hand or paid a model for them (GSM-Symbolic, Mirzadeh et al. 2024). Here the worked
solution itself says how its numbers come about: `steps` reads its equations, `bind` finds where every operand
comes from, `text` writes question and solution as markup, `conditions` and `domains` say what may be drawn, `assemble`
accepts only what gives the seed back to the letter. What cannot be lifted for sure is a rejection with its reason.
"""

from schemas.records import Rejection, Seed, Template, reject
from schemas.table import Table
from tasks.lift.assemble import lift
from tasks.lift.bound import Unlifted
from tasks.tools.each import by_row, each
from tasks.tools.orchestrator import task

__all__ = ["Unlifted", "lift", "templates"]


@task
def templates(seeds: Table[Seed]) -> Table[Template]:
    """The template of each seed that can be lifted: table `templates`; every other seed is a rejection with its rule."""
    return each(by_row(lifted), seeds, into=Template, name="templates")


def lifted(seed: Seed) -> Template | Rejection:
    """One seed's template, or why it has none."""
    try:
        return lift(seed)
    except Unlifted as reason:
        return reject(seed.id, "templates", reason.rule, str(reason), content=seed.question)
