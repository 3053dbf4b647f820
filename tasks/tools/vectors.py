"""Vectors of many texts as side tables of a run: each text embedded once, resumed by shard, the same in any order.

Texts go to the model sorted by length and in shards of fixed size, because bf16 makes a text's last digits hang on the
texts that share its batch: a killed run must decide as an unbroken one does.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from schemas.records import stable_id
from schemas.run import current_run
from schemas.table import Table, write_shard
from tasks.tools.each import each
from tasks.tools.embeddings import encoder
from tasks.tools.models import DEFAULT_MODEL

SHARD = 1024  # texts; some ten seconds of work
Matrix = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Text:
    """A text to embed; its id names the model too."""

    id: str
    parents: list[str]
    text: str


@dataclass(frozen=True, slots=True)
class Vector:
    """A text's unit vector."""

    id: str  # of its `Text`
    parents: list[str]
    vector: str  # base64 of float16, little-endian: records hold no bytes, and a list of float64 is six times as large


def embed(texts: Sequence[str], name: str, model: str = "") -> Matrix:
    """Unit vectors (n, d) of n distinct texts, kept in the tables `<name>.texts` and `<name>.vectors` of the run.

    What an earlier step of this run has embedded with the same model is taken from its table.
    Raises `ToolError` if no model can be had.
    """
    model = model or DEFAULT_MODEL
    place = {stable_id("text", model, text): i for i, text in enumerate(texts)}
    run = current_run()
    others = sorted({path.name for path in run.folder.glob("*.vectors")} - {f"{name}.vectors"})
    found = _found([run.table(other, Vector) for other in others], place)
    todo = [Text(id, [], texts[i]) for id, i in place.items() if id not in found]
    if todo:
        began = monotonic()
        found |= _found([_embedded(todo, name, model)], place)
        run.note(f"{name}.embedded", {"texts": len(todo), "from earlier steps": len(texts) - len(todo), "model": model,
                                      "seconds": round(monotonic() - began, 1)})
    if not texts:
        return np.zeros((0, 1), np.float16)
    return np.stack([found[id] for id in place])


@dataclass(frozen=True, slots=True)
class Lookup:
    """Unit vectors by key: `vectors[i]` is that of `keys[i]`, and `keys` is sorted."""

    keys: NDArray[np.int64]
    vectors: Matrix

    @classmethod
    def of(cls, texts: Mapping[int, str], name: str, model: str = "") -> "Lookup":
        """Embeds the text of each key, see `embed`; equal texts once."""
        distinct = {text: i for i, text in enumerate(sorted(set(texts.values())))}
        vectors = embed(list(distinct), name, model)
        keys = sorted(texts)
        return cls(np.array(keys, np.int64), vectors[[distinct[texts[key]] for key in keys]])

    def __getitem__(self, keys: NDArray[np.int64]) -> Matrix:
        found: Matrix = self.vectors[np.searchsorted(self.keys, keys)]
        return found


def cosines(left: Matrix, right: Matrix) -> NDArray[np.float32]:
    """(n, d), (m, d) -> (n, m)."""
    product: NDArray[np.float32] = left.astype(np.float32) @ right.astype(np.float32).T
    return product


def _embedded(todo: list[Text], name: str, model: str) -> Table[Vector]:
    with encoder(model):  # one child for all shards
        return each(partial(_vectors, model), _listed(todo, name), into=Vector, name=f"{name}.vectors", processes=False)


def _listed(todo: list[Text], name: str) -> Table[Text]:
    table = current_run().table(f"{name}.texts", Text)
    starts = range(0, len(todo), SHARD)
    if len(table.shards()) != len(starts):
        todo.sort(key=lambda row: (len(row.text), row.text))
        for number, start in enumerate(starts):
            write_shard(table.shard(number), todo[start:start + SHARD], Text)
    return table


def _vectors(model: str, texts: list[Text]) -> Iterable[Vector]:
    with encoder(model) as encode:
        vectors = encode([row.text for row in texts]).astype("<f2")
    return (Vector(row.id, [row.id], base64.b64encode(vector.tobytes()).decode())
            for row, vector in zip(texts, vectors, strict=True))


def _found(tables: Iterable[Table[Vector]], wanted: dict[str, int]) -> dict[str, Matrix]:
    return {row.id: np.frombuffer(base64.b64decode(row.vector), "<f2") for table in tables for row in table.rows()
            if row.id in wanted}
