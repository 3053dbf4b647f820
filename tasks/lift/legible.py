"""What lifting can read of a seed at all: a `Story` and the final answer, or the reason why not."""

import re
from fractions import Fraction

from schemas.records import Seed
from tasks.lift.bound import Unlifted
from tasks.lift.steps import Step, Unreadable, read_steps
from tasks.lift.story import Story
from tasks.lift.trees import comes_to
from tasks.tools.numbers import read_numbers

MAX_TEXT = 6000  # characters of question and solution together; the longest of GSM8K's training set has 1,689
_ALGEBRA = re.compile(
    r"(?<![A-Za-z$])(?:\d+(?:\.\d+)?)?[a-zA-Z]\s*(?:[=+/]|\*|-\s)\s*[\d$(a-zA-Z]|=\s*\d*[a-zA-Z]\b(?!\w)"
    r"|\bLet (?:[a-zA-Z]\b|us call)")


def story_of(seed: Seed) -> Story:
    """The seed as read.

    Raises `Unlifted` (rules: too_long, algebra, unreadable, no_steps, wrong_arithmetic, no_numbers).
    """
    if len(seed.question) + len(seed.solution) > MAX_TEXT:
        raise Unlifted("too_long", f"question and solution have more than {MAX_TEXT} characters")
    steps = _steps(seed.solution)
    mentions = read_numbers(seed.question)
    if not mentions:
        raise Unlifted("no_numbers", "the question holds no number")
    return Story(seed.question, mentions, seed.solution, steps)


def _steps(solution: str) -> list[Step]:
    if _ALGEBRA.search(re.sub(r"<<[^>]*>>", "", solution).replace(" x ", " * ")):
        raise Unlifted("algebra", "the solution reasons with letters")
    try:
        steps = read_steps(solution)
    except Unreadable as error:
        raise Unlifted("unreadable", str(error)) from None
    if not steps:
        raise Unlifted("no_steps", "the solution writes no arithmetic")
    for step in steps:
        if not comes_to(step.left, step.right.value):
            raise Unlifted("wrong_arithmetic", f"{solution[step.start:step.end]} does not hold")
    return steps


def answer_of(seed: Seed) -> Fraction:
    """The final answer as a number. Raises `Unlifted` (rule: answer)."""
    try:
        return Fraction(seed.answer.replace(",", "").replace("$", "").rstrip("%. ").strip())
    except (ValueError, ZeroDivisionError):
        raise Unlifted("answer", f"the final answer {seed.answer!r} is no plain number") from None
