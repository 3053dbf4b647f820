"""The scan behind `equations`: one pass over running text that keeps what is arithmetic and says why it trusts it.

Words, numbers and signs arrive one by one; a *side* grows from them and a "=" joins sides into a *chain*. Words right
behind a number are its unit ("7 stickers/page * 6 pages"). Whatever arithmetic leans on but cannot be read ("5 * price",
"x + 3", "half of 4 + 1", "2 dozen", "80 000", "3:30") makes its side unreadable, and claims with an unreadable side are
left out: skipping is safe, guessing is not.
"""

import re
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from tasks.tools.formulas import TWINS

MAX_UNIT_WORDS = 4  # "3 large stickers + 42"; a longer run of words is a sentence going on
SPOKEN = {"x": "*", "times": "*", "plus": "+", "minus": "-", "multiplied by": "*", "divided by": "/", "of": "of",
          "of the": "of", "of his": "of", "of her": "of", "of their": "of", "of its": "of"}
# Behind a number these change its value; a side that holds one is not read.
SCALES = frozenset("hundred thousand million billion trillion dozen dozens half halves score squared cubed st nd rd th"
                   .split())
# These say that a new clause begins: nothing before them belongs to the equation behind them.
CLAUSES = frozenset("is are was were has have had gives give gets get makes make equals leaves means costs because so "
                    "which that then".split())
# Before a number these make it part of something larger, or a name: "5 less than 2 * 4", "and 1/2", "on day 1 * 2".
LEANS = frozenset("than times plus minus mod over multiplied divided squared cubed log ln sin cos tan day days week "
                  "weeks month months year years step".split())
SHARES = frozenset("half third thirds quarter quarters fourth fourths fifth fifths tenth tenths twice double triple "
                   "thrice percent times square root cube".split())

_LETTER = "A-Za-zÀ-ÖØ-öø-ɏ¢°"
_MONEY = r"(?:[$€£¥₹][ ]?)?"
NUMBER = r"(?:(?!0\d{3}\b)\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)(?!\d)"  # "0900" is a time of day
_TOKEN = re.compile(
    rf"[ \t]*(?:(?P<words>[{_LETTER}][{_LETTER}'’ \t]*(?:-[{_LETTER}][{_LETTER}'’ \t]*)*(?:\^\d|[²³])?)"
    rf"|(?P<number>{_MONEY}{NUMBER}(?:(?P<mixed>[ ]\d{{1,2}}/\d{{1,3}}(?![\d./]))|(?:[ ]?[-+*×/÷−–][ ]?{_MONEY}{NUMBER})*))"
    rf"|(?P<equals>[=≈][ \t]*{_MONEY}(?:<<(?P<note>[^<>\n]*)>>)?)"
    r"|(?P<sign>\*\*|/[ ]\d+/\d+(?![\d./])|[-+*/^×·⋅∗✕÷−–])"
    r"|(?P<bracket>[()])|(?P<mark>%|!(?=\s*[-+*/×÷=)])|[²³])|(?P<root>√)|<<(?P<aside>[^<>\n]*)>>|[$€£¥₹]"
    r"|(?P<stop>\.?\n|\d+|#+|\S))")
_DROP = str.maketrans({" ": "", ",": "", "$": "", "€": "", "£": "", "¥": "", "₹": "", "×": "*", "÷": "/", "−": "-",
                       "–": "-"})
_NESTED = re.compile(r"([ ]/[ ]?|/[ ])(\d+/\d+)(?![\d.])")  # "25 / 1/3" divides by a third
_DIGITS = frozenset("0123456789")
_GOES_ON = frozenset("0123456789.")
_FIRST, _OPERAND, _INSIDE, _UNIT = range(4)  # before anything; behind an operator; behind an operand; behind its unit


class Side(NamedTuple):
    """One side as read: its plain formula, the spans of the pieces that hold its numbers, and its own span."""

    text: str
    at: list[tuple[int, int]]
    start: int
    end: int
    bare: bool  # one number and no operator
    label: str | None  # words right before or behind a bare number: "Day 2 = …", "2 hours = 120 minutes" state no sum


