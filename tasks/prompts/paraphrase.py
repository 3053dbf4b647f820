"""The same problem in other words."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import texts

PROMPT = Prompt(
    name="paraphrase",
    system="""\
You restate mathematics exercises. Say the given problem in other words: other sentence structure, other order
where the order does not matter, another register. Every number, unit and relation stays what it is, the same
people act, and the answer is the same.""",
    sections=("Problem",),
    schema=texts("problem"),
)
