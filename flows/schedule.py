"""Recipes as schedules run them: `flows.schedule.<recipe>` is a Prefect flow, made when asked for.

Without `into`, a scheduled run is the run that the same parameters make on the command line: the same id, the same
folder, so a crashed one goes on where it stopped. With `into`, it tops up a data set that grows (`flows.schedule_set`).
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from time import sleep
from typing import Annotated, Any

from flows.commands import catalogue
from flows.rounds import in_rounds
from flows.schedule_set import topped_up
from schemas.errors import BusyError
from schemas.manifest import MANIFEST
from schemas.table import Table, write_file
from tasks.report.facts import facts_of
from tasks.report.page import page
from tasks.tools import artifacts
from tasks.tools.locks import taken
from tasks.tools.orchestrator import as_flow, signature_with
from tasks.tools.progress import say

Accepted = Annotated[int, "go on until so many examples are accepted; with `into`, so many in all; 0: no target"]
Into = Annotated[str, "folder of a data set that grows: only what is new to it is added; empty: a run by itself"]
WAIT = 10.0  # seconds between looks at a folder in which another process works


def __getattr__(name: str) -> Any:
    if name in catalogue.names():
        return _flow(name)
    raise AttributeError(name)


@cache
def _flow(name: str) -> Any:
    recipe = catalogue.load(name)

    def work(accepted: int = 0, into: str = "", **given: Any) -> Table[Any]:
        return waiting(lambda: once(recipe, accepted, into, given))

    def run_name(given: dict[str, Any]) -> str:
        into = Path(str(given.pop("into", ""))).name
        return f"{name} into {into}" if into else f"{name} {recipe.plan(**given).run_id}"

    signature = signature_with(recipe.body, accepted=(Accepted, 0), into=(Into, ""))
    return as_flow(work, name, recipe.summary, signature, run_name)


def once(recipe: Any, accepted: int, into: str, given: dict[str, Any]) -> Table[Any]:
    """What one firing of a schedule does. Raises what the recipe raises."""
    if into:
        with taken(Path(into)):
            return topped_up(recipe, Path(into), accepted, given)
    table: Table[Any] = in_rounds(recipe, accepted, None, given) if accepted else recipe.run(**given)
    reported(recipe.name, next(place for place in table.path.parents if (place / MANIFEST).exists()))
    return table


def reported(name: str, folder: Path) -> None:
    """Writes the report of a run, once, and shows it in Prefect's UI; one that fails is a line, not the run's end."""
    place = artifacts.report_of(folder)
    try:
        if not place.exists():
            write_file(place, page("report.html.jinja", **facts_of(folder)).encode())
        artifacts.link(folder, name)
    except Exception as error:
        say(f"{folder}: no report ({type(error).__name__}: {error}); mathmill report {folder}")


def waiting(work: Callable[[], Table[Any]]) -> Table[Any]:
    """`work()`, again and again while another process is at work in its folder."""
    while True:
        try:
            return work()
        except BusyError as busy:
            say(f"{busy.where}: {busy.what}; waiting")
            sleep(WAIT)
