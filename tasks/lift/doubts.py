"""What makes a reading that fits the numbers still doubtful: things computed in vain, and numbers out of thin air.

Each rule here, and in `aside` for things stated in vain, was found by reading wrong templates. Some turn a problem down
rather than guess; the others keep the numbers in doubt as they are.
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, permutations

from tasks.lift import facts
from tasks.lift.aside import nouns_after, stand_aside
from tasks.lift.bound import Bound, Unlifted
from tasks.lift.codes import index
from tasks.lift.story import Story
from tasks.lift.trees import Expr, Site, leaves
from tasks.lift.words import line_of
from tasks.tools.numbers import Mention

_WHOLES = [
    (7, r"\bdays?\b.*\bweek|\bweek.*\bdays?\b|\bother\b.*\bdays?\b"),
    (12, r"\bmonths?\b.*\byear|\byear.*\bmonths?\b"),
    (24, r"\bhours?\b.*\bday|\bday.*\bhours?\b"),
]
# Words on the same line that make a number a known constant beyond doubt; stricter than `sources.KNOWN`.
_FIRM = {
    3: "yard|feet|foot|triang", 4: "leg|square|quart|week", 5: "nickel", 6: "hexagon", 7: "week",
    8: "pint|octagon|spider", 10: "dime|decade|millimet", 12: "year|month|dozen|inch|feet|foot", 16: "ounce|pound",
    24: "day|hour", 25: "quarter", 30: "month|half an hour", 31: "month", 36: "yard|inch", 52: "week|year",
    60: "minute|hour|second", 100: "percent|%|cent|meter", 365: "year|day", 1000: "kilo|gram|lit|meter|km",
}


def check(bound: Bound, story: Story) -> None:
    """Adds to what is tied, frozen, aside and summed in `bound`.

    Raises `Unlifted` (rules: no_operation, unused_result, unused_number).
    """
    used = {source.uses for source in bound.by_place.values()}
    _trivial(bound, story)
    _wasted(bound, story, used)
    for i in range(len(story.mentions)):
        if f"q{i}" not in used:
            stand_aside(i, bound, story, used)
    _unrolled(bound, story)
    _listed(bound, story)
    _same_percents(bound, story)
    _sums(bound, story)
    _thin_air(bound, story)


def _trivial(bound: Bound, story: Story) -> None:
    """A step without an operation may restate a number of the question, nothing else; it is no answer."""
    for k, step in enumerate(story.steps[:bound.answer + 1]):
        if isinstance(step.left, Site) and (k == bound.answer or bound.by_place[step.left.start].kind != "plain"):
            raise Unlifted("no_operation", f"step {k + 1} states {step.right.text} without computing it")


def _wasted(bound: Bound, story: Story, used: set[str]) -> None:
    """A result that no later step uses shows that the reading misses something."""
    for k, step in enumerate(story.steps[:bound.answer]):
        if f"r{k}" not in used and not isinstance(step.left, Site):
            raise Unlifted("unused_result", f"step {k + 1} computes {step.right.text}, which nothing uses")


def _unrolled(bound: Bound, story: Story) -> None:
    """"15 + 15 + 15" for three of them: the sum's length is a count, which is kept."""
    for step in story.steps:
        codes = [bound.by_place[site.start].code for site in leaves(step.left)]
        lengths = {codes.count(code) for code in codes if code[0] in "qr"} - {1}
        bound.frozen |= {f"q{i}" for i, m in enumerate(story.mentions) if m.value in lengths and m.role == "plain"}


def _listed(bound: Bound, story: Story) -> None:
    """"Three runs: 23, 44 and 23": a count as long as a sum, or one longer, is the length of a list, and is kept."""
    lengths = {n for step in story.steps if (terms := _terms(step.left)) > 2 for n in (terms, terms + 1)}
    bound.frozen |= {f"q{i}" for i, m in enumerate(story.mentions)
                     if m.value in lengths and m.role == "plain" and m.style in ("word", "digits")}


