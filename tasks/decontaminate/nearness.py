"""How near texts are to the items of one test set, judged against how crowded the place is.

A fixed cosine flags what stands in a crowd: without numbers and names, two stories about ages are alike and no more.
So a cosine is lowered by half of what crowding exceeds `SPARSE` by; crowding is the mean cosine of both texts to their
next neighbours in the test set, variants of the nearest item left out. (The idea is that of cross-domain similarity
local scaling, Conneau et al. 2018; here with a floor, so that among three items, no crowd, the plain cosine counts.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.tools.vectors import Matrix, cosines

Floats = NDArray[np.float32]
NEIGHBOURS = 3
SHARE = 0.5
SPARSE = 0.6  # the median crowding of GSM8K's problems in GSM8K's test set
VARIANT = 0.9  # items this near to each other are one story: GSM-Plus holds eight of each
TILE = 512


@dataclass(frozen=True, slots=True)
class Near:
    """For each text its nearest item (a place in the list of all items), with the cosine less crowding, and plain."""

    item: NDArray[np.int64]
    score: Floats
    cosine: Floats


@dataclass(frozen=True, slots=True)
class Field:
    """The items of one test set as a crowd: `vectors` (n, d), `first` the place of item 0 among all items."""

    vectors: Matrix
    first: int
    crowding: Floats

    @classmethod
    def of(cls, vectors: Matrix, first: int) -> "Field":
        parts = []
        for start in range(0, len(vectors), TILE):
            near = cosines(vectors[start:start + TILE], vectors)
            parts.append(_crowding(near, near >= VARIANT))
        return cls(vectors, first, np.concatenate(parts))

    def nearest(self, texts: Matrix) -> Near:
        parts = [self._nearest(texts[start:start + TILE]) for start in range(0, len(texts), TILE)]
        return _joined(parts)

    def _nearest(self, texts: Matrix) -> Near:
        plain = cosines(texts, self.vectors)
        variants = cosines(self.vectors[plain.argmax(axis=1)], self.vectors) >= VARIANT
        crowding = (_crowding(plain, variants)[:, None] + self.crowding[None, :]) / 2
        scores = plain - SHARE * np.maximum(crowding - SPARSE, 0)
        best = scores.argmax(axis=1)
        rows = np.arange(len(texts))
        return Near(best + self.first, scores[rows, best], plain.max(axis=1))


def nearest(fields: Sequence[Field], texts: Matrix) -> Near:
    """The nearest item of all test sets for each text."""
    found = [field.nearest(texts) for field in fields]
    best = np.argmax([near.score for near in found], axis=0)
    rows = np.arange(len(texts))
    return Near(np.array([near.item for near in found])[best, rows],
                np.array([near.score for near in found])[best, rows],
                np.max([near.cosine for near in found], axis=0))


def _crowding(near: Floats, left_out: NDArray[np.bool_]) -> Floats:
    """Mean cosine to the nearest neighbours that are not left out; 0 where there are too few to make a crowd."""
    others = np.where(left_out, -1, near)
    if others.shape[1] <= NEIGHBOURS:
        return np.zeros(len(near), np.float32)
    top = np.partition(others, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS:]
    mean: Floats = top.mean(axis=1)
    return mean


def _joined(parts: Sequence[Near]) -> Near:
    if not parts:
        return Near(np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.float32))
    return Near(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("item", "score", "cosine")))
