"""One spelling for answers that are equal: a key, so that a million answers are compared without a million squares.

Reads as `judge` does (`tidy`, `shape`, exact values), and forgets what that overlooks: units, percent signs, the name
before "=", the order of a set. Equal keys mean equal answers; where mathematics alone could tell (sin 30° and 1/2 do
meet, an equation and its double do not), keys may differ though the answers are equal.
"""

import re
from fractions import Fraction
from functools import lru_cache

from tasks.tools.answers.budget import Undecided, spending
from tasks.tools.answers.latex import Node
from tasks.tools.answers.ranges import Shape
from tasks.tools.answers.shapes import shape, words
from tasks.tools.answers.values import exact, samples, symbols

LONGEST = 200  # characters; what is longer is a text
SECONDS = 30  # what bounds an answer is its size; the clock only ends what hangs, since a key may not hang on it
PLACES = 20  # of a value with roots or letters
_ORDERLESS = frozenset({"list", "set"})
_STEPS = frozenset({"floor", "ceil"})  # functions that a few points do not tell apart
_DECIMAL = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?", re.ASCII)


@lru_cache(maxsize=50_000)
def canonical(answer: str) -> str:
    """The key of an answer: "7/2" for "3.50", "\\frac{7}{2}", "$x = 3.5$" and "3.5 kg". Never raises on any text.

    A plain number takes some microseconds, another answer 0.1 ms, one with roots or letters 1 ms.
    """
    if answer.isdigit() and answer.isascii() and answer[0] != "0" and len(answer) < 30:
        return answer
    if _DECIMAL.fullmatch(answer):
        return str(Fraction(answer))
    if len(answer) > LONGEST:
        return words(answer)
    try:
        with spending(SECONDS):
            return _key(shape(answer))
    except (ValueError, ArithmeticError, RecursionError):
        return words(answer)


def _key(item: Shape) -> str:
    if item.kind == "infinity":
        return item.kind
    if item.kind == "value" and item.tree and "_" not in item.text:  # 13 is no 1101_2
        return _value(item.tree, item.text)
    if item.kind == "assignment":
        return _key(item.parts[0])
    if item.kind == "ratio" and len(item.parts) == 2:  # 3:2 is 6:4, and 3/2
        return _value(Node("div", tuple(part.tree for part in item.parts if part.tree)), item.text)
    if item.kind == "relation" and item.tree:
        return f"{item.name} {_value(item.tree, item.text)}"
    if not item.parts:
        return item.name or words(item.text)
    parts = list(map(_key, item.parts))
    if item.kind in _ORDERLESS:
        return f"{{{', '.join(sorted(parts))}}}"
    return f"{item.kind}{item.name}({', '.join(parts)})"


def _value(tree: Node, text: str) -> str:
    try:
        return str(exact(tree))
    except Undecided:
        if symbols(tree) and _steps(tree):
            return words(text)
        told = list(map(_decimal, samples(tree)))
        return " ".join(told if symbols(tree) else told[:1])


def _steps(tree: Node) -> bool:
    return tree.name in _STEPS or any(map(_steps, tree.args))


def _decimal(value: object) -> str:
    """A real or complex number to `PLACES` places, the same from either side of zero."""
    from mpmath import mp

    real, imaginary = mp.re(value), mp.im(value)
    return f"{_rounded(real)}{f'+{told}i' if (told := _rounded(imaginary)) != '0' else ''}"


def _rounded(value: object) -> str:
    from mpmath import mp

    with mp.workdps(PLACES + 30):
        told = mp.nstr(value, PLACES, strip_zeros=True)
    return "0" if Fraction(0) == Fraction(str(told)) else str(told)
