"""The scan behind `equations`: one pass over running text that keeps what is arithmetic and says why it trusts it.

Words, numbers and signs arrive one by one; a *side* grows from them and a "=" joins sides into a *chain*. Words right
behind a number are its unit ("7 stickers/page * 6 pages"). Whatever arithmetic leans on but cannot be read ("5 *
price", "x + 3", "half of 4 + 1", "2 dozen", "80 000", "3:30") makes its side unreadable, and claims with an
unreadable side are left out: skipping is safe, guessing is not.
"""

import re
from itertools import pairwise
from typing import NamedTuple

from tasks.tools.formulas import TWINS
from tasks.tools.phrases import Phrase, phrase_of

_LETTER = "A-Za-zÀ-ÖØ-öø-ɏ¢°"
_MONEY = r"(?:[$€£¥₹][ ]?)?"
NUMBER = r"(?:(?!0\d{3}\b)\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)(?!\d)"  # "0900" is a time of day
_TOKEN = re.compile(
    rf"[ \t]*(?:(?P<words>[{_LETTER}][{_LETTER}'’ \t]*(?:-[{_LETTER}][{_LETTER}'’ \t]*)*(?:\^\d|[²³])?)"
    rf"|(?P<number>{_MONEY}{NUMBER}(?:(?P<mixed>[ ]\d{{1,2}}/\d{{1,3}}(?![\d./]))"
    rf"|(?:[ ]?[-+*×/÷−–][ ]?{_MONEY}{NUMBER})*))"
    rf"|(?P<equals>[=≈][ \t]*{_MONEY}(?:<<(?P<note>[^<>\n]*)>>)?)"
    r"|(?P<sign>\*\*|/[ ]\d+/\d+(?![\d./])|[-+*/^×·⋅∗✕÷−–])"
    r"|(?P<bracket>[()])|(?P<mark>%|!(?=\s*[-+*/×÷=)])|[²³])|(?P<root>√)|<<(?P<aside>[^<>\n]*)>>|[$€£¥₹]"
    r"|(?P<stop>\d+|#+|\S))")
_DROP = str.maketrans({" ": "", ",": "", "$": "", "€": "", "£": "", "¥": "", "₹": "", "×": "*", "÷": "/", "−": "-",
                       "–": "-"})
_NESTED = re.compile(r"([ ]/[ ]?|/[ ])(\d+/\d+)(?![\d.])")  # "25 / 1/3" divides by a third
_DIGITS = frozenset("0123456789")
_PAUSES = frozenset(".,;:!?\"'“”‘’…`)]}")  # these end a side; any other sign spoils its neighbours
_GOES_ON = frozenset("0123456789.")
_WORDS, _NUMBER, _MIXED, _EQUALS, _NOTE, _STOP = (
    _TOKEN.groupindex[name] for name in ("words", "number", "mixed", "equals", "note", "stop"))
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
    scan, steps, start = _Scan(text), _STEPS, 0
    for line in text.split("\n"):
        end = start + len(line)
        if "=" in line or "≈" in line:
            for match in _TOKEN.finditer(text, start, end):
                steps[match.lastindex or 0](scan, match)
            scan.close()
        start = end + 1
    return scan.found, scan.notes


