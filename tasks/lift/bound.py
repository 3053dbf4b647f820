"""What binding gives, or why it gives nothing."""

from dataclasses import dataclass, field

from tasks.lift.sources import Source


class Unlifted(ValueError):
    """A problem that gives no template: `rule` to count by, and the reason in words."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.rule, self.reason = rule, reason


@dataclass(slots=True)
class Bound:
    """The chosen reading: source of every operand (by its place), code of every step, what the answer is.

    Symbols: `q3` is the fourth number of the question, `r0` the result of the first step. `ties` are numbers drawn alike,
    `frozen` those that keep the seed's value, `aside` those that no step uses.
    """

    by_place: dict[int, Source]
    codes: list[str]  # of step k, over q and r symbols; a step that only repeats a number has that number's code
    answer: int  # the step whose result is the final answer
    ties: list[tuple[str, str]] = field(default_factory=list)
    frozen: set[str] = field(default_factory=set)
    sums: list[str] = field(default_factory=list)  # relations among numbers of the question that the story rests on
    aside: set[str] = field(default_factory=set)
    settled_by: str = "only"  # only, agreement, words, ties, frozen, equality
