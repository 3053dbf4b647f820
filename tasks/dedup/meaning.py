"""Repeats in other words: rows with the same numbers and answer whose texts mean the same.

Cosine alone is the wrong test for mathematics (it drops number variants and keeps paraphrases), so it only judges pairs
that agree in numbers and answer. Texts are embedded without names first, once for each wording; only pairs that this
leaves open are embedded as they stand.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.dedup.repeats import NUMBERS
from tasks.tools.prints import Keys, Prints
from tasks.tools.twins import Decision, Rows
from tasks.tools.vectors import Lookup, cosines

Bools = NDArray[np.bool_]
OPEN = 0.15  # below the threshold by more than this without names, no pair reached it with them
TERSE = 0.95  # for texts of few words or at most one number: there a cosine tells topics apart, not problems
SAME_WORDS = 0.98  # this alike with numbers in another order: the numbers were exchanged, not the words
TILE = 1024  # rows compared at a time: bounds memory in large blocks


def unsettled(blocks: Sequence[Rows], prints: Prints, wordings: Lookup, threshold: float) -> Rows:
    """Rows of pairs for which the cosine without names leaves open whether they are alike; sorted."""
    found: list[Rows] = []
    for rows in blocks:
        for tile, earlier in _tiles(rows):
            needed = _bar(prints, tile, earlier, threshold)
            cosine = cosines(wordings[prints.mask[tile]], wordings[prints.mask[earlier]])
            doubtful = _comparable(prints, tile, earlier, cosine) & (cosine < needed) & (cosine >= needed - OPEN)
            found += [tile[doubtful.any(axis=1)], earlier[doubtful.any(axis=0)]]
    return np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)


def drop_alike(blocks: Sequence[Rows], prints: Prints, wordings: Lookup, texts: Lookup, threshold: float,
               decision: Decision) -> None:
    """Drops each row that means the same as an earlier kept one of its block; `texts` is keyed by row.

    Greedy in rank order: a dropped row drops no others, so chains of ever less alike texts do not form.
    """
    for rows in blocks:
        for tile, earlier in _tiles(rows):
            cosine = cosines(wordings[prints.mask[tile]], wordings[prints.mask[earlier]])
            comparable = _comparable(prints, tile, earlier, cosine)
            cosine = np.maximum(cosine, _as_they_stand(texts, tile, earlier))
            alike = np.where(comparable & (cosine >= _bar(prints, tile, earlier, threshold)), cosine, -1)
            _drop_greedily(alike, tile, earlier, decision)


def _drop_greedily(alike: NDArray[np.float32], tile: Rows, earlier: Rows, decision: Decision) -> None:
    start = len(earlier) - len(tile)  # `earlier` ends with the tile itself
    for i in np.flatnonzero(alike.max(axis=1) >= 0):
        scores = np.where(decision.kept[earlier[:start + i]], alike[i, :start + i], -1)
        if scores.max(initial=-1) >= 0:
            best = int(scores.argmax())
            decision.drop(tile[i:i + 1], earlier[best:best + 1], NUMBERS, scores[best:best + 1])


def _tiles(rows: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Rows by the thousand, each with all rows of its block up to its own end."""
    for start in range(0, len(rows), TILE):
        yield rows[start:start + TILE], rows[:start + TILE]


def _comparable(prints: Prints, tile: Rows, earlier: Rows, cosine: NDArray[np.float32]) -> Bools:
    """Pairs that may be repeats: of two wordings, of two templates, and not the same words with numbers exchanged."""
    def differ(keys: Keys) -> Bools:
        unlike: Bools = keys[tile][:, None] != keys[earlier][None, :]
        return unlike

    templates = differ(prints.family) | (prints.family[tile] == 0)[:, None]
    pairs: Bools = differ(prints.mask) & templates & ~(differ(prints.order) & (cosine >= SAME_WORDS))
    return pairs


def _bar(prints: Prints, tile: Rows, earlier: Rows, threshold: float) -> NDArray[np.float32]:
    terse = prints.terse[tile][:, None] | prints.terse[earlier][None, :]
    return np.where(terse, max(TERSE, threshold), threshold).astype(np.float32)


def _as_they_stand(texts: Lookup, tile: Rows, earlier: Rows) -> NDArray[np.float32]:
    """Cosines of the texts themselves where both were embedded, -1 elsewhere."""
    cosine = np.full((len(tile), len(earlier)), -1, np.float32)
    left, right = np.flatnonzero(np.isin(tile, texts.keys)), np.flatnonzero(np.isin(earlier, texts.keys))
    if len(left) and len(right):
        cosine[np.ix_(left, right)] = cosines(texts[tile[left]], texts[earlier[right]])
    return cosine
