"""Vectors of many texts, each embedded once and kept: one file of all, keyed by model and text.

`data/embeddings.sqlite` (or `MATHMILL_EMBEDDINGS`) serves every run: a threshold that moves, a data set that grows or
a run that was killed embeds only what is new. It is a cache; deleting it costs time and nothing else.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from schemas.errors import StorageError
from schemas.run import current_run
from tasks.tools.embeddings import CHUNK, encoder, fast_bf16
from tasks.tools.models import identity
from tasks.tools.progress import Progress
from tasks.tools.signature import key

LAYOUT = 1
BUSY = 60.0  # seconds to wait for another process that writes
AT_ONCE = 20_000  # keys in one lookup
PATIENT = 8 * CHUNK  # texts between commits: what a killed run loses at most
TABLE = "CREATE TABLE IF NOT EXISTS vectors (key INTEGER PRIMARY KEY, vector BLOB NOT NULL)"
Matrix = NDArray[np.float16]
Keys = NDArray[np.int64]


def embed(texts: Sequence[str], name: str, model: str = "") -> Matrix:
    """Unit vectors (n, d) of n distinct texts; what was ever embedded with the same model is not embedded again.

    Raises `ToolError` if no model can be had, `StorageError` where the file of vectors refuses.
    """
    if not texts:
        return np.zeros((0, 1), np.float16)
    since, about = monotonic(), f"{identity(model)} {'bf16' if fast_bf16() else 'fp32'}"
    keys = np.array([key(about, text) for text in texts], np.int64)
    with _file() as db:
        parts = list(_kept(db, keys))
        known = np.zeros(len(keys), np.bool_)
        known[[place for places, _ in parts for place in places]] = True
        missing = sorted(np.flatnonzero(~known).tolist(), key=lambda place: (len(texts[place]), texts[place]))
        if missing:
            with Progress(f"{name}: embedding", 0) as progress, encoder(model) as encode:
                for start in range(0, len(missing), PATIENT):
                    places = missing[start:start + PATIENT]
                    parts.append((places, encode([texts[place] for place in places]).astype("<f2")))
                    _keep(db, keys[places], parts[-1][1])
                    progress.add(len(places), 0)
            current_run().note(f"{name}.embedded", {
                "texts": len(missing), "known before": len(texts) - len(missing), "model": about,
                "seconds": round(monotonic() - since, 1)})
    return _together(len(keys), parts)


@dataclass(frozen=True, slots=True)
class Lookup:
    """Unit vectors by key: `vectors[i]` is that of `keys[i]`, and `keys` is sorted."""

    keys: Keys
    vectors: Matrix

    @classmethod
    def of(cls, texts: Mapping[int, str], name: str, model: str = "") -> "Lookup":
        """Embeds the text of each key, see `embed`; equal texts once."""
        distinct = {text: i for i, text in enumerate(sorted(set(texts.values())))}
        vectors = embed(list(distinct), name, model)
        keys = sorted(texts)
        return cls(np.array(keys, np.int64), vectors[[distinct[texts[key]] for key in keys]])

    def has(self, keys: Keys) -> NDArray[np.bool_]:
        """Which of the keys have a vector."""
        place = np.searchsorted(self.keys, keys)
        place[place == len(self.keys)] = 0
        found: NDArray[np.bool_] = self.keys[place] == keys if len(self.keys) else np.zeros(len(keys), np.bool_)
        return found

    def __getitem__(self, keys: Keys) -> Matrix:
        found: Matrix = self.vectors[np.searchsorted(self.keys, keys)]
        return found


def cosines(left: Matrix, right: Matrix) -> NDArray[np.float32]:
    """(n, d), (m, d) -> (n, m)."""
    product: NDArray[np.float32] = left.astype(np.float32) @ right.astype(np.float32).T
    return product


def paired(left: Matrix, right: Matrix) -> NDArray[np.float32]:
    """(n, d), (n, d) -> (n,): the cosine of each pair."""
    product: NDArray[np.float32] = np.einsum("ij,ij->i", left.astype(np.float32), right.astype(np.float32))
    return product


def vectors_path() -> Path:
    """`MATHMILL_EMBEDDINGS`, or `data/embeddings.sqlite` in the working folder."""
    return Path(os.environ.get("MATHMILL_EMBEDDINGS") or "data/embeddings.sqlite").absolute()


@contextmanager
def _file() -> Iterator[sqlite3.Connection]:
    path = vectors_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=BUSY, isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            db.execute(TABLE)
            yield db
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"the file of embeddings refuses: {error}", where=str(path),
                           mend="see that there is space and that you may write there, or name another with "
                                "MATHMILL_EMBEDDINGS; if it is damaged delete it: it is only a cache") from error


def _kept(db: sqlite3.Connection, keys: Keys) -> Iterator[tuple[list[int], Matrix]]:
    """Places and vectors of those that are there."""
    order = np.argsort(keys)
    for start in range(0, len(keys), AT_ONCE):
        part = order[start:start + AT_ONCE]
        place = dict(zip(keys[part].tolist(), part.tolist(), strict=True))
        wanted = ",".join(map(str, place))
        if found := db.execute(f"SELECT key, vector FROM vectors WHERE key IN ({wanted})").fetchall():
            packed = b"".join(vector for _, vector in found)
            yield [place[row] for row, _ in found], np.frombuffer(packed, "<f2").reshape(len(found), -1)


def _together(size: int, parts: list[tuple[list[int], Matrix]]) -> Matrix:
    """One matrix; parts go as they are copied, so that it is never there twice."""
    vectors = np.empty((size, parts[0][1].shape[1]), np.float16)
    while parts:
        places, part = parts.pop()
        vectors[places] = part
    return vectors


def _keep(db: sqlite3.Connection, keys: Keys, vectors: Matrix) -> None:
    if current_run().preview:
        return
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)",
                   [(key, vector.tobytes()) for key, vector in zip(keys.tolist(), vectors, strict=True)])
    db.execute("COMMIT")
