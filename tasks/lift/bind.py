"""Bind every operand of a worked solution to its source, or say why it cannot be done.

A *reading* gives each operand one `Source`. Among the readings that fit the numbers, those count that leave least of what
was stated or computed unused: a story's numbers are there to be used, and a step is taken for a later one. If the
readings left compute the same answer on random values they are one. Otherwise the words decide: the noun beside the operand
in the solution against the nouns beside each number in the question. Where words do not decide, numbers that could be
taken for each other are tied together (drawn equal, so that all readings agree) or kept as they are. What is still in doubt is
rejected.
"""

import itertools
import random
from collections.abc import Sequence
from fractions import Fraction
from math import prod

from tasks.lift import doubts, sources
from tasks.lift.bound import Bound, Unlifted
from tasks.lift.evidence import Evidence
from tasks.lift.sources import Source
from tasks.lift.steps import Step
from tasks.lift.trees import Expr, Site, leaves, operations, value
from tasks.tools.numbers import Mention

MOST_READINGS = 3000
POINTS = 4  # random points at which readings are compared; values come from a space of thousands each


Reading = tuple[Source, ...]


def bind(question: str, mentions: Sequence[Mention], solution: str, steps: Sequence[Step], answer: Fraction) -> Bound:
    """Choose the reading. Raises `Unlifted` (rules: unbound, answer, ambiguous, readings)."""
    last = _answer_step(steps, answer)
    operands = [site for step in steps for site in leaves(step.left)]
    options = _options(question, mentions, solution, steps)
    evidence = Evidence(question, mentions, solution, steps)
    readings = _fitting(_readings(operands, options, steps), operands, evidence, last)
    judge = _Judge(mentions, steps, operands, last)
    bound = _settle(readings, judge, evidence, operands)
    bound.frozen |= judge.idle(bound, operands)
    bound.frozen |= _reused(bound, mentions, operands, evidence)
    doubts.check(bound, question, solution, mentions, steps)
    return bound


SMALL = 7  # persons named, sides, days: a count up to this may stand for something that the question does not number


def _reused(bound: Bound, mentions: Sequence[Mention], operands: Sequence[Site], evidence: Evidence) -> set[str]:
    """Small numbers used more than once, where the words do not say that each use means them: they are not drawn.

    "3 pounds, 4 pounds and 5 pounds, shared by the three: 12 / 3".
    """
    uses: dict[str, list[Site]] = {}
    for site in operands:
        source = bound.by_place[site.start]
        if source.uses.startswith("q") and site.value == mentions[int(source.uses[1:])].value:
            uses.setdefault(source.uses, []).append(site)
    small = {s: sites for s, sites in uses.items() if len(sites) > 1 and mentions[int(s[1:])].value <= SMALL
             and mentions[int(s[1:])].style in ("digits", "word", "fold")}
    return {s for s, sites in small.items() if len({evidence.at[site.start].step for site in sites}) < len(sites)
            or not all(evidence.meant(site, bound.by_place[site.start]) for site in sites)}


def _answer_step(steps: Sequence[Step], answer: Fraction) -> int:
    matches = [k for k, step in enumerate(steps) if step.right.value == answer]
    if not matches:
        raise Unlifted("answer", f"no step arrives at the final answer {answer}")
    return matches[-1]


