"""Perturbed: a detail that changes nothing, a fact too few, the question of another problem.

The last two have no answer, and a judge must find so before they go on.
"""

import re

from schemas.records import Brief
from tasks.asking import Step, Unfit
from tasks.evolve.drafts import UNANSWERABLE, Draft, Mode, Writer, text
from tasks.evolve.kept import keep_words, numbers
from tasks.prompts import distract, drop_premise, has_answer
from tasks.tools.llm import Reply

SENTENCE = re.compile(r"(?<=[.!?])\s+")


def distractor(brief: Brief) -> Writer:
    """One more detail with numbers; the answer stays."""
    reply = yield distract.PROMPT.ask({"Problem": brief.question}, seed=brief.number or None)
    new = text(reply)
    keep_words(brief.question, new)
    if not numbers(text(reply, "inserted")):
        raise Unfit("no_number", "what was put in has no number, so it distracts nobody")
    return Draft(new, "preserve", distract.PROMPT, brief.answer, {"inserted": text(reply, "inserted")})


def missing_premise(brief: Brief) -> Writer:
    """One needed fact less."""
    reply = yield drop_premise.PROMPT.ask({"Problem": brief.question}, seed=brief.number or None)
    new, removed = text(reply), text(reply, "removed")
    if came := set(numbers(new)) - set(numbers(brief.question)):
        raise Unfit("invented", f"numbers came that were not there: {', '.join(sorted(came))}")
    _undetermined((yield _judged(new)))
    return Draft(new, "unanswerable", drop_premise.PROMPT, UNANSWERABLE, {"removed": removed})


def swapped_question(brief: Brief) -> Writer:
    """The story of one problem with the question of another, which the first ingredient is."""
    story, asks = SENTENCE.split(brief.question.strip()), SENTENCE.split(brief.ingredients[0].strip())
    if len(story) < 2 or not asks[-1].endswith("?") or not story[-1].endswith("?"):
        raise Unfit("no_question", "one of the two does not end in a question of its own")
    new = " ".join([*story[:-1], asks[-1]])
    _undetermined((yield _judged(new)))
    return Draft(new, "unanswerable", None, UNANSWERABLE, {"removed": story[-1], "inserted": asks[-1]})


def _judged(problem: str) -> Step:
    return has_answer.PROMPT.ask({"Problem": problem})


def _undetermined(reply: Reply) -> None:
    if (reply.data or {}).get("determined") is not False:
        raise Unfit("still_answerable", "the judge holds that it can still be answered")


MODES: dict[str, Mode] = {
    "distractor": distractor, "missing_premise": missing_premise, "swapped_question": swapped_question}
