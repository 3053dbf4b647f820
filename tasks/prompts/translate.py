"""The same problem in another language."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import texts

PROMPT = Prompt(
    name="translate",
    system="""\
You translate mathematics exercises. Write the given problem in the language that is asked for, as a schoolbook in
that language would print it. Numbers, units, names of people and the question stay the same; digits stay digits.""",
    sections=("Language", "Problem"),
    schema=texts("problem"),
    temperature=0.2,
)
