"""The answer to a request: by the prompt's name where it is one of ours, by the schema where it is not.

To teach a new prompt: a function `(sections, rng, stock) -> dict` in a module of `tasks/scripted/answers`, in that
module's table under the prompt's name; properties that it leaves out are filled by schema. A prompt for free text has a
function `(request, rng, stock) -> (text, what is wrong with it)` in `answers/solving.py`.
"""

import json
import random

from tasks.scripted.answers.abstract import TEMPLATES
from tasks.scripted.answers.judging import JUDGES
from tasks.scripted.answers.shaped import filled
from tasks.scripted.answers.solving import SOLVERS, worked
from tasks.scripted.answers.writing import NEW, WRITERS, Replier
from tasks.scripted.asked import Request, by_system, read
from tasks.scripted.stock import Stock

__all__ = ["PROBLEM_WRITING", "REPLIES", "SOLVING", "Request", "by_system", "read", "reply"]

REPLIES: dict[str, Replier] = {**WRITERS, **JUDGES, **TEMPLATES}
SOLVING = SOLVERS
PROBLEM_WRITING = NEW  # which the faults "duplicate" and "test_item" can spoil


def reply(request: Request, rng: random.Random, stock: Stock) -> tuple[str, str]:
    """The text of an answer, and what is wrong with it without any plan: "cannot_solve", "misled", "" for nothing."""
    replier = REPLIES.get(request.name)
    if request.name in SOLVING or not (replier or request.schema or request.structured):
        return SOLVING.get(request.name, worked)(request, rng, stock)
    found = replier(request.sections, rng, stock) if replier else {}
    shape = filled(request.schema, rng, stock) if request.schema or not replier else {}
    return json.dumps({**shape, **found} if isinstance(shape, dict) else shape, ensure_ascii=False), ""
