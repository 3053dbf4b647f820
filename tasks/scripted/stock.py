"""The problems that the scripted teacher knows, with their worked solutions: drawn from the families, and the seeds."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from tasks import families
from tasks.instantiate import compiled
from tasks.instantiate.write import pairs
from tasks.scripted.variants import LACKING, Runs

DATA = Path(__file__).parents[2] / "data"
EVERY, EACH = 3, 64  # of the templates every third, of each so many problems: a start within some seconds
SEED = 20_26
# What a rewriting may put around a problem, so that the teacher still knows it: what stands before, what after.
FRAMES = ("Here is a question that came up. ", "Consider the following. ", "Read this with care. ",
          "A puzzle for today: ", "Somebody wants to know the answer to this. ", "Take your time over this one. ")
REMARKS = ("The weather had been fine all week. ", "There were 3 clocks on the wall, and none of them was right. ",
           "A neighbour's dog barked 7 times that morning. ", "The bus number 52 went by outside. ",
           "It was the 14th day of the month. ")
MARKS = re.compile(r"<<[^<>]*>>")
_ASKS = re.compile(r"^(?:\[[^\]]{1,40}\] |[^.:?!]{1,200} asks: )")


@dataclass(frozen=True, slots=True)
class Known:
    """A problem, its answer, and a worked solution with the answer after "####"."""

    question: str
    answer: str
    solution: str
    topic: str


class Stock:
    """All known problems: to draw from, and to recognise."""

    def __init__(self) -> None:
        self.drawn, self.seeds = list(_drawn()), list(_seeds())
        self.all = (*self.drawn, *self.seeds)
        self._by_text = {_key(known.question): known for known in self.all}
        self._runs = Runs([(known.question, known) for known in self.seeds])

    def find(self, question: str) -> Known | None:
        """A known problem, also in a frame that the teacher itself puts around one, or as recipes change it."""
        return self._exact(question) or self._recalled(question)

    def _recalled(self, question: str) -> Known | None:
        found = self._runs.recall(question)
        if found is None or found.answer is None:
            return found.known if found else None
        told = "A fact is missing." if found.answer == LACKING else f"Backwards, it must have been {found.answer}."
        return replace(found.known, question=question, answer=found.answer, solution=f"{told}\n#### {found.answer}")

    def _exact(self, question: str) -> Known | None:
        text = question.strip()
        while text:
            if (found := self._by_text.get(_key(text))):
                return found
            shorter = _ASKS.sub("", text)
            for frame in (*FRAMES, *REMARKS):
                shorter = shorter.removeprefix(frame).removesuffix(" " + frame.strip())
            if shorter == text:
                return None
            text = shorter
        return None


@cache
def stock() -> Stock:
    """The stock of this process: a second or two of work."""
    return Stock()


def _key(text: str) -> str:
    return " ".join(text.split())


def _drawn() -> Iterator[Known]:
    for path in sorted((DATA / "templates").glob("*.toml")):
        for template in families.load(path, drawn=False)[::EVERY]:  # the tests draw from them
            ready = compiled(template)
            for problem, solution in zip(*pairs(ready, ready.take(SEED, EACH), "scripted"), strict=True):
                yield Known(problem.question, problem.answer, solution.solution, template.topic)


def _seeds() -> Iterator[Known]:
    for path in sorted((DATA / "seeds").glob("*.jsonl")):
        for row in map(json.loads, path.read_text().splitlines()):
            yield Known(row["question"], row["solution"].rpartition("####")[2].strip(), row["solution"], row["topic"])
