"""What running a recipe's body means, whoever runs it: find its folder, resume or start, remember what came out."""

import atexit
import importlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from schemas.manifest import MANIFEST, read_manifest, untouched
from schemas.plan import Plan
from schemas.run import Run, open_run
from schemas.table import Table
from tasks.tools.runners import runner_class

RUNS = "data/runs"  # under the current folder, or what MATHMILL_RUNS says


def run_folder(plan: Plan, out: str | Path | None = None) -> Path:
    """Where this run lies or will lie."""
    return Path(out) if out else Path(os.environ.get("MATHMILL_RUNS") or RUNS) / plan.recipe / plan.run_id


def finished(plan: Plan, folder: Path) -> Table[Any] | None:
    """What a run in `folder` came to, if it is this one, finished and whole; at the price of a few `stat` calls."""
    record = read_manifest(folder) if (folder / MANIFEST).exists() else {}
    if record.get("state") != "finished" or plan.differences(record) or not untouched(folder, record):
        return None
    return _remembered(folder, record)


def launch(body: Callable[[], Any], plan: Plan, folder: Path | None) -> Any:
    """`body()` within the run of `plan`, in `folder`, or, without one, in a folder that goes when this process ends."""
    if folder is None:
        with open_run(_passing_folder(), plan, preview=True):
            return body()
    found = finished(plan, folder)
    if found is not None:
        return found
    runner_class()  # before anything is done, not when the first long step needs it
    with open_run(folder, plan) as run:
        result = body()
        _remember(run, result)
    return result


def _passing_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="mathmill-preview-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _remember(run: Run, result: Any) -> None:
    if isinstance(result, Table) and result.path.is_relative_to(run.folder):
        run.record["result"] = {"path": str(result.path.relative_to(run.folder)),
                                "row": f"{result.row.__module__}:{result.row.__qualname__}"}


def _remembered(folder: Path, record: Mapping[str, Any]) -> Table[Any] | None:
    kept = record.get("result")
    if not kept:
        return None
    module, _, name = kept["row"].partition(":")
    return Table(folder / kept["path"], getattr(importlib.import_module(module), name))
