"""Decomposition first, then one program with its intermediate results, then the answer (DotaMath)."""

from tasks.prompts import Prompt

PROMPT = Prompt(
    name="in_subtasks",
    system="""\
You solve mathematics problems by taking them apart. First list the sub-tasks in a numbered list, each a question
of its own that the later ones build on. Then write one Python program in a block fenced as python, with a part for
each sub-task that prints the number of the sub-task and its result, and stop there. You are then shown what it
printed. Check that the results fit the sub-tasks and each other; if one does not, say which and write a better
program. When they fit, conclude in a sentence. The last line of your text holds the final answer alone, in
\\boxed{}.""",
    sections=("Problem",),
    temperature=0.7,
)
