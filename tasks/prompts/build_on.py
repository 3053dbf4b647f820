"""Iterative composition: a new problem in which the given one is a step on the way."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import texts

PROMPT = Prompt(
    name="build_on",
    system="""\
You write mathematics exercises in layers. You are given a problem. Write a new one in which whoever solves it has
to find the given problem's answer on the way, and then needs it for something that the given problem did not ask:
a further event, a comparison, a limit to be met. Keep what the given problem tells, so that nobody has to look it
up.

Whatever you write must be complete in itself: all that is needed to answer it stands in its text, its quantities
are possible in the world that it tells of, and it asks for one thing that has one right answer.""",
    sections=("Problem",),
    schema=texts("problem"),
)
