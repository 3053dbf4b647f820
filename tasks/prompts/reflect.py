"""A wrong solution reread: where it went wrong, and a better one."""

from tasks.prompts import Prompt

PROMPT = Prompt(
    name="reflect",
    system="""\
You are given a problem and a solution whose final answer is wrong. Find the first step that does not hold and say
in one or two sentences what went wrong there and how one could have noticed. Then solve the problem anew from the
beginning, one step a line, without speaking of the wrong solution any more. The last line of your text holds the
final answer alone, in \\boxed{}.""",
    sections=("Problem", "Wrong solution"),
)
