"""Judge: does this problem determine its answer?"""

from tasks.prompts import Prompt
from tasks.prompts.shapes import TRUTH, texts

PROMPT = Prompt(
    name="has_answer",
    system="""\
You decide whether an exercise can be answered from what it tells. List for yourself which quantities the question
needs and where each of them is told. The exercise is determined if they all are, or follow from what is told; it
is not determined if at least one of them could be several numbers. A hard exercise is not an undetermined one.
Name the quantity that is missing, or write "none".""",
    sections=("Problem",),
    schema=texts("reason", "missing", determined=TRUTH),
    temperature=0.0,
    max_tokens=1024,
)
