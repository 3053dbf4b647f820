"""Single steps of the main job as flows of their own, for `mathmill lift` and `mathmill instantiate`."""

from pathlib import Path
from typing import Annotated

from flows.parameters import Column, Draws, Limit, Seeds
from schemas.errors import InputError
from schemas.parameters import InputFile
from schemas.records import Problem, Template
from schemas.table import Table
from tasks import sample
from tasks.instantiate import bindings as bound
from tasks.lift import templates as lifted
from tasks.tools.orchestrator import recipe


@recipe(summary="Templates from worked problems.")
def lift(seeds: Seeds = "", question_column: Column = "", solution_column: Column = "", answer_column: Column = "",
         limit: Limit = 0, seed: Draws = 0) -> Table[Template]:
    """Every seed becomes a template or a rejection."""
    return lifted(sample.problems(seeds, question_column=question_column, solution_column=solution_column,
                                  answer_column=answer_column, limit=limit, seed=seed))


@recipe(summary="Problems from templates and given values.")
def instantiate(templates: Annotated[str, InputFile], bindings: Annotated[str, InputFile]) -> Table[Problem]:
    """Every line of values becomes a problem or a rejection."""
    table = Table(Path(templates), Template)
    if not table.shards():
        raise InputError("holds no templates", where=templates, mend="give the folder templates/ of a run")
    return bound(table, bindings)
