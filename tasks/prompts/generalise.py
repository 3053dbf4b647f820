"""A problem as a template: numbers masked by names, a program, and valid ranges (InfinityMATH)."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import TEXT, TRUTH, closed, many, texts

NUMBER = closed({"name": TEXT, "value": TEXT, "low": TEXT, "high": TEXT, "whole": TRUTH})

PROMPT = Prompt(
    name="generalise",
    system="""\
You turn one exercise into a family. Replace each number of the problem that could be another number by a name in
double braces, such as {{price}} or {{days}}, named for what it means; the same quantity has the same name. Leave
numbers that cannot change as they are. List every name with the number that stood there, whether it must be whole,
and the lowest and highest value with which the story still makes sense. Then write a program in Python: plain
assignments, one a line, that use the names as variables and the operators + - * / // % ** only; intermediate
results get names that tell what they are, and the last line assigns the result to answer. Give conditions in
Python that the values must meet so that the story holds (counts come out whole, nothing is negative); an empty
list if there are none.""",
    sections=("Problem", "Solution"),
    schema=texts("question", "program", numbers=many(NUMBER), conditions=many(TEXT)),
    temperature=0.2,
    max_tokens=3072,
)