class Claim(NamedTuple):
    """`left sign right` read from plain text (`note` is None), or the text of a `<<…>>` and where it begins."""

    left: Side
    sign: str
    right: Side


def claims(text: str) -> tuple[list[Claim], list[tuple[str, int]]]:
    """The plain equations of a text, and its annotations with the place where the text of each begins."""
    scan = _Scan(text)
    for match in _TOKEN.finditer(text):
        _STEPS[match.lastindex or 0](scan, match)
    scan.finish()
    return scan.found, scan.notes


class _Phrase(NamedTuple):
    """What a run of words means to the numbers beside it."""

    said: str  # the operator that it says: "times"
    spoils: bool  # the number before it is not what it seems: "5x", "2 dozen"
    leans: bool  # the number behind it is not: "half of", "day"
    breaks: bool  # it is no unit: a sentence goes on
    unit: str  # its first word, to compare
    cents: bool


def _phrase(text: str) -> _Phrase:
    return _long(text.lower()) if text.count(" ") >= MAX_UNIT_WORDS else _short(text)


def _long(text: str) -> _Phrase:
    """A sentence going on: only its ends touch numbers."""
    head, tail = text.split(" ", MAX_UNIT_WORDS)[:MAX_UNIT_WORDS], text.rsplit(" ", 3)[1:]
    broken = head[0] == "and" and not SHARES.isdisjoint(head[1:])
    return _Phrase("", broken or head[0] in SCALES or (len(head[0]) == 1 and head[0] != "a"),
                   tail[-1] in LEANS or head[0] == "of" or broken or not SHARES.isdisjoint(tail), True, head[0], False)


@lru_cache(maxsize=50_000)
def _short(text: str) -> _Phrase:
    words = text.lower().replace("-", " ").split()
    rest = words[1:] if words[0] == "percent" and len(words) > 1 else words
    said = SPOKEN.get(" ".join(rest)) or SPOKEN.get(words[-1]) or SPOKEN.get(" ".join(words[-2:])) or ""
    said = "" if said == "of" and rest[0] != "of" else said
    first, last = words[0].rstrip("^0123456789²³"), words[-1].rstrip("^0123456789²³")
    letter = (len(first) == 1 and (len(words) == 1 or first != "a")) or (len(last) == 1 and last != "a")
    broken = words == ["and"] or (words[0] == "and" and not SHARES.isdisjoint(words[1:4]))  # "1 and 1/4", "2 and a half"
    return _Phrase(
        said, (letter and not said and "¢" not in text and "°" not in text) or words[0] in SCALES or broken,
        words[-1] in LEANS or words[0] == "of" or broken or not SHARES.isdisjoint(words[-3:]),
        len(words) > MAX_UNIT_WORDS or not CLAUSES.isdisjoint(words), words[0],
        "¢" in text or not {"cent", "cents"}.isdisjoint(words))


