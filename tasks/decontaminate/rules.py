"""The rules by which a row repeats a test item; each marks rows in a `Decision` whose twins are items."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.decontaminate.items import Item
from tasks.decontaminate.nearness import Field, Near, nearest
from tasks.tools.prints import TERSE_WORDS, Keys, Prints
from tasks.tools.signature import ngrams, read
from tasks.tools.twins import Decision, Rows
from tasks.tools.vectors import Lookup, Matrix

RULES = ("exact", "ngram", "same_problem", "template_twin", "rephrased")
EXACT, NGRAM, NUMBERS, MEANING, REPHRASED = range(5)
SAME_NUMBERS = 0.75  # as in dedup: with numbers and answer the same, this alike is the same problem
SAME_RAW = 0.65  # and this where numbers and answer are the same
SHARED = 0.75  # of the numbers of both texts: then they may be less alike than `rephrased` asks for
LENIENCE = 0.06  # by so much
NEAREST = 8  # items looked at for each wording
TERSE = 0.95  # "what is # % of #" is near to much: only its like is it


def same_text(prints: Prints, items: Sequence[Item], decision: Decision) -> None:
    """Rows whose wording is an item's."""
    rows, twins = _matches(prints.wording, np.array([item.print.wording for item in items]), decision)
    decision.drop(rows, twins, EXACT)


def shared_words(prints: Prints, texts: Mapping[int, str], items: Sequence[Item], n: int, decision: Decision) -> None:
    """Rows that share a run of `n` words with an item, numbers and names left out; scored by the share of its runs."""
    where: dict[tuple[str, ...], list[int]] = {}
    runs = [set(ngrams(item.print.masked, n)) for item in items]
    for place, found in enumerate(runs):
        for run in found:
            where.setdefault(run, []).append(place)
    hits: dict[int, tuple[int, float]] = {}
    for mask, text in texts.items():
        shared = Counter(place for run in set(ngrams(text, n)) for place in where.get(run, ()))
        if shared:
            place = min(shared, key=lambda place: (-shared[place] / len(runs[place]), place))
            hits[mask] = place, shared[place] / len(runs[place])
    _drop_masks(prints, hits, NGRAM, decision)


def same_numbers(prints: Prints, items: Sequence[Item], wordings: Lookup, decision: Decision) -> None:
    """Rows with an item's numbers and answer that mean much the same."""
    blocks: dict[int, list[int]] = {}
    for place, item in enumerate(items):
        blocks.setdefault(item.print.block, []).append(place)
    for row in np.flatnonzero(decision.kept & np.isin(prints.block, list(blocks))):
        twins = np.array(blocks[int(prints.block[row])])
        masks = np.array([items[twin].print.mask for twin in twins])
        cosine = wordings[masks].astype(np.float32) @ wordings[prints.mask[row:row + 1]][0].astype(np.float32)
        best = int(cosine.argmax())
        if cosine[best] >= (TERSE if prints.terse[row] or items[twins[best]].print.terse else SAME_NUMBERS):
            decision.drop(int(row), int(twins[best]), NUMBERS, float(cosine[best]))


def rephrased(prints: Prints, problems: Mapping[int, str], told: Lookup, held: Matrix, items: Sequence[Item],
              bar: float, decision: Decision) -> None:
    """Rows whose text, numbers and names as they are, means an item's; `told` is keyed by mask, `problems` by row."""
    figures = [_figures(item.text) for item in items]
    near: dict[int, list[tuple[int, float]]] = {}
    for row, text in problems.items():
        mask = int(prints.mask[row])
        if mask not in near:
            cosine = held.astype(np.float32) @ told[prints.mask[row:row + 1]][0].astype(np.float32)
            near[mask] = [(int(place), float(cosine[place])) for place in np.argsort(-cosine, kind="stable")[:NEAREST]]
        own = _figures(text)
        for place, score in near[mask]:
            needed = bar - LENIENCE * (_overlap(own, figures[place]) >= SHARED)
            if prints.block[row] == items[place].print.block:
                needed = SAME_RAW
            if score >= (max(TERSE, bar) if prints.terse[row] or items[place].print.terse else needed):
                decision.drop(row, place, REPHRASED, score)
                break


def _figures(text: str) -> Counter[str]:
    return Counter(read(text).block.split())


def _overlap(one: Counter[str], other: Counter[str]) -> float:
    every = (one | other).total()
    return (one & other).total() / every if every else 0.0


def near_items(vectors: Matrix, items: Matrix, sets: Sequence[str]) -> Near:
    """The nearest item for each of `vectors`; `sets` names the test set of each item, set after set."""
    starts = [place for place, name in enumerate(sets) if place == 0 or name != sets[place - 1]]
    parts = np.split(items, starts[1:])
    return nearest([Field.of(part, start) for part, start in zip(parts, starts, strict=True)], vectors)


def same_meaning(prints: Prints, masks: Keys, texts: Mapping[int, str], near: Near, bar: float,
                 decision: Decision) -> None:
    """Rows whose mask is as near to an item as `bar` says; `near` has an entry for each of `masks`."""
    bars = np.array([max(TERSE, bar) if texts[mask].count(" ") < TERSE_WORDS - 1 else bar for mask in masks.tolist()])
    hits = {int(masks[i]): (int(near.item[i]), float(near.score[i])) for i in np.flatnonzero(near.score >= bars)}
    _drop_masks(prints, hits, MEANING, decision)


def kept_masks(prints: Prints, decision: Decision) -> tuple[Keys, Rows]:
    """The masks of rows still kept, sorted, and for each the row with the smallest id, which speaks for it."""
    rows = np.flatnonzero(decision.kept)
    rows = rows[np.lexsort([prints.id[rows], prints.mask[rows]])]
    masks, first = np.unique(prints.mask[rows], return_index=True)
    return masks, rows[first]


def _drop_masks(prints: Prints, hits: Mapping[int, tuple[int, float]], rule: int, decision: Decision) -> None:
    """Drops the rows, still kept, of every mask that was hit."""
    masks = np.array(sorted(hits), np.int64)
    rows, places = _matches(prints.mask, masks, decision)
    found = [hits[int(masks[place])] for place in places]
    decision.drop(rows, [twin for twin, _ in found], rule, [score for _, score in found])


def _matches(keys: Keys, wanted: Keys, decision: Decision) -> tuple[Rows, NDArray[np.int64]]:
    """Rows still kept whose key is wanted, and the first place of each in `wanted`."""
    known, first = np.unique(wanted, return_index=True)
    rows = np.flatnonzero(decision.kept & np.isin(keys, known))
    return rows, first[np.searchsorted(known, keys[rows])]