class _Scan:
    """The state of one reading: the side being read, the chain of sides that it ends, and what was found so far."""

    __slots__ = ("at", "bad", "before", "cents", "chain", "depth", "end", "found", "notes", "parts", "said", "share",
                 "start", "state", "text", "unit", "word")

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[Claim] = []
        self.notes: list[tuple[str, int]] = []
        self.chain: list[tuple[Side | None, str]] = []
        self.word, self.said, self.cents = -1, "", False  # where the last words ended, and what they were
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
                if phrase_of(self.said).leans or self.chain or self.text[start - 1] not in " \t(":
                    self.bad = True
        self.parts.append(part)
        self.state, self.end = state, end

    def skip(self, match: re.Match[str]) -> None:
        """A money sign by itself."""

    def aside(self, match: re.Match[str]) -> None:
        self.notes.append((match["aside"], match.start("aside")))

    def number(self, match: re.Match[str]) -> None:
        """A number, or several with plain operators between them."""
        text, (start, end) = match[_NUMBER], match.span(_NUMBER)
        if self.state >= _INSIDE:  # two numbers side by side: the first ended what came before, unless they touch
            touch = self.state == _INSIDE and not self.text[self.end:start].strip()
            self.bad = self.bad or touch
            self.close(bad=touch)
        if not text.isdecimal():
            text = self.plain(text, match[_MIXED] is not None)
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
        text, start = match[_WORDS].rstrip(), match.start(_WORDS)
        end = start + len(text)
        if text == "sqrt" and self.state < _INSIDE and self.text[end:end + 1] == "(":
            self.push("√", start, end, _OPERAND)
            return
        if self.state >= _INSIDE:
            self.behind(phrase_of(text), start, end)
        elif self.state == _OPERAND:
            self.missing(phrase_of(text), start, end)
        self.word, self.said = end, text

    def behind(self, phrase: Phrase, start: int, end: int) -> None:
        """Words behind an operand: an operator said aloud, a unit, or something that spoils the side."""
        self.cents = self.cents or phrase.cents
        if phrase.unit == "percent":
            self.push("%", start, end, _INSIDE)
        if phrase.said and (phrase.said != "of" or self.is_share()):
            self.share = self.share or phrase.said == "of"
            # "= 1.6 times the rate", "= 1/3 of the money": a result described, or a product? Nobody can say.
            self.bad = self.bad or (bool(self.chain) and not self.text[start:end].lower().endswith("x"))
            self.push(TWINS.get(phrase.said, phrase.said), start, end, _OPERAND)
        elif phrase.spoils:
            self.bad, self.state = True, _UNIT
        elif phrase.breaks:
            self.close()
        else:
            self.state, self.unit = _UNIT, phrase.unit

    def missing(self, phrase: Phrase, start: int, end: int) -> None:
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
        if sign == "-" and self.state == _UNIT and self.text[start - 1] == " " and not self.text[end:end + 1].isspace():
            self.close(bad=True)  # "brings it to -24", "one tank -1/3 tank": below zero, or less? Nobody can say.
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
        glued = not self.text[end:end + 1].isspace()
        return bool(self.chain) or (glued and not self.text[:start].rstrip().endswith(")"))

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
        self.chain.append((self.side(), match[_EQUALS][0]))
        self.fresh()
        if (note := match[_NOTE]) is not None:
            self.notes.append((note, match.start(_NOTE)))

    def stop(self, match: re.Match[str]) -> None:
        """A sentence ends; an odd sign inside a number ("3:30", "a_2", "6.66...") spoils both its neighbours."""
        text, (start, end) = match[_STOP], match.span(_STOP)
        if not self.parts and not self.chain and not self.bad and text in " .,;\"":  # most stops stop nothing
            return
        odd = text not in _PAUSES or (
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

    def states_a_sum(self, left: Side, right: Side) -> bool:
        """Not so for labels ("Day 2 = 4 * 2"), conversions ("1/2 hour = 30 minutes") and dollars told in cents."""
        if left.bare and (left.label is not None or (right.bare and right.label is not None)):
            return False
        if self.cents and "$" in self.text[max(0, left.start - 1):right.end]:
            return False
        return not (left.label and right.label and left.label != right.label)

    def side(self) -> Side | None:
        """The side read so far, from behind its last unclosed bracket on; None where it cannot be read."""
        if self.bad or self.state < _INSIDE:
            return None
        parts, at = self.parts, self.at
        if self.depth:
            parts = _behind_open(parts)
            at = at[len(at) - sum(not _DIGITS.isdisjoint(part) for part in parts):]
        text = parts[0] if len(parts) == 1 else "".join(parts)
        bare = text.isdecimal() or text.lstrip("-").rstrip("%").replace(".", "", 1).isdecimal()
        label = None
        if self.unit and (bare or text.replace("/", "", 1).isdecimal()):
            label = self.unit
        elif bare and self.before:
            label = ""
        return Side(text, at, at[0][0] if self.depth and at else self.start, self.end, bare, label)


def _behind_open(parts: list[str]) -> list[str]:
    """The parts behind the last bracket that is still open."""
    shut = 0
    for place in range(len(parts) - 1, -1, -1):
        shut += (parts[place] == ")") - (parts[place] == "(")
        if shut < 0:
            return parts[place + 1:]
    return parts


_STEPS = [getattr(_Scan, {number: name for name, number in _TOKEN.groupindex.items()}.get(place, "skip"), _Scan.skip)
          for place in range(_TOKEN.groups + 1)]