def _options(question: str, mentions: Sequence[Mention], solution: str, steps: Sequence[Step]) -> list[list[Source]]:
    """For every operand, in order, the sources that have its value."""
    text = question + "\n" + solution
    offered: list[tuple[Fraction, Source]] = []
    for i, mention in enumerate(mentions):
        if mention.role != "label":
            offered.extend(sources.plain(mention, i))
            offered.extend(sources.converted(mention, i, question[mention.end:mention.end + 14]))
        elif mention.style in ("digits", "clock", "ordinal"):
            offered.append((mention.value, Source(str(mention.value), "", "constant")))
    out = []
    for k, step in enumerate(steps):
        partners = {id(site): pair for pair in sources.ratio_pairs(step.left) for site in pair}
        for site in leaves(step.left):
            found = [source for number, source in offered if number == _meant(site)]
            found += [Source(f"r{j}", f"r{j}", "result") for j in range(k) if steps[j].right.value == _meant(site)]
            found += [Source(f"r{j}/100", f"r{j}", "derived") for j in range(k)
                      if "%" in text and steps[j].right.value == 100 * _meant(site)]
            found += sources.constants(site.value, text)
            # A fraction of the question written as one is that fraction, not two numbers that happen to be equal.
            found = _parts(site, partners.get(id(site)), mentions) or found
            found = found or ([] if isinstance(step.left, Site) else sources.structural(site.value))
            if not found:
                raise Unlifted("unbound", f"{site.text} in step {k + 1} is no number of the question, earlier result or known constant")
            out.append(_preferred(found))
    return out


def _meant(site: Site) -> Fraction:
    return site.value


def _parts(site: Site, pair: tuple[Site, Site] | None, mentions: Sequence[Mention]) -> list[Source]:
    """`3` of "3/4" as the numerator of a fraction that the question gives, `4` as its denominator."""
    if pair is None:
        return []
    side = "numerator" if site is pair[0] else "denominator"
    out = []
    for i, mention in enumerate(mentions):
        for number, code in sources.ratios(mention, i):
            if (Fraction(number.numerator), Fraction(number.denominator)) == (pair[0].value, pair[1].value):
                out.append(Source(f"{side}({code})", f"q{i}", "plain"))
    return out


def _preferred(found: list[Source]) -> list[Source]:
    """Without repeats; what is spelled plainly before what must be derived."""
    unique = list(dict.fromkeys(found))
    plain = [s for s in unique if s.kind in ("plain", "result")]
    return sorted(unique, key=lambda s: s.kind == "derived") if plain else unique


def _readings(operands: Sequence[Site], options: list[list[Source]], steps: Sequence[Step]) -> list[Reading]:
    if prod(map(len, options)) > MOST_READINGS:
        options = [[s for s in found if s.kind in ("plain", "result")] or found for found in options]
    if prod(map(len, options)) > MOST_READINGS:
        raise Unlifted("readings", f"more than {MOST_READINGS} ways to bind the operands")
    place = {id(site): n for n, site in enumerate(operands)}
    pairs = [(place[id(a)], place[id(b)]) for step in steps for a, b in sources.ratio_pairs(step.left)]
    return [r for r in itertools.product(*options) if all(_halves_agree(r[a], r[b]) for a, b in pairs)]


def _halves_agree(top: Source, bottom: Source) -> bool:
    """A numerator is read only with its own denominator."""
    split = top.code.startswith("numerator(")
    whole = bottom.code.startswith("denominator(")
    return top.code[len("numerator("):] == bottom.code[len("denominator("):] if split else not whole or top.code == "1" or top.kind != "constant"


def _fitting(readings: list[Reading], operands: Sequence[Site], evidence: Evidence, last: int) -> list[Reading]:
    """The readings that use most of what was stated and computed, plainly spelled before derived."""
    if not readings:
        raise Unlifted("unbound", "no reading keeps a numerator with its denominator")

    def used(reading: Reading) -> int:
        return len({s.uses for s in reading if s.uses} - {f"r{last}"})

    def firm(reading: Reading) -> int:
        return sum(evidence.said(site) for site, s in zip(operands, reading, strict=True) if s.kind == "constant")

    most = max(map(used, readings))
    # A constant that the words name ("4 weeks") may stand where a number of the same value would else be put to use.
    fit = [r for r in readings if used(r) + firm(r) >= most]
    fewest = min(sum(s.kind == "derived" for s in r) for r in fit)
    return [r for r in fit if sum(s.kind == "derived" for s in r) == fewest]


