"""What a number of a story may be instead: kind, unit, and the values to draw from.

The rule is to stay near the seed: about half to twice its number, as round as it was, never 1, and inside what
the words around it allow (hours of a day, days of a week, percents of a whole). Nothing is invented beyond that.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from tasks.lift import nouns
from tasks.tools.numbers import Mention

# Fractions to draw from: one part of a whole, and more than one.
ONE_PART: tuple[str, ...] = ("1/3", "1/4", "1/5", "1/6")
PARTS: tuple[str, ...] = ("2/3", "3/4", "2/5", "3/5", "4/5", "3/8", "5/8", "3/10", "7/10", "5/6")
OLDEST = 95
ROUND = (1000, 500, 100, 50, 10, 5)


@dataclass(frozen=True, slots=True)
class Span:
    """The draw of one slot: `low, low+step … high`, or `choices`."""

    low: str = ""
    high: str = ""
    step: str = ""
    choices: tuple[str, ...] = ()


def kind(mention: Mention, question: str) -> str:
    """The slot kind (see `schemas.records.KINDS`) of a number of the question."""
    if mention.role in ("money", "percent"):
        return mention.role
    if mention.style == "fold" or re.match(r" times\b", question[mention.end:]):
        return "multiple"
    if mention.style in ("part", "fraction") and mention.value < 1:
        return "fraction"
    if re.match(r" (?:dollars|cents|euros|pounds sterling)\b", question[mention.end:]):
        return "money"
    if mention.value.denominator > 1 or nouns.unit(question, mention.end) in nouns.MEASURES:
        return "measure"
    return "count"


def domain(mention: Mention, question: str, decimal: bool, fine: bool = False) -> Span:
    """The values to draw. `decimal`: the solution writes this fraction as a decimal, so it must have one.

    `fine`: whole numbers need not be as round as the seed's, where rounder ones leave too few draws.
    """
    v, what = mention.value, kind(mention, question)
    if what == "fraction":
        return _fraction(mention, question, decimal)
    if what == "percent":
        return _percent(v)
    if what == "multiple":
        return _multiple(mention, question)
    if v.denominator > 1:
        return _decimal(v, mention)
    before, after = question[max(0, mention.start - 30):mention.start], question[mention.end:mention.end + 40]
    return _whole(int(v), fine, before, after)


def fixed(value: Fraction) -> Span:
    """A slot that keeps the seed's value."""
    return Span(choices=(str(value),))


def _fraction(mention: Mention, question: str, decimal: bool) -> Span:
    after = question[mention.end:mention.end + 4]
    if mention.style == "part" and not after.startswith((" of", " as")):
        return fixed(mention.value)
    pool = ONE_PART if mention.value.numerator == 1 else PARTS
    if decimal:
        pool = tuple(p for p in pool if Fraction(p).denominator in (2, 4, 5, 8, 10))
    text = str(mention.value)
    return Span(choices=tuple(sorted({*pool, text}, key=Fraction)))


def _percent(v: Fraction) -> Span:
    if v.denominator > 1 or v == 100:
        return fixed(v)
    if v > 100:
        return Span(str(v - v % 10 - 40) if v - v % 10 - 40 > 100 else "110", str(v - v % 10 + 50), "10")
    if v % 5 == 0:
        return Span(str(max(5, int(v) - 20)), str(min(95, int(v) + 25)), "5")
    return Span(str(max(1, int(v) - 5)), str(min(99, int(v) + 6)), "1")


def _multiple(mention: Mention, question: str) -> Span:
    v = mention.value
    if v.denominator > 1:
        return fixed(v)
    if mention.style == "fold" and not (mention.text.lower() in ("twice", "thrice", "double", "triple")
                                        and re.match(r" (?:as|the|that)\b", question[mention.end:])):
        return fixed(v)  # "he forgot twice" counts; only "twice as many" compares
    top = 4 if mention.text.lower() in ("double", "triple") else max(5, int(v) + 2)
    return Span("2", str(top), "1") if v <= 12 else Span(str(int(v) // 2), str(int(v) * 2), "1")


def _decimal(v: Fraction, mention: Mention) -> Span:
    digits = mention.text.partition(".")[2]
    if mention.style != "decimal" or not digits:
        return fixed(v)
    for unit in (Fraction(1, 2), Fraction(1, 4), Fraction(1, 10), Fraction(1, 20), Fraction(1, 10 ** len(digits))):
        if v % unit == 0 and (len(digits) >= 2 or unit.denominator in (2, 10)):
            low = max(unit, ceil(v / 2 / unit) * unit)
            return Span(_point(low), _point(floor(v * 2 / unit) * unit), _point(unit))
    return fixed(v)


def _point(number: Fraction) -> str:
    return str(number.numerator) if number.denominator == 1 else f"{float(number):.6f}".rstrip("0")


def _whole(v: int, fine: bool, before: str, after: str) -> Span:
    low, high, step = (2, max(v + 6, 2 * v), 1) if fine else _near(v)
    cap = _cap(v, before, after)
    if cap is not None:
        high, step = min(high, cap), step if cap >= high else 1
    if high - low < 2 * step:
        low, high = max(2, min(low, v - step)), max(high, v)
    if v < 2 or high <= low:
        return fixed(Fraction(v))
    return Span(str(low), str(high), str(step))


def _near(v: int) -> tuple[int, int, int]:
    if v <= 10:
        return 2, max(v + 3, 2 * v), 1
    step = next((unit for unit in ROUND if v % unit == 0 and v // unit >= 4), 1)
    return max(2, ceil(v / 2 / step) * step), floor(v * 1.9 / step) * step, step


# The words after a number, and the largest whole number that they bear in a story.
_CAPS = [
    (r"[ -]days? (?:a|per|each|every|in a|of the|out of the) week", 6),
    (r"[ -]times? (?:a|per|each|every) (?:day|week)", 6),
    (r"[ -]hours?.{0,12} (?:a|per|each|every) (?:day|night|week(?:day)?|morning|evening|school)", 12),
    (r"[ -]weeks? (?:a|per|each|every) month", 4),
    (r"[ -](?:\w+ )?(?:days?|workdays?|afternoons?|mornings?|evenings?|nights?|times?)\b.{0,24}\bweek", 6),
    (r"[ -]months? (?:a|per|each|every|of the|in a|out of the) year", 11),
    (r"[ -]hours?(?: \w+){0,3} (?:day|night)", 14),
    (r"[ -]minutes?", 59),
    (r"[ -]hours?\b", 23),
    (r"[ -]years?[ -]old", 95),
    (r"[ -](?:feet|foot) tall", 90),
    (r"[ -]inch(?:es)?\b", 90),
    (r"[ -]months?\b", 23),
    (r"[ -]days?\b", 28),
    (r"[ -](?:miles|mph|kilometers|km)(?: per hour|/h| an hour)", 90),
    (r"[ -]mph", 90),
    (r"[ -]degrees?", 99),
]


def _cap(v: int, before: str, after: str) -> int | None:
    """The largest value that the words bear, where the seed itself keeps to it."""
    for words, cap in _CAPS:
        if re.match(words, after, re.IGNORECASE) and v <= cap:
            return cap
    age = re.search(r"\b(?:is|was|turned|turns|aged?|be)\s$", before) and re.match(r"[.,;?!]|$| now| and", after)
    return OLDEST if age and v <= OLDEST else None
