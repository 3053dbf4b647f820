"""Shards on Dask: the runner for more than one machine, in the place of `tasks.tools.workers`.

`MATHMILL_WORKERS_AT` names a scheduler; without it a cluster of this machine's processes is started and ended with the
run. Workers read and write the run's folder themselves, so it must lie at the same path for all of them; only a shard's
number and its counts travel. A worker that dies costs the shard that it had, and a finished one is never made again.
Steps with a teacher, and embedding, stay in the run's own process: one limiter, however many workers there are.

Why `distributed` itself and not `prefect-dask` (0.3.7, tried): its task runner takes only tasks that are submitted, and
ours are called, one a table. Every shard would have to be a Prefect task run: 20 ms of the server's time each, no run
without a server, a second loop beside `each`. It keeps results in the workers' memory until the flow ends, so that a
death repeats finished shards, and leaves a task whose workers were killed RUNNING (its issue 21638).
"""

import logging
import os
import pickle
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from functools import cache, lru_cache
from importlib.util import find_spec
from multiprocessing import resource_tracker
from queue import Empty, SimpleQueue
from socket import gethostname
from typing import Any, NamedTuple, TypeVar, cast
from uuid import uuid4

from schemas import plan
from schemas.errors import MathmillError, ToolError
from schemas.manifest import MANIFEST
from schemas.run import Run, lend
from tasks.tools.progress import say
from tasks.tools.runners import address
from tasks.tools.workers import STRIKES, calm, done

T = TypeVar("T")

CONNECT = 5.0  # seconds for a scheduler to answer
ARRIVAL = 60.0  # seconds for its first worker to come
PARTING = 10.0  # seconds for a cluster of our own to end in good order
SILENCE = 20.0  # seconds without an end of any shard, after which is looked whether anybody works
DESPAIR = 600.0  # seconds for workers of our own to come back
# One shard a worker: of two, the one that waits would be blamed for what the other does to its worker.
SETTINGS = {"distributed.scheduler.allowed-failures": STRIKES - 1,
            "distributed.scheduler.worker-saturation": 1.0,
            # By default a worker that needs longer to start again is dropped for good; busy machines do need longer.
            "distributed.deploy.lost-worker-timeout": "10 minutes",
            "distributed.comm.timeouts.connect": "60s",
            "logging": {"distributed": "critical"}}


class _Parcel(NamedTuple):
    """What a worker is sent with the number of its shard."""

    code: str
    versions: dict[str, str]
    work: bytes  # the run and the job, pickled: nobody but the worker opens it


