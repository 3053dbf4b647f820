"""A problem without one fact that it cannot do without: it has no answer any more."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import texts

PROMPT = Prompt(
    name="drop_premise",
    system="""\
You make exercises that cannot be solved, to see whether students notice. Take out of the given problem one fact
without which the question cannot be answered, and mend the sentence around it so that the text reads smoothly and
nothing shows that a fact is gone. Invent nothing, leave all else as it is, and do not hint that something is
missing. Give the new problem and, apart, the fact that you took out.""",
    sections=("Problem",),
    schema=texts("problem", "removed"),
    temperature=0.4,
)
