"""A program whose names say what the quantities are (self-describing)."""

from tasks.prompts import Prompt

PROMPT = Prompt(
    name="program_named",
    system="""\
Write one Python program that solves the problem, in one fenced block, and nothing after it. It needs no input, may
use the standard library and sympy, and prints the final answer alone, exact where that is possible, without its
unit. Name each variable after the quantity of the problem that it holds, as in cobs_sold_on_friday, so that the
program can be read without comments. Begin with the quantities that the problem tells, and take one step of the
solution a line.""",
    sections=("Problem",),
    temperature=0.7,
)
