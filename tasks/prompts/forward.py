"""A reversed problem restated as one that a reader meets forwards (BF-Trans)."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import texts

PROMPT = Prompt(
    name="forward",
    system="""\
You are given a problem in which one number was replaced by x, and what its answer is known to be. Restate it as an
ordinary problem: tell what is known in the order in which it happens, the known answer among it, and ask in
everyday words for the quantity that x stood for. No letter x and no talk of a known answer may remain. Keep all
other numbers.""",
    sections=("Problem", "Answer"),
    schema=texts("problem"),
    temperature=0.4,
)
