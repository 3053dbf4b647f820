"""The call store's file: its tables in sqlite, what a row is made of, and how rows are written."""

import sqlite3
import time
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tasks.tools.calls.key import FIELDS, PRINT

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


def unpacked(value: bytes) -> dict[str, Any]:
    """`{"request": …, "answer": …}` of a `value`."""
    held: dict[str, Any] = orjson.loads(zlib.decompress(value))
    return held


def connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=BUSY / 1000, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA page_size=16384")  # what compression saves is lost again in smaller pages
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    return db


def prepare(db: sqlite3.Connection) -> None:
    (layout,) = db.execute("PRAGMA user_version").fetchone()
    if layout > LAYOUT:
        raise sqlite3.DatabaseError(f"written by a newer mathmill (layout {layout})")
    if layout < LAYOUT:
        db.executescript(f"BEGIN IMMEDIATE; {TABLES} PRAGMA user_version={LAYOUT}; COMMIT;")


def commit(db: sqlite3.Connection, calls: list[Call], hits: Counter[Where]) -> None:
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
