"""Tokens of a worked solution: the numbers, signs, brackets and words from which `walk`, `trees` and `steps` read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"(?P<open><<)|(?P<close>>>)|(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?|\.\d+)|(?P<op>[-+*/×÷−–·])"
    r"|(?P<paren>[()\[\]])|(?P<equals>=)|(?P<money>[$£€])|(?P<percent>%)|(?P<times>[xX](?![A-Za-z]))"
    r"|(?P<word>[A-Za-z’']+\.?)|(?P<stop>\S|\n)"
)
_SPOKEN = {"times": "*", "plus": "+", "minus": "-", "equals": "="}
ARITHMETIC = frozenset({"number", "op", "paren", "times"})


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the solution, `kind` being the group of `_TOKEN` that it matched, or `spoken` for a sign in words."""

    kind: str
    text: str
    start: int
    end: int


def tokens_of(text: str) -> list[Token]:
    """Every token of `text` in order; "3 times 3 equals 9" gives the same signs as "3 * 3 = 9"."""
    out: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind, raw = str(match.lastgroup), match.group()
        if raw in _SPOKEN:
            kind, raw = ("equals" if raw == "equals" else "spoken"), _SPOKEN[raw]
        elif raw in ("divided", "multiplied") and text[match.end():match.end() + 3] == " by":
            kind, raw = "spoken", "/" if raw == "divided" else "*"
        elif raw == "by" and out and out[-1].kind == "spoken":
            continue
        out.append(Token(kind, raw, match.start(), match.end()))
    return out


def kind_at(tokens: Sequence[Token], at: int) -> str:
    """The kind of the token at that place, "" before the first and after the last."""
    return tokens[at].kind if 0 <= at < len(tokens) else ""


def before_money(tokens: Sequence[Token], at: int) -> int:
    """The nearest place from `at` backwards that holds no currency sign; -1 where there is none."""
    while kind_at(tokens, at) == "money":
        at -= 1
    return at
