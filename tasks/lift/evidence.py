"""What the words say about where an operand comes from: the nouns beside it against the nouns beside a number of the question."""

import re
from collections.abc import Sequence

from tasks.instantiate import english
from tasks.lift.sources import Source, constants
from tasks.lift.steps import Step
from tasks.lift.trees import Expr, Site, leaves
from tasks.tools.numbers import Mention

_STOP = set("a an the of and or in on at to for by with from is are was were be been has have had he she it they his her their its "
            "him them that this these those then so if as than per each every all total how many much does do did will would can "
            "there which who what when after before out up off into more less there's i you we my our your one".split())

_WORD = re.compile(r"[A-Za-z]+")


def stems(text: str) -> set[str]:
    """The content words of a text, cut to a common stem."""
    return {_stem(w.lower()) for w in _WORD.findall(text) if w.lower() not in _STOP and len(w) > 1}


def _stem(word: str) -> str:
    for tail in ("ings", "ing", "ies", "est", "ers", "er", "ed", "es", "s", "e", "y"):
        if word.endswith(tail) and len(word) - len(tail) >= 3:
            return word[:-len(tail)]
    return word


MARGIN = 3.0  # one noun beside both, or three words of the line and the clause: less is taken for chance

RESULTS = 7.0  # two results of one value stand in like sentences: words tell them apart less well


