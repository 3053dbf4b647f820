"""Templates: a problem with its numbers masked and a program, and such a program mended."""

import random
import re
from functools import cache
from typing import Any

from schemas.records import Seed
from tasks.lift.assemble import lift
from tasks.lift.bound import Unlifted
from tasks.scripted.answers.writing import Replier
from tasks.scripted.asked import Sections
from tasks.scripted.stock import Stock

HOLE = re.compile(r"\{+(\w+)(?::\w+)?\}+")


def _generalised(sections: Sections, _: random.Random, __: Stock) -> dict[str, Any]:
    """The template that lifting makes of a worked problem, its words left as they are."""
    text, solution = sections["Problem"], sections["Solution"]
    seed = Seed("s", [], text, solution, solution.rpartition("####")[2].strip(), "", "", 1)
    try:
        made = lift(seed)
    except Unlifted:
        return {"question": text, "numbers": [], "program": "answer = 0", "conditions": []}
    numbers = [slot for slot in made.slots if slot.low and slot.start < slot.end]
    for slot in sorted(numbers, key=lambda one: -one.start):
        text = f"{text[:slot.start]}{{{{{slot.name}}}}}{text[slot.end:]}"
    return {"question": text, "program": made.program, "conditions": [*made.conditions, *made.preferences],
            "numbers": [{"name": slot.name, "value": slot.value, "low": slot.low, "high": slot.high,
                         "whole": "." not in slot.value + slot.low + slot.step} for slot in numbers]}


def _mended(sections: Sections, _: random.Random, stock: Stock) -> dict[str, Any]:
    """The program that goes with the problem's template; where it is not known, the one that was sent, again."""
    return {"mistake": "A line does not say what the problem tells.",
            "program": _programs(stock).get(_bones(sections["Problem"]), sections["Program"])}


@cache
def _programs(stock: Stock) -> dict[str, str]:
    """The programs of the seeds' templates, by their texts."""
    made = [_generalised({"Problem": known.question, "Solution": known.solution}, random.Random(0), stock)
            for known in stock.seeds]
    return {_bones(one["question"]): one["program"] for one in made}


def _bones(markup: str) -> str:
    """A template's text with its holes named, in whatever style they are to be written."""
    return " ".join(HOLE.sub(r"{\1}", markup).split())


TEMPLATES: dict[str, Replier] = {"generalise": _generalised, "mend_program": _mended}
