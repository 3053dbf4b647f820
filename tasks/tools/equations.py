"""Equations found in running text: `verify` checks them one by one, `lift` turns their numbers into slots.

Two ways to write one are read: annotated, `<<48/2=24>>`, and plain, "8 apples × 2 = $16" (see `prose` for what plain
text is trusted with). `parse_expression` reads a side into a tree. None of it needs sympy.
"""

import re
from itertools import pairwise
from typing import NamedTuple

from tasks.tools.formulas import NUMBER, FormulaError, Node, numbers, parse_expression
from tasks.tools.prose import claims

__all__ = ["Equation", "FormulaError", "Node", "Statement", "equations", "numbers", "parse_expression", "statements"]

_PLAIN_NOTE = re.compile(r"([\d.+*/()-]*[+*/-][\d.+*/()-]*)=(-?\d+(?:\.\d+)?|-?\.\d+)\Z")
_BEHIND = re.compile(rf"[ ]?[$€£¥₹]?[ ]?((?>-?(?:{NUMBER})%?))(?![ ]?[-+*×·÷/^√²³!(]|[ ]x[ ]?\d)")
_LITERAL = re.compile(NUMBER)

Spans = tuple[tuple[int, int], ...]


class Statement(NamedTuple):
    """`left sign right` as plain formulas, its place in the text, and whether it stood in `<<…>>`."""

    left: str
    sign: str
    right: str
    start: int
    annotated: bool


class Equation(NamedTuple):
    """`left sign right`, found at `start:end` of the text.

    The sides are plain formulas for `parse_expression`: "48/2", with words, money signs and thousands commas gone.
    `left_at` and `right_at` are the spans in the text of the number literals of each side, in order. `annotated`: it
    stood in `<<…>>`, whose span it has. `sign` is "=" or "≈".
    """

    start: int
    end: int
    left: str
    right: str
    sign: str
    annotated: bool
    left_at: Spans
    right_at: Spans


def statements(text: str) -> list[Statement]:
    """Every equation of `text` that can be read, annotated ones first; a chain "a = b = c" gives two. Never raises.

    An annotation is a promise about the number behind it: where `<<48/2=24>>` is followed by another number than 24,
    that is one statement more, "24 = 25".
    """
    if "=" not in text and "≈" not in text:
        return []
    plain, notes = claims(text)
    found = []
    for note, start in notes:
        for left, right, _ in _annotation(note):
            found.append(Statement(left, "=", right, start - 2, True))
        behind = _BEHIND.match(text, start + len(note) + 2)
        if behind and found and behind[1] != right and (written := behind[1].replace(",", "")) != right:
            found.append(Statement(right, "=", written, start - 2, True))
    found += [Statement(left.text, sign, right.text, left.start, False) for left, sign, right in plain]
    return found


def equations(text: str) -> list[Equation]:
    """The same as `statements`, in the text's order and with the span of every number."""
    if "=" not in text and "≈" not in text:
        return []
    plain, notes = claims(text)
    found = [_annotated(note, start, *rest) for note, start in notes for rest in _annotation(note)]
    found += [Equation(left.start, right.end, left.text, right.text, sign, False, _literals(text, left.at),
                       _literals(text, right.at)) for left, sign, right in plain]
    return sorted(found, key=lambda equation: equation.start)


def _annotation(note: str) -> list[tuple[str, str, int]]:
    """(left, right, where right begins) of each equation in the text of a `<<…>>`; none where it is not a formula."""
    if match := _PLAIN_NOTE.match(note):
        return [(match[1], match[2], match.start(2))]
    found, start = [], 0
    for left, right in pairwise(note.split("=")):
        start += len(left) + 1
        try:
            parse_expression(left), parse_expression(right)
        except FormulaError:
            continue
        found.append((left.strip(), right.strip(), start + len(right) - len(right.lstrip())))
    return found


def _annotated(note: str, offset: int, left: str, right: str, middle: int) -> Equation:
    before = note[:middle].rstrip("= ")
    begin = offset + len(before) - len(left)
    return Equation(offset - 2, offset + len(note) + 2, left, right, "=", True,
                    _literals_of(left, begin), _literals_of(right, offset + middle))


def _literals(text: str, pieces: list[tuple[int, int]]) -> Spans:
    return tuple(span for start, end in pieces for span in _literals_of(text[start:end], start))


def _literals_of(text: str, offset: int) -> Spans:
    return tuple((offset + match.start(), offset + match.end()) for match in _LITERAL.finditer(text))
