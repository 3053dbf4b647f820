"""A run: one recipe, one set of parameters, one folder of tables, and `run.json` which says all that made them.

    data/runs/lifted/3f9a0c…/run.json  seeds/  templates/  templates.rejected/  problems/ …

The run id is a hash of recipe, parameters, input files and code, so the same command finds the same folder and resumes.
`schemas.manifest` seals a finished run and checks it again. Times stand in run.json only: tables hold none.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from schemas.errors import BusyError, MathmillError, RunError
from schemas.manifest import MANIFEST, read_manifest, seal, write_manifest
from schemas.plan import Plan, versions
from schemas.rows import SCHEMA
from schemas.table import Table, storage

R = TypeVar("R")
_RUN: ContextVar["Run"] = ContextVar("run")


@dataclass(frozen=True, slots=True)
class Step:
    """What one task did to its first source: rows in, rows expected to come out, and what became of them."""

    name: str
    sources: list[str]
    rows_in: int
    expected: int
    kept: int
    rejected: int
    rules: dict[str, int]  # rejections by rule
    shards: int
    resumed: int  # shards that were there already
    seconds: float


@dataclass(slots=True)
class Run:
    """The open run: where its tables lie, and what is known about it. One process writes it; workers only read it."""

    folder: Path
    plan: Plan
    preview: bool = False
    record: dict[str, Any] = field(default_factory=dict)
    resources: ExitStack = field(default_factory=ExitStack)  # closed with the run: worker processes and the like
    owner: int = field(default_factory=os.getpid)

    @property
    def recipe(self) -> str:
        return self.plan.recipe

    @property
    def id(self) -> str:
        return self.plan.run_id

    @property
    def seed(self) -> int:
        return self.plan.seed

    @property
    def parameters(self) -> dict[str, Any]:
        return self.plan.parameters

    @property
    def steps(self) -> dict[str, Step]:
        """What each step did, in order, by the name of the table that it made."""
        return {name: Step(**{"name": name, **counts}) for name, counts in self.record.get("steps", {}).items()}

    def table(self, name: str, row: type[R]) -> Table[R]:
        """The table of that name in this run, which need not exist yet."""
        return Table(self.folder / name, row)

    def note(self, key: str, value: Any) -> None:
        """Keep a figure in run.json under `notes`; anything that JSON holds. Notes of a resumed run stay."""
        self.record.setdefault("notes", {})[key] = value
        self.save()

    def add(self, step: Step) -> None:
        """Keep what a step did. A step that only found its shards again leaves the older, fuller record alone."""
        steps = self.record.setdefault("steps", {})
        if step.name in steps and step.resumed == step.shards:
            return
        steps[step.name] = {key: value for key, value in asdict(step).items() if key != "name"}
        self.save()

    def save(self) -> None:
        """Write run.json, whole or not at all. Raises `RunError` in a process that only borrowed the run."""
        if os.getpid() != self.owner:
            raise RunError("a worker process cannot write run.json", where=str(self.folder),
                           mend="return figures as rows, or note them in the task")
        write_manifest(self.folder, self.record)

    def __reduce__(self) -> tuple[Any, ...]:
        return _borrowed, (self.folder, self.plan, self.preview, self.owner)


def _borrowed(folder: Path, plan: Plan, preview: bool, owner: int) -> Run:
    return Run(folder, plan, preview, owner=owner)


def current_run() -> Run:
    """The run that is open here. Raises `RunError` outside of one."""
    run = _RUN.get(None)
    if run is None:
        raise RunError("no run is open", mend="call tasks inside a recipe, or in `with open_run(folder, Plan(…)):`")
    return run


def lend(run: Run) -> None:
    """Make `run` the current one of a worker process, for reading."""
    _RUN.set(run)


@contextmanager
def open_run(folder: Path, plan: Plan | None = None, *, preview: bool = False) -> Iterator[Run]:
    """Open a run's folder, new or to resume; on leaving, run.json says finished, failed or cancelled.

    Raises `RunError` where the folder belongs to another run, holds something else, or another process runs in it.
    """
    plan = plan or Plan("test", {"seed": 0})
    with storage(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        old = _same_run(folder, plan)
        sweep(folder)
        run = Run(folder, plan, preview, {**plan.record(), "started": _now(), **old, "state": "running"})
        run.record.update(versions=versions(), schema=SCHEMA, error="", resumes=old.get("resumes", -1) + 1)
        run.save()
        token = _RUN.set(run)
        try:
            yield from _watched(run)
        finally:
            _RUN.reset(token)


def sweep(folder: Path) -> None:
    """Remove what killed processes left half-written."""
    for path in folder.rglob("*.tmp"):
        with storage(path):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _watched(run: Run) -> Iterator[Run]:
    since = monotonic()
    try:
        with run.resources:
            yield run
    except BaseException as error:
        run.record["state"] = "cancelled" if isinstance(error, KeyboardInterrupt) else "failed"
        run.record["error"] = str(error) if isinstance(error, MathmillError) else f"{type(error).__name__}: {error}"
        with suppress(MathmillError):  # the disk may be what failed: the first error is the one to show
            sweep(run.folder)
            _close(run, since)
        raise
    run.record.update(state="finished", files=seal(run.folder))
    _close(run, since)


def _close(run: Run, since: float) -> None:
    run.record["seconds"] = round(run.record.get("seconds", 0) + monotonic() - since, 3)
    run.record["ended"] = _now()
    run.save()


def _same_run(folder: Path, plan: Plan) -> dict[str, Any]:
    if not (folder / MANIFEST).exists():
        strange = sorted(path.name for path in folder.iterdir() if path.name != ".lock")
        if strange:
            raise RunError(f"this folder holds something else: {', '.join(strange[:3])}", where=str(folder),
                           mend="give an empty or new folder as --out")
        return {}
    old = read_manifest(folder)
    differs = plan.differences(old)
    if differs and not any(folder.rglob("*.parquet")):
        return {}  # it failed before it made anything, on a bad file or parameter that is mended now
    if differs:
        raise RunError(f"this folder holds another run: {'; '.join(differs)}", where=str(folder),
                       mend="give another --out, or delete this folder")
    return old


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    path = folder / ".lock"
    with storage(path):
        handle = open(path, "a+")  # noqa: SIM115
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            raise BusyError(f"another process (pid {holder}) is running in this folder", where=str(folder),
                            mend="wait for it, or give another --out") from None
        with suppress(OSError):
            handle.truncate(0)
            print(os.getpid(), file=handle, flush=True)
        yield


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
