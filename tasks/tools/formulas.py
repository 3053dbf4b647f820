"""Arithmetic as people write it, read into a small tree: what `equations` finds, this reads, and `exact` computes.

Nothing here evaluates text. A formula is numbers ("1,200", "0.5", ".5", "1 1/2"), + - * / ^ with their typographic
twins, brackets, implied products ("2(3+4)", "2x"), "%" and "!" behind a number, "√" or "sqrt" before one, and one-
letter unknowns.
"""

import re
from functools import cache
from typing import NamedTuple, NoReturn

MAX_LENGTH = 2000  # characters: no step of a worked solution is longer, and the parser is recursive
MAX_DEPTH = 40  # brackets in brackets

NUMBER = r"\d+[ ]\d{1,2}/\d{1,3}(?![\d.])|\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
TWINS = {"×": "*", "·": "*", "⋅": "*", "∗": "*", "✕": "*", "÷": "/", "−": "-", "–": "-", "**": "^", "of": "*"}

_TOKEN = re.compile(
    rf"\s*(?:(?P<number>{NUMBER})|(?P<name>sqrt|pi|of|[A-Za-zπ])|(?P<sign>\*\*|[-+*/^()%!√²³×·⋅∗✕÷−–])"
    r"|(?P<money>[$€£¥₹]))")
_BINDS = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 4}
_PREFIX = 3  # -2^2 is -4: a sign binds tighter than a product and looser than a power


class FormulaError(ValueError):
    """A text is not a formula; the message names the character."""


class Num(NamedTuple):
    """A number as written, and its character span in the text that was parsed."""

    text: str
    start: int
    end: int


class Name(NamedTuple):
    """An unknown or a constant: "x", "pi"."""

    name: str


class Op(NamedTuple):
    """`left sign right`; sign is one of + - * / ^."""

    sign: str
    left: "Node"
    right: "Node"


class Mark(NamedTuple):
    """A sign on one operand: "-" before, "√" before, "%" behind, "!" behind."""

    sign: str
    inner: "Node"


Node = Num | Name | Op | Mark
_Token = tuple[str, str, int, int]


def parse_expression(text: str) -> Node:
    """The tree of one formula, with the span of every number. Raises `FormulaError`.

    Products written side by side bind like written ones, from the left: "6/2(1+2)" is 9, "1/2x" is x/2.
    """
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"longer than {MAX_LENGTH} characters")
    if text.isdecimal():
        return Num(text, 0, len(text))
    reader = _Reader(_tokens(text))
    node = reader.formula(0, 0)
    if reader.kind != "end":
        reader.fail()
    return node


def numbers(node: Node) -> list[Num]:
    """The number literals of a tree, from left to right."""
    if isinstance(node, Num):
        return [node]
    if isinstance(node, Op):
        return numbers(node.left) + numbers(node.right)
    return numbers(node.inner) if isinstance(node, Mark) else []


def _tokens(text: str) -> list[_Token]:
    """Tokens as (kind, text, start, end), money signs dropped, "x" between numbers read as a product."""
    found: list[_Token] = []
    at = 0
    while match := _TOKEN.match(text, at):
        kind = match.lastgroup or ""
        start, at = match.span(kind)
        if kind != "money":
            found.append((kind, match[kind], start, at))
    if text[at:].strip():
        raise FormulaError(f"cannot read {text[at:at + 12].strip()!r} at character {at}")
    if "x" in text or "X" in text or "of" in text:
        found = _products(found)
    found.append(("end", "", at, at))
    return found


def _products(tokens: list[_Token]) -> list[_Token]:
    """ "5 x 4" and "1/2 of 8" say a product; "5x + 4" does not."""
    for i, (kind, text, start, end) in enumerate(tokens[1:-1], 1):
        between = tokens[i - 1][0] == "number" or tokens[i - 1][1] in {")", "%"}
        if kind == "name" and between and (text == "of" or (text in "xX" and tokens[i + 1][0] == "number")):
            tokens[i] = ("sign", "*", start, end)
    return tokens


class _Reader:
    """Precedence climbing over one list of tokens."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens, self.at = tokens, 0
        self.kind, self.text, self.start, self.end = tokens[0]

    def step(self) -> None:
        self.at += 1
        self.kind, self.text, self.start, self.end = self.tokens[self.at]

    def fail(self) -> NoReturn:
        raise FormulaError(f"cannot read {self.text or 'the end'!r} at character {self.start}")

    def formula(self, bind: int, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise FormulaError(f"brackets more than {MAX_DEPTH} deep")
        left = self.operand(depth)
        while (sign := self.between()) and _BINDS[sign] > bind:
            if self.kind == "sign" and self.text not in "(√":  # an implied product has no sign to step over
                self.step()
            right = self.formula(_BINDS[sign] - (sign == "^"), depth + (sign == "^"))
            left = Op(sign, left, right)
        return left

    def between(self) -> str:
        """The sign that joins what was read with what comes: written, implied, or none."""
        if self.kind == "sign":
            if self.text in "(√":
                return "*"
            sign = TWINS.get(self.text, self.text)
            return sign if sign in _BINDS else ""
        return "*" if self.kind == "name" and self.text != "of" else ""

    def operand(self, depth: int) -> Node:
        kind, text = self.kind, TWINS.get(self.text, self.text)
        node: Node
        if kind == "number":
            node = Num(text, self.start, self.end)
            self.step()
        elif kind == "name" and text not in {"sqrt", "*"}:
            node = Name("pi" if text == "π" else text)
            self.step()
        elif text == "(":
            node = self.bracket(depth)
        else:
            return self.signed(text, depth)
        return self.marks(node) if self.kind == "sign" else node

    def bracket(self, depth: int) -> Node:
        self.step()
        node = self.formula(0, depth + 1)
        if self.text != ")":
            self.fail()
        self.step()
        return node

    def signed(self, text: str, depth: int) -> Node:
        if text not in {"-", "+", "√", "sqrt"}:
            self.fail()
        self.step()
        if text in {"√", "sqrt"}:
            return self.marks(Mark("√", self.operand(depth + 1)))
        node = self.formula(_PREFIX, depth + 1)
        return node if text == "+" else Mark("-", node)

    def marks(self, node: Node) -> Node:
        while self.text in {"%", "!", "²", "³"}:
            if self.text in "%!":
                node = Mark(self.text, node)
            else:
                node = Op("^", node, Num("2" if self.text == "²" else "3", self.start, self.end))
            self.step()
        return node


@cache
def places(text: str) -> int:
    """Decimal places of a number as written: 2 for "3.50", 0 for "4"."""
    return len(text) - text.index(".") - 1 if "." in text else 0
