"""What binding gives, or why it gives nothing."""

from dataclasses import dataclass, field

from tasks.lift.sources import Source


class Unlifted(ValueError):
    """A problem that gives no template: `rule` to count by, and the reason in words."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.rule = rule


@dataclass(slots=True)
class Bound:
    """The chosen reading: source of every operand (by its place), code of every step, what the answer is.

    `codes` and the sets hold symbols of the `Story`. What comes after binding adds to the last four.
    """

    by_place: dict[int, Source]
    codes: list[str]  # of step k, over q and r symbols; a step that only repeats a number has that number's code
    answer: int  # the step whose result is the final answer
    ties: list[tuple[str, str]] = field(default_factory=list)  # numbers that are drawn alike
    frozen: set[str] = field(default_factory=set)  # numbers that keep the seed's value
    likely: list[tuple[str, str]] = field(default_factory=list)  # told apart by words alone: our draws keep them equal
    sums: list[str] = field(default_factory=list)  # relations among numbers of the question that the story rests on
    aside: set[str] = field(default_factory=set)  # numbers that no step uses
