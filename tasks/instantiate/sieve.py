"""Conditions of a template over many draws at once, exactly, in int64: which draws keep the story true.

A program and its conditions are lowered once to a short list of numpy operations on whole numbers: every value is a
pair top/under with under > 0, and the range of each is known from the slots' domains, so overflow is ruled out before
anything runs. What cannot be lowered (a branch, a binomial, numbers past 2^62) raises `Wide`, and `draw` then asks the
exact language itself, row by row. On rows already refused (a division by zero) later cells may hold anything.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import gcd
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.instantiate.domains import Domain
from tasks.tools.expressions import Step

LIMIT = 1 << 62  # one bit to spare below int64's own
PRIMES_BELOW = 100_000
COMPARE: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Eq: np.equal, ast.NotEq: np.not_equal, ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater,
    ast.GtE: np.greater_equal}
TEXTS = frozenset({"poly", "set_of", "pair", "interval"})  # their arguments may fail, they cannot
Array = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Wide(Exception):
    """This template's conditions do not fit the fast form."""


class Ratio(NamedTuple):
    """A value: registers of top and under, the range of top, the most that under can be."""

    top: int
    under: int
    low: int
    high: int
    most: int = 1


class Truth(NamedTuple):
    """A truth value's register."""

    place: int


Cell = Ratio | Truth | None  # None: a text, which no condition can read


@dataclass(slots=True)
class Sieve:
    """The lowered form: constants, operations (function, target, one or two sources), and the masks that must hold."""

    slots: list[str] = field(default_factory=list)
    registers: list[Any] = field(default_factory=list)
    operations: list[tuple[Callable[..., Any], int, int, int]] = field(default_factory=list)
    masks: list[int] = field(default_factory=list)

    def keeps(self, columns: Mapping[str, Array]) -> Mask | bool:
        """Which rows satisfy every condition; `columns` hold each slot's tops over its domain's own under."""
        cells = self.registers.copy()
        for place, name in enumerate(self.slots):
            cells[place] = columns[name]
        for function, target, left, right in self.operations:
            cells[target] = function(cells[left]) if right < 0 else function(cells[left], cells[right])
        kept: Mask | bool = True
        for place in self.masks:
            kept = kept & cells[place]
        return kept


def lower(domains: Mapping[str, Domain], steps: Sequence[Step],
          conditions: Sequence[ast.expr]) -> Sieve:
    """The sieve of a program's steps and a template's conditions. Raises Wide."""
    return _Lowering(domains).run(steps, [part for condition in conditions for part in _conjuncts(condition)])


def _conjuncts(tree: ast.expr) -> list[ast.expr]:
    if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And):
        return [part for value in tree.values for part in _conjuncts(value)]
    return [tree]


def _asserted_whole(tree: ast.expr) -> str | None:
    if not isinstance(tree, ast.Call):
        return None
    match tree:
        case ast.Call(func=ast.Name(id="is_int"), args=[ast.Name(id=name)]):
            return name
    return None


def _may_fail(tree: ast.expr) -> bool:
    return any(isinstance(node, ast.Div | ast.FloorDiv | ast.Mod | ast.Pow)
               or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in TEXTS)
               for node in ast.walk(tree))


