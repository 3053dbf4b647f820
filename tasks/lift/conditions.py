"""The conditions that keep a story true when its numbers change, read off the steps as the seed took them.

Hard ones (a template's `conditions`) hold for anybody's values: what was positive stays positive at every point of a
step, what was counted stays whole, what divided evenly divides evenly, a part of a whole stays less than it. Soft ones
(its `preferences`) hold for our own draws alone: whole stays whole though it is money, no result of 1 where the text
says "apples", no long decimals.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations

from schemas.records import Slot
from tasks.lift import nouns
from tasks.lift.steps import Step
from tasks.lift.trees import Expr, Op, Site, operations, value
from tasks.tools.numbers import Mention

Code = Callable[[Expr], str]


_AGE = re.compile(r"[\d,.]* years?[ -](?:old|of age)|[\d,.]*%| percent")
_CURRENCY = re.compile(r" (?:dollars|cents)|\$")
_COMPARES = re.compile(
    r"\b\w{3,}er\b(?: \w+){0,3} than|\b(?:most|least|longest|shortest|best|worst|largest|smallest|biggest|longer"
    r"|shorter|larger|smaller|bigger|increase\w*|decrease\w*|grew|rose|fell|lost|instead|only)\b")


@dataclass(slots=True)
class Conditions:
    """Conditions as they are collected, each once."""

    hard: list[str] = field(default_factory=list)
    soft: list[str] = field(default_factory=list)

    def keep(self, condition: str, hard: bool = True) -> None:
        """Adds a condition, unless it is there already or names nothing that is drawn."""
        into = self.hard if hard else self.soft
        if condition not in self.hard and condition not in into and re.search(r"[nrx]\d|answer", condition):
            into.append(condition)


def of_steps(solution: str, steps: Sequence[Step], code: Code, into: Conditions) -> None:
    """Add the conditions of every step; `code` gives an expression's text over the template's names."""
    for k, step in enumerate(steps, 1):
        if isinstance(step.left, Site):
            continue
        broken = _is_broken(solution, step)
        for op in operations(step.left):
            _inside(op, code, into, broken)
        _result(f"r{k}", step.right.value, into, broken)
        if step.right.value <= 100 and _AGE.match(solution[step.end:step.end + 24]):
            into.keep(f"r{k} <= 100", hard=False)


def _is_broken(solution: str, step: Step) -> bool:
    """Whether the result may be a broken number: money and measures may, things that are counted may not."""
    written = re.match(r"[\d,.]*", solution[step.end:])  # after an annotation the result is written once more
    end = step.end + (len(written.group().rstrip(".")) if written else 0)
    money = solution[max(0, step.start - 1):step.start] == "$" or _CURRENCY.match(solution[end:end + 9]) is not None
    return money or nouns.unit(solution, end) in nouns.MEASURES


def _result(name: str, number: Fraction, into: Conditions, broken: bool) -> None:
    into.keep(f"{name} > 0" if number > 0 else f"{name} == 0" if number == 0 else f"{name} < 0")
    if number.denominator == 1:
        into.keep(f"is_int({name})", hard=not broken)
        if number > 1:
            into.keep(f"{name} != 1", hard=False)
    else:
        places = _places(number)
        into.keep(f"is_int({name} * {10 ** places})" if places else f"denominator({name}) <= 100", hard=False)


def _places(number: Fraction) -> int:
    """Decimal places of a terminating decimal, at least 2; 0 for a number that has none."""
    for places in (2, 3, 4):
        if (number * 10**places).denominator == 1:
            return places
    return 0


def _inside(expr: Op, code: Code, into: Conditions, broken: bool) -> None:
    left, right = expr.left, expr.right
    a, b = value(left), value(right)
    if expr.sign == "-" and a > b:
        into.keep(f"{code(left)} > {code(right)}")
    elif expr.sign == "/":
        _division(left, right, a / b, code, into, broken)


def _division(left: Expr, right: Expr, quotient: Fraction, code: Code, into: Conditions, broken: bool) -> None:
    if quotient.denominator == 1:
        into.keep(f"is_int({code(Op('/', left, right))})", hard=not broken)
    elif quotient < 1 and isinstance(left, Site) and isinstance(right, Site):
        into.keep(f"{code(left)} < {code(right)}")


def of_kin(slots: Sequence[Slot], question: str, into: Conditions) -> None:
    """Numbers of one kind and unit that differ in the seed go on differing; where the story compares, in that order."""
    numbers = [s for s in slots if s.kind != "name" and len(s.choices) != 1]
    compares = _COMPARES.search(question.lower()) is not None
    for a, b in combinations(numbers, 2):
        first, second = Fraction(a.value), Fraction(b.value)
        if (a.kind, a.unit) == (b.kind, b.unit) and first != second:
            sign = "!=" if not compares else "<" if first < second else ">"
            into.keep(f"{a.name} {sign} {b.name}", hard=False)


def of_shares(mentions: Sequence[tuple[str, Mention]], into: Conditions) -> None:
    """Percents of a whole stay below 100, fractions below 1, and shares that fit into a whole go on fitting."""
    percents = [(name, m.value) for name, m in mentions if m.role == "percent"]
    parts = [(name, m.value) for name, m in mentions
             if m.role != "percent" and m.value < 1 and m.style in ("part", "fraction")]
    for group, whole in ((percents, 100), (parts, 1)):
        for name, number in group:
            into.keep(f"{name} > 0")
            if number < whole:
                into.keep(f"{name} < {whole}")
        if len(group) > 1 and sum(number for _, number in group) <= whole:
            sign = "==" if sum(number for _, number in group) == whole else "<="
            into.keep(f"{' + '.join(name for name, _ in group)} {sign} {whole}", hard=sign == "==")
