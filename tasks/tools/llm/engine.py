"""Asks by the thousand, answers in order: `engine(teacher).ask_all(asks)`. One engine a process and endpoint.

The caller's thread makes keys and looks into the call store; what is not there goes to workers in one event loop of a
thread of its own, whoever asks, so that all tasks share one limiter. Only a window of asks is looked at ahead: memory
stays flat however many there are.
"""

import asyncio
import atexit
import gc
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from schemas.errors import MathmillError, RunError, ToolError
from schemas.run import current_run
from tasks.tools.calls.key import key
from tasks.tools.calls.layout import Kept
from tasks.tools.calls.ledger import Ledger, of_run
from tasks.tools.calls.prices import price
from tasks.tools.calls.store import Store, store
from tasks.tools.llm.answers import answered, correction
from tasks.tools.llm.ask import Ask, Failure, Reply
from tasks.tools.llm.batches import prepay
from tasks.tools.llm.caller import Caller
from tasks.tools.llm.endpoint import Teacher
from tasks.tools.llm.lines import CHUNK, Entry, Line, Outcome, arrived, chunk_of

AHEAD = 8  # times the calls in flight: so far a call that is made again and again may lag before others wait for it
GRACE = 10.0  # seconds that calls in flight, which are paid, may take when a run stops


