"""What the words say about where an operand comes from: nouns beside it against nouns beside a number of the question.

`settle` asks it to choose among readings that fit the numbers but compute different answers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from tasks.instantiate import english
from tasks.lift.codes import index
from tasks.lift.sources import Reading, Source, constants
from tasks.lift.steps import Step
from tasks.lift.story import Story
from tasks.lift.trees import Expr, Site, leaves
from tasks.lift.words import clause_of, line_of, near, stems

MARGIN = 3.0  # one noun beside both, or three words of the line and the clause: less is taken for chance
RESULTS = 7.0  # two results of one value stand in like sentences: words tell them apart less well
COINS = frozenset(map(Fraction, ("1/100", "1/20", "1/10", "1/4")))
FIRM = 4.0  # what a word that belongs to one source alone counts: "times", "more", a currency sign

_TIMES = re.compile(r" times (?:as|more|the|that|what|larger|older|bigger|longer|faster)")
_MORE = re.compile(r" (?:\w+ )?(?:more|extra|additional|older|taller)\b")
_FEWER = re.compile(r" (?:\w+ )?(?:fewer|less|younger|shorter)\b")


@dataclass(frozen=True, slots=True)
class Setting:
    """What stands around one operand."""

    step: int
    sign: str  # of the operation that it belongs to, "" for none
    phrase: str
    beside: set[str]  # stems of the phrase, and of other places on the line that say the same number
    line: set[str]  # stems of the line
    dear: bool  # whether the prose writes it with a currency sign


class Evidence:
    """Scores of operand against number, from the words around both."""

    def __init__(self, story: Story) -> None:
        self.story = story
        question, mentions, solution, steps = story.question, story.mentions, story.solution, story.steps
        self.near = {f"q{i}": stems(near(question, m.end)) for i, m in enumerate(mentions)}
        self.near |= {f"r{k}": stems(near(solution, step.end)) for k, step in enumerate(steps)}
        self.clause = {f"q{i}": stems(clause_of(question, m.start, m.end)) for i, m in enumerate(mentions)}
        self.clause |= {f"r{k}": stems(line_of(solution, step.end)) for k, step in enumerate(steps)}
        self.money = {f"q{i}" for i, m in enumerate(mentions) if m.role == "money"}
        self.at: dict[int, Setting] = {}  # by the operand's place
        for k, step in enumerate(steps):
            self.at |= _settings(solution, k, step)

    def score(self, site: Site, source: Source) -> float:
        """How many stems operand and source share: beside them, counted thrice, or in the same line and clause.

        A known constant has its own words: "4 legs", "12 months".
        """
        if not source.uses:
            return FIRM if self.said(site) else 0.0
        here = self.at[site.start]
        dear = FIRM if here.dear and source.uses in self.money else 0.0
        beside, around = here.beside & self.near[source.uses], here.line & self.clause[source.uses]
        return self._fits(site, source) + dear + 3.0 * len(beside) + len(around)

    def _fits(self, site: Site, source: Source) -> float:
        """"3 times" multiplies and "3 more" adds."""
        if not source.uses.startswith("q"):
            return 0.0
        mention, sign = self.story.mention(source.uses), self.at[site.start].sign
        after, product = self.story.question[mention.end:mention.end + 16], sign in ("*", "/")
        if mention.style == "fold" or _TIMES.match(after):
            return FIRM if product else -FIRM
        if _MORE.match(after):
            return -FIRM if product else FIRM
        if _FEWER.match(after):
            return -FIRM if product else FIRM if sign == "-" else 0.0
        return 0.0

    def said(self, site: Site) -> bool:
        """Whether the words beside the operand are those of a known constant: "4 weeks", "60 minutes"."""
        return (site.value > 2 or site.value in COINS) and bool(constants(site.value, self.at[site.start].phrase))

    def meant(self, site: Site, source: Source) -> bool:
        """Whether the words beside the operand name what stands beside the source."""
        here = self.at[site.start]
        return bool(here.beside & self.near[source.uses]) or (here.dear and source.uses in self.money)

    def total(self, reading: Reading, operands: Sequence[Site]) -> tuple[float, int]:
        """The reading's score in all; among equals, less the times that it goes back in the question."""
        order = [index(s.uses) for s in reading if s.uses.startswith("q")]
        turns = sum(a > b for a, b in pairwise(order))
        return sum(self.score(site, source) for site, source in zip(operands, reading, strict=True)), -turns

    def best(self, readings: Sequence[Reading], operands: Sequence[Site]) -> Reading:
        """The reading that the words speak for most; the first of equals."""
        return max(readings, key=lambda r: self.total(r, operands))

    def decides(self, classes: Sequence[list[Reading]], operands: Sequence[Site]) -> Reading | None:
        """The reading that the words prefer to those of every other class, or None where they do not."""
        winner = max((self.best(c, operands) for c in classes), key=lambda r: self.total(r, operands))
        taken = [(self.at[site.start].step, s.uses) for site, s in zip(operands, winner, strict=True) if s.uses]
        if len(set(taken)) < len(taken):  # one step takes one number twice: words are too little to say so
            return None
        rivals = [r for c in classes for r in c if winner not in c]
        return winner if all(self._beats(winner, rival, operands) for rival in rivals) else None

    def _beats(self, winner: Reading, rival: Reading, operands: Sequence[Site]) -> bool:
        """By the margin in all, and at no operand where they differ the other way round."""
        differ = [(site, a, b) for site, a, b in zip(operands, winner, rival, strict=True) if a != b]
        gains = [self.score(site, a) - self.score(site, b) for site, a, b in differ]
        kinds = [{a.kind, b.kind} for _, a, b in differ]
        if {"result", "constant"} in kinds:
            return False
        return min(gains) >= 0 and sum(gains) >= (RESULTS if {"result"} in kinds else MARGIN)


def _settings(solution: str, number: int, step: Step) -> dict[int, Setting]:
    """The setting of each operand of a step. Where the prose repeats an annotation, the words stand there."""
    signs = dict(_signs(step.left, ""))
    echoes = list(step.echo)
    found: dict[int, Setting] = {}
    for site in leaves(step.left):
        echo = next((e for e in echoes if e.value == site.value), None)
        if echo is not None:
            echoes.remove(echo)
        spot = echo or site
        phrase = near(solution, spot.end)
        beside = stems(phrase) if echo or not step.annotated else set()
        found[site.start] = Setting(number, signs[site.start], phrase, beside | _elsewhere(solution, spot, site),
                                    stems(line_of(solution, spot.start)), spot.money)
    return found


def _signs(expr: Expr, outer: str) -> list[tuple[int, str]]:
    """The place of each operand with the sign of its operation."""
    if isinstance(expr, Site):
        return [(expr.start, outer)]
    return _signs(expr.left, expr.sign) + _signs(expr.right, expr.sign)


def _elsewhere(solution: str, spot: Site, site: Site) -> set[str]:
    """The nouns beside the same number where the line says it before: "has 9 inpatients, so 9 * 20"."""
    left = solution.rfind("\n", 0, spot.start) + 1
    word = english.word(int(site.value)) if site.value.denominator == 1 and 2 <= site.value <= 20 else "-"
    number = rf"(?<![\d.,<*/+=-])\d[\d,]*(?:\.\d+)?(?![\d*/+=-])|\b{word}\b"
    found: set[str] = set()
    for match in re.finditer(number, solution[left:spot.start], re.IGNORECASE):
        if match.group().rstrip(",.").replace(",", "").lower() in (site.text.replace(",", ""), word):
            found |= stems(near(solution, left + match.end()))
    return found
