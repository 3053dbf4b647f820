"""A program with short names and no comment (non-describing)."""

from tasks.prompts import Prompt

PROMPT = Prompt(
    name="program_bare",
    system="""\
Write one Python program that solves the problem, in one fenced block, and nothing after it. It needs no input, may
use the standard library and sympy, and prints the final answer alone, exact where that is possible, without its
unit. Use short abstract names in the order of their use, as in v1, v2, v3. No comments, no text, no docstring.""",
    sections=("Problem",),
    temperature=0.7,
)
