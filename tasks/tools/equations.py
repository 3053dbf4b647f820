"""Equations found in running text: `verify` checks them one by one, `lift` turns their numbers into slots.

Two ways to write one are read: annotated, `<<48/2=24>>`, and plain, "8 apples × 2 = $16". Plain text is read by a scan over
words, numbers and signs that keeps a side only while it can say what every part of it is: words right behind a number are
its unit ("7 stickers/page * 6 pages"); anything else that arithmetic leans on ("5 * price", "x + 3", "half of 4 + 1",
"2 dozen") makes the side unreadable, and an equation with an unreadable side is left out: skipping is safe, guessing is not.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from tasks.tools.formulas import NUMBER, TWINS, FormulaError, parse_expression

__all__ = ["Equation", "FormulaError", "equations", "parse_expression"]

MAX_UNIT_WORDS = 4  # "3 large stickers + 42"; a longer run of words is a sentence going on
SPOKEN = {"x": "*", "X": "*", "times": "*", "plus": "+", "minus": "-", "multiplied by": "*", "divided by": "/", "of": "of",
          "of the": "of", "of his": "of", "of her": "of", "of their": "of", "of its": "of"}
# Behind a number these change its value; a side that holds one is not read.
SCALES = frozenset("hundred thousand million billion trillion dozen dozens half halves score percent".split())
ORDINALS = frozenset("st nd rd th s".split())
# Before a number these make it a part of something larger: "half of 3 * 2", "5 less than 2 * 4", "17 mod 5 + 1".
LEANS = frozenset("than times plus minus mod over multiplied divided squared cubed log ln sin cos tan".split())
SHARES = frozenset("half third thirds quarter quarters fourth fourths fifth fifths tenth tenths twice double triple thrice "
                   "percent times square root cube".split())

_WORD = r"[^\W\d_]+(?:['’][^\W\d_]+)*"
_TOKEN = re.compile(
    rf"(?P<note><<[^<>\n]*>>)|(?P<number>{NUMBER})|(?P<words>{_WORD}(?:(?:[ \t]+|-){_WORD})*(?:\^\d|[²³])?)"
    r"|(?P<equals>=|≈)|(?P<sign>\*\*|[-+*/^×·⋅∗✕÷−–])|(?P<open>\()|(?P<close>\))"
    r"|(?P<mark>%|!(?=\s*[-+*/×÷=)])|[²³])|(?P<root>√)|(?P<money>[$€£¥₹])|(?P<stop>\S|\n)")
_PLAIN_NOTE = re.compile(r"([\d.+*/()-]*[+*/-][\d.+*/()-]*)=(-?\d+(?:\.\d+)?|-?\.\d+)\Z")
_LITERAL = re.compile(NUMBER)
_FIRST, _OPERAND, _INSIDE, _UNIT = range(4)  # before anything; behind an operator; behind an operand; behind its unit

Spans = tuple[tuple[int, int], ...]


class Equation(NamedTuple):
    """`left sign right`, found at `start:end` of the text.

    The sides are plain formulas for `parse_expression`: "48/2", with words, money signs and thousands commas gone.
    `left_at` and `right_at` are the spans in the text of the number literals of each side, in order. `annotated`: it stood
    in `<<…>>`, whose span it has. `sign` is "=" or "≈".
    """

    start: int
    end: int
    left: str
    right: str
    sign: str
    annotated: bool
    left_at: Spans
    right_at: Spans


class Side(NamedTuple):
    """One side as read: its plain formula, the spans of its numbers and of itself, and whether it is a number with a label."""

    text: str
    at: Spans
    start: int
    end: int
    bare: bool  # one number and no operator
    labelled: bool  # a bare number beside words: "Day 2 = …", "2 hours = 120 minutes" states no arithmetic


def equations(text: str) -> list[Equation]:
    """Every equation of `text` that can be read, in order; a chain "a = b = c" gives one for each sign. Never raises."""
    if "=" not in text and "≈" not in text:
        return []
    scan = _Scan(text)
    steps = scan.steps()
    for match in _TOKEN.finditer(text):
        steps[match.lastindex or 0](match[0], *match.span())
    scan.stop("", len(text), len(text))
    return scan.found


@lru_cache(maxsize=100_000)
def _phrase(text: str) -> tuple[str, bool, bool, bool]:
    """A run of words as (operator that it says, spoils the number before, leaned on by the number behind, goes on too long)."""
    words = text.lower().replace("-", " ").split()
    said = SPOKEN.get(" ".join(words), "") or SPOKEN.get(words[-1], "") or SPOKEN.get(" ".join(words[-2:]), "")
    said = "" if said == "of" and words[0] != "of" else said
    letter = len(words[0].rstrip("^23²³")) == 1 and (len(words) == 1 or words[0] != "a")
    spoils = (letter and not said) or not SCALES.isdisjoint(words)
    leans = words[-1] in LEANS or words[0] == "of" or not SHARES.isdisjoint(words[-3:])
    return said, spoils, leans, len(words) > MAX_UNIT_WORDS


class _Scan:
    """The state of one reading: the side being read, the chain of sides that it ends, and the equations found so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[Equation] = []
        self.chain: list[tuple[Side | None, str]] = []
        self.word, self.leans = -1, False  # where the last words ended, and whether a number behind them leans on them
        self.fresh()

    def steps(self) -> tuple["_Step", ...]:
        """What to do with each kind of token, in the order of the groups of `_TOKEN`."""
        return (self.stop, self.note, self.number, self.words, self.equals, self.sign, self.open, self.close, self.mark,
                self.root, self.money, self.stop)

    def fresh(self, bad: bool = False) -> None:
        """Begin a new side."""
        self.parts: list[str] = []
        self.at: list[tuple[int, int]] = []
        self.state, self.depth, self.start, self.end = _FIRST, 0, -1, -1
        self.bad, self.unit, self.after = bad, False, False

    def push(self, part: str, start: int, end: int, state: int) -> None:
        """Add a part to the side; the first one looks at the words before it."""
        if not self.parts:
            self.start = start
            if self.word >= 0 and not self.text[self.word:start].strip(" \t$€£¥₹("):
                self.after = True
                self.bad = self.bad or self.leans or self.word == start or bool(self.chain)
        self.parts.append(part)
        self.state, self.end = state, end

    def note(self, text: str, start: int, end: int) -> None:
        self.found += _annotation(text[2:-2], start + 2)

    def number(self, text: str, start: int, end: int) -> None:
        if self.state >= _INSIDE:  # two numbers side by side: the first ended what came before
            self.stop("", start, start)
        self.at.append((start, end))
        self.push(text.replace(",", ""), start, end, _INSIDE)

    def words(self, text: str, start: int, end: int) -> None:
        said, spoils, self.leans, long = _phrase(text)
        if self.state >= _INSIDE:
            self.behind(text, start, end, said, spoils, long)
        elif text == "sqrt" and self.text[end:end + 1] == "(":
            self.root("√", start, end)
            return
        elif self.state == _OPERAND:
            self.missing(start, end, said, spoils)
        self.word = end

    def behind(self, text: str, start: int, end: int, said: str, spoils: bool, long: bool) -> None:
        """Words behind an operand: an operator said aloud, a unit, or something that spoils the side."""
        if said and (said != "of" or self.is_share()):
            self.push(TWINS.get(said, said), start, end, _OPERAND)
        elif long:
            self.stop("", start, start)
        else:
            self.bad = self.bad or spoils or (start == self.end and text.lower() in ORDINALS)
            self.state, self.unit = _UNIT, True

    def missing(self, start: int, end: int, said: str, spoils: bool) -> None:
        """Words where an operand should stand: "stickers/page" and "15-year-old" go on; "5 * price" cannot be read."""
        if self.parts[-1] in {"/", "-"} and len(self.parts) > 1 and self.end == start and not spoils:
            self.parts.pop()
            self.state, self.unit = _UNIT, True
            if said:  # "5 apples/day x 7"
                self.push(TWINS.get(said, said), start, end, _OPERAND)
        elif set(self.parts) == {"("}:  # an aside in words
            self.fresh()
        else:
            self.bad = True

    def is_share(self) -> bool:
        """Whether the last operand is one that "of" multiplies: "20%", "3/4", "0.5"."""
        last = self.parts[-1]
        return last == "%" or "/" in last or "." in last or (len(self.parts) > 2 and self.parts[-2] == "/")

    def sign(self, text: str, start: int, end: int) -> None:
        sign = TWINS.get(text, text)
        if self.state >= _INSIDE:
            self.push(sign, start, end, _OPERAND)
        elif sign == "-" and self.may_negate(start, end):
            self.push("-", start, end, _OPERAND)
        elif self.parts or self.chain or self.text[:start].rpartition("\n")[2].strip():  # else it is a bullet
            self.push("?", start, end, _OPERAND)
            self.bad = True

    def may_negate(self, start: int, end: int) -> bool:
        """Whether a "-" with no operand before it belongs to the number behind it: not in "5x - 3", "cost - 3"."""
        glued = self.text[end:end + 1].isdigit() or self.text[end:end + 1] in {"$", "(", ".", "-"}
        return glued and self.word != self.end if self.parts else glued or bool(self.chain)

    def mark(self, text: str, start: int, end: int) -> None:
        if self.state == _INSIDE:
            self.push(text, start, end, _INSIDE)

    def root(self, text: str, start: int, end: int) -> None:
        if self.state == _UNIT or (self.state == _INSIDE and self.end != start):
            self.stop("", start, start)
        self.push("√", start, end, _OPERAND)

    def money(self, text: str, start: int, end: int) -> None:
        pass

    def open(self, text: str, start: int, end: int) -> None:
        if self.state == _UNIT or (self.state == _INSIDE and self.end != start):
            self.stop("", start, start)
        self.push("(", start, end, _OPERAND)
        self.depth += 1

    def close(self, text: str, start: int, end: int) -> None:
        if self.depth and self.state >= _INSIDE:
            self.push(")", start, end, _INSIDE)
            self.depth -= 1
        else:
            self.stop("", start, end)

    def equals(self, text: str, start: int, end: int) -> None:
        self.chain.append((self.side(), text))
        self.fresh()

    def stop(self, text: str, start: int, end: int) -> None:
        """A sentence, a line or a chain ends; an odd sign inside a number ("3:30", "a_2") spoils both its neighbours."""
        odd = text in {"_", "\\", "|", "#", "^", "{", "["} or (
            text in {":", ",", "."} and self.text[start - 1:start].isdigit() and self.text[end:end + 1].isdigit())
        self.bad = self.bad or odd
        if self.chain:
            self.chain.append((self.side(), ""))
            for (left, sign), (right, _) in zip(self.chain, self.chain[1:], strict=False):
                if left and right and not (left.bare and (left.labelled or right.labelled)):
                    self.found.append(Equation(left.start, right.end, left.text, right.text, sign, False, left.at, right.at))
            self.chain = []
        self.fresh(bad=odd)

    def side(self) -> Side | None:
        """The side read so far, from behind its last unclosed bracket on; None where it cannot be read."""
        if self.bad or self.state < _INSIDE:
            return None
        parts, at = self.parts, self.at
        for _ in range(self.depth):
            cut = len(parts) - parts[::-1].index("(")
            parts = parts[cut:]
        bare = len(parts) == 1 or (len(parts) == 2 and (parts[0] == "-" or parts[1] == "%"))
        at = at[len(at) - sum(part[0] in _DIGITS for part in parts):]
        return Side("".join(parts), tuple(at), self.start, self.end, bare, bare and (self.after or self.unit))


_DIGITS = frozenset("0123456789.")


def _annotation(note: str, offset: int) -> list[Equation]:
    """The equations of one `<<…>>`, whose text begins at `offset`; none where it is not a formula."""
    if match := _PLAIN_NOTE.match(note):
        return [_equation(note, offset, match.start(2), match[1], match[2])]
    found, start = [], 0
    pieces = note.split("=")
    for left, right in zip(pieces, pieces[1:], strict=False):
        try:
            parse_expression(left), parse_expression(right)
        except FormulaError:
            pass
        else:
            found.append(_equation(note, offset, start + len(left) + 1, left, right))
        start += len(left) + 1
    return found


def _equation(note: str, offset: int, middle: int, left: str, right: str) -> Equation:
    begin = middle - 1 - len(left)
    left_at = tuple((offset + begin + m.start(), offset + begin + m.end()) for m in _LITERAL.finditer(left))
    right_at = tuple((offset + middle + m.start(), offset + middle + m.end()) for m in _LITERAL.finditer(right))
    return Equation(offset - 2, offset + len(note) + 2, left.strip(), right.strip(), "=", True, left_at, right_at)
