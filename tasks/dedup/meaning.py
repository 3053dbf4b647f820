"""Repeats in other words: rows with the same numbers and answer whose texts mean the same.

Cosine alone is the wrong test for mathematics (it drops number variants and keeps paraphrases), so it only judges pairs
that agree in numbers and answer, and `alike.py` says how much of it a pair needs. Texts are embedded without names
first, once for each wording; only pairs that this leaves open are embedded as they stand.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.dedup.alike import FORMULA, needed
from tasks.dedup.repeats import NUMBERS
from tasks.tools.prints import WIDTH, Keys, Prints
from tasks.tools.twins import Decision, Rows
from tasks.tools.vectors import Lookup, cosines

Bools = NDArray[np.bool_]
OPEN = 0.15  # below the threshold by more than this without names, no pair reached it with them
TILE = 1024  # rows compared at a time: bounds memory in large blocks


def unsettled(blocks: Sequence[Rows], prints: Prints, wordings: Lookup, threshold: float) -> Rows:
    """Rows of pairs for which the cosine without names leaves open whether they are alike; sorted."""
    found: list[Rows] = []
    for rows in blocks:
        for tile, earlier in _tiles(rows):
            cosine = cosines(wordings[prints.mask[tile]], wordings[prints.mask[earlier]])
            doubtful = _comparable(prints, tile, earlier) & (cosine >= threshold - OPEN) & (
                cosine < _most(prints, tile, earlier, threshold))
            found += [tile[doubtful.any(axis=1)], earlier[doubtful.any(axis=0)]]
    return np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)


def drop_alike(blocks: Sequence[Rows], prints: Prints, wordings: Lookup, texts: Lookup, threshold: float,
               decision: Decision, masked: Mapping[int, str]) -> None:
    """Drops each row that means the same as an earlier kept one of its block.

    `texts` is keyed by row, `masked` holds the masked text of each mask key.

    Greedy in rank order: a dropped row drops no others, so chains of ever less alike texts do not form.
    """
    for rows in blocks:
        for tile, earlier in _tiles(rows):
            cosine = cosines(wordings[prints.mask[tile]], wordings[prints.mask[earlier]])
            comparable = _comparable(prints, tile, earlier)
            cosine = np.maximum(cosine, _as_they_stand(texts, tile, earlier))
            alike = np.where(comparable & (cosine >= threshold), cosine, -1)
            _drop_greedily(alike, tile, earlier, decision, _Bars(prints, earlier, masked, threshold))


class _Bars:
    """What cosine any two of a block's rows need; one answer serves all rows of the same two wordings."""

    def __init__(self, prints: Prints, rows: Rows, masked: Mapping[int, str], threshold: float) -> None:
        self.masks, self.orders = prints.mask[rows], prints.order[rows]
        self.masked, self.threshold = masked, threshold
        listed = int((prints.numbers[rows[0]] != 0).sum())  # none where they are too many to be listed
        self.numbers = listed or (0 if masked[int(self.masks[0])].count("#") <= WIDTH else WIDTH + 1)

    def needed(self, one: int, other: int) -> float:
        return needed(self.masked[int(self.masks[one])], self.masked[int(self.masks[other])], self.numbers,
                      self.threshold, in_order=bool(self.orders[one] == self.orders[other]))

    def like(self, one: int, other: int, size: int) -> Bools:
        """Which of the first `size` rows need of `one` what `other` does."""
        same_order = (self.orders[:size] == self.orders[one]) == (self.orders[other] == self.orders[one])
        alike: Bools = (self.masks[:size] == self.masks[other]) & same_order
        return alike


def _drop_greedily(alike: NDArray[np.float32], tile: Rows, earlier: Rows, decision: Decision, bars: _Bars) -> None:
    start = len(earlier) - len(tile)  # `earlier` ends with the tile itself
    for i in np.flatnonzero(alike.max(axis=1) >= 0).tolist():
        scores = np.where(decision.keeps(earlier[:start + i]), alike[i, :start + i], -1)
        while scores.max(initial=-1) >= 0:
            best = int(scores.argmax())
            if scores[best] >= bars.needed(start + i, best):
                decision.drop(tile[i:i + 1], earlier[best:best + 1], NUMBERS, scores[best:best + 1])
                break
            scores[bars.like(start + i, best, start + i)] = -1


def _tiles(rows: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Rows by the thousand, each with all rows of its block up to its own end."""
    for start in range(0, len(rows), TILE):
        yield rows[start:start + TILE], rows[:start + TILE]


def _comparable(prints: Prints, tile: Rows, earlier: Rows) -> Bools:
    """Pairs that may be repeats: of two wordings and of two templates."""
    def differ(keys: Keys) -> Bools:
        unlike: Bools = keys[tile][:, None] != keys[earlier][None, :]
        return unlike

    pairs: Bools = differ(prints.mask) & (differ(prints.family) | (prints.family[tile] == 0)[:, None])
    return pairs


def _most(prints: Prints, tile: Rows, earlier: Rows, threshold: float) -> NDArray[np.float32]:
    """From here a pair needs no second look: what `needed` asks for at most."""
    terse = prints.terse[tile][:, None] | prints.terse[earlier][None, :]
    return np.where(terse, max(FORMULA, threshold), threshold).astype(np.float32)


def _as_they_stand(texts: Lookup, tile: Rows, earlier: Rows) -> NDArray[np.float32]:
    """Cosines of the texts themselves where both were embedded, -1 elsewhere."""
    cosine = np.full((len(tile), len(earlier)), -1, np.float32)
    left, right = np.flatnonzero(texts.has(tile)), np.flatnonzero(texts.has(earlier))
    if len(left) and len(right):
        cosine[np.ix_(left, right)] = cosines(texts[tile[left]], texts[earlier[right]])
    return cosine
