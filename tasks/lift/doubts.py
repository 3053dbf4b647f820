"""What makes a reading that fits the numbers still doubtful: things stated or computed in vain, and numbers out of thin air.

Each rule here was found by reading wrong templates; each turns a problem down rather than guess.
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, permutations

from tasks.lift.bound import Bound, Unlifted
from tasks.lift.words import line_of, stems
from tasks.lift.steps import Step
from tasks.lift.trees import Site, leaves
from tasks.tools.numbers import Mention

_SMALL = 10  # a count up to this may say how many persons or things were named, and be used by no step


def check(bound: Bound, question: str, solution: str, mentions: Sequence[Mention], steps: Sequence[Step]) -> None:
    """Notes numbers that stand aside and ties repeats, in place. Raises `Unlifted`."""
    _trivial(bound, steps)
    used = {source.uses for source in bound.by_place.values()}
    wasted = [k for k in range(bound.answer) if f"r{k}" not in used and not isinstance(steps[k].left, Site)]
    if wasted:
        raise Unlifted("unused_result", f"step {wasted[0] + 1} computes {steps[wasted[0]].right.text}, which nothing uses")
    for i, mention in enumerate(mentions):
        if f"q{i}" not in used:
            _stand_aside(i, bound, question, mentions, steps, used)
    _unrolled(bound, mentions, steps)
    _sums(bound, question, mentions)
    _thin_air(bound, question, solution, mentions, steps)


def _unrolled(bound: Bound, mentions: Sequence[Mention], steps: Sequence[Step]) -> None:
    """"15 + 15 + 15" for three of them: the sum's length is a count, which is kept."""
    for step in steps:
        codes = [bound.by_place[site.start].code for site in leaves(step.left)]
        lengths = {codes.count(code) for code in codes if code[0] in "qr"} - {1}
        bound.frozen |= {f"q{i}" for i, m in enumerate(mentions) if m.value in lengths and m.role == "plain"}


def _sums(bound: Bound, question: str, mentions: Sequence[Mention]) -> None:
    """"Six workers: four drivers and two cooks": a whole and the parts that the story names go on adding up."""
    counts = [(i, m) for i, m in enumerate(mentions) if m.role == "plain" and m.value.denominator == 1 and m.value > 1]
    for (i, whole), (j, a), (k, b) in permutations(counts, 3):
        if j < k and whole.value == a.value + b.value and (f"q{i}" in bound.aside or f"q{j}" in bound.aside or f"q{k}" in bound.aside
                                                           or (whole.value > 10 and i < j)):
            bound.sums.append(f"q{j} + q{k} == q{i}")
    for (j, a), (k, b) in combinations(counts, 2):
        whole = next((n for n, words in _WHOLES if a.value + b.value == n and re.search(words, question, re.IGNORECASE)), None)
        if whole is not None and f"q{j}" not in bound.aside and f"q{k}" not in bound.aside:
            bound.sums.append(f"q{j} + q{k} == {whole}")


_WHOLES = [(7, r"\bdays?\b.*\bweek|\bweek.*\bdays?\b|\bother\b.*\bdays?\b"), (12, r"\bmonths?\b.*\byear|\byear.*\bmonths?\b"), (24, r"\bhours?\b.*\bday|\bday.*\bhours?\b")]


def _trivial(bound: Bound, steps: Sequence[Step]) -> None:
    """A step without an operation may restate a number of the question, nothing else; it is no answer."""
    for k, step in enumerate(steps[:bound.answer + 1]):
        if isinstance(step.left, Site) and (k == bound.answer or bound.by_place[step.left.start].kind != "plain"):
            raise Unlifted("no_operation", f"step {k + 1} states {step.right.text} without computing it")


def _stand_aside(i: int, bound: Bound, question: str, mentions: Sequence[Mention], steps: Sequence[Step], used: set[str]) -> None:
    """A number that no step uses: a repeat of one that is used, a count of things named, or a reason to turn down."""
    mention, symbol = mentions[i], f"q{i}"
    if mention.role == "label" or mention.value == 1:
        bound.aside.add(symbol)
        return
    twins = [j for j, other in enumerate(mentions) if f"q{j}" in used and other.value == mention.value and other.role == mention.role]
    alike = [j for j in twins if _nouns(question, mentions[j]) & _nouns(question, mention)]
    if alike:
        bound.ties.append((f"q{alike[0]}", symbol))
    elif _names_a_few(mention) or mention.style == "dozen" or _names_a_part(question, mention):
        bound.aside.add(symbol)
        bound.frozen.update(f"q{j}" for j in twins)
    elif mention.role in ("plain", "money") and mention.style in ("digits", "comma", "decimal", "word") and not _is_result(mention, steps):
        bound.aside.add(symbol)
        bound.frozen.update(f"q{j}" for j in twins)
        bound.frozen |= _kin(i, bound, mentions)
    else:
        raise Unlifted("unused_number", f"no step uses the {mention.text} of the question")


