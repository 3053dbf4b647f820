"""A problem from a topic of a curriculum alone: first concepts, then the problem (FLAMES)."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import TEXT, many, texts

PROMPT = Prompt(
    name="from_topic",
    system="""\
You write exercises for a curriculum. You are given a topic and the area that it belongs to. First name three
concepts of the topic that an exercise can bring together; then write an exercise that needs all three. It should
be one that a teacher of the topic would set in the last week, not the first.

Whatever you write must be complete in itself: all that is needed to answer it stands in its text, its quantities
are possible in the world that it tells of, and it asks for one thing that has one right answer.""",
    sections=("Area", "Topic"),
    schema=texts("problem", concepts=many(TEXT)),
    temperature=0.9,
)