class Dask:
    """A client of a Dask cluster: of the scheduler that was named, or of `count` processes here. Close it."""

    def __init__(self, count: int, run: Run) -> None:
        # Workers have other working folders, and may not write run.json even if they have its owner's number.
        self.count, self.run = count, Run(run.folder.absolute(), run.plan, run.preview, owner=0)
        self._held: tuple[Any, Any] | None = None
        self._alone = 0.0  # seconds without a worker

    @staticmethod
    def check() -> None:
        """Raises `ToolError` if Dask is not installed, or if nothing answers at the scheduler's address."""
        if find_spec("distributed") is None:
            raise ToolError("Dask is not installed", where="--runner dask",
                            mend="pip install -c constraints.txt -e '.[cluster]'")
        if address():
            _connected(address()).close()

    def map(self, job: Callable[[int], T], numbers: Iterable[int], name: str) -> Iterator[T]:
        """As `Workers.map`: of several faults, that of the lowest number is raised."""
        futures, ended = self._sent(job, list(numbers), name), SimpleQueue[int]()
        for number, future in futures.items():
            future.add_done_callback(lambda _, number=number: ended.put(number))
        faults: dict[int, MathmillError] = {}
        try:
            while any(not faults or number < min(faults) for number in futures):
                came = {number: futures.pop(number) for number in self._next(ended, futures, name)}
                for number, (failed, reply) in self._replies(came, name):
                    if not failed:
                        yield reply
                        continue
                    faults[number] = reply
                    self._drop([futures.pop(later) for later in list(futures) if later > number])
        finally:
            self._drop(list(futures.values()))
        if faults:
            raise faults[min(faults)]

    def close(self) -> None:
        """Lets go of the scheduler, or ends the cluster that was started here."""
        if self._held is None:
            return
        (client, cluster), self._held = self._held, None
        with suppress(Exception):  # whatever it is, there is nothing left to do about it
            client.close(timeout=1)
        if cluster is not None:
            _end(cluster)

    def _client(self) -> Any:
        """The client, which is made where there is none."""
        if self._held is None:
            self._held = (_connected(address()), None) if address() else _started(self.count)
        return self._held[0]

    def _manned(self) -> Any:
        """The client, as soon as there is a worker."""
        client = self._client()
        try:
            client.wait_for_workers(1, timeout=ARRIVAL)
        except TimeoutError:
            raise ToolError(f"no worker has come to this scheduler for {ARRIVAL:.0f} s", where=address(),
                            mend="start some: dask worker ADDRESS --nthreads 1 (infra/cluster.md)") from None
        return client

    def _sent(self, job: Callable[[int], Any], numbers: list[int], name: str) -> dict[int, Any]:
        try:
            work = pickle.dumps((self.run, job))
        except Exception as error:  # pickle's refusals have no common type
            raise ToolError(f"this work cannot be sent to a worker process: {error}", where=name,
                            mend="make it a top-level function, a partial or a by_row of one") from error
        token, parcel = uuid4().hex, _Parcel(plan.code_hash(), plan.versions(), work)
        # The parcel goes with every shard: what is scattered once lies on one worker, and is lost with it.
        sent = self._manned().map(_serve, numbers, key=[(f"{name}-{token}", number) for number in numbers], pure=False,
                                  parcel=parcel)
        return dict(zip(numbers, sent, strict=True))

    def _next(self, ended: "SimpleQueue[int]", futures: dict[int, Any], name: str) -> list[int]:
        """Waits for one to end, and takes what else has: answers are fetched together."""
        while True:
            try:
                numbers = [ended.get(timeout=SILENCE)]
            except Empty:
                self._look(futures, name)
                continue
            while not ended.empty():
                numbers.append(ended.get())
            if known := [number for number in numbers if number in futures]:  # the others were given up
                return known

    def _replies(self, futures: dict[int, Any], name: str) -> Iterator[tuple[int, tuple[bool, Any]]]:
        """`_reply` of each, fetched in one message where nothing is wrong."""
        good = [number for number, future in futures.items() if future.status == "finished"]
        found: dict[int, Any] = {}
        with suppress(Exception):  # one by one it will be seen what it is
            found = dict(zip(good, self._client().gather([futures[number] for number in good]), strict=True))
        for number, future in futures.items():
            yield number, _noted(*found[number]) if number in found else _reply(future, name, number)

    def _look(self, futures: dict[int, Any], name: str) -> None:
        """Says why nothing ends. Raises `ToolError` where nothing ever will."""
        client = self._client()
        if client.status != "running" or any(future.status == "lost" for future in futures.values()):
            raise _gone(name)
        if client.scheduler_info()["workers"]:
            self._alone = 0.0
            return
        self._alone += SILENCE
        if self._held and self._held[1] is not None and self._alone > DESPAIR:  # nobody else will start one
            raise ToolError("the workers of this machine died, and none has come back", where=name,
                            mend="repeat the command: finished shards are kept; MATHMILL_WORKERS=1 needs least memory")
        say(f"{name}: no worker is left at {address() or 'this machine'}; waiting for one")

    def _drop(self, futures: list[Any]) -> None:
        if futures and self._held:
            with suppress(Exception):  # the scheduler may be what failed
                self._held[0].cancel(futures, force=True)


# --- this side


