"""The only loop of mathmill: work over the shards of tables, in processes where it pays, resumed by finished shard.

`each` turns shard i of its sources into shard i of a new table; `whole` is for work that must see whole tables.
Both keep the accounts (rows due = kept + rejected) and write them to the run. Rejections go to `<table>.rejected`.
"""

import gc
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from filecmp import cmpfiles
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Generic, TypeVar

from schemas.errors import RunError, StorageError
from schemas.records import Rejection
from schemas.run import Run, current_run
from schemas.table import Table, storage, sync_folder, write_shard
from tasks.tools.accounts import Count, balance, parted, recount, step_of
from tasks.tools.progress import Progress
from tasks.tools.runners import Runner, is_local, runner_class
from tasks.tools.workers import Workers, portable, worker_count

Out = TypeVar("Out")
Work = Callable[..., Iterable[Out | Rejection]]

SHARD = 5_000  # rows of a shard made by `whole`: a second or so of work, a megabyte or so of memory
PATIENCE = 2.0  # seconds of work that are left to this process: starting others costs about as much
LATE = 120.0  # seconds; NFS keeps what it knows of a folder for up to one minute
_POOLS: dict[str, Runner] = {}


@contextmanager
def _no_collector() -> Iterator[None]:
    """Rows hold no cycles, but a shard of them makes the collector look again and again, a fifth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@dataclass(frozen=True, slots=True)
class _Job(Generic[Out]):
    """One shard's work, made to be pickled: reads its shards, works, writes, and gives back only counts."""

    work: Work[Out]
    sources: tuple[Table[Any], ...]
    shared: tuple[Table[Any], ...]
    shards: tuple[int, ...]  # of the shared tables
    out: Table[Out]
    expected: Callable[..., int] | None

    def __call__(self, number: int) -> Count:
        with _no_collector():
            return self._made(number)

    def _made(self, number: int) -> Count:
        if _is_finished(self.out, number):  # the worker that did it was lost with its answer
            return recount(self.out, number, self.sources[0])
        where = f"{self.out.name}, shard {number}"
        try:
            for table, shards in zip(self.shared, self.shards, strict=True):
                _seen(table, shards)
            lists = [source.read(number) for source in self.sources]
            due = self.expected(*lists) if self.expected else len(lists[0])
            kept, rejected = parted(self.work(*lists, *self.shared))
        except Exception as error:
            raise portable(error, where) from error
        balance(due, len(kept), len(rejected), where)
        # The kept shard last: where it lies, the shard is finished.
        write_shard(self.out.rejections.shard(number), rejected, Rejection)
        write_shard(self.out.shard(number), kept, self.out.row)
        return Count(len(lists[0]), due, len(kept), len(rejected), Counter(row.rule for row in rejected))


@dataclass(frozen=True, slots=True)
class by_row:
    """Lifts a row function `Row -> Row | list[Row] | Rejection` to the rows of a shard; several sources go abreast."""

    work: Callable[..., Any]

    def __call__(self, *lists: Sequence[Any] | Table[Any]) -> Iterator[Any]:
        shared = [item for item in lists if isinstance(item, Table)]
        for rows in zip(*(item for item in lists if not isinstance(item, Table)), strict=True):
            made = self.work(*rows, *shared)
            yield from made if isinstance(made, list) else (made,)


def each(work: Work[Out], *sources: Table[Any], into: type[Out], name: str, expected: Callable[..., int] | None = None,
         processes: bool = True, shared: Sequence[Table[Any]] = ()) -> Table[Out]:
    """The table `name` of the current run: `work(*lists_of_rows, *shared)` over shard i of all sources, for every i.

    `work` gives `into` rows and `Rejection`s, `expected(*lists_of_rows)` of them in all (by default one for each row of
    the first source). It must be picklable (a top-level function, a `partial`, a `by_row`) unless `processes` is off.
    `shared` tables are passed whole. Finished shards are not made again.

    Raises `RunError` when the accounts do not add up, `StorageError` when the disk refuses, `ToolError` for any other
    failure of `work`, naming the shard.
    """
    run, since = current_run(), monotonic()
    out = run.table(name, into)
    shards = _shard_count(sources, name)
    finished = {number for number in range(shards) if _is_finished(out, number)}
    there = tuple(map(_absolute, shared))
    job = _Job(work, tuple(map(_absolute, sources)), there, tuple(len(table.shards()) for table in there),
               _absolute(out), expected)
    counts = [recount(out, number, sources[0]) for number in sorted(finished)]
    with Progress(name, shards, len(finished)) as progress:
        for count in _counted(job, [n for n in range(shards) if n not in finished], run, processes):
            counts.append(count)
            progress.add(count.kept, count.rejected)
    _seen(out, shards)
    _seen(out.rejections, shards)
    rows_in = sum(count.rows_in for count in counts)
    run.add(step_of(name, sources, counts, len(finished), monotonic() - since, rows_in))
    return out


def whole(work: Work[Out], *sources: Table[Any], into: type[Out], name: str,
          expected: int | Callable[..., int] | None = None, shard: int = SHARD) -> Table[Out]:
    """The table `name` of the current run from `work(*sources)`, which sees whole tables and streams rows out.

    It runs in this process, unless the table is there: the table appears whole or not at all. `expected` rows are due,
    a number or a function of the sources: by default as many as the first source has, or as come where there is none.

    Raises as `each` does.
    """
    run, since = current_run(), monotonic()
    out = run.table(name, into)
    there = out.path.is_dir()
    counts = _found(out) if there else _written(work, sources, out, shard, expected)
    rows_in = sources[0].count() if sources else sum(count.expected for count in counts)
    run.add(step_of(name, sources, counts, len(counts) * there, monotonic() - since, rows_in))
    return out


