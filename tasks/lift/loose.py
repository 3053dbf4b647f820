"""Numbers that stand loose in a solution's prose, outside every step: what each means, so that it follows the draws.

A loose number is given to the symbol of its value on the same line, or to the only one that there is, or to the one
whose nouns it shares. One that nothing explains turns the problem down: left as it is, it would contradict the next
draw. Small numbers that only count what is named ("the two of them") stay.
"""

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction

from tasks.lift import facts
from tasks.lift.bound import Unlifted
from tasks.lift.codes import evaluate, index, symbols
from tasks.lift.draft import Draft, styles_of
from tasks.lift.evidence import Evidence
from tasks.lift.sources import constants, plain
from tasks.lift.trees import Site
from tasks.lift.words import line_of, line_span, near, stems
from tasks.tools.numbers import Mention

A_FEW = 4
FEW = 10  # a loose number up to this may count what is named rather than repeat a quantity
NEARLY = 0.4  # candidates whose words fit nearly as well as the best one's
_OPERATOR = re.compile(r"[^.,;\n<]{0,25}?\s?[-+*/×÷=]|[^.,;\n<]{0,25}?\sx\s")
_COINS = re.compile(r"\b(?:nickel|dime|penn|coin|quarters|cents)")


class Loose:
    """Writes loose numbers into a draft that holds the slots and the steps."""

    def __init__(self, draft: Draft) -> None:
        self.draft, self.story, self.solution = draft, draft.story, draft.story.solution
        self.evidence = Evidence(draft.story)

    def write(self, mention: Mention) -> None:
        """Makes a hole of the number, or leaves it. Raises `Unlifted` (rules: loose, style)."""
        if mention.style == "clock" and not any(m.style == "clock" for m in self.story.mentions):
            # "Day 1:50" is a label and a number.
            raise Unlifted("style", f"{mention.text} in the solution's words may be a label and a number")
        if mention.role == "label" or (mention.value == 1 and mention.style == "word"):
            return
        code = self._meaning(mention)
        if code:
            self.draft.replace(mention.start, mention.end, code, styles_of(mention))

    def _meaning(self, mention: Mention) -> str:
        """The code that a loose number stands for, "" for a number that never changes."""
        line = self._line_codes(mention)
        alike = self._alike(mention, line)
        self._pin_folds(mention)
        fixed = self._never_changes(mention)
        if len(alike) == 1 and not fixed:
            sure = (line and not self._counts_named(mention)) or mention.value > FEW or self._named(mention, alike[0])
            return alike[0] if sure else self._keep(alike[0], mention)
        if alike:
            return self._by_nouns(mention, alike, fixed and mention.value <= FEW)
        if fixed or (mention.value <= A_FEW and mention.style in ("word", "digits") and mention.role == "plain"):
            return ""  # "the two of them": nothing that is drawn has this value
        derived = self._derived(mention)
        if len(derived) == 1:
            return derived[0]
        raise Unlifted("loose", f"{mention.text} in the solution's words is no number of the question, result or known "
                                "constant")

    def _here(self, mention: Mention) -> set[str]:
        """The codes on the number's line."""
        left, right = line_span(self.solution, mention.start)
        return {code for place, code in self.draft.codes.items() if left <= place < right}

    def _line_codes(self, mention: Mention) -> list[str]:
        """The codes on the number's line that have its value, or else the slots within them that do."""
        here = [code for code in self._here(mention) if not self.draft.constant(code)]
        whole = {code for code in here if evaluate(code, self.story.values) == mention.value}
        inside = {s for code in here for s in symbols(code) if self._is_slot_of(s, mention.value)}
        return sorted(self._spoken_alike(mention, whole or inside))

    def _is_slot_of(self, symbol: str, number: Fraction) -> bool:
        return symbol in self.draft.slots and self.story.values[symbol] == number

    def _alike(self, mention: Mention, line: list[str]) -> list[str]:
        """Everything of the number's value: codes of its line, slots, results. A price or percent prefers its like."""
        slots = self.draft.slots
        results = [f"r{k}" for k, step in enumerate(self.story.steps) if not isinstance(step.left, Site)]
        equal = [symbol for symbol in (*slots, *results) if self.story.values[symbol] == mention.value]
        alike = self._spoken_alike(mention, dict.fromkeys([*line, *equal]))
        if mention.role in ("money", "percent"):
            alike = [s for s in alike if s not in slots or self.story.mention(s).role == mention.role] or alike
        if mention.role == "percent":
            alike = [s for s in alike if s in slots] or alike
        return alike

    def _spoken_alike(self, mention: Mention, codes: Iterable[str]) -> list[str]:
        """Without "twice" for a "two" that counts: "the two of them" is not twice anything."""
        times = mention.style in ("fold", "part", "fraction") or self._is_times(mention)
        return [c for c in codes
                if times or c not in self.draft.slots or self.story.mention(c).style not in ("fold", "part")]

    def _is_times(self, mention: Mention) -> bool:
        return self.solution[mention.end:mention.end + 6] == " times"

    def _pin_folds(self, mention: Mention) -> None:
        """"Multiplying by 2" for a "twice" on the same line: prose that says the number keeps the fold as it is."""
        if mention.style in ("word", "digits") and mention.value <= FEW and not self._is_times(mention):
            self.draft.literal |= {s for s in self._here(mention) if self._is_slot_of(s, mention.value)
                                   and self.story.mention(s).style == "fold"}

    def _named(self, mention: Mention, code: str) -> bool:
        """Whether the words beside the number are the symbol's, or leave no doubt by themselves."""
        beside = stems(near(self.solution, mention.end))
        return bool(beside & self._near(code)) or mention.style in ("fold", "part", "fraction")

    def _keep(self, code: str, mention: Mention) -> str:
        """A small number whose noun is not the slot's ("the three students", three a price): neither may change."""
        if code not in self.draft.slots:
            raise Unlifted("loose", f"{mention.text} in the solution's words has the value of {code} but not its noun")
        self.draft.literal.add(code)
        return ""

    def _counts_named(self, mention: Mention) -> bool:
        return facts.names_them(self.solution[max(0, mention.start - 20):mention.start], mention)

    def _never_changes(self, mention: Mention) -> bool:
        """A number that the template keeps: 0 and 1, a year, a coin, one that is no slot, a constant of the steps."""
        number = mention.value
        if number in (0, 1) or _is_year(mention):
            return True
        if mention.style == "part" and _COINS.search(self.story.question + self.solution):
            return True
        kept = {m.value for i, m in enumerate(self.story.mentions)
                if m.role != "label" and f"q{i}" not in self.draft.slots}
        kept |= {Fraction(s.code.strip("()")) for s in self.draft.bound.by_place.values() if s.kind == "constant"}
        if number in kept:
            return True
        known = constants(number, near(self.solution, mention.end))
        return bool(known) and number not in self.story.values.values()

    def _by_nouns(self, mention: Mention, alike: Sequence[str], fixed: bool) -> str:
        """The candidate that shares most words with the number, or stands on its line; ties those that are level."""
        beside = stems(near(self.solution, mention.end))
        scores = self._scores(mention, alike, beside)
        (top, first), *_ = scores
        if fixed and not beside & self._near(first):
            return ""
        best = [code for score, code in scores if score > top - NEARLY]
        if len(best) > 1 and not self._held(alike):
            if not all(code in self.draft.slots for code in best):
                raise Unlifted("loose", f"{mention.text} in the solution's words could be any of {', '.join(alike)}")
            self.draft.bound.ties += [(best[-1], code) for code in best[:-1]]
            return best[-1]
        return next((code for code in best if code in self.draft.slots), best[0])

    def _scores(self, mention: Mention, alike: Sequence[str], beside: set[str]) -> list[tuple[float, str]]:
        """The candidates with their scores, best first."""
        line = stems(line_of(self.solution, mention.start))
        here = set(self._line_codes(mention))
        # "X fewer, because a - b = X": the result of its own line is nearer than a noun, an operand less near.
        weight = 10 if self._in_expression(mention) else 2
        return sorted(((3 * len(beside & self._near(code)) + (weight + 2 * code.startswith("r")) * (code in here)
                        + 0.1 * len(line & self._clause(code)), code) for code in alike), reverse=True)

    def _in_expression(self, mention: Mention) -> bool:
        """Whether an operator follows within the phrase: then the number repeats an operand of its line."""
        return _OPERATOR.match(self.solution[mention.end:mention.end + 30]) is not None

    def _held(self, codes: Sequence[str]) -> bool:
        """Whether the candidates always have one value: all tied, all frozen, or held equal."""
        bound = self.draft.bound
        tied = {symbol for pair in bound.ties for symbol in pair}
        equal = {frozenset(relation.split(" == ")) for relation in bound.sums}
        return (all(c in bound.frozen for c in codes) or all(c in tied for c in codes)
                or (len(codes) == 2 and frozenset(codes) in equal))

    def _near(self, code: str) -> set[str]:
        return self.evidence.near[symbols(code)[0]] if symbols(code) else set()

    def _clause(self, code: str) -> set[str]:
        return self.evidence.clause[symbols(code)[0]] if symbols(code) else set()

    def _derived(self, mention: Mention) -> list[str]:
        """Codes made from a slot that have the number's value, "the other 70%"; for percents, results a hundredfold."""
        found = {source.code for s in self.draft.slots for number, source in plain(self.story.mention(s), index(s))
                 if number == mention.value and source.code != s}
        if mention.role == "percent":
            found |= {f"({symbol}*100)" for symbol, number in self.story.values.items()
                      if symbol[0] == "r" and number * 100 == mention.value}
        return sorted(found)


def _is_year(mention: Mention) -> bool:
    digits = mention.style == "digits" and mention.role == "plain" and len(mention.text) == 4
    return digits and 1900 <= mention.value <= 2100
