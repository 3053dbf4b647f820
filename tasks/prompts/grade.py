"""Marks for a problem by a rubric of four points."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import WHOLE, texts

PROMPT = Prompt(
    name="grade",
    system="""\
You review exercises before they are printed. Give each point a mark from 1 (bad) to 5 (good). Clear: a reader
knows what is told and what is asked. Complete: all that is needed is told, and nothing contradicts. Real:
quantities are possible where they are used. Rich: the solution needs thought, not one obvious step. Judge each
point alone; hard is not unclear. Give one sentence of reasons, then the marks.""",
    sections=("Problem",),
    schema=texts("reason", clear=WHOLE, complete=WHOLE, real=WHOLE, rich=WHOLE),
    temperature=0.0,
    max_tokens=1024,
)
