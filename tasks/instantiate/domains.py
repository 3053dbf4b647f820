"""What a number slot may be: exact numbers read from text, and a domain as whole numbers over one denominator."""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from math import lcm

from schemas.records import Slot
from tasks.tools.arithmetic import Number

WORD_KINDS = frozenset({"name", "object", "place"})
MAX_UNDER = 10**9
WRITTEN = re.compile(r"(-?)(?:(\d+)/(\d+)|(\d+)(?:\.(\d+))?)", re.ASCII)


class DomainError(ValueError):
    """A slot whose domain cannot be read."""


@lru_cache(maxsize=1 << 15)
def number(text: str) -> Number:
    """ "3", "-3", "1/2" or "0.05", exactly. Raises DomainError for anything else."""
    found = WRITTEN.fullmatch(text)
    if not found or len(text) > 60:
        raise DomainError(f"`{text[:60]}` is not an exact number")
    sign, top, under, units, places = found.groups()
    if top is not None:
        if not int(under):
            raise DomainError(f"`{text}` divides by zero")
        value = Fraction(int(top), int(under))
    elif places:
        value = Fraction(int(units + places), 10 ** len(places))
    else:
        return -int(units) if sign else int(units)
    if sign:
        value = -value
    return value.numerator if value.denominator == 1 else value


@dataclass(frozen=True)
class Domain:
    """`size` numbers: (first + step·k)/under for k below size, or tops[k]/under where `tops` is given."""

    size: int
    under: int
    first: int = 0
    step: int = 0
    tops: tuple[int, ...] = ()

    @property
    def least(self) -> int:
        return min(self.tops) if self.tops else self.first

    @property
    def greatest(self) -> int:
        return max(self.tops) if self.tops else self.first + self.step * (self.size - 1)

    @cached_property
    def _made(self) -> dict[int, Number]:
        return {}

    def values(self, tops: list[int]) -> list[Number]:
        """The numbers `top/under`."""
        if self.under == 1:
            return list[Number](tops)
        made = self._made
        for top in tops:
            if top not in made:
                made[top] = _number(top, self.under)
        return [made[top] for top in tops]

    def place(self, value: Number) -> int:
        """Which of the domain's numbers `value` is, -1 where it is none."""
        top = value * self.under
        if top.denominator != 1:
            return -1
        if self.tops:
            return self.tops.index(int(top)) if top in self.tops else -1
        place, rest = divmod(int(top) - self.first, self.step) if self.step else (0, int(top) - self.first)
        return place if not rest and 0 <= place < self.size else -1


def _number(top: int, under: int) -> Number:
    value = Fraction(top, under)
    return value.numerator if value.denominator == 1 else value


def domain(slot: Slot) -> Domain:
    """A number slot's domain; without bounds and choices, its own value alone. Raises DomainError."""
    if slot.choices:
        return _listed([number(text) for text in slot.choices], slot.name)
    if not slot.low and not slot.high:
        return _listed([number(slot.value)], slot.name)
    low, high = number(slot.low or slot.value), number(slot.high or slot.value)
    step = number(slot.step) if slot.step else 1
    if high < low or step <= 0:
        raise DomainError(f"slot `{slot.name}` runs from {slot.low} to {slot.high} by {slot.step}: nothing to draw")
    under = _under([low, step], slot.name)
    size = int((high - low) // step) + 1
    return Domain(size, under, int(low * under), int(step * under))


def _listed(values: list[Number], name: str) -> Domain:
    under = _under(values, name)
    tops = tuple(dict.fromkeys(int(value * under) for value in values))
    return Domain(len(tops), under, tops=tops)


def _under(values: list[Number], name: str) -> int:
    under = lcm(*(value.denominator for value in values))
    if under > MAX_UNDER:
        raise DomainError(f"slot `{name}`: its numbers have no common denominator below {MAX_UNDER:,}")
    return under