def _terms(expr: Expr) -> int:
    """How many numbers the longest sum in the expression adds."""
    if isinstance(expr, Site):
        return 1
    left, right = _terms(expr.left), _terms(expr.right)
    return left + right if expr.sign == "+" else max(left, right)


def _same_percents(bound: Bound, story: Story) -> None:
    """The same percent of the same thing, said twice, is one number."""
    percents = [(f"q{i}", m) for i, m in enumerate(story.mentions) if m.role == "percent"]
    for (p, a), (q, b) in combinations(percents, 2):
        if a.value == b.value and nouns_after(story.question, a) & nouns_after(story.question, b):
            bound.ties.append((p, q))


def _sums(bound: Bound, story: Story) -> None:
    """"Six workers: four drivers and two cooks": a whole and the parts that the story names go on adding up."""
    counts = [(f"q{i}", m.value) for i, m in enumerate(story.mentions)
              if m.role == "plain" and m.value.denominator == 1 and m.value > 1]
    for (whole, total), (p, a), (q, b) in permutations(counts, 3):
        named = story.mention(whole)
        stated_first = total > 10 and index(whole) < index(p)
        stated_first |= facts.names_them(story.question[max(0, named.start - 20):named.start], named)
        rest = _is_rest(story, p) or _is_rest(story, q)
        if index(p) < index(q) and total == a + b and (stated_first or rest or bound.aside & {whole, p, q}):
            bound.sums.append(f"{p} + {q} == {whole}")
    _rests(bound, story, [symbol for symbol, _ in counts])
    for (p, a), (q, b) in combinations(counts, 2):
        known = [n for n, words in _WHOLES if a + b == n and re.search(words, story.question, re.IGNORECASE)]
        if known and not bound.aside & {p, q}:
            bound.sums.append(f"{p} + {q} == {known[0]}")


def _is_rest(story: Story, symbol: str) -> bool:
    """"The remaining 18 students"."""
    start = story.mention(symbol).start
    return re.search(r"\b(?:remaining|the other|the rest,?)\s$", story.question[max(0, start - 16):start]) is not None


def _rests(bound: Bound, story: Story, counts: Sequence[str]) -> None:
    """A rest that no sum explains is what is left of some greater number: it and they keep their values."""
    summed = " ".join(bound.sums)
    for symbol in counts:
        if _is_rest(story, symbol) and not re.search(rf"\b{symbol}\b", summed):
            bound.frozen |= {other for other in counts if story.values[other] >= story.values[symbol]}


def _thin_air(bound: Bound, story: Story) -> None:
    """A constant that numbers of the question could make was perhaps worked out in someone's head: they are kept.

    "3 friends" in the question and a 4, with the narrator, in a step.
    """
    lines = {site.start: line_of(story.solution, site.start).lower() for site in story.operands}
    stated = {m.value for i, m in enumerate(story.mentions) if m.role == "label" or f"q{i}" in bound.aside}
    for place, source in bound.by_place.items():
        if source.kind == "constant":
            number = Fraction(source.code.strip("()"))
            if number > 2 and number not in stated and number != 100 and not _said(number, lines[place]):
                bound.frozen |= _makers(number, story.mentions)


def _makers(number: Fraction, mentions: Sequence[Mention]) -> set[str]:
    """The question's numbers that could make `number`: by one more or less, by a small factor, or two together."""
    whole = [(f"q{i}", m.value) for i, m in enumerate(mentions) if m.role != "label" and m.value > 1]
    out = {q for q, v in whole if abs(v - number) == 1 or (2 <= number / v <= 12 and (number / v).denominator == 1)}
    for (p, a), (q, b) in combinations(whole, 2):
        if number in (a + b, abs(a - b), a * b):
            out |= {p, q}
    return out


def _said(number: Fraction, text: str) -> bool:
    """Whether the text says what the number is a known constant of."""
    words = _FIRM.get(int(number)) if number.denominator == 1 else None
    return words is not None and re.search(words, text) is not None