class Engine:
    """Asks one endpoint; safe to use from several threads at once."""

    def __init__(self, teacher: Teacher, calls: Store | None = None, ledger: Ledger | None = None) -> None:
        """`ledger` is for asks outside of a run. Raises `ParameterError` where a key is wanted and there is none."""
        self.teacher, self.store, self.ledger = teacher, calls or store(), ledger or Ledger()
        self._lock = threading.Lock()
        self._entries: dict[bytes, Entry] = {}
        self._lines = 0
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name=f"llm {teacher.name}", daemon=True)
        self._thread.start()
        try:
            self.caller = asyncio.run_coroutine_threadsafe(self._started(), self.loop).result()
        except BaseException:
            self.loop.call_soon_threadsafe(self.loop.stop)
            raise
        atexit.register(self.close)

    async def _started(self) -> Caller:
        self._jobs: asyncio.Queue[list[Entry]] = asyncio.Queue()
        caller = Caller(self.teacher, self.store)
        gc.freeze()  # all that was imported: to look through it again and again took a third of a call's CPU time
        # More than may be in flight: some wait to try again, and others should use their turn.
        self._workers = [asyncio.create_task(self._work()) for _ in range(2 * self.teacher.concurrency)]
        return caller

    def ask(self, ask: Ask) -> Outcome:
        """One answer."""
        return next(self.ask_all([ask]))

    def ask_all(self, asks: Iterable[Ask], *, ledger: Ledger | None = None) -> Iterator[Outcome]:
        """An outcome for every ask, in order, while the asks are still being read.

        Raises `ParameterError` for a wrong key, an unknown model or a budget that has no price, `ToolError` for an
        endpoint that is down, `StorageError`. What was answered until then is kept, and not paid again.
        """
        line = Line(ledger or of_run(self.store) or self.ledger)
        with self._lock:
            if not self._lines:  # what stopped others may be mended now
                self.caller.fatal = None
                self.caller.price = price(self.teacher.model)
            self._lines += 1
        try:
            if self.teacher.batch:
                prepay(self, asks := list(asks), line.ledger)
            yield from self._stream(iter(asks), line)
        finally:
            line.closed = True
            with self._lock:
                self._lines -= 1
            with suppress(RunError):
                line.ledger.note(current_run())

    def _stream(self, source: Iterator[Ask], line: Line) -> Iterator[Outcome]:
        window = AHEAD * self.teacher.concurrency + 2 * CHUNK
        ready: dict[int, Outcome] = {}
        sent = given = 0
        more = True
        while more or given < sent:
            if more and window - (sent - given) >= CHUNK:
                chunk, more = chunk_of(source)
                self._submit(chunk, line, sent)
                sent += len(chunk)
            wait = given < sent and given not in ready and (not more or window - (sent - given) < CHUNK)
            for number, outcome in arrived(line, wait):
                if isinstance(outcome, MathmillError):
                    self._wind_down()
                    raise outcome
                ready[number] = outcome
            while given in ready:
                yield ready.pop(given)
                given += 1
                if more and window - (sent - given) >= CHUNK:
                    break  # those who read slowly must not starve the endpoint

    def _submit(self, asks: Sequence[Ask], line: Line, first: int) -> None:
        fresh = self._claimed(asks, line, first)
        found = self.store.get([entry.key for entry in fresh]) if fresh else {}
        groups: dict[Ask, list[Entry]] = {}
        for entry in fresh:
            entry.kept = found.get(entry.key)
            outcome = answered(entry.ask, entry.kept, cached=True) if entry.kept else None
            if outcome is not None:
                self._count_hit(line, entry.ask)
                self._finish(entry, outcome)
            else:
                groups.setdefault(replace(entry.ask, sample=0, tag=""), []).append(entry)
        size = self.caller.samples
        jobs = [group[at:at + size] for group in groups.values() for at in range(0, len(group), size)]
        if jobs:
            self.loop.call_soon_threadsafe(self._accept, jobs)

    def _claimed(self, asks: Sequence[Ask], line: Line, first: int) -> list[Entry]:
        """New entries; asks that others make already wait with them. Claimed before looked up: none is paid twice."""
        fresh = []
        keys = [key(self.teacher.family, self.teacher.model, ask) for ask in asks]
        with self._lock:
            for number, (name, ask) in enumerate(zip(keys, asks, strict=True), first):
                entry = self._entries.get(name)
                if entry is None:
                    entry = self._entries[name] = Entry(name, ask)
                    fresh.append(entry)
                else:
                    self._count_hit(line, ask)
                entry.waiting.append((line, number))
        return fresh

    def _count_hit(self, line: Line, ask: Ask) -> None:
        line.ledger.hit(ask.tag, self.teacher.model)
        self.store.hit((line.ledger.run, line.ledger.recipe, ask.tag, self.teacher.model))

    def _finish(self, entry: Entry, outcome: Outcome | MathmillError) -> None:
        with self._lock:
            self._entries.pop(entry.key, None)
        for line, number in entry.waiting:
            line.done.put((number, outcome))
            if isinstance(outcome, Reply):
                outcome = outcome._replace(cached=True)

    def _wind_down(self) -> None:
        """Calls in flight are paid: they may end and be kept."""
        until = time.monotonic() + GRACE
        while self.caller.limiter.in_flight and time.monotonic() < until:
            time.sleep(0.01)
        self.store.flush()

    # --- in the loop

    def _accept(self, jobs: list[list[Entry]]) -> None:
        for job in jobs:
            self._jobs.put_nowait(job)

    async def _work(self) -> None:
        while True:
            job = [entry for entry in await self._jobs.get() if not self._given_up(entry)]
            try:
                if self.caller.fatal:
                    raise self.caller.fatal
                if job:
                    await self._serve(job)
            except Exception as error:
                stop = error if isinstance(error, MathmillError) else _broken(error, self.teacher)
                self.caller.fatal = self.caller.fatal or stop
                for entry in job:
                    self._finish(entry, stop)

    def _given_up(self, entry: Entry) -> bool:
        with self._lock:
            if all(line.closed for line, _ in entry.waiting):
                self._entries.pop(entry.key, None)
                return True
        return False

    async def _serve(self, job: list[Entry]) -> None:
        while unpaid := [entry for entry in job if entry.kept is None]:
            got = await self.caller.pay([entry.ask for entry in unpaid], [entry.key for entry in unpaid],
                                        unpaid[0].ledger)
            for entry, kept in zip(unpaid, got, strict=False):
                if isinstance(kept, Failure):
                    job.remove(entry)
                    self._finish(entry, kept)
                else:
                    entry.kept = kept
        await asyncio.gather(*(self._end(entry) for entry in job))

    async def _end(self, entry: Entry) -> None:
        assert entry.kept is not None
        outcome = answered(entry.ask, entry.kept, cached=False)
        self._finish(entry, outcome if outcome is not None else await self._corrected(entry))

    async def _corrected(self, entry: Entry) -> Outcome:
        """Correction turns, each a call of its own, until the schema is met or they are used up."""
        assert entry.kept is not None
        ask, said = entry.ask, [entry.kept]
        while (turn := correction(ask, said[-1], len(said))) is not None:
            ask = turn
            name = key(self.teacher.family, self.teacher.model, ask)
            kept: Kept | Failure | None = self.store.get([name]).get(name)
            if kept is None:
                (kept,) = await self.caller.pay([ask], [name], entry.ledger)
            if isinstance(kept, Failure):
                return kept
            said.append(kept)
        return answered(ask, *said, cached=False, last=True) or Failure("schema", "")

    def close(self) -> None:
        """End the loop; calls in flight are given up."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._ended(), self.loop).result(GRACE)
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join(GRACE)
        atexit.unregister(self.close)

    async def _ended(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        await self.caller.wire.close()


def _broken(error: Exception, teacher: Teacher) -> ToolError:
    return ToolError(f"{type(error).__name__}: {error}", where=teacher.url, mend="a fault of ours; answers are kept")


_ENGINES: dict[tuple[Teacher, Store], Engine] = {}
_OPENING = threading.Lock()


def engine(teacher: Teacher) -> Engine:
    """This process's engine for that teacher, with the store of `MATHMILL_CALLS`. Raises as `Engine` does."""
    with _OPENING:
        name = teacher, store()
        if name not in _ENGINES:
            _ENGINES[name] = Engine(*name)
        return _ENGINES[name]
