"""prm: an attempt line by line, each line labelled by its own equations. It ends with the first wrong line."""

from collections.abc import Iterator

from tasks.verify.text import check_steps
from tasks.views.source import Attempt, Group
from tasks.views.view import COMMON, Choice, Column, Left, Row, View, common


def prm(group: Group, choice: Choice) -> Iterator[Row | Left]:
    """Attempts in words that passed, all lines right, and those with a wrong line, up to it."""
    for status in ("passed", "failed"):
        for attempt in group.of(status):
            yield _labelled(group, attempt)


def _labelled(group: Group, attempt: Attempt) -> Row | Left:
    if "```" in attempt.solution:
        return Left("it has a program, and lines of programs are no steps")
    found = check_steps(attempt.solution)
    if not found.checked:
        return Left("none of its lines could be checked")
    if not found.wrong and attempt.status == "failed":
        return Left("it is wrong, but in no line that is known")
    lines = attempt.solution.splitlines()
    last = found.line if found.wrong else len(lines)
    steps = [line.strip() for line in lines[:last] if line.strip()]
    labels = [True] * len(steps)
    labels[-1] = not found.wrong
    return {**common("prm", group, group.example, attempt.id), "prompt": group.example.problem, "completions": steps,
            "labels": labels, "checked": found.checked, "why": found.wrong}


VIEWS = (
    View("prm", "attempts line by line with a label each, for process reward models", {
        "prompt": Column("text", "the problem"),
        "completions": Column("texts", "the lines, up to the first wrong one"),
        "labels": Column("truths", "of each line: false where an equation in it does not hold"),
        "checked": Column("whole number", "how many equations of it could be decided"),
        "why": Column("text", "the equation that does not hold"),
        **COMMON}, prm, empty="take a run whose solutions write out their arithmetic"),
)
