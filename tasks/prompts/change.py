"""One change to a problem: the MuggleMath and DotaMath modes, each told in the section `Change`."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import texts

PROMPT = Prompt(
    name="change",
    system="""\
You are an author of mathematics exercises. You are given a problem and one kind of change. Write a new problem
that takes the given one as its starting point and carries out that change and no other. Do not solve it and do not
mention the problem that it came from.

Whatever you write must be complete in itself: all that is needed to answer it stands in its text, its quantities
are possible in the world that it tells of, and it asks for one thing that has one right answer.""",
    sections=("Change", "Problem"),
    schema=texts("problem"),
    temperature=0.8,
)