class Evidence:
    """Scores of operand against number, from the words around both."""

    def __init__(self, question: str, mentions: Sequence[Mention], solution: str, steps: Sequence[Step]) -> None:
        self.near = {f"q{i}": stems(near(question, m.start, m.end)) for i, m in enumerate(mentions)}
        self.clause = {f"q{i}": stems(_clause(question, m.start, m.end)) for i, m in enumerate(mentions)}
        for j, step in enumerate(steps):
            self.near[f"r{j}"] = stems(near(solution, step.end, step.end))
            self.clause[f"r{j}"] = stems(line_of(solution, step.end))
        self.money = {f"q{i}" for i, m in enumerate(mentions) if m.role == "money"}
        self.dear: set[int] = set()  # operands that the prose writes with a currency sign
        self.question, self.mentions = question, mentions
        self.phrase: dict[int, str] = {}
        self.step_of: dict[int, int] = {}
        self.operator: dict[int, str] = {}
        self.beside: dict[int, set[str]] = {}
        self.line: dict[int, set[str]] = {}
        for k, step in enumerate(steps):
            self._operands(solution, step)
            self.step_of |= {site.start: k for site in leaves(step.left)}
            self._operators(step.left, "")

    def _operands(self, solution: str, step: Step) -> None:
        echoes = list(step.echo)
        for site in leaves(step.left):
            place = next((e for e in echoes if e.value == site.value), None)
            if place is not None:
                echoes.remove(place)
            spot = place or site
            if spot.money:
                self.dear.add(site.start)
            self.phrase[site.start] = near(solution, spot.start, spot.end)
            self.beside[site.start] = stems(near(solution, spot.start, spot.end)) if place or not step.annotated else set()
            self.beside[site.start] |= self._named(solution, spot, site)
            self.line[site.start] = stems(line_of(solution, spot.start))

    def _named(self, solution: str, spot: Site, site: Site) -> set[str]:
        """The nouns beside the same number where the line says it in words: "has 9 inpatients, so 9 * 20"."""
        left = solution.rfind("\n", 0, spot.start) + 1
        found: set[str] = set()
        word = english.word(int(site.value)) if site.value.denominator == 1 and 2 <= site.value <= 20 else "-"
        for match in re.finditer(rf"(?<![\d.,<*/+=-])\d[\d,]*(?:\.\d+)?(?![\d*/+=-])|\b{word}\b", solution[left:spot.start], re.IGNORECASE):
            if match.group().rstrip(",.").replace(",", "").lower() in (site.text.replace(",", ""), word):
                found |= stems(near(solution, left + match.start(), left + match.end()))
        return found

    def score(self, site: Site, source: Source) -> float:
        """How many stems operand and source share: beside them, counted thrice, or in the same line and clause.

        A known constant has its own words: "4 legs", "12 months".
        """
        if not source.uses:
            return 4.0 if self.said(site, source) else 0.0
        beside, near = self.beside[site.start], self.near[source.uses]
        dear = 4.0 if site.start in self.dear and source.uses in self.money else 0.0
        return self._fits(site, source) + dear + 3.0 * len(beside & near) + len(self.line[site.start] & self.clause[source.uses])

    def _operators(self, expr: Expr, outer: str) -> None:
        if isinstance(expr, Site):
            self.operator[expr.start] = outer
            return
        self._operators(expr.left, expr.sign)
        self._operators(expr.right, expr.sign)

    def _fits(self, site: Site, source: Source) -> float:
        """"3 times" multiplies and "3 more" adds."""
        if not source.uses.startswith("q"):
            return 0.0
        mention = self.mentions[int(source.uses[1:])]
        after, product = self.question[mention.end:mention.end + 16], self.operator[site.start] in ("*", "/")
        if mention.style == "fold" or re.match(r" times (?:as|more|the|that|what|larger|older|bigger|longer|faster)", after):
            return 4.0 if product else -4.0
        if re.match(r" (?:\w+ )?(?:more|extra|additional|older|taller)\b", after):
            return -4.0 if product else 4.0
        if re.match(r" (?:\w+ )?(?:fewer|less|younger|shorter)\b", after):
            return -4.0 if product else 4.0 if self.operator[site.start] == "-" else 0.0
        return 0.0

    def said(self, site: Site, constant: Source) -> bool:
        """Whether the words beside the operand are the constant's own: "4 weeks", "60 minutes"."""
        return site.value > 2 and bool(constants(site.value, self.phrase[site.start]))

    def meant(self, site: Site, source: Source) -> bool:
        """Whether the words beside the operand name what stands beside the source."""
        return bool(self.beside[site.start] & self.near[source.uses]) or (site.start in self.dear and source.uses in self.money)

    def total(self, reading: tuple[Source, ...], operands: Sequence[Site]) -> tuple[float, int]:
        order = [int(s.uses[1:]) for s in reading if s.uses.startswith("q")]
        turns = sum(a > b for a, b in zip(order, order[1:], strict=False))
        return sum(self.score(site, source) for site, source in zip(operands, reading, strict=True)), -turns

    def best(self, readings: Sequence[tuple[Source, ...]], operands: Sequence[Site]) -> tuple[Source, ...]:
        return max(readings, key=lambda r: self.total(r, operands))

    def decides(self, classes: Sequence[list[tuple[Source, ...]]], operands: Sequence[Site]) -> tuple[Source, ...] | None:
        """The reading that the words prefer to those of every other class, or None where they do not."""
        best = sorted((self.best(c, operands) for c in classes), key=lambda r: self.total(r, operands), reverse=True)
        winner, rivals = best[0], [r for c in classes for r in c if best[0] not in c]
        return winner if all(self._beats(winner, rival, operands) for rival in rivals) else None

    def _beats(self, winner: tuple[Source, ...], rival: tuple[Source, ...], operands: Sequence[Site]) -> bool:
        """By the margin in all, and at no operand where they differ the other way round."""
        differ = [(site, a, b) for site, a, b in zip(operands, winner, rival, strict=True) if a != b]
        gains = [self.score(site, a) - self.score(site, b) for site, a, b in differ]
        kinds = [{a.kind, b.kind} for _, a, b in differ]
        if {"result", "constant"} in kinds:
            return False
        return min(gains) >= 0 and sum(gains) >= (RESULTS if {"result"} in kinds else MARGIN)


def near(text: str, start: int, end: int) -> str:
    """Up to four words after a number and one before, within its phrase."""
    after = re.match(r"[^.,;:=+*/<>\n\d]*", text[end:end + 48])
    words = re.split(r"\b(?:and|or|for|at)\b", after.group() if after else "")[0].split()[:4]
    before = re.search(r"[A-Za-z]+[ $]*$", text[max(0, start - 20):start])
    return " ".join(words) + " " + (before.group() if before else "")


def _clause(text: str, start: int, end: int) -> str:
    left = max(text.rfind(mark, 0, start) for mark in ".?!;,\n")
    rights = [p for p in (text.find(mark, end) for mark in (". ", "?", "!", ";", ",", "\n")) if p >= 0]
    return text[left + 1:min(rights, default=len(text))]


def line_of(text: str, at: int) -> str:
    left, right = text.rfind("\n", 0, at), text.find("\n", at)
    return text[left + 1:right if right >= 0 else len(text)]
