"""Evolved from one problem by one call: five changes of MuggleMath, ten of DotaMath, and one more like it.

None keeps the answer: agreement of solutions sets it.
"""

from functools import partial

from schemas.records import Brief
from tasks.evolve.drafts import Draft, Mode, Writer, text
from tasks.prompts import change as change_prompt
from tasks.prompts import similar as similar_prompt

MUGGLEMATH = {
    "numbers": "Other numbers: exchange several numbers for others of another size, so that the course of the "
               "calculation stays the same but nothing can be reused.",
    "fractions": "Parts of a whole: let at least one quantity be told as a fraction or a percentage, so that whoever "
                 "solves it must calculate with it.",
    "combine": "More ideas: bring in a second mathematical idea, such as a rate, an average, a ratio or an area, and "
               "let it be needed together with the one that is there.",
    "condition": "A condition: add a rule that holds only from some point on or only in some cases, as discounts, "
                 "overtime or limits do, and that decides the result.",
    "harder": "More depth: add at least two quantities that are not told and have to be found first.",
}
DOTAMATH = {
    **MUGGLEMATH,
    "backwards": "Backwards: tell what comes out in the end, and ask for one of the numbers that were given.",
    "units": "Units: tell some quantities in other units of measure or of time than those that the answer needs.",
    "compare": "Comparison: add a second person, place or offer with numbers of its own, and ask for the difference or "
               "for which is better and by how much.",
    "several_times": "Repetition: let what happens once happen over several days or rounds, each changed by a rule.",
    "setting": "Another world: move the mathematics into a setting of science, trade or sport with its own quantities, "
               "and ask for something that matters there.",
}


def changed(brief: Brief, kind: str) -> Writer:
    """One of the changes above."""
    prompt = change_prompt.PROMPT
    reply = yield prompt.ask({"Change": DOTAMATH[kind], "Problem": brief.question}, seed=brief.number or None)
    return Draft(text(reply), "vote", prompt)


def similar(brief: Brief) -> Writer:
    """Another problem for whoever failed this one (LLM2LLM)."""
    prompt = similar_prompt.PROMPT
    reply = yield prompt.ask({"Problem": brief.question}, seed=brief.number or None)
    return Draft(text(reply), "vote", prompt)


MODES: dict[str, Mode] = {**{kind: partial(changed, kind=kind) for kind in DOTAMATH}, "similar": similar}
