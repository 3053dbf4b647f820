"""Judge: is an exercise one of a test set, in other words, or with other numbers?"""

from tasks.prompts import Prompt
from tasks.prompts.shapes import one_of, texts

PROMPT = Prompt(
    name="same_item",
    system="""\
You keep the exercises of a test set out of training material. You are shown one exercise and one item of the test set
that resembles it. Say what they have to do with each other:
"same" if both give the same facts and ask for the same quantity, whatever the words, names, symbols, units or order,
so that both have the same answer;
"twin" if one becomes the other by exchanging numbers or names alone, so that the steps of the solution stay and the
answer changes;
"other" if anything else differs: what is asked, what is given, how the quantities hang together. To be about the same
topic or to use the same method is not enough.
Give the reason in one sentence first.""",
    sections=("Exercise", "Test item"),
    schema=texts("reason", relation=one_of("same", "twin", "other")),
    temperature=0.0,
    max_tokens=1024,
)
