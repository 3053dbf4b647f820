"""The file of all finished calls: sqlite in WAL mode, written by one thread in batches, read by any process.

A call is kept some `GATHER` seconds after it finished; `kill -9` loses those and the calls in flight, and never harms
the file. (A power cut may lose the last commits too: they are not synced one by one.) No key of an endpoint comes here.
"""

import atexit
import os
import sqlite3
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from schemas.errors import StorageError

GATHER = 0.005  # seconds; a commit takes about one millisecond, so batches come together by themselves
BATCH = 256  # calls a commit
BUSY = 60_000  # milliseconds to wait for another process that writes
LAYOUT = 1  # of the file; kept in `user_version`
TABLES = """
CREATE TABLE IF NOT EXISTS calls (
    key BLOB NOT NULL UNIQUE, family TEXT NOT NULL, model TEXT NOT NULL, step TEXT NOT NULL, recipe TEXT NOT NULL,
    run TEXT NOT NULL, made REAL NOT NULL, seconds REAL NOT NULL, prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL, cost REAL, turns INTEGER NOT NULL, prints BLOB NOT NULL, system BLOB NOT NULL,
    value BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS calls_by_row ON calls (step, turns);
CREATE INDEX IF NOT EXISTS calls_by_run ON calls (run);
CREATE TABLE IF NOT EXISTS systems (print BLOB PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hits (
    run TEXT, recipe TEXT, step TEXT, model TEXT, hits INTEGER NOT NULL, PRIMARY KEY (run, recipe, step, model))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches (
    name TEXT PRIMARY KEY, id TEXT NOT NULL, url TEXT NOT NULL, model TEXT NOT NULL, made REAL NOT NULL,
    state TEXT NOT NULL, asks BLOB NOT NULL);
"""
INSERT = f"INSERT OR REPLACE INTO calls VALUES ({', '.join('?' * 15)})"
Where = tuple[str, str, str, str]  # run, recipe, step, model


@dataclass(frozen=True, slots=True)
class Call:
    """A finished call. `answer` is what came back, as the server put it; `request` says what was asked.

    `cost` is in dollars, nan where the price is unknown; `prints` are of `tasks.tools.calls.key`.
    """

    key: bytes
    family: str
    model: str
    step: str
    recipe: str
    run: str
    seconds: float
    prompt_tokens: int
    completion_tokens: int
    cost: float
    prints: bytes
    system: str
    request: dict[str, Any]
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a lookup gives: enough to make a reply of."""

    answer: dict[str, Any]
    prompt_tokens: int
    completion_tokens: int
    cost: float


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
        self._guarded(lambda: _prepare(self.connection()))
        self._writer = threading.Thread(target=self._write, name="calls", daemon=True)
        self._writer.start()
        atexit.register(self.close)

    def connection(self) -> sqlite3.Connection:
        """This thread's own connection, for reading."""
        if not hasattr(self._local, "db"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._local.db = _connect(self.path)
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
                _commit(self.connection(), [call for call, _ in calls], hits)
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


def unpacked(value: bytes) -> dict[str, Any]:
    """`{"request": …, "answer": …}` of a `value`."""
    held: dict[str, Any] = orjson.loads(zlib.decompress(value))
    return held


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=BUSY / 1000, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA page_size=16384")  # what compression saves is lost again in smaller pages
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    return db


def _prepare(db: sqlite3.Connection) -> None:
    (layout,) = db.execute("PRAGMA user_version").fetchone()
    if layout > LAYOUT:
        raise sqlite3.DatabaseError(f"written by a newer mathmill (layout {layout})")
    if layout < LAYOUT:
        db.executescript(f"BEGIN IMMEDIATE; {TABLES} PRAGMA user_version={LAYOUT}; COMMIT;")


def _commit(db: sqlite3.Connection, calls: list[Call], hits: Counter[Where]) -> None:
    from tasks.tools.calls.key import FIELDS, PRINT

    at = {name: FIELDS.index(name) * PRINT for name in ("system", "turns")}
    rows, systems = [], {}
    for call in calls:
        system = call.prints[at["system"]:at["system"] + PRINT]
        turns = int.from_bytes(call.prints[at["turns"]:at["turns"] + PRINT])
        value = zlib.compress(orjson.dumps({"request": call.request, "answer": call.answer}), 1)
        systems[system] = call.system
        rows.append((call.key, call.family, call.model, call.step, call.recipe, call.run, time.time(), call.seconds,
                     call.prompt_tokens, call.completion_tokens, call.cost, turns, call.prints, system, value))
    db.execute("BEGIN IMMEDIATE")
    try:
        db.executemany(INSERT, rows)
        db.executemany("INSERT OR IGNORE INTO systems VALUES (?, ?)", systems.items())
        db.executemany("INSERT INTO hits VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET hits = hits + excluded.hits",
                       [(*where, count) for where, count in hits.items()])
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


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
