"""Suggester-editor, first call: how a problem could be made harder."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import TEXT, many, texts

PROMPT = Prompt(
    name="suggest",
    system="""\
You advise an author of mathematics exercises. For the given problem, suggest three edits, any one of which would
make a capable student think longer: another quantity that must first be worked out, a relation that is told only
indirectly, a case that must be told apart, a condition that two parts of the story must meet together. Longer
numbers or more of the same steps are no use. Be concrete: say what the text would tell and ask. Do not write the
new problem itself.""",
    sections=("Problem",),
    schema=texts(suggestions=many(TEXT)),
)
