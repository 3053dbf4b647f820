"""Prefect's one door: `@task` and `@recipe` run the same functions with a Prefect server and without one.

No server configured: the plain functions are called and Prefect is never imported, so the first row comes at once.
With `PREFECT_API_URL` (or a profile that names a server): a recipe is a Prefect flow, its tasks are task runs.
"""

import atexit
import importlib
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import update_wrapper, wraps
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar

from schemas.errors import MathmillError
from schemas.manifest import MANIFEST, read_manifest, untouched
from schemas.parameters import Parameter, bind, parameters_of
from schemas.plan import Plan
from schemas.run import Run, open_run
from schemas.table import Table

P = ParamSpec("P")
T = TypeVar("T")

RUNS = Path("data/runs")
QUIET = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
         "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false", "HF_HUB_DISABLE_TELEMETRY": "1"}
for _name, _value in QUIET.items():
    os.environ.setdefault(_name, _value)  # before Prefect is imported; whoever set it otherwise is obeyed


def task(work: Callable[P, T]) -> Callable[P, T]:
    """Makes a function from table to table a task: a plain call, or a Prefect task run inside a Prefect flow run."""

    @wraps(work)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return work(*args, **kwargs)

    return call


def recipe(*, summary: str) -> Callable[[Callable[P, T]], "Recipe[P, T]"]:
    """Makes a function that calls tasks a recipe; `summary` is its one line in `mathmill recipes`."""
    return lambda body: Recipe(body, summary)


class Recipe(Generic[P, T]):
    """A recipe: call it like the function that it wraps, or `run` it with parameters as words."""

    def __init__(self, body: Callable[P, T], summary: str) -> None:
        self.body, self.summary = body, summary
        self.name = body.__name__
        update_wrapper(self, body)

    @property
    def parameters(self) -> dict[str, Parameter]:
        return parameters_of(self.body)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        names = list(self.parameters)
        given: dict[str, Any] = {**dict(zip(names, args, strict=False)), **kwargs}
        return self.run(**given)

    def plan(self, **parameters: Any) -> Plan:
        """What a run with these parameters would be. Raises `ParameterError`."""
        known = self.parameters
        return Plan.of(self.name, known, bind(known, parameters))

    def run(self, out: str | Path | None = None, preview: bool = False, **parameters: Any) -> T:
        """Run, or resume, or find finished, the run that these parameters make; returns what the recipe returns."""
        values = bind(self.parameters, parameters)
        plan = Plan.of(self.name, self.parameters, values)
        folder = _folder(plan, out, preview)
        if not preview and (folder / MANIFEST).exists():
            found = _finished(folder, plan)
            if found is not None:
                return found  # type: ignore[no-any-return]
        with open_run(folder, plan, preview=preview) as run:
            result = self.body(**values)  # type: ignore[call-arg]
            _remember(run, result)
        return result


def _folder(plan: Plan, out: str | Path | None, preview: bool) -> Path:
    if preview:
        folder = Path(tempfile.mkdtemp(prefix="mathmill-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return folder
    return Path(out) if out else Path(os.environ.get("MATHMILL_RUNS", RUNS)) / plan.recipe / plan.run_id


def _remember(run: Run, result: Any) -> None:
    if isinstance(result, Table) and result.path.is_relative_to(run.folder):
        run.record["result"] = {"path": str(result.path.relative_to(run.folder)),
                                "row": f"{result.row.__module__}:{result.row.__qualname__}"}


def _finished(folder: Path, plan: Plan) -> Any:
    record = read_manifest(folder)
    if record.get("state") != "finished" or plan.differences(record) or not untouched(folder, record):
        return None
    kept = record.get("result")
    if not kept:
        return None
    module, _, name = kept["row"].partition(":")
    return Table(folder / kept["path"], getattr(importlib.import_module(module), name))


__all__ = ["MathmillError", "Recipe", "recipe", "task"]