def _names_a_part(question: str, mention: Mention) -> bool:
    """ "The first half", "a third friend", "a quarter" among coins: no share of anything."""
    before, after = question[max(0, mention.start - 12):mention.start].lower(), question[mention.end:mention.end + 12]
    return mention.style == "part" and (
        re.search(r"\b(?:first|second|other|last|remaining)\s$", before) is not None
        or (mention.text.lower().startswith("a ") and re.match(r"[,.?]| (?!of|as|the|that|this|less|more|cup|mile|pound|hour|inch)[a-z]", after) is not None))


def _is_result(mention: Mention, steps: Sequence[Step]) -> bool:
    return any(step.right.value == mention.value for step in steps)


def _names_a_few(mention: Mention) -> bool:
    """"Four friends", "in 2019": it counts what is named anyway, or dates it."""
    year = mention.style == "digits" and 1900 <= mention.value <= 2100
    few = mention.value <= (_SMALL if mention.style == "word" else 4)
    return year or (few and mention.role == "plain" and mention.style in ("word", "digits"))


def _kin(i: int, bound: Bound, mentions: Sequence[Mention]) -> set[str]:
    """The numbers that make the one left aside, or a constant of the steps together with it: as it stays, so must they."""
    u = mentions[i].value
    others = [(f"q{j}", m.value) for j, m in enumerate(mentions) if j != i and m.role != "label" and m.value > 1]
    constants = {Fraction(s.code.strip("()")) for s in bound.by_place.values() if s.kind == "constant" and s.code not in ("1", "100")}
    out = {q for q, v in others if constants & {f(u, v) for f in _MAKES}}
    for (p, a), (q, b) in combinations(others, 2):
        if any(f(a, b) == u for f in _MAKES):
            out |= {p, q}
    return out


_MAKES = (lambda a, b: a + b, lambda a, b: abs(a - b), lambda a, b: a * b, lambda a, b: a / b if b else a, lambda a, b: b / a if a else b)


def _nouns(question: str, mention: Mention) -> set[str]:
    after = re.match(r"[^.,;:?!\d]*", question[mention.end:mention.end + 40])
    return stems(" ".join((after.group() if after else "").split()[:3]))


def _thin_air(bound: Bound, question: str, solution: str, mentions: Sequence[Mention], steps: Sequence[Step]) -> None:
    """A constant that numbers of the question could make ("3 friends" and a 4) was perhaps worked out in someone's head: they are kept."""
    lines = {site.start: line_of(solution, site.start).lower() for step in steps for site in leaves(step.left)}
    stated = {m.value for i, m in enumerate(mentions) if m.role == "label" or f"q{i}" in bound.aside}
    for place, source in bound.by_place.items():
        if source.kind == "constant":
            number = Fraction(source.code.strip("()"))
            if number > 2 and number not in stated and number != 100 and not _said(number, lines[place]):
                bound.frozen |= _makers(number, mentions)


def _makers(number: Fraction, mentions: Sequence[Mention]) -> set[str]:
    """The numbers of the question that could make `number`: by one more or less, by a small factor, or two of them together."""
    whole = [(f"q{i}", m.value) for i, m in enumerate(mentions) if m.role != "label" and m.value > 1]
    out = {q for q, v in whole if abs(v - number) == 1 or (2 <= number / v <= 12 and (number / v).denominator == 1)}
    for (p, a), (q, b) in combinations(whole, 2):
        if number in (a + b, abs(a - b), a * b):
            out |= {p, q}
    return out


_FIRM = {7: "week", 12: "year|month|dozen|inch|feet|foot", 24: "day|hour", 60: "minute|hour|second", 100: "percent|%|cent|meter", 52: "week|year",
         365: "year|day", 30: "month|half an hour", 31: "month", 1000: "kilo|gram|lit|meter|km", 16: "ounce|pound", 3: "yard|feet|foot|triang",
         4: "leg|square|quart|week", 36: "yard|inch", 5: "nickel", 10: "dime|decade|millimet", 25: "quarter", 6: "hexagon", 8: "pint|octagon|spider"}


def _said(number: Fraction, text: str) -> bool:
    words = _FIRM.get(int(number)) if number.denominator == 1 else None
    return words is not None and re.search(words, text) is not None
