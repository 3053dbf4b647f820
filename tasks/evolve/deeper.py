"""Evolved in several calls: edited by suggestion, built upon in layers, asked about anew (FLAMES' heavy agents)."""

from schemas.records import Brief
from tasks.asking import Unfit
from tasks.evolve.drafts import Draft, Mode, Writer, text, texts
from tasks.prompts import ask_about, build_on, declare, edit, suggest

LAYERS = 2


def suggest_edit(brief: Brief) -> Writer:
    """One call suggests how the problem could be harder, a second writes it."""
    reply = yield suggest.PROMPT.ask({"Problem": brief.question}, seed=brief.number or None)
    ideas = texts(reply, "suggestions")
    if not ideas:
        raise Unfit("no_suggestion", "the adviser suggests nothing")
    listed = "\n".join(f"{number}. {idea}" for number, idea in enumerate(ideas, 1))
    edited = yield edit.PROMPT.ask({"Problem": brief.question, "Suggestions": listed}, seed=brief.number or None)
    return Draft(text(edited), "vote", edit.PROMPT, told={"suggestions": ideas})


def layered(brief: Brief) -> Writer:
    """Iterative composition: each layer needs the answer of the one below."""
    below = [brief.question]
    for _ in range(LAYERS):
        reply = yield build_on.PROMPT.ask({"Problem": below[-1]}, seed=brief.number or None)
        below.append(text(reply))
    return Draft(below.pop(), "vote", build_on.PROMPT, told={"layers": below[1:]}, steps=LAYERS)


def ask_anything(brief: Brief) -> Writer:
    """The problem told as facts, and another question about them."""
    facts = yield declare.PROMPT.ask({"Problem": brief.question, "Answer": brief.answer}, seed=brief.number or None)
    told = text(facts, "statement")
    reply = yield ask_about.PROMPT.ask({"Facts": told}, seed=brief.number or None)
    return Draft(text(reply), "vote", ask_about.PROMPT, told={"facts": told})


MODES: dict[str, Mode] = {"suggest_edit": suggest_edit, "layered": layered, "ask_anything": ask_anything}
