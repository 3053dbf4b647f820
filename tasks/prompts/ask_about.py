"""Ask me anything: another question about the facts that a problem tells."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import texts

PROMPT = Prompt(
    name="ask_about",
    system="""\
You are given facts from a mathematics exercise. Think of a question that these facts can answer and that is not
the obvious one: it should bring together at least two of them. Write a problem that tells the facts, in your own
order, and asks your question.

Whatever you write must be complete in itself: all that is needed to answer it stands in its text, its quantities
are possible in the world that it tells of, and it asks for one thing that has one right answer.""",
    sections=("Facts",),
    schema=texts("problem"),
    temperature=0.9,
)
