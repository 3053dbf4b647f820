"""Judge: is the open problem the multiple-choice one, and has it one answer?"""

from tasks.prompts import Prompt
from tasks.prompts.shapes import TEXT, TRUTH, many, texts

PROMPT = Prompt(
    name="open_faithful",
    system="""\
You check exercises that were made from multiple-choice ones. The open version passes if it asks for the same thing
with the same facts, shows none of the choices, and if the stated answer is the only right one in the form that is
asked for. Name every issue in a short sentence; an empty list means that it passes.""",
    sections=("Multiple choice", "Open version", "Answer"),
    schema=texts(issues=many(TEXT), passes=TRUTH),
    temperature=0.0,
    max_tokens=1024,
)
