"""Reversed: one number of a problem becomes the unknown, its answer becomes known. The number is the new answer.

    fobar              the masked problem, and a sentence that tells its answer; no model writes it
    self_verification  problem and answer told as one statement, with x for the number
    bf_trans           the masked problem restated so that it reads forwards

That only one number fits is not certain; solutions that agree on another one show it.
"""

import re
from random import Random

from schemas.records import Brief
from tasks.asking import Unfit
from tasks.evolve.drafts import Draft, Mode, Writer, text
from tasks.prompts import declare
from tasks.prompts import forward as forward_prompt
from tasks.tools.answers import equivalent

NUMBER = re.compile(r"(?<![\w.,/])\$?(\d[\d,]*(?:\.\d+)?)(?![\w/]|[.,]\d)")
UNKNOWN = re.compile(r"\bx\b")


def masked(brief: Brief) -> tuple[str, str]:
    """The question with one number as x, and that number. Raises `Unfit` where none can be masked."""
    found = list(NUMBER.finditer(brief.question))
    if not found or UNKNOWN.search(brief.question):
        raise Unfit("no_number", "the problem has no number that x could stand for")
    if not brief.answer:
        raise Unfit("no_answer", "the problem's answer is not known, so it cannot be reversed")
    match = Random(f"{brief.seed_id} {brief.number}").choice(found)
    start, end = match.span(1)
    return f"{brief.question[:start]}x{brief.question[end:]}", match[1].replace(",", "")


def fobar(brief: Brief) -> Writer:
    """Forward and backward reasoning, by hand."""
    question, number = masked(brief)
    told = f"{question}\nThe answer to this question is known to be {brief.answer}. Which number does x stand for?"
    return Draft(told, "preserve", None, number, {"masked": number})
    yield []  # a talk without a word


def self_verification(brief: Brief) -> Writer:
    """Told as a statement that holds x."""
    question, number = masked(brief)
    reply = yield declare.PROMPT.ask({"Problem": question, "Answer": brief.answer}, seed=brief.number or None)
    statement = text(reply, "statement")
    _keeps_x(statement)
    return Draft(f"{statement} What is the value of x?", "preserve", declare.PROMPT, number, {"masked": number})


def bf_trans(brief: Brief) -> Writer:
    """Restated as an ordinary problem."""
    question, number = masked(brief)
    prompt = forward_prompt.PROMPT
    reply = yield prompt.ask({"Problem": question, "Answer": brief.answer}, seed=brief.number or None)
    restated = text(reply)
    if any(equivalent(number, other[1]).status == "equal" for other in NUMBER.finditer(restated)) and not any(
            equivalent(number, other[1]).status == "equal" for other in NUMBER.finditer(question)):
        raise Unfit("tells_answer", f"the restated problem tells its own answer, {number}")
    return Draft(restated, "preserve", prompt, number, {"masked": number})


def _keeps_x(statement: str) -> None:
    if not UNKNOWN.search(statement):
        raise Unfit("lost_x", "the statement has no x any more")


MODES: dict[str, Mode] = {"fobar": fobar, "self_verification": self_verification, "bf_trans": bf_trans}
