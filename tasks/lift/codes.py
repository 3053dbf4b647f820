"""Codes: the small expressions that say what a number of the solution stands for, over symbols of the reading.

Symbols are `q3`, the fourth number of the question, and `r0`, the result of the first step. `sources` writes the codes
of operands, `code_of` joins them to that of a whole step, `program` turns them into the template's program.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from types import CodeType

from tasks.lift.trees import Expr, Site


def symbols(code: str) -> list[str]:
    """The symbols that a code names, in order."""
    return re.findall(r"[qr]\d+", code)


def index(symbol: str) -> int:
    """Which number of the question, or which step, a symbol stands for."""
    return int(symbol[1:])


def narrow(number: Fraction) -> Fraction | int:
    """A whole Fraction as an int, as the small language and the markup's styles have it."""
    return number.numerator if number.denominator == 1 else number


def evaluate(code: str, values: Mapping[str, Fraction]) -> Fraction:
    """The value of a code for these values of its symbols; `eval` sees only text made by `sources`."""
    if code in values:
        return values[code]
    return Fraction(eval(_compiled(code), _SCOPE, values))


def _numerator(number: Fraction) -> Fraction:
    return Fraction(number.numerator)


def _denominator(number: Fraction) -> Fraction:
    return Fraction(number.denominator)


_SCOPE: dict[str, object] = {"__builtins__": {}, "numerator": _numerator, "denominator": _denominator,
                             "Fraction": Fraction}


@lru_cache(maxsize=65536)
def _compiled(code: str) -> CodeType:
    return compile(re.sub(r"(?<![\w.])(\d+)", r"Fraction(\1)", code), "<source>", "eval")


def code_of(expr: Expr, of: Mapping[int, str], outer: int = 0) -> str:
    """An expression's code, `of` giving that of each operand by its place; brackets only where they are needed.

    `outer` is the rank from which the expression needs no brackets: 1 for sums, 2 for products.
    """
    if isinstance(expr, Site):
        code = of[expr.start]
        return f"({code})" if "/" in code and not code.startswith(("(", "num", "den")) else code
    rank = 1 if expr.sign in "+-" else 2
    left, right = code_of(expr.left, of, rank), code_of(expr.right, of, rank + (expr.sign in "-/"))
    return f"({left} {expr.sign} {right})" if rank < outer else f"{left} {expr.sign} {right}"
