"""Sets of real numbers that are unions of intervals: put in order, merged, cut, overlapped.

Ends are compared by their values to 150 digits; an end that holds a letter has no place on the line (`Undecided`).
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from tasks.tools.answers.budget import Undecided
from tasks.tools.answers.latex import Node
from tasks.tools.answers.tidy import Tidied
from tasks.tools.answers.values import near, samples, symbols


class Shape(NamedTuple):
    """A read answer. `kind`: value, list, bracket, set, intervals, relation, ratio, matrix, choice, text,
    and within intervals: interval, infinity."""

    kind: str
    text: str
    tree: Node | None = None
    parts: "tuple[Shape, ...]" = ()
    name: str = ""  # brackets of a bracket, sense of a relation, letter of a choice, the left side of an assignment
    read: Tidied = Tidied("")


class Range(NamedTuple):
    """What lies between two ends; an end is (value, side): side -1 just below the value, 0 at it, 1 just above."""

    low: tuple[Any, int]
    high: tuple[Any, int]
    ends: tuple[Shape, Shape]


def same_union(a: Sequence[Shape], b: Sequence[Shape]) -> bool:
    """Whether two unions of intervals and single values hold the same numbers. Raises `Undecided`."""
    one, other = _merged(_ranges(a)), _merged(_ranges(b))
    return len(one) == len(other) and all(map(_alike, one, other))


def overlap(unions: Sequence[Sequence[Shape]]) -> tuple[Shape, ...]:
    """What is in all of the unions; () where that is nothing or cannot be told."""
    try:
        found = _ranges(unions[0])
        for union in unions[1:]:
            found = [both for x in found for y in _ranges(union) if (both := _both(x, y))]
    except Undecided:
        return ()
    return tuple(map(_interval, _merged(found)))


def cut(union: Sequence[Shape], holes: Iterable[Shape]) -> tuple[Shape, ...]:
    """A union without single values. Raises `Undecided`."""
    found = _ranges(union)
    for hole in holes:
        at = _value(hole)
        found = [piece for part in found for piece in _pieces(part, at, hole)]
    return tuple(map(_interval, found))


def _pieces(part: Range, at: Any, hole: Shape) -> list[Range]:
    if not part.low <= (at, 0) <= part.high:
        return [part]
    left = Range(part.low, (at, -1), (part.ends[0], hole))
    right = Range((at, 1), part.high, (hole, part.ends[1]))
    return [piece for piece in (left, right) if piece.low <= piece.high]


def _both(x: Range, y: Range) -> Range | None:
    low, high = max((x, y), key=lambda part: part.low), min((x, y), key=lambda part: part.high)
    return Range(low.low, high.high, (low.ends[0], high.ends[1])) if low.low <= high.high else None


def _merged(parts: Iterable[Range]) -> list[Range]:
    found: list[Range] = []
    for part in sorted(parts, key=lambda part: part.low):
        if found and (part.low <= found[-1].high or _touching(found[-1], part)):
            if part.high > found[-1].high:
                found[-1] = Range(found[-1].low, part.high, (found[-1].ends[0], part.ends[1]))
        else:
            found.append(part)
    return found


def _touching(left: Range, right: Range) -> bool:
    """[0, 1) and [1, 2] leave nothing out between them; (…, 1) and (1, …) leave out 1."""
    return bool(_at_one_place(left.high[0], right.low[0]) and right.low[1] - left.high[1] < 2)


def _ranges(parts: Sequence[Shape]) -> list[Range]:
    return [found for part in parts for found in (
        [_range(part)] if part.kind == "interval" else [_single(member) for member in part.parts])]


def _range(part: Shape) -> Range:
    low, high = part.parts
    bottom = (_value(low, "-inf"), 1 if part.name[0] == "(" else 0)
    top = (_value(high, "inf"), -1 if part.name[1] == ")" else 0)
    return Range(bottom, top, (low, high))


def _single(member: Shape) -> Range:
    return Range((_value(member), 0), (_value(member), 0), (member, member))


def _value(end: Shape, infinite: str = "") -> Any:
    from mpmath import mp

    if end.kind == "infinity" and infinite:
        return mp.mpf(infinite)
    if end.kind != "value" or end.tree is None or symbols(end.tree):
        raise Undecided("an end that has no place on the line")
    value = samples(end.tree)[0]
    if mp.im(value):
        raise Undecided("an end that is not real")
    return mp.re(value)


def _alike(a: Range, b: Range) -> bool:
    return a.low[1] == b.low[1] and a.high[1] == b.high[1] and all(
        _at_one_place(x, y) for x, y in ((a.low[0], b.low[0]), (a.high[0], b.high[0])))


def _at_one_place(a: Any, b: Any) -> bool:
    return bool(a == b or (abs(a - b) < abs(a) and near(a, b)))  # infinity is near to nothing


def _interval(part: Range) -> Shape:
    name = ("(" if part.low[1] else "[") + (")" if part.high[1] else "]")
    return Shape("interval", "", parts=part.ends, name=name)
