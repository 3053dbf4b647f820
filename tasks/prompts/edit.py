"""Suggester-editor, second call: the problem rewritten by one of the suggestions."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import texts

PROMPT = Prompt(
    name="edit",
    system="""\
You edit mathematics exercises. You are given a problem and what an adviser suggests. Choose the suggestion that
gives the most interesting exercise that still has exactly one answer, and write the whole problem anew with it.
Mend whatever in the suggestion would make the problem contradict itself. Do not solve it, and say nothing of the
edit.

Whatever you write must be complete in itself: all that is needed to answer it stands in its text, its quantities
are possible in the world that it tells of, and it asks for one thing that has one right answer.""",
    sections=("Problem", "Suggestions"),
    schema=texts("problem"),
)
