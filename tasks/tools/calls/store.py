"""The file of all finished calls: sqlite in WAL mode, written by one thread in batches, read by any process.

A call is kept some `GATHER` seconds after it finished; `kill -9` loses those and the calls in flight, and never harms
the file. (A power cut may lose the last commits too: they are not synced one by one.) No key of an endpoint comes here.
"""

import atexit
import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from schemas.errors import StorageError
from tasks.tools.calls.layout import Call, Kept, Where, commit, connect, prepare, unpacked

GATHER = 0.01  # seconds; a commit takes about a millisecond of CPU time, however many calls are in it
BATCH = 256  # calls a commit


class Store:
    """One file of calls; safe to use from several threads, and from several processes that each have their own."""

    def __init__(self, path: Path) -> None:
        """Raises `StorageError` where the file cannot be opened or is no call store."""
        self.path = path
        self._local = threading.local()
        self._more = threading.Condition()
        self._queue: list[tuple[Call, Callable[[], object] | None]] = []
        self._pending: dict[bytes, Call] = {}
        self._hits: Counter[Where] = Counter()
        self._closing = False
        self._busy = False
        self._fault: StorageError | None = None
        self._guarded(lambda: prepare(self.connection()))
        self._writer = threading.Thread(target=self._write, name="calls", daemon=True)
        self._writer.start()
        atexit.register(self.close)

    def connection(self) -> sqlite3.Connection:
        """This thread's own connection, for reading."""
        if not hasattr(self._local, "db"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._local.db = connect(self.path)
        db: sqlite3.Connection = self._local.db
        return db

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Kept]:
        """Those of the calls that are kept, up to some hundred at a time."""
        found = {key: Kept(call.answer, call.prompt_tokens, call.completion_tokens, call.cost)
                 for key in keys if (call := self._pending.get(key))}
        wanted = [key for key in keys if key not in found]
        rows = self._guarded(lambda: self.connection().execute(
            "SELECT key, value, prompt_tokens, completion_tokens, cost FROM calls WHERE key IN "
            f"({','.join('?' * len(wanted))})", wanted).fetchall()) if wanted else []
        for key, value, prompt, completion, cost in rows:
            found[key] = Kept(unpacked(value)["answer"], prompt, completion, float("nan") if cost is None else cost)
        return found

    def put(self, call: Call, kept: Callable[[], object] | None = None) -> None:
        """Keep a call; `kept` is called in another thread once it is in the file. Raises `StorageError`."""
        if self._fault:
            raise self._fault
        with self._more:
            self._pending[call.key] = call
            self._queue.append((call, kept))
            self._more.notify()

    def hit(self, where: Where, count: int = 1) -> None:
        """Count calls that need not be made again."""
        with self._more:
            self._hits[where] += count

    def flush(self) -> None:
        """Wait until all is in the file. Raises `StorageError` where it cannot be."""
        with self._more:
            self._more.notify()
        while (self._queue or self._busy or self._hits) and self._writer.is_alive() and not self._fault:
            time.sleep(0.002)
        if self._fault:
            raise self._fault

    def close(self) -> None:
        """Write the rest and end the writer."""
        with self._more:
            self._closing = True
            self._more.notify()
        self._writer.join()
        atexit.unregister(self.close)

    def _guarded(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except (sqlite3.Error, OSError) as error:
            raise _storage(error, self.path) from error

    def _write(self) -> None:
        """The writer's life: gathers for a moment, commits, tells those who wait."""
        while batch := self._gather():
            calls, hits = batch
            try:
                commit(self.connection(), [call for call, _ in calls], hits)
            except (sqlite3.Error, OSError) as error:
                self._fault = _storage(error, self.path)
            with self._more:
                for call, _ in calls:
                    if self._pending.get(call.key) is call:
                        del self._pending[call.key]
                self._busy = False
            for _, kept in calls:
                if kept:
                    with suppress(RuntimeError):  # who waited has gone: its loop is closed
                        kept()
        self.connection().close()

    def _gather(self) -> tuple[list[tuple[Call, Callable[[], object] | None]], Counter[Where]] | None:
        with self._more:
            while not self._queue and not self._closing:
                self._more.wait(0.2)
                if self._hits and not self._queue:
                    break
            if self._queue and len(self._queue) < 64 and not self._closing:
                self._more.release()
                time.sleep(GATHER)
                self._more.acquire()
            calls, self._queue = self._queue[:BATCH], self._queue[BATCH:]
            hits, self._hits = self._hits, Counter()
            self._busy = bool(calls or hits)
            return (calls, hits) if self._busy else None


def _storage(error: Exception, path: Path) -> StorageError:
    return StorageError(f"the call store cannot be used: {error}", where=str(path),
                        mend="see that there is space and that you may write there, or name another file in "
                             "MATHMILL_CALLS")


_STORES: dict[Path, Store] = {}
_OPENING = threading.Lock()


def calls_path() -> Path:
    """`MATHMILL_CALLS`, or `data/calls.sqlite` in the working folder."""
    return Path(os.environ.get("MATHMILL_CALLS") or "data/calls.sqlite").absolute()


def store(path: Path | None = None) -> Store:
    """This process's store of that file, by default of `calls_path()`."""
    path = path or calls_path()
    with _OPENING:
        if path not in _STORES or _STORES[path]._closing:
            _STORES[path] = Store(path)
        return _STORES[path]
