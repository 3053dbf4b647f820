"""Known problems recognised in what recipes make of them: other names, a detail more, a number masked, a fact too few.

By runs of words: names count as one word, numbers as themselves. A problem of which all but a few runs are there is
known; where x or "a certain number" stands, the answer is the number that stood there; where a good part is gone, it
cannot be determined.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

TOKEN = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*|[^\s\w]")
UNKNOWN = re.compile(r"\ba certain number\b")
RUN = 4  # words
SURE, FAINT = 0.97, 0.3  # shares of a problem's runs: with the first it is the problem, below the second another one
LACKING = "cannot be determined"

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Recalled(Generic[P]):
    """The known problem, and the answer to what was made of it: None for its own."""

    known: P
    answer: str | None


class Runs(Generic[P]):
    """Problems by their runs of words."""

    def __init__(self, problems: Sequence[tuple[str, P]]) -> None:
        self.problems = problems
        self.tokens = [tokens(question) for question, _ in problems]
        self.places: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for number, found in enumerate(self.tokens):
            for run in runs(found):
                self.places[run].append(number)

    def recall(self, question: str) -> Recalled[P] | None:
        """The problem that a question was made from, if it is one of these."""
        told = tokens(UNKNOWN.sub("x", question))
        votes = Counter(number for run in runs(told) for number in self.places.get(run, ()))
        if not votes:
            return None
        number = max(votes, key=lambda one: (votes[one] / len(runs(self.tokens[one])), -one))
        share, known = votes[number] / len(runs(self.tokens[number])), self.problems[number][1]
        if share < FAINT:
            return None
        if "x" in told and "x" not in self.tokens[number]:
            masked = _masked(told, self.tokens[number])
            return Recalled(known, masked) if masked else None
        return Recalled(known, None if share >= SURE else LACKING)


def tokens(text: str) -> list[str]:
    """Words, numbers and marks; capitalised words within a sentence, which may be names, are all one."""
    found = TOKEN.findall(text)
    return ["_" if word[0].isupper() and len(word) > 1 else word.lower() if word != "x" else word for word in found]


def runs(found: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(found[at:at + RUN]) for at in range(max(1, len(found) - RUN + 1))}


def _masked(told: Sequence[str], whole: Sequence[str]) -> str:
    """The number of the whole problem that stands where x does, by the words around it; "" if they are not there."""
    at = told.index("x")
    before, after = list(told[max(0, at - 2):at]), list(told[at + 1:at + 3])
    for place, word in enumerate(whole):
        if word[0].isdigit() and list(whole[max(0, place - 2):place]) == before and (
                list(whole[place + 1:place + 3])[:1] == after[:1]):
            return word.replace(",", "")
    return ""
