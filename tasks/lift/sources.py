"""Where an operand of a solution can come from: a number of the question, an earlier result, or a known constant.

Each possibility is a `Source`: a code over symbols (see `codes`) with the symbol that it uses. `options` collects
those of every operand; a `Reading` is one choice for all of them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from tasks.lift.trees import Expr, Op, Site, operations
from tasks.tools.numbers import Mention


@dataclass(frozen=True, slots=True)
class Source:
    """One reading of an operand: `code` over symbols; `uses` the symbol it spends ("" for a constant)."""

    code: str
    uses: str
    kind: str  # plain, derived, result, constant


Reading = tuple[Source, ...]  # a source for each operand, in order

# What everyone knows, and the words that must be near for it to be meant: facts of calendar, money and measures.
KNOWN: list[tuple[str, str]] = [
    ("1", ""), ("0", ""),
    ("100", r"percent|%|\bcents?\b|centimet|\bcm\b|century|\bmeters?\b"),
    ("60", r"minute|hour|second|\bmins?\b|\bhrs?\b"),
    ("3600", r"second"),
    ("24", r"\bdays?\b|hour|daily"),
    ("7", r"week|\bdays?\b|daily"),
    ("14", r"weeks|fortnight"),
    ("52", r"week|year|annual"),
    ("365", r"year|annual|\bdays?\b"),
    ("30", r"month|\bdays?\b|half an hour"),
    ("31", r"month|\bdays?\b"),
    ("28", r"month|february"),
    ("90", r"degree|angle|months"),
    ("12", r"month|year|dozen|inch|feet|foot|annual"),
    ("6", r"half a dozen|half-dozen|half a year|months"),
    ("4", r"week|month|quarter|square|\bsides?\b|\blegs?\b|wheels|season|quart|gallon|\bcars?\b"),
    ("2", r"both|couple|\bpairs?\b|half|halv|twin|\btwo\b|double|twice|second|round|back|each other|\blegs?\b|\bfeet\b"
          r"|bicycl|bike|average|parents|eyes|\bhands?\b|between|biweekly|every other|other|and|one-half|alternat|again"
          r"|too"),
    ("3", r"yard|feet|foot|triangle|triple|thrice|third|three|\bmeals?\b|tricycl|average|triplet|thirds"),
    ("5", r"nickel|weekday|week|workday|fifth|\bfingers?\b|pentagon"),
    ("10", r"dime|decade|millimet|\bmm\b|tenth|\btoes\b|fingers"),
    ("20", r"score|\btwenty\b"),
    ("25", r"quarter"),
    ("1000", r"kilo|\bkm\b|\bkg\b|gram|lit|meter|thousand|\bml\b|\bton"),
    ("16", r"ounce|pound|\boz\b"),
    ("2000", r"\btons?\b|pound"),
    ("8", r"pint|gallon|cup|ounce|octop|spider|furlong"),
    ("128", r"gallon|ounce"),
    ("5280", r"mile"),
    ("1760", r"mile|yard"),
    ("36", r"yard|inch"),
    ("180", r"degree|angle|triangle"),
    ("360", r"degree|circle|angle|leap|year"),
    ("48", r"hour|days"),
    ("0.5", r"half|halv"), ("0.25", r"quarter"), ("0.1", r"dime|tenth"), ("0.05", r"nickel"), ("0.01", r"cent|penn|%"),
    ("1/2", r"half|halv"),
    ("144", r"gross|square f"),
    ("1000000", r"million"),
    ("9", r"square yard|\binnings?\b"),
    ("32", r"quart|freez"),
    ("10000", r"hectare"),
    ("3.14", r"pi\b|circle|circum|radius|diamet"),
]

# The unit that follows a number, and by what it is multiplied to be counted in the next smaller or larger one.
_CONVERSIONS: list[tuple[str, Fraction]] = [
    (r"cents?\b|pennies|penny|¢", Fraction(1, 100)),
    (r"minutes?|mins?\b", Fraction(1, 60)),
    (r"seconds?", Fraction(1, 60)),
    (r"months?", Fraction(1, 12)),
    (r"inch(?:es)?", Fraction(1, 12)),
    (r"hours?|hrs?\b", Fraction(60)),
    (r"weeks?", Fraction(7)),
    (r"days?", Fraction(24)),
    (r"years?", Fraction(12)),
    (r"feet|foot", Fraction(12)),
    (r"dozens?", Fraction(12)),
    (r"yards?", Fraction(3)),
    (r"decades?", Fraction(10)),
    (r"pairs?", Fraction(2)),
    (r"meters?|m\b", Fraction(100)),
    (r"kilometers?|km\b|kilograms?|kg\b|liters?", Fraction(1000)),
    (r"couples?", Fraction(2)),
    (r"dollars?", Fraction(100)),
    (r"thousand", Fraction(1000)),
    (r"hundred", Fraction(100)),
    (r"million", Fraction(10**6)),
]


def plain(mention: Mention, index: int) -> Iterator[tuple[Fraction, Source]]:
    """Everything that one number of the question can stand for, with its value."""
    q, v = f"q{index}", mention.value
    yield v, Source(q, q, "plain")
    if mention.role == "percent":
        yield v / 100, Source(f"{q}/100", q, "plain")
        yield 1 - v / 100, Source(f"(1 - {q}/100)", q, "derived")
        yield 100 - v, Source(f"(100 - {q})", q, "derived")
        yield 1 + v / 100, Source(f"(1 + {q}/100)", q, "derived")
        yield 100 + v, Source(f"(100 + {q})", q, "derived")
    elif 0 < v < 1:
        yield 1 - v, Source(f"(1 - {q})", q, "derived")
        yield 1 + v, Source(f"(1 + {q})", q, "derived")
        if v.numerator == 1:
            yield Fraction(v.denominator), Source(f"denominator({q})", q, "plain")


def converted(mention: Mention, index: int, following: str) -> Iterator[tuple[Fraction, Source]]:
    """A number read in another unit: "50 cents" as 0.50, "2 dozen" as 24."""
    for pattern, factor in _CONVERSIONS:
        if re.match(rf"[ -]?(?:{pattern})", following, re.IGNORECASE):
            top, bottom = factor.numerator, factor.denominator
            code = f"(q{index}*{top})" if bottom == 1 else f"(q{index}/{bottom})"
            yield mention.value * factor, Source(code, f"q{index}", "derived")


def ratios(mention: Mention, index: int) -> Iterator[tuple[Fraction, str]]:
    """The fractions "a/b" as which a number of the question can appear in a solution: value and code of the whole."""
    q, v = f"q{index}", mention.value
    if mention.role == "percent":
        yield from ((v / 100, f"{q}/100"), (1 - v / 100, f"1 - {q}/100"))
    elif v.denominator > 1:
        yield v, q
        if v < 1:
            yield 1 - v, f"1 - {q}"


def ratio_pairs(expr: Expr) -> Iterator[tuple[Site, Site]]:
    """Every `a/b` in the expression whose both sides are numbers as written."""
    for op in operations(expr):
        if op.sign == "/" and isinstance(op.right, Site):
            top = op.left.right if isinstance(op.left, Op) and op.left.sign == "*" else op.left
            if isinstance(top, Site):
                yield top, op.right


def constants(number: Fraction, text: str) -> list[Source]:
    """The known constant of that value, if the words that go with it occur in `text`."""
    return [Source(_literal(number), "", "constant") for known, words in KNOWN
            if Fraction(known) == number and re.search(words, text, re.IGNORECASE)][:1]


def structural(number: Fraction) -> list[Source]:
    """A small whole number that nothing in the question says: a count of people named, the sides of a shape."""
    return [Source(_literal(number), "", "constant")] if number.denominator == 1 and 0 <= number <= 6 else []


def _literal(number: Fraction) -> str:
    return str(number.numerator) if number.denominator == 1 else f"({number.numerator}/{number.denominator})"
