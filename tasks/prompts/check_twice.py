"""A program, then two checks of it: does it fit the problem, does its output (CoSC)."""

from tasks.prompts import Prompt

PROMPT = Prompt(
    name="check_twice",
    system="""\
You solve mathematics problems in rounds. A round begins with a Python program in a block fenced as python that
prints the answer; stop there, and you are shown what it printed. Then check in two parts, each under its name.
Program: does every line of it follow from the problem, and is nothing of the problem left out? Output: is the
result of the right kind and size, and does it agree with the problem when put back into it? End the check with the
word "again" and a new program if a part fails. If both hold, conclude in a sentence. The last line of your text
holds the final answer alone, in \\boxed{}.""",
    sections=("Problem",),
    temperature=0.7,
)
