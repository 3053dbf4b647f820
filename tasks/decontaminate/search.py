"""Test items that a table repeats in meaning, tile by tile of its wordings, so that memory does not grow with rows.

A wording is a text with numbers and names masked: a template of a thousand draws costs what one problem costs. Tiles
run over wordings in order of their keys, which no order of rows changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from schemas.records import Example
from schemas.table import Table
from tasks.decontaminate.grey import NAME, Doubts
from tasks.decontaminate.items import Item
from tasks.decontaminate.levels import Levels
from tasks.decontaminate.nearness import Field, Near, nearest
from tasks.decontaminate.rules import Floats, Guard, Places, kept_masks, rephrased, same_meaning, same_problem
from tasks.tools.prints import Keys, Prints, problems_at
from tasks.tools.signature import nameless, numberless
from tasks.tools.twins import Decision, Rows
from tasks.tools.vectors import Lookup, Matrix, cosines

TILE = 100_000  # wordings; their vectors are 80 MB
CROWD = 512  # texts whose cosines to all items are in memory at once
DOUBTFUL = 0.75  # wordings this near to an item are looked at with their names
OPEN = 0.55  # wordings less near than this to every item are not looked at as they stand
NEAREST = 8  # items looked at for each text as it stands


@dataclass(frozen=True, slots=True)
class Held:
    """The items that have texts, as vectors: wordings without names, wordings with names, texts as they stand."""

    guard: Guard
    bare: Matrix
    told: Matrix
    bare_fields: list[Field]
    named_fields: list[Field]

    @classmethod
    def of(cls, items: Sequence[Item], embedder: str) -> "Held":
        sets = [item.set for item in items]
        bare, named, told = (_vectors(texts, f"{NAME}.items", embedder) for texts in (
            [nameless(item.print.masked) for item in items], [numberless(item.text) for item in items],
            [item.text for item in items]))
        return cls(Guard.of([item.print for item in items]), bare, told, fields_of(bare, sets), fields_of(named, sets))


def fields_of(vectors: Matrix, sets: Sequence[str]) -> list[Field]:
    """One crowd for each test set; `sets` names the set of each item, set after set."""
    starts = [place for place, name in enumerate(sets) if place == 0 or name != sets[place - 1]]
    return [Field.of(part, start) for part, start in zip(np.split(vectors, starts[1:]), starts, strict=True)]


def by_meaning(examples: Table[Example], prints: Prints, texts: Mapping[int, str], items: Sequence[Item],
               embedder: str, levels: Levels, decision: Decision, doubts: Doubts) -> None:
    """Marks the rows that repeat one of `items` (all with texts) by numbers and meaning, or by meaning alone."""
    masks = kept_masks(prints, decision)[0]
    if not len(masks):
        return
    held = Held.of(items, embedder)
    for start in range(0, len(masks), TILE):
        _Tile(examples, prints, texts, held, embedder, levels, decision, doubts).search(masks[start:start + TILE])


@dataclass(frozen=True, slots=True)
class _Tile:
    examples: Table[Example]
    prints: Prints
    texts: Mapping[int, str]
    held: Held
    embedder: str
    levels: Levels
    decision: Decision
    doubts: Doubts

    def search(self, masks: Keys) -> None:
        wordings = Lookup.of({mask: nameless(self.texts[mask]) for mask in masks.tolist()}, f"{NAME}.wordings",
                             self.embedder)
        self._same_problem(masks, wordings)
        self._rephrased(masks, wordings)
        masks, speakers = kept_masks(self.prints, self.decision, masks)
        if not len(masks):
            return
        near = nearest(self.held.bare_fields, wordings[masks])
        same_meaning(self.prints, masks, self.texts, near, self.levels.template_twin, self.levels, self.decision,
                     self.doubts)
        doubtful = (near.cosine >= DOUBTFUL) & self.decision.kept[speakers]
        self._named_twins(masks[doubtful], speakers[doubtful])

    def _same_problem(self, masks: Keys, wordings: Lookup) -> None:
        """Of each item with a row's numbers and answer, the one whose wording is nearest."""
        blocks = self.held.guard.block
        order = np.argsort(blocks, kind="stable")
        rows = self._rows(masks)
        rows = rows[np.isin(self.prints.block[rows], blocks)]
        if not len(rows):
            return
        first, last = (np.searchsorted(blocks[order], self.prints.block[rows], side) for side in ("left", "right"))
        best, score = np.zeros(len(rows), np.int64), np.full(len(rows), -1, np.float32)
        for step in range(int((last - first).max())):
            here = np.flatnonzero(first + step < last)
            for part in np.array_split(here, len(here) // TILE + 1):
                places = order[first[part] + step]
                cosine = np.einsum("ij,ij->i", wordings[self.prints.mask[rows[part]]].astype(np.float32),
                                   self.held.bare[places].astype(np.float32))
                better = cosine > score[part]
                best[part[better]], score[part[better]] = places[better], cosine[better]
        same_problem(self.prints, rows, Near(best, score, score), self.held.guard, self.levels, self.decision,
                     self.doubts)

    def _rephrased(self, masks: Keys, wordings: Lookup) -> None:
        """One text of each wording that is at all near to an item is embedded as it stands."""
        masks, speakers = kept_masks(self.prints, self.decision, masks)
        close = _any_near(wordings[masks], self.held.bare, OPEN)
        if not close.any():
            return
        masks, speakers = masks[close], speakers[close]
        problems = problems_at(self.examples, self.prints.starts, np.sort(speakers))
        told = Lookup.of({int(mask): problems[row] for mask, row in zip(masks, speakers.tolist(), strict=True)},
                         f"{NAME}.told", self.embedder)
        places, scores = _nearest_items(told[masks], self.held.told)
        able = scores[:, 0] >= min(
            self.levels.same_text, self.levels.rephrased_shared, self.levels.rephrased) - self.levels.grey
        masks, places, scores = masks[able], places[able], scores[able]
        rows = self._rows(masks)
        mine = np.searchsorted(masks, self.prints.mask[rows])
        rephrased(self.prints, rows, places[mine], scores[mine], self.held.guard, self.levels, self.decision,
                  self.doubts)

    def _named_twins(self, masks: Keys, speakers: Rows) -> None:
        if not len(masks):
            return
        problems = problems_at(self.examples, self.prints.starts, np.sort(speakers))
        named = _vectors([numberless(problems[row]) for row in speakers.tolist()], f"{NAME}.problems", self.embedder)
        same_meaning(self.prints, masks, self.texts, nearest(self.held.named_fields, named), self.levels.named_twin,
                     self.levels, self.decision, self.doubts)

    def _rows(self, masks: Keys) -> Rows:
        return np.flatnonzero(self.decision.kept & np.isin(self.prints.mask, masks))


def _vectors(texts: Sequence[str], name: str, embedder: str) -> Matrix:
    return Lookup.of(dict(enumerate(texts)), name, embedder).vectors


def _any_near(vectors: Matrix, items: Matrix, bar: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    parts = [(cosines(vectors[i:i + CROWD], items) >= bar).any(axis=1) for i in range(0, len(vectors), CROWD)]
    return np.concatenate([*parts, np.zeros(0, np.bool_)])


def _nearest_items(vectors: Matrix, items: Matrix) -> tuple[Places, Floats]:
    """(n, k) places of the nearest items and their cosines, the nearest first; of equals the earlier."""
    places, scores = [], []
    for start in range(0, len(vectors), CROWD):
        cosine = cosines(vectors[start:start + CROWD], items)
        best = np.argsort(-cosine, axis=1, kind="stable")[:, :NEAREST]
        places.append(best)
        scores.append(np.take_along_axis(cosine, best, axis=1))
    return np.concatenate(places), np.concatenate(scores)
