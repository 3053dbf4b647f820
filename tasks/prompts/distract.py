"""A detail that has numbers and changes nothing."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import texts

PROMPT = Prompt(
    name="distract",
    system="""\
You test whether students read with care. Into the given problem put one or two sentences that sound as if they
mattered, with at least one number in them, about the same people or things, and that leave the answer exactly as
it was. Every word of the given problem stays, in its order, and the question stays at the end. Give the new
problem and, apart, the sentences that you put in.""",
    sections=("Problem",),
    schema=texts("problem", "inserted"),
    temperature=0.8,
)