def _connected(where: Any, seconds: float = CONNECT) -> Any:
    import distributed

    # What it logs, the messages here say better.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    client: Any = distributed.Client  # typed in part
    try:
        return client(where, timeout=seconds, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ToolError(f"the Dask scheduler does not answer: {error}", where=str(where),
                        mend="start it (dask scheduler), mend --workers-at, or leave it out") from None


def _started(count: int) -> tuple[Any, Any]:
    """A client, and its cluster of this machine's processes, which are deaf to Ctrl-C from birth: it is the host's."""
    import dask
    import distributed

    cluster: Any = distributed.LocalCluster
    resource_tracker.ensure_running()  # whose start would lift the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        dask.config.set(SETTINGS)  # for good: some are read when a worker dies
        own = cluster(n_workers=count, threads_per_worker=1, processes=True, memory_limit=0,
                      dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL)
        try:
            return _connected(own, ARRIVAL), own
        except BaseException:
            _end(own)
            raise
    except RuntimeError as error:
        raise ToolError(f"Dask could not start its workers here: {error}", where="--runner dask",
                        mend="see that memory and process numbers suffice; MATHMILL_WORKERS sets how many") from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(cluster: Any) -> None:
    pids = [nanny.pid for nanny in cluster.workers.values()]
    try:
        cluster.close(timeout=PARTING)
    except Exception:  # mostly a machine too busy to do it in time; its processes must go all the same
        for pid in filter(None, pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _reply(future: Any, name: str, number: int) -> tuple[bool, Any]:
    """Whether this shard failed, and with what; or what it came to."""
    from distributed import KilledWorker

    where = f"{name}, shard {number}"
    try:
        failed, reply = future.result()
    except KilledWorker as error:
        return True, ToolError(f"this shard killed its worker process {error.allowed_failures + 1} times", where=where,
                               mend="if memory is short, use fewer workers; otherwise report it")
    except CancelledError:
        return True, _gone(name)
    except Exception as error:
        return True, ToolError(f"Dask could not run this shard: {type(error).__name__}: {error}", where=where,
                               mend="see that scheduler and workers have the same mathmill as this machine")
    return _noted(failed, reply)


def _noted(failed: bool, reply: Any) -> tuple[bool, Any]:
    if failed:
        reply, notes = reply
        reply.__notes__ = notes
    return failed, reply


def _gone(name: str) -> ToolError:
    return ToolError("the Dask scheduler went away", where=f"{name}, {address() or 'this machine'}",
                     mend="repeat the command: finished shards are kept")


# --- the worker's side


def _serve(number: int, parcel: _Parcel) -> tuple[bool, Any]:
    """One shard, in a worker: whether it failed, and its reply or its error with notes."""
    _settled()
    try:
        _fit(parcel)
        run, job = _opened(parcel.work)
        if not (run.folder / MANIFEST).exists():
            raise ToolError("this worker does not see the run's folder", where=f"{_here()}: {run.folder}",
                            mend="put it on a disk that all machines mount at the same path")
    except MathmillError as error:
        return True, (error, [])
    lend(run)
    return done(job, number)


@cache
def _settled() -> None:
    calm()


@lru_cache(maxsize=4)
def _opened(work: bytes) -> tuple[Run, Callable[[int], Any]]:
    try:
        return cast(tuple[Run, Callable[[int], Any]], pickle.loads(work))
    except Exception as error:
        raise ToolError(f"this worker cannot read its work: {type(error).__name__}: {error}", where=_here(),
                        mend="install there what is installed here") from error


def _fit(parcel: _Parcel) -> None:
    """Raises `ToolError` for a worker that would, or might, make other tables than this run's own machine."""
    from distributed import get_worker

    here = {"mathmill's code": plan.code_hash(), **plan.versions()}
    there = {"mathmill's code": parcel.code, **parcel.versions}
    unlike = [f"{name} {here.get(name, 'missing')} (not {there.get(name, 'installed')})"
              for name in sorted({*here, *there}) if here.get(name) != there.get(name)]
    if unlike:
        raise ToolError(f"this worker is unlike the run's own machine: {', '.join(unlike)}", where=_here(),
                        mend="install the same there, and start the worker again")
    if get_worker().state.nthreads != 1:
        raise ToolError("this worker takes several shards at a time in one process", where=_here(),
                        mend="start it with --nthreads 1 --nworkers CORES")


def _here() -> str:
    return f"worker {gethostname()}, pid {os.getpid()}"
