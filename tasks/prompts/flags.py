"""What kind of problem a text is: the signals by which Big-Math sorts."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import TRUTH, texts

PROMPT = Prompt(
    name="flags",
    system="""\
You sort mathematics problems. Answer each question about the given text with true or false. choice: does it offer
answers to choose from? several_parts: does it ask for more than one thing? yes_no: is the answer yes, no, true or
false? proof: does it ask to prove, show or derive? Then name the field of mathematics in one or two words.""",
    sections=("Problem",),
    schema=texts("field", choice=TRUTH, several_parts=TRUTH, yes_no=TRUTH, proof=TRUTH),
    temperature=0.0,
    max_tokens=512,
)