class _Lowering:
    """One lowering: the sieve being made, each name's cell, and the registers already computed."""

    def __init__(self, domains: Mapping[str, Domain]) -> None:
        self.sieve = Sieve(slots=list(domains), registers=[None] * len(domains))
        self.constants: dict[int, int] = {}
        self.numbers: dict[int, int] = {}
        self.known: dict[tuple[Callable[..., Any], int, int], int] = {}
        self.names: dict[str, Cell] = {}
        self.one = self.constant(1)
        self.true = len(self.sieve.registers)
        self.sieve.registers.append(True)
        for place, (name, domain) in enumerate(domains.items()):
            self.names[name] = Ratio(place, self.constant(domain.under), domain.least, domain.greatest, domain.under)

    def run(self, steps: Sequence[Step], conditions: Sequence[ast.expr]) -> Sieve:
        whole = {name for name in map(_asserted_whole, conditions) if name}
        for step in steps:
            self.step(step.name, step.tree, step.name in whole)
        for condition in conditions:
            asserted = _asserted_whole(condition)
            cell = self.names.get(asserted) if asserted else None
            if isinstance(cell, Ratio) and cell.under == self.one:
                continue  # already demanded where the name was made
            self.require(self.truth(condition))
        return self.sieve

    def step(self, name: str, tree: ast.expr, whole: bool) -> None:
        try:
            cell = self.cell(tree)
            self.names[name] = self.whole(cell) if whole and isinstance(cell, Ratio) else cell
        except Wide:
            if _may_fail(tree):
                raise
            self.names.pop(name, None)  # conditions that read it raise Wide in their turn

    def constant(self, number: int) -> int:
        if not -LIMIT < number < LIMIT:
            raise Wide
        if number not in self.numbers:
            self.numbers[number] = len(self.sieve.registers)
            self.constants[self.numbers[number]] = number
            self.sieve.registers.append(number)
        return self.numbers[number]

    def emit(self, function: Callable[..., Any], left: int, right: int = -1) -> int:
        key = (function, left, right)
        if key not in self.known:
            self.known[key] = len(self.sieve.registers)
            self.sieve.registers.append(None)
            self.sieve.operations.append((function, self.known[key], left, right))
        return self.known[key]

    def require(self, place: int) -> None:
        if place != self.true and place not in self.sieve.masks:
            self.sieve.masks.append(place)

    def within(self, place: Callable[[], int], low: int, high: int) -> int:
        """`place()` once the range is known to fit; a range of one number needs no operation."""
        if low == high:
            return self.constant(low)
        if low <= -LIMIT or high >= LIMIT:
            raise Wide
        return place()

    def times(self, left: int, right: int, low: int, high: int) -> int:
        if left == self.one or right == self.one:
            return right if left == self.one else left
        return self.within(lambda: self.emit(np.multiply, left, right), low, high)

    def ratio(self, tree: ast.expr) -> Ratio:
        cell = self.cell(tree)
        if not isinstance(cell, Ratio):
            raise Wide
        return cell

    def truth(self, tree: ast.expr) -> int:
        cell = self.cell(tree)
        if not isinstance(cell, Truth):
            raise Wide
        return cell.place

    def cell(self, tree: ast.expr) -> Cell:
        # By type rather than by `match`, which tries one class after another: this is most of what a lowering costs.
        if isinstance(tree, ast.Name):
            if tree.id not in self.names:
                raise Wide
            return self.names[tree.id]
        if isinstance(tree, ast.Constant):
            if not isinstance(tree.value, int):
                raise Wide
            return self.number(tree.value)
        if isinstance(tree, ast.Compare):
            return self.compare(tree.left, tree.ops, tree.comparators)
        if isinstance(tree, ast.BinOp):
            return self.binary(tree.op, tree.left, tree.right)
        if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
            return self.call(tree.func.id, tree.args)
        return self.rarer(tree)

    def rarer(self, tree: ast.expr) -> Cell:
        match tree:
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.product(self.number(-1), self.ratio(operand))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Truth(self.emit(np.logical_not, self.truth(operand)))
            case ast.BoolOp(op=op, values=values):
                return self.joined(np.logical_and if isinstance(op, ast.And) else np.logical_or, values)
        raise Wide

    def number(self, value: int) -> Ratio:
        return Ratio(self.constant(value), self.one, value, value)

    def joined(self, function: Callable[..., Any], values: Sequence[ast.expr]) -> Truth:
        demands = len(self.sieve.masks)
        places = [self.truth(value) for value in values]
        if len(self.sieve.masks) != demands:
            raise Wide  # a later part may fail only where an earlier one lets it be read
        place = places[0]
        for other in places[1:]:
            place = self.emit(function, place, other)
        return Truth(place)

    def compare(self, left: ast.expr, ops: Sequence[ast.cmpop], rest: Sequence[ast.expr]) -> Truth:
        ratios = [self.ratio(tree) for tree in (left, *rest)]
        place = -1
        for op, one, other in zip(ops, ratios, ratios[1:], strict=False):
            a, b = self.common(one, other)
            made = self.true if _always(op, a, b) else self.emit(COMPARE[type(op)], a.top, b.top)
            place = made if place < 0 else self.emit(np.logical_and, place, made)
        return Truth(place)

    def common(self, one: Ratio, other: Ratio) -> tuple[Ratio, Ratio]:
        """Both over the same under."""
        if one.under == other.under:
            return one, other
        a, b = self.constants.get(one.under), self.constants.get(other.under)
        if a is not None and b is not None:
            shared = gcd(a, b)
            return self.scaled(one, self.constant(b // shared), b // shared), \
                self.scaled(other, self.constant(a // shared), a // shared)
        return self.scaled(one, other.under, other.most), self.scaled(other, one.under, one.most)

    def scaled(self, value: Ratio, factor: int, most: int) -> Ratio:
        """top and under times a positive factor."""
        low, high = min(value.low, value.low * most), max(value.high, value.high * most)
        if factor in self.constants:
            low, high = value.low * most, value.high * most
        least = self.least(value.under) * self.least(factor)
        under = self.times(value.under, factor, least, value.most * most)
        return Ratio(self.times(value.top, factor, low, high), under, low, high, value.most * most)

    def binary(self, op: ast.operator, left: ast.expr, right: ast.expr) -> Ratio:
        a, b = self.ratio(left), self.ratio(right)
        match op:
            case ast.Add():
                return self.added(a, b)
            case ast.Sub():
                return self.added(a, self.product(self.number(-1), b))
            case ast.Mult():
                return self.product(a, b)
            case ast.Div():
                return self.divided(a, b)
            case ast.FloorDiv():
                return self.floored(self.divided(a, b))
            case ast.Mod():
                return self.added(a, self.product(self.number(-1), self.product(b, self.floored(self.divided(a, b)))))
            case ast.Pow():
                return self.raised(a, b)
        raise Wide

    def added(self, a: Ratio, b: Ratio) -> Ratio:
        a, b = self.common(a, b)
        low, high = a.low + b.low, a.high + b.high
        return Ratio(self.within(lambda: self.emit(np.add, a.top, b.top), low, high), a.under, low, high, a.most)

    def product(self, a: Ratio, b: Ratio) -> Ratio:
        a, b = self.cancelled(a, b)
        b, a = self.cancelled(b, a)
        corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
        low, high, most = min(corners), max(corners), a.most * b.most
        under = self.times(a.under, b.under, self.least(a.under) * self.least(b.under), most)
        return Ratio(self.times(a.top, b.top, low, high), under, low, high, most)

    def least(self, under: int) -> int:
        return self.constants.get(under, 1)

    def cancelled(self, a: Ratio, b: Ratio) -> tuple[Ratio, Ratio]:
        """a's constant top and b's constant under without their common factor: 100 * (x/100)."""
        top, under = self.constants.get(a.top), self.constants.get(b.under)
        if not top or not under or (shared := gcd(top, under)) == 1:
            return a, b
        return (Ratio(self.constant(top // shared), a.under, top // shared, top // shared, a.most),
                Ratio(b.top, self.constant(under // shared), b.low, b.high, under // shared))

    def divided(self, a: Ratio, b: Ratio) -> Ratio:
        if b.low <= 0 <= b.high:
            self.require(self.emit(np.not_equal, b.top, self.constant(0)))
        return self.product(a, self.turned(b))

    def turned(self, b: Ratio) -> Ratio:
        """1/b, its under made positive."""
        most = max(abs(b.low), abs(b.high), 1)
        if b.low >= 0:
            return Ratio(b.under, b.top, self.least(b.under), b.most, most)
        under = self.emit(np.abs, b.top)
        if b.top in self.constants:
            under = self.constant(abs(b.low))
        if b.high <= 0:
            minus = self.product(self.number(-1), Ratio(b.under, self.one, self.least(b.under), b.most))
            return Ratio(minus.top, under, minus.low, minus.high, most)
        signed = self.within(lambda: self.emit(np.multiply, self.emit(np.sign, b.top), b.under), -b.most, b.most)
        return Ratio(signed, under, -b.most, b.most, most)

    def floored(self, a: Ratio) -> Ratio:
        if a.under == self.one:
            return a
        low, high = min(a.low, a.low // a.most), max(a.high, a.high // a.most)
        if a.under in self.constants:
            low, high = a.low // a.most, a.high // a.most
        return Ratio(self.within(lambda: self.emit(np.floor_divide, a.top, a.under), low, high), self.one, low, high)

    def whole(self, a: Ratio) -> Ratio:
        """a, demanded to be whole."""
        if a.under != self.one:
            self.require(self.is_whole(a))
        return self.floored(a)

    def is_whole(self, a: Ratio) -> int:
        if a.under == self.one:
            return self.true
        return self.emit(np.equal, self.emit(np.remainder, a.top, a.under), self.constant(0))

    def raised(self, a: Ratio, b: Ratio) -> Ratio:
        times = self.constants.get(b.top, -1) if b.under == self.one else -1
        if not 1 <= times <= 8:
            raise Wide
        made = a
        for _ in range(times - 1):
            made = self.product(made, a)
        return made

    def call(self, name: str, arguments: Sequence[ast.expr]) -> Cell:
        flat = [part for tree in arguments for part in (tree.elts if isinstance(tree, ast.Tuple) else [tree])]
        if name in TEXTS:
            for tree in flat:
                if not (isinstance(tree, ast.Constant) and isinstance(tree.value, str)):
                    self.ratio(tree)  # for what it demands
            return None
        function = getattr(self, f"call_{name}", None)
        if function is None:
            raise Wide
        made: Cell = function(*[self.ratio(tree) for tree in flat])
        return made

    def call_is_int(self, a: Ratio) -> Cell:
        return Truth(self.is_whole(a))

    def call_divides(self, divisor: Ratio, a: Ratio) -> Cell:
        if divisor.low <= 0 <= divisor.high:
            raise Wide
        return Truth(self.is_whole(self.divided(a, divisor)))

    def call_sum(self, *parts: Ratio) -> Cell:
        made = parts[0]
        for part in parts[1:]:
            made = self.added(made, part)
        return made

    def call_min(self, *parts: Ratio) -> Cell:
        return self.chosen(np.minimum, min, parts)

    def call_max(self, *parts: Ratio) -> Cell:
        return self.chosen(np.maximum, max, parts)

    def chosen(self, function: Callable[..., Any], pick: Callable[[int, int], int], parts: Sequence[Ratio]) -> Ratio:
        made = parts[0]
        for part in parts[1:]:
            a, b = self.common(made, part)
            made = Ratio(self.emit(function, a.top, b.top), a.under, pick(a.low, b.low), pick(a.high, b.high), a.most)
        return made

    def call_abs(self, a: Ratio) -> Cell:
        if a.low >= 0:
            return a
        return Ratio(self.emit(np.abs, a.top), a.under, 0, max(abs(a.low), abs(a.high)), a.most)

    def call_floor(self, a: Ratio) -> Cell:
        return self.floored(a)

    def call_ceil(self, a: Ratio) -> Cell:
        minus = self.number(-1)
        return self.product(minus, self.floored(self.product(minus, a)))

    def call_round_to(self, a: Ratio, places: Ratio | None = None) -> Cell:
        digits = self.constants.get(places.top, -1) if places else 0
        if a.low < 0 or not 0 <= digits <= 9:
            raise Wide
        scale = self.number(10**digits)
        half = self.divided(self.number(1), self.number(2))
        return self.divided(self.floored(self.added(self.product(a, scale), half)), scale)

    def call_gcd(self, a: Ratio, b: Ratio) -> Cell:
        a, b = self.whole(a), self.whole(b)
        high = max(abs(end) for end in (a.low, a.high, b.low, b.high))
        return Ratio(self.emit(np.gcd, a.top, b.top), self.one, 0, high)

    def call_lcm(self, a: Ratio, b: Ratio) -> Cell:
        a, b = self.whole(a), self.whole(b)
        high = max(abs(a.low), abs(a.high)) * max(abs(b.low), abs(b.high))
        return Ratio(self.within(lambda: self.emit(np.lcm, a.top, b.top), 0, high + 1), self.one, 0, high)

    def call_isqrt(self, a: Ratio) -> Cell:
        a = self.whole(a)
        if a.low < 0 or a.high >= 1 << 52:
            raise Wide
        return Ratio(self.emit(_isqrt, a.top), self.one, 0, 1 << 26)

    def call_is_square(self, a: Ratio) -> Cell:
        if a.under != self.one or a.low < 0 or a.high >= 1 << 52:
            raise Wide
        side = self.emit(_isqrt, a.top)
        return Truth(self.emit(np.equal, self.emit(np.multiply, side, side), a.top))

    def call_is_prime(self, a: Ratio) -> Cell:
        a = self.whole(a)
        if a.low < 0 or a.high >= PRIMES_BELOW:
            raise Wide
        return Truth(self.emit(_is_prime, a.top))

    def call_numerator(self, a: Ratio) -> Cell:
        if a.under == self.one:
            return a
        shared = self.emit(np.gcd, a.top, a.under)
        return Ratio(self.emit(np.floor_divide, a.top, shared), self.one, min(a.low, 0), max(a.high, 0))

    def call_denominator(self, a: Ratio) -> Cell:
        if a.under == self.one:
            return self.number(1)
        shared = self.emit(np.gcd, a.top, a.under)
        return Ratio(self.emit(np.floor_divide, a.under, shared), self.one, 1, a.most)


def _always(op: ast.cmpop, a: Ratio, b: Ratio) -> bool:
    """Whether the ranges alone say that a comparison holds."""
    match op:
        case ast.Lt():
            return a.high < b.low
        case ast.LtE():
            return a.high <= b.low
        case ast.Gt():
            return a.low > b.high
        case ast.GtE():
            return a.low >= b.high
        case ast.NotEq():
            return a.high < b.low or a.low > b.high
    return False


def _isqrt(numbers: Any) -> Any:
    """Exact below 2^52, where a double's square root cannot round up to the next whole number."""
    return np.sqrt(numbers).astype(np.int64)


@lru_cache(maxsize=1)
def _primes() -> Mask:
    table = np.ones(PRIMES_BELOW, dtype=np.bool_)
    table[:2] = False
    for factor in range(2, int(PRIMES_BELOW**0.5) + 1):
        if table[factor]:
            table[factor * factor::factor] = False
    return table


def _is_prime(numbers: Any) -> Any:
    return _primes()[numbers]


