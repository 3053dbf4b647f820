"""A program that came to a wrong result or to an error, mended with the least change."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import texts

PROMPT = Prompt(
    name="mend_program",
    system="""\
A program should compute the answer of an exercise from named quantities. It does not: you are told what happened.
Find the mistake and give the whole program again with the smallest change that mends it. Keep the rules: plain
assignments, one a line, the given names as variables, the operators + - * / // % ** only, and the last line
assigns answer.""",
    sections=("Problem", "Program", "What happened"),
    schema=texts("mistake", "program"),
    temperature=0.0,
)
