"""Paraphrases whose numbers are not quite the same: one left out, one said twice, one split in two.

Pairs are found by their numbers alone (equal answers, Jaccard from `SHARE`, by the prefix filter for set joins), so
that only texts in such a pair are embedded and no search for neighbours is needed: the pairs found are all there are.
Where the words stay and the numbers change, a condition was added or altered: a variant, never a repeat.
"""

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

import numpy as np

from tasks.dedup.repeats import NEAR
from tasks.dedup.words import Words
from tasks.tools.prints import Keys, Prints
from tasks.tools.twins import Decision, Rows
from tasks.tools.vectors import Lookup, paired

SHARE = 0.6
WORDS = 0.07  # of the content words of two texts; see `tasks/dedup/words.py`
LESS = 0.05  # below the threshold: names are masked here, which costs paraphrases some cosine and others nothing
VERBATIM = 0.75  # of the shorter text's words in the other, in order: from here it is the text with something changed
CHUNK = 50_000  # pairs at a time
_MIX = np.int64(-7046029254386353131)


def near_pairs(prints: Prints, decision: Decision, ranked: Rows) -> tuple[Rows, Rows]:
    """Kept rows (later, earlier) in rank order with one answer and most numbers, of two templates and two blocks."""
    rows = ranked[decision.kept[ranked] & ~prints.terse[ranked]]
    rows = rows[(prints.numbers[rows] != 0).sum(axis=1) > 1]
    keys, places = _posted(prints.numbers[rows], prints.answer[rows])
    found = [np.zeros((0, 2), np.int64)]
    for first, second in _together(keys, places):
        likely = _likely(prints, rows[second], rows[first])
        found.append(np.column_stack([second[likely], first[likely]]))
    later, earlier = np.unique(np.concatenate(found), axis=0).T
    return rows[later], rows[earlier]


def of_like_words(later: Rows, earlier: Rows, prints: Prints, texts: Mapping[int, str]) -> tuple[Rows, Rows]:
    """Those of the pairs that share `WORDS` of their content words; the rest only happened to share numbers."""
    if not len(later):
        return later, earlier
    likely = Words.of(texts).pairs(prints.mask[later], prints.mask[earlier]) >= WORDS
    return later[likely], earlier[likely]


def drop_near(later: Rows, earlier: Rows, prints: Prints, wordings: Lookup, texts: Mapping[int, str],
              threshold: float, decision: Decision) -> None:
    """Drops each later row that tells an earlier kept one in other words; of several the most alike is its twin."""
    cosine = np.zeros(len(later), np.float32)
    for start in range(0, len(later), CHUNK):
        part = slice(start, start + CHUNK)
        left, right = wordings[prints.mask[later[part]]], wordings[prints.mask[earlier[part]]]
        cosine[part] = paired(left, right)
    rank: Rows = np.unique(prints.id, return_inverse=True)[1]
    for at in np.lexsort((rank[earlier], -cosine, rank[later])).tolist():
        row, twin = int(later[at]), int(earlier[at])
        if cosine[at] >= threshold - LESS and decision.keeps(row) and decision.keeps(twin) and not _verbatim(
                texts[int(prints.mask[row])], texts[int(prints.mask[twin])]):
            decision.drop(row, twin, NEAR, float(cosine[at]))


def _posted(numbers: Keys, answers: Keys) -> tuple[Keys, Rows]:
    """Sorted keys (an answer and two numbers) and the row of each: two rows of `SHARE` meet under at least one.

    Two such rows share two numbers at least, and two among the rarest n - SHARE n + 2 of each (the prefix filter of
    set joins, for two in common: Wang, Li and Feng, 2012); only pairs of these are posted.
    """
    values, inverse, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    rarity = np.empty(len(values), np.int64)
    rarity[np.lexsort([values, np.where(values == 0, len(numbers) * numbers.shape[1] + 1, counts)])] = np.arange(
        len(values))
    ordered = np.take_along_axis(numbers, np.argsort(rarity[inverse.reshape(numbers.shape)], axis=1), axis=1)
    size = (numbers != 0).sum(axis=1)
    posted = np.minimum(size - np.ceil(SHARE * size - 1e-9).astype(np.int64) + 2, size)
    keys, places = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for second in range(1, numbers.shape[1]):
        rows = np.flatnonzero(posted > second)
        for first in range(second if len(rows) else 0):
            # A sum, so that the order of the two does not count.
            keys.append(((ordered[rows, first] * _MIX) ^ (ordered[rows, first] >> np.int64(29)))
                        + ((ordered[rows, second] * _MIX) ^ (ordered[rows, second] >> np.int64(29))) ^ answers[rows])
            places.append(rows)
    key, place = np.concatenate(keys), np.concatenate(places)
    order = np.lexsort([place, key])
    return key[order], place[order]


def _together(keys: Keys, places: Rows) -> Iterator[tuple[Rows, Rows]]:
    """All pairs under one key, the row that is earlier first."""
    at, distance = np.arange(len(keys)), 1
    while len(at := at[at + distance < len(keys)]) and len(at := at[keys[at] == keys[at + distance]]):
        for start in range(0, len(at), CHUNK):
            part = at[start:start + CHUNK]
            yield places[part], places[part + distance]
        distance += 1


def _likely(prints: Prints, left: Rows, right: Rows) -> Keys:
    """Which pairs may be paraphrases with other numbers."""
    templates = (prints.family[left] != prints.family[right]) | (prints.family[left] == 0)
    other = (prints.mask[left] != prints.mask[right]) & (prints.block[left] != prints.block[right])
    chosen = np.flatnonzero(templates & other & (prints.answer[left] == prints.answer[right]))
    one, two = prints.numbers[left[chosen]], prints.numbers[right[chosen]]
    shared = ((one[:, :, None] == two[:, None, :]) & (one != 0)[:, :, None]).sum(axis=(1, 2))
    union = (one != 0).sum(axis=1) + (two != 0).sum(axis=1) - shared
    likely: Keys = chosen[shared >= SHARE * union]
    return likely


def _verbatim(one: str, other: str) -> bool:
    left, right = one.split(), other.split()
    blocks = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) >= VERBATIM * min(len(left), len(right))
