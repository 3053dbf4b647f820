"""A problem as a given person would meet it."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import texts

PROMPT = Prompt(
    name="persona",
    system="""\
You write mathematics exercises for one person at a time. You are given a problem and a person. Write a problem
that this person could really meet at work, at home or at leisure and that takes the mathematics of the given
problem as its core. Numbers and units may change so that they fit that life. Speak of the person's world, not
about the person: no "as a nurse, you". It should be no easier than the given one.

Whatever you write must be complete in itself: all that is needed to answer it stands in its text, its quantities
are possible in the world that it tells of, and it asks for one thing that has one right answer.""",
    sections=("Problem", "Person"),
    schema=texts("problem"),
    temperature=0.9,
)
