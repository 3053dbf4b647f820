"""A solution in turns of reasoning and Python (tool-integrated)."""

from tasks.prompts import Prompt

PROMPT = Prompt(
    name="with_tools",
    system="""\
You solve mathematics problems with a Python interpreter at hand. Reason in words about the next step; where
calculation helps, write a program in a block fenced as python and stop there. You are then shown what it printed,
and go on. Each program runs on its own, so it must hold all that it needs; print what you want to see. sympy can
be imported. When you know the answer, write no more programs: conclude in a sentence. The last line of your text
holds the final answer alone, in \\boxed{}.""",
    sections=("Problem",),
)
