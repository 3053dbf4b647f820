"""The rules by which a row repeats a test item; each marks rows in a `Decision` whose twins are items.

Those that need no vectors work on keys of whole tables; those of meaning get one tile of masks at a time, see `search`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.decontaminate.grey import Doubts
from tasks.decontaminate.items import Item
from tasks.decontaminate.levels import NGRAM, OFF, Levels
from tasks.decontaminate.nearness import Near
from tasks.decontaminate.runs import run_keys
from tasks.tools.prints import TERSE_WORDS, WIDTH, Keys, Print, Prints
from tasks.tools.twins import Decision, Rows

RULES = ("exact", "ngram", "alike", "same_problem", "rephrased", "template_twin", "same_numbers")
EXACT, RUNS, ALIKE, PROBLEM, REPHRASED, TWIN, NUMBERS = range(7)
BLOCK = 50_000  # rows whose numbers are compared at once: 7 MB
Places = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Guard:
    """What of all items the rules compare, by the place of each item."""

    block: Keys
    terse: NDArray[np.bool_]
    numbers: Keys  # (items, WIDTH), see `Prints.numbers`

    @classmethod
    def of(cls, prints: Sequence[Print]) -> "Guard":
        numbers = np.zeros((len(prints), WIDTH), np.int64)
        for row, found in zip(numbers, prints, strict=True):
            if len(found.numbers) <= WIDTH:
                row[:len(found.numbers)] = found.numbers
        return cls(np.array([found.block for found in prints], np.int64),
                   np.array([found.terse for found in prints], np.bool_), numbers)


def same_text(prints: Prints, items: Sequence[Item], decision: Decision) -> None:
    """Rows whose wording is an item's."""
    rows, twins = _matches(prints.wording, np.array([item.print.wording for item in items]), decision)
    decision.drop(rows, twins, EXACT)


def shared_words(prints: Prints, texts: Mapping[int, str], items: Sequence[Item], levels: Levels,
                 decision: Decision) -> None:
    """Rows that share a run of words with an item, numbers and names left out; scored by the share of its runs."""
    if not levels.ngram:
        return
    runs = [_runs(item, levels.ngram) for item in items]
    where: dict[int, list[int]] = {}
    for place, found in enumerate(runs):
        for run in found:
            where.setdefault(run, []).append(place)
    hits: dict[int, tuple[int, float]] = {}
    for mask, text in texts.items():
        shared = Counter(place for run in run_keys(text, levels.ngram) for place in where.get(run, ()))
        if shared:
            place = min(shared, key=lambda place: (-shared[place] / len(runs[place]), place))
            if (share := shared[place] / len(runs[place])) >= levels.ngram_share:
                hits[mask] = place, share
    _drop_masks(prints, hits, RUNS, decision)


def _runs(item: Item, n: int) -> set[int]:
    if item.fingerprint is None:
        return run_keys(item.print.masked, n)
    return set(item.fingerprint.runs) if n == NGRAM else set()  # of other runs the fingerprints know nothing


def same_numbers(prints: Prints, items: Sequence[Item], decision: Decision) -> None:
    """Rows with numbers and answer of an item of which there is no text, where these are enough to know it by."""
    places = [place for place, item in enumerate(items) if item.fingerprint and item.fingerprint.telling]
    rows, found = _matches(prints.block, np.array([items[place].print.block for place in places], np.int64), decision)
    sure = ~prints.terse[rows]
    decision.drop(rows[sure], np.array(places, np.int64)[found[sure]], NUMBERS)


def same_problem(prints: Prints, rows: Rows, near: Near, guard: Guard, levels: Levels, decision: Decision,
                 doubts: Doubts) -> None:
    """Of `rows`, those with numbers and answer of an item whose wording is like theirs; `near` has one for each row."""
    terse = prints.terse[rows] | guard.terse[near.item]
    bars = np.where(terse, levels.terse, levels.same_problem).astype(np.float32)
    sure = near.cosine >= bars
    decision.drop(rows[sure], near.item[sure], PROBLEM, near.cosine[sure])
    doubts.add(rows[~sure], near.item[~sure], PROBLEM, near.cosine[~sure], bars[~sure])


