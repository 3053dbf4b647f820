"""Rewritten: the same problem in other words, for another person, in another language, without its choices.

    seed        the problem as it is: no model, the human answer
    paraphrase  numbers are checked; the answer stays
    persona     as a given person would meet it; the first ingredient. Numbers may change, so agreement sets the answer
    translated  into the language that the first ingredient names; digits are checked
    opened      multiple choice to open question, with a judge (Big-Math)
"""

import re

from schemas.records import Brief
from tasks.asking import Unfit
from tasks.evolve.drafts import Draft, Mode, Writer, text, texts
from tasks.evolve.kept import keep_digits, keep_numbers
from tasks.prompts import open_faithful, open_question, translate
from tasks.prompts import paraphrase as paraphrase_prompt
from tasks.prompts import persona as persona_prompt

CHOICE = re.compile(r"\(\s*[A-E]\s*\)|^\s*[A-E][).:]\s", re.MULTILINE)
CHOICES = 3  # markers from which a text offers choices


def seed(brief: Brief) -> Writer:
    """Nothing is changed."""
    return Draft(brief.question, "preserve", None, brief.answer, steps=0)
    yield []  # a talk without a word


def paraphrase(brief: Brief) -> Writer:
    """Other words for the same."""
    prompt = paraphrase_prompt.PROMPT
    reply = yield prompt.ask({"Problem": brief.question}, seed=brief.number or None)
    keep_numbers(brief.question, text(reply))
    return Draft(text(reply), "preserve", prompt, brief.answer)


def persona(brief: Brief) -> Writer:
    """The world of a person."""
    prompt, person = persona_prompt.PROMPT, brief.ingredients[0]
    reply = yield prompt.ask({"Problem": brief.question, "Person": person}, seed=brief.number or None)
    return Draft(text(reply), "vote", prompt, told={"persona": person})


def translated(brief: Brief) -> Writer:
    """Another language."""
    language = brief.ingredients[0]
    reply = yield translate.PROMPT.ask({"Problem": brief.question, "Language": language}, seed=brief.number or None)
    keep_digits(brief.question, text(reply))
    return Draft(text(reply), "preserve", translate.PROMPT, brief.answer, {"language": language})


def has_choices(question: str) -> bool:
    """Whether a text offers answers (A), (B), (C) … to choose from."""
    return len(CHOICE.findall(question)) >= CHOICES


def opened(brief: Brief) -> Writer:
    """Without its choices; what is an open question already stays as it is."""
    if not has_choices(brief.question):
        return Draft(brief.question, "preserve", None, brief.answer, steps=0)
    prompt = open_question.PROMPT
    reply = yield prompt.ask({"Problem": brief.question, "Answer": brief.answer}, seed=brief.number or None)
    data = reply.data or {}
    if not (data.get("is_choice") and data.get("can_stand_alone")):
        raise Unfit("needs_choices", "it makes no sense without its choices")
    new, answer = text(reply), text(reply, "answer")
    if CHOICE.search(new):
        raise Unfit("shows_choices", "the open version still shows choices")
    verdict = yield open_faithful.PROMPT.ask(
        {"Multiple choice": brief.question, "Open version": new, "Answer": answer})
    if not (verdict.data or {}).get("passes"):
        raise Unfit("judge", "; ".join(texts(verdict, "issues")) or "the judge does not pass it")
    return Draft(new, "preserve", prompt, answer, {"asks": data.get("asks", ""), "form": data.get("form", "")})


MODES: dict[str, Mode] = {
    "seed": seed, "paraphrase": paraphrase, "persona": persona, "translated": translated, "opened": opened}
