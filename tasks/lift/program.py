"""The template's program and conditions: the codes of a `Draft` over its names, and what must hold among them."""

import re

from tasks.lift import conditions
from tasks.lift.draft import Draft
from tasks.lift.trees import Expr, Site

_SIMPLE = re.compile(r"\w+|\w+\([^()]*\)|\([^()]*\)")  # a code that stands as an operand without brackets


def program_of(draft: Draft) -> str:
    """One line a step, then the helpers that the texts need, then the answer."""
    lines = [f"r{k} = {renamed(draft, code)}" for k, code in enumerate(draft.bound.codes, 1)]
    lines += [f"{name} = {renamed(draft, code)}" for code, name in draft.helpers.items()]
    return "\n".join([*lines, f"answer = r{draft.bound.answer + 1}"])


def renamed(draft: Draft, code: str) -> str:
    """A code over the template's names; a number of the question that is no slot becomes its value."""
    def name(match: re.Match[str]) -> str:
        return draft.names.get(match.group()) or str(draft.story.values[match.group()])

    return re.sub(r"\b[qr]\d+\b", name, code)


def conditions_of(draft: Draft) -> conditions.Conditions:
    """What the reading rests on, then what the steps and the shares of a whole ask for."""
    into = conditions.Conditions()
    _of_reading(draft, into)
    _of_numerators(draft, into)

    def code(expr: Expr) -> str:
        if isinstance(expr, Site):
            own = renamed(draft, draft.bound.by_place[expr.start].code)
            return own if _SIMPLE.fullmatch(own) else f"({own})"
        return f"({code(expr.left)} {expr.sign} {code(expr.right)})"

    conditions.of_steps(draft.story.solution, draft.story.steps, code, into)
    conditions.of_shares([(draft.names[s], draft.story.mention(s)) for s in draft.slots], into)
    return into


def _of_reading(draft: Draft, into: conditions.Conditions) -> None:
    """Numbers that keep their value, that are drawn alike, or that go on adding up."""
    for symbol in draft.slots:
        if symbol in draft.bound.frozen | draft.literal:
            into.keep(f"{draft.names[symbol]} == {draft.story.values[symbol]}")
    for first, second in draft.bound.ties:
        if {first, second} <= set(draft.slots):
            into.keep(f"{draft.names[first]} == {draft.names[second]}")
    for first, second in draft.bound.likely:
        if first in draft.slots and second in draft.slots:
            into.keep(f"{draft.names[first]} == {draft.names[second]}", hard=False)
    for relation in draft.bound.sums:
        into.keep(renamed(draft, relation))


def _of_numerators(draft: Draft, into: conditions.Conditions) -> None:
    """A fraction whose denominator alone is used, "a third of 12 is 12/3", stays one part of a whole."""
    text = " ".join(renamed(draft, code) for code in draft.bound.codes)
    for name in re.findall(r"denominator\((n\d+)\)", text):
        if f"numerator({name})" not in text:
            into.keep(f"numerator({name}) == 1")
