"""Which readings compute the same: `Judge` tries them on random numbers, so that two that always agree count as one."""

import random
from collections.abc import Collection, Sequence
from fractions import Fraction

from tasks.lift.bound import Bound
from tasks.lift.codes import evaluate
from tasks.lift.sources import Reading
from tasks.lift.story import Story
from tasks.lift.trees import value
from tasks.tools.numbers import Mention

POINTS = 4  # random points at which readings are compared; values come from a space of thousands each
Tie = tuple[str, str]  # two symbols that are drawn alike
Point = dict[str, Fraction]
Results = tuple[Fraction, ...]


class Judge:
    """Computes readings of one story up to the step of its answer."""

    def __init__(self, story: Story, last: int) -> None:
        self.story, self.last = story, last
        self._place = {site.start: n for n, site in enumerate(story.operands)}

    def classes(self, readings: Sequence[Reading], ties: Sequence[Tie] = (),
                frozen: Collection[str] = ()) -> list[list[Reading]]:
        """Readings grouped by all results that they give: texts must agree too, not the answer alone.

        With `ties` and `frozen`, only numbers that are drawn so are tried.
        """
        rng = random.Random(20240917)
        points = [self._point(rng, ties, frozen) for _ in range(POINTS)]
        out: dict[tuple[Results | None, ...], list[Reading]] = {}
        for reading in readings:
            out.setdefault(tuple(self._results(reading, point) for point in points), []).append(reading)
        return list(out.values())

    def idle(self, bound: Bound) -> set[str]:
        """Numbers that cancel out of the answer.

        What a step takes away by such a number, a later one gives back; that holds only if both mean it.
        """
        reading = tuple(bound.by_place[site.start] for site in self.story.operands)
        rng = random.Random(7)
        used = sorted({s.uses for s in reading if s.uses.startswith("q")})
        idle = [symbol for symbol in used if self._cancels(symbol, reading, rng)]
        return {symbol for symbol in idle if not still(self.story.mention(symbol))}

    def _cancels(self, symbol: str, reading: Reading, rng: random.Random) -> bool:
        point = self._point(rng)
        moved = point | {symbol: _random_like(self.story.mention(symbol).value, rng)}
        a, b = self._results(reading, point), self._results(reading, moved)
        return a is not None and b is not None and a[-1] == b[-1]

    def _point(self, rng: random.Random, ties: Sequence[Tie] = (), frozen: Collection[str] = ()) -> Point:
        """Random values for the question's numbers, except for those that are not drawn."""
        point = {f"q{i}": m.value if f"q{i}" in frozen or still(m) else _random_like(m.value, rng)
                 for i, m in enumerate(self.story.mentions)}
        for first, second in ties:
            point[second] = point[first]
        return point

    def _results(self, reading: Reading, point: Point) -> Results | None:
        """What the steps arrive at, None for a division by zero."""
        names = dict(point)
        try:
            for k, step in enumerate(self.story.steps[:self.last + 1]):
                names[f"r{k}"] = value(step.left, lambda site: evaluate(reading[self._place[site.start]].code, names))
        except ZeroDivisionError:
            return None
        return tuple(names[f"r{k}"] for k in range(self.last + 1))


def still(mention: Mention) -> bool:
    """A plain "one" is never drawn: singular text does not bear another number."""
    return mention.value == 1 and mention.role == "plain"


def _random_like(number: Fraction, rng: random.Random) -> Fraction:
    """A random number of the same kind: whole, one part of a whole, or a broken number."""
    if number.denominator == 1:
        return Fraction(rng.randint(2, 9973))
    if number.numerator == 1:
        return Fraction(1, rng.randint(2, 997))
    return Fraction(rng.randint(1, 997), rng.choice((1009, 1013, 1019)))
