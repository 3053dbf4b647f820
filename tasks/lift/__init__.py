"""Lift: from a problem and its worked solution, a symbolic template, with no model.

The field wrote such templates by hand or paid a model for them (GSM-Symbolic, Mirzadeh et al. 2024). Here the worked
solution itself says how its numbers come about. `assemble` goes through it, each stage in modules of its own:

* read: `legible` makes a `Story`, with `steps` over `tokens`, `walk` and `trees`;
* bind: `bind` gives every operand its source, from `sources` by `options`, `readings` and `settle`, which ask `judge`
  what computes the same and `evidence` what the words say (`words`); `doubts` and `aside` turn guesses down;
* write: `text` makes a `Draft` of both texts, with `loose` numbers, `facts` that stay, and words that `agree`
  (`nouns`); `people` are the names that can be swapped;
* compute: `codes` become a `program`, and `conditions` and `domains` say what may be drawn;
* accept: `proofs` lets pass only what gives the seed back to the letter and reads true in other draws.

What cannot be lifted for sure is a rejection with its reason.
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
    """Table `templates`: the template of each seed that can be lifted. Every other seed is a rejection."""
    return each(by_row(lifted), seeds, into=Template, name="templates")


def lifted(seed: Seed) -> Template | Rejection:
    """One seed's template, or why it has none."""
    try:
        return lift(seed)
    except Unlifted as reason:
        return reject(seed.id, "templates", reason.rule, str(reason), content=seed.question)
