"""Expressions of a worked solution as trees: `Site` for a number where it stands, `Op` for two joined by a sign.

`steps` makes them with `parse` from the tokens of one side of an equation; binding gives every `Site` its source.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tasks.lift.tokens import ARITHMETIC, Token

_SIGNS = {"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-"}


@dataclass(frozen=True, slots=True)
class Site:
    """A number in the solution: its place and exact value, and whether a currency sign leads it in the prose."""

    start: int
    end: int
    value: Fraction
    text: str
    money: bool = False


@dataclass(frozen=True, slots=True)
class Op:
    """Two expressions joined by one of the signs + - * /."""

    sign: str
    left: "Expr"
    right: "Expr"


Expr = Site | Op


def site_of(token: Token, money: bool = False) -> Site:
    """A number token as a `Site`."""
    raw = token.text.replace(",", "")
    return Site(token.start, token.end, Fraction("0" + raw if raw[0] == "." else raw), token.text, money)


def leaves(expr: Expr) -> Iterator[Site]:
    """The numbers of an expression, left to right."""
    if isinstance(expr, Site):
        yield expr
    else:
        yield from leaves(expr.left)
        yield from leaves(expr.right)


def operations(expr: Expr) -> Iterator[Op]:
    """The operations of an expression, inner ones first."""
    if isinstance(expr, Op):
        yield from operations(expr.left)
        yield from operations(expr.right)
        yield expr


def value(expr: Expr, of: Callable[[Site], Fraction] = lambda site: site.value) -> Fraction:
    """The exact value of an expression, `of` giving that of its numbers. Raises ZeroDivisionError."""
    if isinstance(expr, Site):
        return of(expr)
    a, b = value(expr.left, of), value(expr.right, of)
    match expr.sign:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case _:
            return a / b


def comes_to(expr: Expr, number: Fraction) -> bool:
    """Whether the expression has that value; a division by zero has none."""
    try:
        return value(expr) == number
    except ZeroDivisionError:
        return False


def parse(tokens: Sequence[Token]) -> Expr | None:
    """The tree of these tokens, all but arithmetic skipped; None where they are no expression."""
    flat = [token for token in tokens if token.kind in ARITHMETIC]
    parser = _Parser(flat)
    try:
        expr = parser.sum()
    except (IndexError, ValueError):
        return None
    return expr if parser.at == len(flat) else None


class _Parser:
    """Recursive descent over arithmetic tokens; raises IndexError or ValueError where they are no expression."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens, self.at = tokens, 0

    def _next(self, signs: str) -> str | None:
        """Takes the next token if it is one of these signs."""
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            sign = "*" if token.kind == "times" else _SIGNS.get(token.text, token.text)
            if sign in signs and token.kind != "number":
                self.at += 1
                return sign
        return None

    def _opens(self) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at].text == "("

    def sum(self) -> Expr:
        self._next("+")
        left = self.product()
        while sign := self._next("+-"):
            left = Op(sign, left, self.product())
        return left

    def product(self) -> Expr:
        left = self.atom()
        while True:
            sign = self._next("*/")
            if sign == "/":
                self._next("/")  # "//" in an annotation means "/" where it divides evenly
            if sign is None:
                if not self._opens():
                    return left
                sign = "*"  # 150(2/3)
            left = Op(sign, left, self.atom())

    def atom(self) -> Expr:
        if self._next("(["):
            inner = self.sum()
            if not self._next(")]"):
                raise ValueError("unclosed parenthesis")
            return inner
        token = self.tokens[self.at]
        if token.kind != "number":
            raise ValueError(token.text)
        self.at += 1
        return site_of(token)