class _Scan:
    """The state of one reading: the side being read, the chain of sides that it ends, and what was found so far."""

    __slots__ = ("at", "bad", "before", "cents", "chain", "depth", "end", "found", "leans", "notes", "parts", "share", "start",
                 "state", "text", "unit", "word")

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[Claim] = []
        self.notes: list[tuple[str, int]] = []
        self.chain: list[tuple[Side | None, str]] = []
        self.word, self.leans, self.cents = -1, False, False  # where the last words ended; whether numbers lean on them
        self.fresh()

    def fresh(self, bad: bool = False) -> None:
        """Begin a new side."""
        self.parts: list[str] = []
        self.at: list[tuple[int, int]] = []
        self.state, self.depth, self.start, self.end = _FIRST, 0, -1, -1
        self.unit: str | None = None
        self.bad, self.before, self.share = bad, False, False

    def push(self, part: str, start: int, end: int, state: int) -> None:
        """Add a part to the side; the first one looks at the words before it."""
        if not self.parts:
            self.start = start
            if self.word >= 0 and not self.text[self.word:start].strip(" \t$€£¥₹("):
                self.before = True
                if self.leans or self.chain or self.text[start - 1] not in " \t(":
                    self.bad = True
        self.parts.append(part)
        self.state, self.end = state, end

    def skip(self, match: re.Match[str]) -> None:
        """A money sign by itself."""

    def aside(self, match: re.Match[str]) -> None:
        self.notes.append((match["aside"], match.start("aside")))

    def number(self, match: re.Match[str]) -> None:
        """A number, or several with plain operators between them."""
        text, (start, end) = match["number"], match.span("number")
        if self.state >= _INSIDE:  # two numbers side by side: the first ended what came before, unless they touch
            touch = self.state == _INSIDE and not self.text[self.end:start].strip()
            self.bad = self.bad or touch
            self.close(bad=touch)
        if not text.isdecimal():
            text = self.plain(text, bool(match["mixed"]))
        self.at.append((start, end))
        self.push(text, start, end, _INSIDE)

    def plain(self, text: str, mixed: bool) -> str:
        """A run of numbers without blanks, commas and money signs; "1 1/2" keeps its blank."""
        if mixed:
            return text.lstrip("$€£¥₹ ").replace(",", "")
        if "/" in text and " " in text:
            text = _NESTED.sub(r"/(\2)", text)
        if self.share and ("+" in text or "-" in text):
            self.bad = True
        return text.translate(_DROP)

    def words(self, match: re.Match[str]) -> None:
        text, start = match[1].rstrip(), match.start(1)
        phrase, end = _phrase(text), start + len(text)
        self.leans = phrase.leans
        if self.state >= _INSIDE:
            self.behind(phrase, start, end)
        elif text == "sqrt" and self.text[end:end + 1] == "(":
            self.push("√", start, end, _OPERAND)
            return
        elif self.state == _OPERAND:
            self.missing(phrase, start, end)
        self.word = end

    def behind(self, phrase: _Phrase, start: int, end: int) -> None:
        """Words behind an operand: an operator said aloud, a unit, or something that spoils the side."""
        self.cents = self.cents or phrase.cents
        if phrase.unit == "percent":
            self.push("%", start, end, _INSIDE)
        if phrase.said and (phrase.said != "of" or self.is_share()):
            self.share = self.share or phrase.said == "of"
            self.push(TWINS.get(phrase.said, phrase.said), start, end, _OPERAND)
        elif phrase.spoils:
            self.bad, self.state = True, _UNIT
        elif phrase.breaks:
            self.close()
        else:
            self.state, self.unit = _UNIT, phrase.unit

    def missing(self, phrase: _Phrase, start: int, end: int) -> None:
        """Words where an operand should stand: "stickers/page", "15-year-old" go on; "5 * price" cannot be read."""
        if self.parts[-1] in {"/", "-"} and len(self.parts) > 1 and self.end == start and not phrase.spoils:
            self.parts.pop()
            self.state = _UNIT
            if phrase.said:  # "5 apples/day x 7"
                self.push(TWINS.get(phrase.said, phrase.said), start, end, _OPERAND)
        elif all(part == "(" for part in self.parts):  # an aside in words
            self.fresh()
        else:
            self.bad = True

    def is_share(self) -> bool:
        """Whether the last operand is one that "of" multiplies: "20%", "3/4", "0.5"."""
        last = self.parts[-1]
        return last in "%)" or "/" in last or "." in last

    def sign(self, match: re.Match[str]) -> None:
        text, (start, end) = match["sign"], match.span("sign")
        sign = TWINS.get(text, text)
        if self.state >= _INSIDE:
            self.bad = self.bad or (self.share and sign in "+-")
            if len(sign) > 1:  # "6 km/ 1/30": the fraction is one operand
                self.at.append((start + 1, end))
                self.push(f"/({sign[2:]})", start, end, _INSIDE)
            else:
                self.push(sign, start, end, _OPERAND)
        elif sign == "-" and self.may_negate(start, end):
            self.push("-", start, end, _OPERAND)
        elif self.parts or self.chain or self.text[:start].rpartition("\n")[2].strip():  # else it is a bullet
            self.push("?", start, end, _OPERAND)
            self.bad = True

    def may_negate(self, start: int, end: int) -> bool:
        """Whether a "-" with no operand before it belongs to the number behind it: not in "5x - 3", "cost - 3"."""
        if self.parts:
            return self.word < self.end and not self.text[end:end + 1].isspace()
        return bool(self.chain) or (not self.text[end:end + 1].isspace() and not self.text[:start].rstrip().endswith(")"))

    def mark(self, match: re.Match[str]) -> None:
        if self.state == _INSIDE:
            self.push(match["mark"], match.start("mark"), match.end(), _INSIDE)

    def root(self, match: re.Match[str]) -> None:
        start = match.start("root")
        if self.state == _UNIT or (self.state == _INSIDE and self.end != start):
            self.close()
        self.push("√", start, match.end(), _OPERAND)

    def bracket(self, match: re.Match[str]) -> None:
        start, end = match.span("bracket")
        if match["bracket"] == "(":
            if self.state == _UNIT or (self.state == _INSIDE and self.end != start):
                self.close()
            self.push("(", start, end, _OPERAND)
            self.depth += 1
        elif self.depth and (self.state >= _INSIDE or self.bad):
            self.push(")", start, end, _INSIDE)
            self.depth -= 1
        else:
            self.close()

    def equals(self, match: re.Match[str]) -> None:
        self.chain.append((self.side(), match["equals"][0]))
        self.fresh()
        if match["note"] is not None:
            self.notes.append((match["note"], match.start("note")))

    def stop(self, match: re.Match[str]) -> None:
        """A sentence or a line ends; an odd sign inside a number ("3:30", "a_2", "6.66…") spoils both its neighbours."""
        text, (start, end) = match["stop"], match.span("stop")
        if not self.parts and not self.chain and not self.bad and text in " .\n,;\"":  # most stops stop nothing
            return
        odd = text[0] in "_\\|#^{[" or text.isdigit() or (
            text in ":,." and self.text[start - 1:start].isdigit() and self.text[end:end + 1] in _GOES_ON)
        self.bad = self.bad or odd
        self.close(bad=odd)

    def close(self, bad: bool = False) -> None:
        """A chain ends here: its neighbours become claims."""
        if self.chain:
            self.chain.append((self.side(), ""))
            for (left, sign), (right, _) in pairwise(self.chain):
                if left and right and self.states_a_sum(left, right):
                    self.found.append(Claim(left, sign, right))
            self.chain = []
        self.cents = False
        self.fresh(bad)

    finish = close

    def states_a_sum(self, left: Side, right: Side) -> bool:
        """Not so for labels ("Day 2 = 4 * 2"), conversions ("1/2 hour = 30 minutes") and dollars told in cents."""
        if left.bare and (left.label is not None or (right.bare and right.label is not None)):
            return False
        if self.cents and "$" in self.text[left.start - 1:right.end]:
            return False
        return not (left.label and right.label and left.label != right.label)

    def side(self) -> Side | None:
        """The side read so far, from behind its last unclosed bracket on; None where it cannot be read."""
        if self.bad or self.state < _INSIDE:
            return None
        parts, at = self.parts, self.at
        if self.depth:
            for _ in range(self.depth):
                parts = parts[len(parts) - parts[::-1].index("("):]
            at = at[len(at) - sum(not _DIGITS.isdisjoint(part) for part in parts):]
        text = parts[0] if len(parts) == 1 else "".join(parts)
        bare = text.lstrip("-").rstrip("%").replace(".", "", 1).isdecimal()
        fraction = self.unit is not None and text.replace("/", "", 1).isdecimal()
        label = self.unit or ("" if self.before and bare else None) if bare or fraction else None
        return Side(text, at, at[0][0] if self.depth and at else self.start, self.end, bare, label)


_STEPS = [getattr(_Scan, {number: name for name, number in _TOKEN.groupindex.items()}.get(place, "skip"), _Scan.skip)
          for place in range(_TOKEN.groups + 1)]
