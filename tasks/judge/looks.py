"""A model's look at a problem, as talks: what kind of text it is, and marks by a rubric.

Use with care: a judge of solvability deletes hard problems that are sound (FLAMES found 30 % of MATH500 rejected).
"""

import re

from schemas.records import Problem
from tasks.asking import Talk, Unfit
from tasks.evolve.rewrite import has_choices
from tasks.prompts import flags, grade

SIGNS = {
    "hyperlink": re.compile(r"https?://|www\."),
    "choice": re.compile(r"which of the following", re.IGNORECASE),
    "proof": re.compile(r"\bprove that\b|\bshow that\b|(?:^|[.!?]\s+)(?:Prove|Show)\b"),
    "several_parts": re.compile(r"^\s*\(?(?:[b-e]|ii|iii)[).]\s", re.MULTILINE | re.IGNORECASE),
    "yes_no": re.compile(r"\btrue or false\b|\byes or no\b", re.IGNORECASE),
}
MARKS = ("clear", "complete", "real")


def signs(question: str) -> list[str]:
    """What can be seen without a model."""
    found = [name for name, pattern in SIGNS.items() if pattern.search(question)]
    return sorted({*found, *(["choice"] if has_choices(question) else [])})


def sorted_out(problem: Problem) -> Talk[Problem]:
    """The problem, if neither rules nor the model see in it anything but an open question."""
    if found := signs(problem.question):
        raise Unfit(found[0], f"by its text: {', '.join(found)}")
    reply = yield flags.PROMPT.ask({"Problem": problem.question})
    data = reply.data or {}
    if found := [name for name in ("choice", "several_parts", "yes_no", "proof") if data.get(name)]:
        raise Unfit(found[0], f"by the judge: {', '.join(found)}")
    return [problem]


def graded(problem: Problem, least: int) -> Talk[Problem]:
    """The problem, if no mark that speaks of its soundness is too low."""
    reply = yield grade.PROMPT.ask({"Problem": problem.question})
    data = reply.data or {}
    low = {name: data.get(name) for name in MARKS if not isinstance(data.get(name), int) or data[name] < least}
    if low:
        raise Unfit("rubric", f"{', '.join(f'{name} {mark}' for name, mark in low.items())}: {data.get('reason', '')}")
    return [problem]
