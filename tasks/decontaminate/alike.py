"""The rule `alike`: rows with the numbers of a test item, and most of its words and signs, see `likeness`."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from schemas.records import Example
from schemas.table import Table
from tasks.decontaminate.items import Item
from tasks.decontaminate.levels import OFF, Levels
from tasks.decontaminate.likeness import framed, likeness, tokens
from tasks.decontaminate.rules import ALIKE, Guard
from tasks.tools.prints import Keys, Prints, problems_at
from tasks.tools.twins import Decision

BLOCK = 20_000  # rows whose texts are in memory at once
FRAMED = 0.9  # how alike a problem and the same in a frame of prose are: more than words and signs in common say
LONG = 20  # tokens below which a text with other answer says too little: x^2 and 5 are in many


def alike(examples: Table[Example], prints: Prints, items: Sequence[Item], levels: Levels,
          decision: Decision) -> None:
    """Rows with numbers and answer, or numbers alone, of one of `items` (all with texts), and so many of its tokens."""
    if min(levels.alike, levels.alike_other) >= OFF:
        return
    search = _Search(items, levels)
    rows = np.flatnonzero(decision.kept & search.may(prints))
    for start in range(0, len(rows), BLOCK):
        part = rows[start:start + BLOCK]
        problems = problems_at(examples, prints.starts, part)
        numbers = number_keys(prints.numbers[part])
        for row, number in zip(part.tolist(), numbers.tolist(), strict=True):
            place, score = search.best(problems[row], int(prints.block[row]), number)
            if place >= 0:
                decision.drop(row, place, ALIKE, score)


def number_keys(numbers: Keys) -> Keys:
    """(n, w) keys of numbers -> (n,): one key for all of them in whatever order; 0 where there are none."""
    summed: Keys = numbers.sum(axis=1, dtype=np.int64)
    return summed


class _Search:
    def __init__(self, items: Sequence[Item], levels: Levels) -> None:
        guard = Guard.of([item.print for item in items])
        self.levels, self.tokens = levels, [tokens(item.text) for item in items]
        self.blocks, self.numbers = _places(guard.block), _places(number_keys(guard.numbers))
        self.numbers.pop(0, None)
        for number, places in list(self.numbers.items()):
            self.numbers[number] = [place for place in places if self.tokens[place].total() >= LONG]

    def may(self, prints: Prints) -> NDArray[np.bool_]:
        """Whether a row has the numbers of an item at all."""
        own = number_keys(prints.numbers)
        found: NDArray[np.bool_] = np.isin(prints.block, list(self.blocks)) | np.isin(own, list(self.numbers))
        return found

    def best(self, text: str, block: int, number: int) -> tuple[int, float]:
        """The place of the item that this text is, and how alike they are; -1 where it is none."""
        own = tokens(text)
        found = [(score, -place) for place, score in self._able(own, block, number)]
        score, place = max(found, default=(0.0, 1))
        return -place, score

    def _able(self, own: Counter[str], block: int, number: int) -> Iterator[tuple[int, float]]:
        for place in self.blocks.get(block, ()):
            score = likeness(own, self.tokens[place])
            if score < self.levels.alike and framed(own, self.tokens[place]):
                score = FRAMED
            if score >= self.levels.alike:
                yield place, score
        for place in self.numbers.get(number, ()) if own.total() >= LONG else ():
            if (score := likeness(own, self.tokens[place])) >= self.levels.alike_other:
                yield place, score


def _places(keys: Keys) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for place, key in enumerate(keys.tolist()):
        found.setdefault(key, []).append(place)
    return found
