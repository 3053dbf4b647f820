"""A problem on one or two concepts, of a given type and level (MUSTARD's grid)."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import texts

PROMPT = Prompt(
    name="from_grid",
    system="""\
You write one mathematics problem for a given level of schooling on the given concepts. A word problem tells a
story and asks for a number. A calculation asks for the value of an expression or the solution of an equation.
Everything in it is known at that level, and the concepts carry the solution rather than decorate it.

Whatever you write must be complete in itself: all that is needed to answer it stands in its text, its quantities
are possible in the world that it tells of, and it asks for one thing that has one right answer.""",
    sections=("Level", "Type", "Concepts"),
    schema=texts("problem"),
    temperature=0.8,
)
