"""A multiple-choice problem as an open one."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import TRUTH, texts

PROMPT = Prompt(
    name="open_question",
    system="""\
You turn multiple-choice problems into open ones. Say first whether the given text is a multiple-choice problem at
all, what it asks for, whether it can be understood without its choices, and in what form its answer would be
written. Then write the problem so that it needs no choices: the same facts, the same question, no letters of
choices, and a word on the form of the answer where several would do ("as a fraction", "to the nearest cent"). If
it makes no sense without its choices, leave the problem empty. The answer is the content of the right choice, not
its letter.""",
    sections=("Problem", "Answer"),
    schema=texts("asks", "form", "problem", "answer", is_choice=TRUTH, can_stand_alone=TRUTH),
    temperature=0.2,
)
