"""Worker processes for `tasks.tools.each`: each serves one job at a time, and its death costs only that job.

Why not `concurrent.futures`: there one killed worker breaks the pool and fails every job in flight, so nobody can tell
which job did it. Here every worker has a pipe of its own; a job is given again, and is blamed after `STRIKES` deaths.
Workers come from a fork server (forking a process that has threads is not safe), ignore Ctrl-C, which is the host's
to handle, and die with the host, however that dies. They do not protect against work that leaves processes behind.
"""

import gc
import multiprocessing
import os
import signal
import threading
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from typing import Any, NamedTuple, TypeVar

from schemas.errors import MathmillError, ParameterError, ToolError
from schemas.run import Run, lend

T = TypeVar("T")

HIRES = 3  # tries to start one worker
STRIKES = 3  # deaths of workers by one job: the first two may be the kernel's or a person's doing
# What the fork server imports once for all workers; pyarrow asks for pandas when it first makes an array.
PRELOAD = ["__main__", "schemas.run", "tasks.tools.each", "pandas"]


class _Worker(NamedTuple):
    process: ForkServerProcess
    pipe: Connection


class Workers:
    """Up to `count` processes that all see `run` as their current run. Started when first needed; close them."""

    def __init__(self, count: int, run: Run) -> None:
        self.count, self.run = count, run
        self.idle: list[_Worker] = []
        self.busy: dict[Connection, tuple[_Worker, int]] = {}

    def map(self, job: Callable[[int], T], numbers: Iterable[int], name: str) -> Iterator[T]:
        """`job(number)` for every number, in the order in which they end.

        `job` is pickled. Raises what it raises (see `portable`), or `ToolError` for one that kills its workers: of
        several, that of the lowest number, so that the same fault gives the same message.
        """
        todo, strikes, faults = deque(numbers), Counter[int](), dict[int, MathmillError]()
        try:
            while (todo and not faults) or any(not faults or n < min(faults) for _, n in self.busy.values()):
                while todo and not faults and len(self.busy) < self.count:
                    self._give(job, todo.popleft())
                for number, ending, reply in self._answers():
                    if ending == "done":
                        yield reply
                    elif ending == "failed":
                        faults[number] = reply
                    else:
                        strikes[number] += 1
                        if strikes[number] < STRIKES:
                            todo.appendleft(number)
                        else:
                            faults[number] = _deadly(name, number, reply)
        finally:
            self._kill([worker for worker, _ in self.busy.values()])
            self.busy.clear()
        if faults:
            raise faults[min(faults)]

    def close(self) -> None:
        """End all processes now; what they were writing stays unfinished, and is swept with the run."""
        self._kill([*self.idle, *(worker for worker, _ in self.busy.values())])
        self.idle.clear()
        self.busy.clear()

    def _give(self, job: Callable[[int], Any], number: int) -> None:
        while True:
            worker = self.idle.pop() if self.idle else self._hire()
            try:
                worker.pipe.send((job, number))
            except OSError:  # it died while idle
                self._kill([worker])
                continue
            except Exception as error:  # pickle's refusals have no common type
                self.idle.append(worker)
                raise ToolError(f"this work cannot be sent to a worker process: {error}", where=f"shard {number}",
                                mend="make it a top-level function, a partial or a by_row of one") from error
            self.busy[worker.pipe] = (worker, number)
            return

    def _answers(self) -> Iterator[tuple[int, str, Any]]:
        for pipe in wait(list(self.busy)):
            assert isinstance(pipe, Connection)
            worker, number = self.busy.pop(pipe)
            try:
                failed, reply = pipe.recv()
            except (EOFError, OSError):
                self._kill([worker])
                yield number, "died", worker.process.exitcode
                continue
            self.idle.append(worker)
            if failed:
                reply, notes = reply
                reply.__notes__ = notes
            yield number, "failed" if failed else "done", reply

    def _hire(self) -> _Worker:
        """A new worker; again where the fork server dies in that moment, since the next try starts it anew."""
        for _ in range(HIRES - 1):
            try:
                return self._hired()
            except (EOFError, OSError):
                continue
        return self._hired()

    def _hired(self) -> _Worker:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOAD)
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self.run), daemon=True)
        # Born deaf to Ctrl-C: the mask is inherited, so there is no moment in which one could die of it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        return _Worker(process, ours)

    def _kill(self, workers: list[_Worker]) -> None:
        for worker in workers:
            worker.process.kill()
        for worker in workers:
            worker.process.join()
            worker.pipe.close()


def worker_count() -> int:
    """How many processes to use: `MATHMILL_WORKERS`, or one a core. Raises `ParameterError`."""
    given = os.environ.get("MATHMILL_WORKERS", "")
    if not given:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not given.isdecimal() or int(given) < 1:
        raise ParameterError(f"MATHMILL_WORKERS is a whole number from 1, not {given!r}", mend="unset it: one a core")
    return int(given)


def portable(error: Exception, where: str) -> MathmillError:
    """An error that can stop a run: one of ours as it is, any other as a `ToolError` that carries its traceback."""
    if isinstance(error, MathmillError):
        return error
    wrapped = ToolError(f"{type(error).__name__}: {error}", where=where,
                        mend="this is a fault of mathmill: report it with the traceback (--debug shows it)")
    wrapped.add_note("".join(traceback.format_exception(error)))
    return wrapped


def _deadly(name: str, number: int, code: int | None) -> ToolError:
    how = f"signal {-code}" if code and code < 0 else f"exit code {code}"
    return ToolError(f"this shard killed its worker process {STRIKES} times (the last by {how})",
                     where=f"{name}, shard {number}",
                     mend="if memory is short, set MATHMILL_WORKERS=1; otherwise report it")


def _serve(pipe: Connection, run: Run) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    die_with_host()
    calm()
    lend(run)
    while True:
        try:
            job, number = pipe.recv()
        except EOFError:
            return
        pipe.send(done(job, number))


def calm() -> None:
    """Settings of a process that works on shard after shard, as one of many."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread a worker: libraries loaded later would take all cores
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # rows are many and make no cycles: the default costs 15 % of reading and writing


def done(job: Callable[[int], Any], number: int) -> tuple[bool, Any]:
    """Whether `job(number)` failed, and what it gave, or its error and that error's notes."""
    try:
        return False, job(number)
    except Exception as error:
        told = portable(error, f"shard {number}")
        return True, (told, getattr(told, "__notes__", []))  # pickle would lose the notes


def die_with_host() -> None:
    """Ends this process as soon as the one that started it ends, however that ends and whatever is going on here."""
    threading.Thread(target=_watch_host, daemon=True).start()


def _watch_host() -> None:
    host = multiprocessing.parent_process()
    if host is not None:
        wait([host.sentinel])
        os.kill(os.getpid(), signal.SIGKILL)
