"""A question and its answer as one statement, without a question mark (self-verification)."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import texts

PROMPT = Prompt(
    name="declare",
    system="""\
You turn a question with its answer into plain statements. Given a problem and its final answer, tell the same
story as a text in which the answer is stated as a fact where the problem asked for it. Change no number and no
relation, add nothing, and leave no question in the text. The letter x, where it stands, is an unknown number:
leave it as x.""",
    sections=("Problem", "Answer"),
    schema=texts("statement"),
    temperature=0.2,
)
