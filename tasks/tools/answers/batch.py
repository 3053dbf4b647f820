"""Many verdicts, spread over processes: in the order of the rows, a few chunks ahead of the reader, in flat memory."""

import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from itertools import chain, islice

from tasks.tools.answers.judge import Policy, Verdict, check
from tasks.tools.workers import worker_count

Row = tuple[str, str, str | None]  # a solution or an answer, its reference, the problem where it is known
CHUNK = 1_000
AHEAD = 3  # chunks a process: enough that none waits for the reader
PRELOAD = ["tasks.tools.answers", "mpmath"]
LOST = Verdict("unknown", "", "", "its process died", 0.0)

_Queued = tuple[list[Row], Future[list[Verdict]]]


def check_all(rows: Iterable[Row], policy: Policy | None = None, processes: int | None = None) -> Iterator[Verdict]:
    """The verdict of `check` for every row, in order. `processes`: by default as many as `worker_count` says.

    A row whose process dies, twice, is `unknown`. What fits one chunk is judged in this process.
    """
    count, parts = processes or worker_count(), _chunks(rows)
    start = list(islice(parts, 2))
    if count == 1 or len(start) < 2:
        for part in chain(start, parts):
            yield from _judged(part, policy)
        return
    pool, queue = _pool(count), deque[_Queued]()
    try:
        for part in chain(start, parts):
            try:
                queue.append((part, pool.submit(_judged, part, policy)))
            except BrokenExecutor:  # some chunk before this one killed it; who did is found when its turn comes
                pool.shutdown(wait=False)
                pool = _pool(count)
                queue.append((part, pool.submit(_judged, part, policy)))
            while len(queue) > AHEAD * count:
                yield from _taken(queue.popleft(), policy)
        while queue:
            yield from _taken(queue.popleft(), policy)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while part := list(islice(source, CHUNK)):
        yield part


def _pool(count: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    return ProcessPoolExecutor(count, mp_context=context)


def _judged(part: Sequence[Row], policy: Policy | None) -> list[Verdict]:
    return [check(*row, policy) for row in part]


def _taken(queued: _Queued, policy: Policy | None) -> list[Verdict]:
    """A chunk's verdicts; where its process died, the chunk in halves alone, down to the row that does it."""
    part, future = queued
    try:
        return future.result()
    except BrokenExecutor:
        return _alone(part, policy)


def _alone(part: list[Row], policy: Policy | None) -> list[Verdict]:
    with _pool(1) as pool:
        try:
            return pool.submit(_judged, part, policy).result()
        except BrokenExecutor:
            if len(part) == 1:
                return [LOST]
    middle = len(part) // 2
    return _alone(part[:middle], policy) + _alone(part[middle:], policy)
