"""Which topics and knowledge points a problem calls for."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import TEXT, many, texts

PROMPT = Prompt(
    name="concepts_of",
    system="""\
You catalogue mathematics exercises. For the given problem name one or two topics, as a table of contents would
("Ratios and proportions"), and two to five knowledge points: single things that one must know or be able to do to
solve it ("Find a whole from a percentage of it"). Use general terms that hold for many exercises; nothing of the
story.""",
    sections=("Problem",),
    schema=texts(topics=many(TEXT), knowledge_points=many(TEXT)),
    temperature=0.2,
    max_tokens=1024,
)
