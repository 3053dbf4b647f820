"""Verdicts over processes: all of them, in order, and none lost with a process that dies."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator

from tasks.tools.answers import check_all
from tasks.tools.answers.batch import CHUNK
from tasks.tools.answers.budget import Undecided, spending
from tasks.tools.answers.latex import Node, parse
from tasks.tools.answers.symbolic import Worker

Row = tuple[str, str, str | None]


def rows(count: int) -> Iterator[Row]:
    for number in range(count):
        yield f"Adding one gives {number + 1}. The answer is {number + 1}.", str(number + number % 2), None


def test_all_come_in_order_from_processes_and_from_here() -> None:
    spread = [verdict[:4] for verdict in check_all(rows(3 * CHUNK), processes=2)]
    assert spread == [verdict[:4] for verdict in check_all(rows(3 * CHUNK), processes=1)]
    assert [verdict[0] for verdict in spread] == ["different", "equal"] * (3 * CHUNK // 2)
    assert list(check_all([])) == []


def test_what_a_killed_process_held_is_judged_all_the_same() -> None:
    found = check_all(rows(12 * CHUNK), processes=2)
    statuses = [next(found).status]
    for process in multiprocessing.active_children():
        os.kill(process.pid or 0, signal.SIGKILL)
    statuses += [verdict.status for verdict in found]
    assert statuses == ["different", "equal"] * (6 * CHUNK)


def test_the_symbolic_process_is_killed_when_it_is_late_and_comes_back() -> None:
    worker, endless = Worker(), parse(r"\sum_{k=1}^{1000000} k^k")
    one, half = parse(r"\int_0^1 x dx"), parse(r"\frac12")
    assert asked(worker, one, half, 20) is True
    first = worker.pid
    since = time.monotonic()
    assert asked(worker, endless, half, 0.5) is None
    assert time.monotonic() - since < 1
    assert asked(worker, one, half, 20) is True
    assert worker.pid not in (None, first)
    os.kill(worker.pid or 0, signal.SIGKILL)
    time.sleep(0.1)
    assert asked(worker, one, half, 20) is True
    worker.close()
    assert worker.pid is None


def test_many_threads_share_the_symbolic_process() -> None:
    worker, found = Worker(), list[bool | None]()
    pair = parse(r"\prod_{k=1}^{5} k"), parse("120")
    threads = [threading.Thread(target=lambda: found.append(asked(worker, *pair, 20))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    worker.close()
    assert found == [True] * 4


def asked(worker: Worker, a: Node, b: Node, seconds: float) -> bool | None:
    with spending(seconds):
        try:
            return worker.same(a, b)
        except Undecided:
            return None