class _Judge:
    """Computes readings at random points, so that two that always agree count as one."""

    def __init__(self, mentions: Sequence[Mention], steps: Sequence[Step], operands: Sequence[Site], last: int) -> None:
        self.mentions, self.steps, self.last = mentions, steps, last
        self.place = {id(site): n for n, site in enumerate(operands)}

    def classes(self, readings: Sequence[Reading], ties: Sequence[tuple[str, str]] = (), frozen: frozenset[str] = frozenset(),
                ) -> dict[tuple[object, ...], list[Reading]]:
        """Readings by all results that they give at `POINTS` random points: the texts must agree too, not the answer alone."""
        rng = random.Random(20240917)
        points = [self._point(rng, ties, frozen) for _ in range(POINTS)]
        out: dict[tuple[object, ...], list[Reading]] = {}
        for reading in readings:
            out.setdefault(tuple(self._results(reading, dict(point)) for point in points), []).append(reading)
        return out

    def idle(self, bound: Bound, operands: Sequence[Site]) -> set[str]:
        """Numbers that cancel out of the answer: what a step takes away by them, a later one gives back only if both mean them."""
        reading = tuple(bound.by_place[site.start] for site in operands)
        rng, out = random.Random(7), set()
        for symbol in {s.uses for s in reading if s.uses.startswith("q")}:
            point = self._point(rng, (), frozenset())
            moved = point | {symbol: _random_like(self.mentions[int(symbol[1:])].value, rng)}
            a, b = self._results(reading, dict(point)), self._results(reading, dict(moved))
            if a is not None and b is not None and a[-1] == b[-1]:
                out.add(symbol)
        return {s for s in out if not still(self.mentions[int(s[1:])])}

    def _point(self, rng: random.Random, ties: Sequence[tuple[str, str]], frozen: frozenset[str]) -> dict[str, Fraction]:
        point = {f"q{i}": m.value if f"q{i}" in frozen or still(m) else _random_like(m.value, rng) for i, m in enumerate(self.mentions)}
        for first, second in ties:
            point[second] = point[first]
        return point

    def _results(self, reading: Reading, names: dict[str, Fraction]) -> tuple[Fraction, ...] | None:
        try:
            for k, step in enumerate(self.steps[:self.last + 1]):
                names[f"r{k}"] = value(step.left, lambda site: evaluate(reading[self.place[id(site)]].code, names))
        except ZeroDivisionError:
            return None
        return tuple(names[f"r{k}"] for k in range(self.last + 1))


def still(mention: Mention) -> bool:
    """A plain "one" is never drawn: singular text does not bear another number."""
    return mention.value == 1 and mention.role == "plain"


def _random_like(number: Fraction, rng: random.Random) -> Fraction:
    if number.denominator == 1:
        return Fraction(rng.randint(2, 9973))
    if number.numerator == 1:
        return Fraction(1, rng.randint(2, 997))
    return Fraction(rng.randint(1, 997), rng.choice((1009, 1013, 1019)))


def evaluate(code: str, names: dict[str, Fraction]) -> Fraction:
    """The value of a source's code; our own text only, made in `sources`."""
    if code in names:
        return names[code]
    return Fraction(eval(_compiled(code), _SCOPE, names))


_SCOPE = {"__builtins__": {}, "numerator": lambda x: Fraction(Fraction(x).numerator), "denominator": lambda x: Fraction(Fraction(x).denominator),
          "Fraction": Fraction}
_CODES: dict[str, object] = {}


def _compiled(code: str) -> object:
    import re

    if code not in _CODES:
        _CODES[code] = compile(re.sub(r"(?<![\w.])(\d+)", r"Fraction(\1)", code), "<source>", "eval")
    return _CODES[code]


