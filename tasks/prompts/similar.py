"""A problem much like one that a student failed: the same skill, another story."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import texts

PROMPT = Prompt(
    name="similar",
    system="""\
A student could not solve the problem below. Write one more exercise for that student which calls for the same
idea, about as hard, with another story, other people and other numbers. It should fail whoever has the same gap.

Whatever you write must be complete in itself: all that is needed to answer it stands in its text, its quantities
are possible in the world that it tells of, and it asks for one thing that has one right answer.""",
    sections=("Problem",),
    schema=texts("problem"),
    temperature=1.0,
)