# --- each


def _absolute(table: Table[Out]) -> Table[Out]:
    """Workers, on this machine or another, have working folders of their own."""
    return Table(table.path.absolute(), table.row)


def _seen(table: Table[Any], shards: int) -> None:
    """Waits until the folder lists that many shards: a network disk may show late what another machine wrote.

    Raises `StorageError` when they do not come.
    """
    until = monotonic() + LATE
    while (there := len(table.shards())) < shards:
        if monotonic() > until:
            raise StorageError(f"only {there} of {shards} shards are seen here", where=str(table.path),
                               mend="see that all machines mount the same disk there, then repeat the command")
        sleep(0.1)


def _shard_count(sources: Sequence[Table[Any]], name: str) -> int:
    counts = [len(source.shards()) for source in sources]
    if len(set(counts)) != 1 or not counts[0]:
        told = ", ".join(f"{source.name}: {count}" for source, count in zip(sources, counts, strict=True))
        raise RunError(f"the sources of {name} must have equally many shards, and at least one ({told})", where=name,
                       mend="pass a table that is looked into as a whole as `shared`")
    return counts[0]


def _is_finished(out: Table[Any], number: int) -> bool:
    return out.shard(number).exists() and out.rejections.shard(number).exists()


def _counted(job: _Job[Any], todo: list[int], run: Run, processes: bool) -> Iterator[Count]:
    """Runs the shards here while that is quick, otherwise in the run's worker processes, wherever these are."""
    workers = worker_count() if processes else 1
    alone = not processes or (workers == 1 and is_local())
    here = str(run.folder) not in _POOLS or len(todo) < 2
    while todo and (here or alone):
        since = monotonic()
        yield job(todo.pop(0))
        here = (monotonic() - since) * len(todo) <= PATIENCE
    yield from _pool(run, workers).map(job, todo, job.out.name) if todo else ()


def _pool(run: Run, workers: int) -> Runner:
    key = str(run.folder)
    if key not in _POOLS:
        kind = Workers if run.preview else runner_class()  # a preview's folder is this machine's own
        _POOLS[key] = kind(workers, run)
        run.resources.callback(lambda: _POOLS.pop(key).close())
    return _POOLS[key]


def rest() -> None:
    """Ends this process's idle workers, so that what they hold goes back before something large starts.

    The next work starts new ones.
    """
    for pool in _POOLS.values():
        pool.close()


# --- whole


def _found(out: Table[Any]) -> list[Count]:
    return [recount(out, number) for number in range(len(out.shards()))]


def _written(work: Work[Out], sources: Sequence[Table[Any]], out: Table[Out], shard: int,
             expected: int | Callable[..., int] | None) -> list[Count]:
    half = Table(_unfinished(out), out.row), Table(_unfinished(out.rejections), Rejection)
    for table in half:
        shutil.rmtree(table.path, ignore_errors=True)
    counts: list[Count] = []
    try:
        with Progress(out.name, 0) as progress:
            for kept, rejected in _batches(work(*sources), shard):
                write_shard(half[1].shard(len(counts)), rejected, Rejection)
                write_shard(half[0].shard(len(counts)), kept, out.row)
                came = len(kept) + len(rejected)
                counts.append(Count(came, came, len(kept), len(rejected), Counter(row.rule for row in rejected)))
                progress.add(len(kept), len(rejected))
    except Exception as error:
        raise portable(error, out.name) from error
    due = expected(*sources) if callable(expected) else expected
    if due is None and sources:
        due = sources[0].count()
    kept_rows, rejected_rows = sum(count.kept for count in counts), sum(count.rejected for count in counts)
    balance(kept_rows + rejected_rows if due is None else due, kept_rows, rejected_rows, out.name)
    _appear(out)
    return counts


def _batches(rows: Iterable[Out | Rejection], size: int) -> Iterator[tuple[list[Out], list[Rejection]]]:
    """Shards as rows stream by; at least one, because views and folders of no shards do not go together."""
    kept: list[Out] = []
    rejected: list[Rejection] = []
    first = True
    for row in rows:
        if isinstance(row, Rejection):
            rejected.append(row)
        else:
            kept.append(row)
        if len(kept) >= size or len(rejected) >= size:
            yield kept, rejected
            kept, rejected, first = [], [], False
    if kept or rejected or first:
        yield kept, rejected


def _unfinished(table: Table[Any]) -> Path:
    return table.path.with_name(table.path.name + ".tmp")


def _same(one: Path, other: Path) -> bool:
    names = sorted(path.name for path in one.iterdir())
    return other.is_dir() and cmpfiles(one, other, names, shallow=False)[0] == names == sorted(os.listdir(other))


def _appear(out: Table[Any]) -> None:
    with storage(out.path):
        if _same(_unfinished(out.rejections), out.rejections.path):  # killed between the two renames below
            shutil.rmtree(_unfinished(out.rejections))
        else:
            shutil.rmtree(out.rejections.path, ignore_errors=True)
            os.replace(_unfinished(out.rejections), out.rejections.path)
        os.replace(_unfinished(out), out.path)
        sync_folder(out.path.parent)