def rephrased(prints: Prints, rows: Rows, nearest: Places, scores: Floats, guard: Guard, levels: Levels,
              decision: Decision, doubts: Doubts) -> None:
    """Of `rows`, those whose text, as it stands, means an item's.

    `nearest` (rows, k) holds places of items, the nearest first, `scores` (rows, k) their cosines.
    """
    for start in range(0, len(rows), BLOCK):
        part = slice(start, start + BLOCK)
        for place, score in zip(nearest[part].T, scores[part].T, strict=True):
            own = rows[part]
            bars = needed(prints, own, place, guard, levels)
            sure = decision.kept[own] & (score >= bars)
            decision.drop(own[sure], place[sure], REPHRASED, score[sure])
            doubts.add(own[~sure], place[~sure], REPHRASED, score[~sure], bars[~sure])


def needed(prints: Prints, rows: Rows, places: Places, guard: Guard, levels: Levels) -> Floats:
    """The cosine from which each row is its item in other words: less where they share most numbers, or all."""
    bar = np.where(overlap(prints.numbers[rows], guard.numbers[places]) >= levels.shared, levels.rephrased_shared,
                   levels.rephrased)
    bar = np.where(prints.block[rows] == guard.block[places], np.minimum(levels.same_text, bar), bar)
    terse = prints.terse[rows] | guard.terse[places]
    strict = max(levels.terse, min(levels.rephrased, levels.rephrased_shared))
    found: Floats = np.where(terse, strict, bar).astype(np.float32)
    return found


def overlap(one: Keys, other: Keys) -> Floats:
    """(n, w), (n, w) -> (n,): of the numbers of both, the share that both have; 0 where neither has any."""
    shared = ((one[:, :, None] == other[:, None, :]) & (one != 0)[:, :, None]).any(axis=2).sum(axis=1)
    every = (one != 0).sum(axis=1) + (other != 0).sum(axis=1) - shared
    found: Floats = np.divide(shared, every, out=np.zeros(len(one)), where=every > 0).astype(np.float32)
    return found


def same_meaning(prints: Prints, masks: Keys, texts: Mapping[int, str], near: Near, bar: float, levels: Levels,
                 decision: Decision, doubts: Doubts) -> None:
    """Rows whose mask is as near to an item as `bar` says; `near` has an entry for each of `masks`."""
    if bar >= OFF:
        return
    bars = np.array([max(levels.terse, bar) if texts[mask].count(" ") < TERSE_WORDS - 1 else bar
                     for mask in masks.tolist()], np.float32)
    hits = {int(masks[i]): (int(near.item[i]), float(near.score[i])) for i in np.flatnonzero(near.score >= bars)}
    _drop_masks(prints, hits, TWIN, decision)
    rows = np.flatnonzero(decision.kept & np.isin(prints.mask, masks[near.score >= bars - doubts.grey]))
    mine = np.searchsorted(masks, prints.mask[rows])
    doubts.add(rows, near.item[mine], TWIN, near.score[mine], bars[mine])


def kept_masks(prints: Prints, decision: Decision, within: Keys | None = None) -> tuple[Keys, Rows]:
    """The masks of rows still kept, sorted, and for each the row with the smallest id, which speaks for it.

    `within` is a run of sorted masks to which this is limited.
    """
    kept = decision.kept
    if within is not None:
        kept &= (prints.mask >= within[0]) & (prints.mask <= within[-1])
    rows = np.flatnonzero(kept)
    rows = rows[np.lexsort([prints.id[rows], prints.mask[rows]])]
    masks, first = np.unique(prints.mask[rows], return_index=True)
    return masks, rows[first]


def _drop_masks(prints: Prints, hits: Mapping[int, tuple[int, float]], rule: int, decision: Decision) -> None:
    """Drops the rows, still kept, of every mask that was hit."""
    masks = np.array(sorted(hits), np.int64)
    rows, places = _matches(prints.mask, masks, decision)
    twins = np.array([hits[mask][0] for mask in masks.tolist()], np.int64)
    scores = np.array([hits[mask][1] for mask in masks.tolist()], np.float32)
    decision.drop(rows, twins[places], rule, scores[places])


def _matches(keys: Keys, wanted: Keys, decision: Decision) -> tuple[Rows, Places]:
    """Rows still kept whose key is wanted, and the first place of each in `wanted`."""
    known, first = np.unique(wanted, return_index=True)
    rows = np.flatnonzero(decision.kept & np.isin(keys, known))
    return rows, first[np.searchsorted(known, keys[rows])]


