"""A seed as lifting has read it: both texts, the numbers of the question and the steps of the solution.

`legible` reads it; `bind`, `text` and `program` work from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from tasks.lift.codes import index
from tasks.lift.steps import Step
from tasks.lift.trees import Site, leaves
from tasks.tools.numbers import Mention


@dataclass(frozen=True)
class Story:
    """What was read. Symbols stand for its numbers: `q3` for the fourth mention, `r0` for the first step's result."""

    question: str
    mentions: Sequence[Mention]
    solution: str
    steps: Sequence[Step]

    @cached_property
    def operands(self) -> list[Site]:
        """The numbers of the steps' left sides, in order of place; no two stand at one place."""
        return [site for step in self.steps for site in leaves(step.left)]

    @cached_property
    def values(self) -> dict[str, Fraction]:
        """The seed's own value of every symbol."""
        numbers = {f"q{i}": mention.value for i, mention in enumerate(self.mentions)}
        return numbers | {f"r{k}": step.right.value for k, step in enumerate(self.steps)}

    def mention(self, symbol: str) -> Mention:
        """The number of the question that a `q` symbol stands for."""
        return self.mentions[index(symbol)]
