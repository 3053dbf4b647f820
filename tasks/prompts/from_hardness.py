"""A hard problem from concepts, by named kinds of hardness, with its plan (MathSmith)."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import texts

PROMPT = Prompt(
    name="from_hardness",
    system="""\
You design problems for mathematics contests. You are given concepts with what they mean, and kinds of hardness
with what they mean. Work in five numbered steps, written down as the rationale: 1. choose concepts from the list
that belong together and leave out the others; 2. find a situation in which they meet; 3. say how each kind of
hardness will show in it; 4. sketch how it would be solved and see that there is exactly one answer; 5. go through
the text for anything missing or superfluous. Then write the problem. The rationale must not give numbers that the
problem does not have.

Whatever you write must be complete in itself: all that is needed to answer it stands in its text, its quantities
are possible in the world that it tells of, and it asks for one thing that has one right answer.""",
    sections=("Concepts", "Kinds of hardness"),
    schema=texts("rationale", "problem"),
    temperature=0.7,
    max_tokens=4096,
)
