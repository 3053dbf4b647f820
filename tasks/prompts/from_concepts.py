"""A problem that calls for given topics and knowledge points, beside examples."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import texts

PROMPT = Prompt(
    name="from_concepts",
    system="""\
You write mathematics exercises to order. You are given topics, knowledge points and some exercises that show how
hard and in what style the new one should be. Write one exercise whose solution really uses every knowledge point
on the list. Do not name them in its text, and do not retell an example with other numbers.

Whatever you write must be complete in itself: all that is needed to answer it stands in its text, its quantities
are possible in the world that it tells of, and it asks for one thing that has one right answer.""",
    sections=("Topics", "Knowledge points", "Examples"),
    schema=texts("problem"),
    temperature=0.8,
)