def _settle(readings: list[Reading], judge: _Judge, evidence: Evidence, operands: Sequence[Site]) -> Bound:
    classes = judge.classes(readings)
    if len(readings) == 1:
        return _bound(readings[0], judge, operands, "only")
    if len(classes) == 1:
        return _bound(evidence.best(readings, operands), judge, operands, "agreement")
    winner = evidence.decides(list(classes.values()), operands)
    if winner is not None and not _one_sided(judge.steps):
        return _bound(winner, judge, operands, "words")
    return _tied(readings, judge, evidence, operands)


def _one_sided(steps: Sequence[Step]) -> bool:
    """Whether some step takes a number from, or divides it by, its equal: words do not tell which of the two is which."""
    return any(op.sign in "-/" and isinstance(op.left, Site) and isinstance(op.right, Site) and op.left.value == op.right.value
               for step in steps for op in operations(step.left))


def _tied(readings: list[Reading], judge: _Judge, evidence: Evidence, operands: Sequence[Site]) -> Bound:
    """Make all readings agree by drawing alike, or not drawing at all, the numbers that could be taken for each other."""
    rivals = [{r[n].uses for r in readings} for n in range(len(operands))]
    rivals = [group for group in rivals if len(group) > 1]
    if all(symbol.startswith("q") for group in rivals for symbol in group):
        ties = sorted({(min(g, key=_number), s) for g in rivals for s in g if s != min(g, key=_number)})
        if len(judge.classes(readings, ties)) == 1:
            return _bound(evidence.best(readings, operands), judge, operands, "ties", ties=ties)
    words = frozenset(f"q{i}" for i, m in enumerate(judge.mentions) if m.style in ("part", "fold", "dozen"))
    frozen = frozenset(symbol for group in rivals for symbol in group if symbol.startswith("q"))
    for still_ones in (words, frozen, frozen | words):
        if still_ones and len(judge.classes(readings, (), still_ones)) == 1:
            return _bound(evidence.best(readings, operands), judge, operands, "frozen", frozen=set(still_ones))
    return _equal(readings, judge, evidence, operands)


MOST_EQUAL = 2  # conditions of the form n4 == r1: with more of them hardly a draw is left


def _equal(readings: list[Reading], judge: _Judge, evidence: Evidence, operands: Sequence[Site]) -> Bound:
    """Keep equal, by condition, whatever an operand could be read as: then every reading computes the same."""
    best = evidence.best(readings, operands)
    pairs = {tuple(sorted((best[n].code, r[n].code))) for r in readings for n in range(len(operands)) if r[n].code != best[n].code}
    if len(pairs) > MOST_EQUAL or any("(" in code for pair in pairs for code in pair):
        doubt = next(n for n in range(len(operands)) if len({r[n].code for r in readings}) > 1)
        names = ", ".join(sorted({r[doubt].code for r in readings}))
        raise Unlifted("ambiguous", f"{operands[doubt].text} can be read as any of {names}, with different answers")
    bound = _bound(best, judge, operands, "equality")
    bound.sums += [f"{a} == {b}" for a, b in sorted(pairs)]
    return bound


def _number(symbol: str) -> int:
    return int(symbol[1:])


def _bound(reading: Reading, judge: _Judge, operands: Sequence[Site], settled_by: str, ties: Sequence[tuple[str, str]] = (),
           frozen: set[str] | None = None) -> Bound:
    by_place = {site.start: source for site, source in zip(operands, reading, strict=True)}
    codes = [_code(step, by_place) for step in judge.steps]
    return Bound(by_place, codes, judge.last, list(ties), frozen or set(), settled_by=settled_by)


def _code(step: Step, by_place: dict[int, Source]) -> str:
    def text(expr: Expr, outer: int) -> str:
        if isinstance(expr, Site):
            code = by_place[expr.start].code
            return f"({code})" if "/" in code and not code.startswith(("(", "num", "den")) else code
        rank = 1 if expr.sign in "+-" else 2
        body = f"{text(expr.left, rank)} {expr.sign} {text(expr.right, rank + (expr.sign in '-/'))}"
        return f"({body})" if rank < outer else body

    return text(step.left, 0)
