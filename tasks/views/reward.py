"""rl_trl and rl_verl: prompts with a gold answer in the form that the trainer's own scorer takes.

One row a problem. A gold that is nothing but a model's word stays outside: a reward must not teach its mistakes.
"""

from collections.abc import Iterator

from tasks.views.certify import form
from tasks.views.scorer import DATA_SOURCE
from tasks.views.source import Group
from tasks.views.view import COMMON, Choice, Column, Left, Row, View, common, user

ASK = "Put your final answer in \\boxed{}."
UNSURE = ("teacher", "none")
PROMPT = Column("chat", "one message, which asks for a boxed answer")


def _prompted(name: str, group: Group) -> Row | Left:
    example = group.example
    if not example.answer.strip():
        return Left("its problem has no gold answer")
    if example.gold_level in UNSURE:
        return Left(f"its gold answer is backed by nothing (level {example.gold_level})")
    return {**common(name, group, example), "prompt": [user(f"{example.problem}\n\n{ASK}")]}


def for_trl(group: Group, choice: Choice) -> Iterator[Row | Left]:
    """`solution` is the gold as `$…$`."""
    row = _prompted("rl_trl", group)
    yield row if isinstance(row, Left) else {**row, "solution": form(group.example.answer, "trl")}


def for_verl(group: Group, choice: Choice) -> Iterator[Row | Left]:
    """`reward_model.ground_truth` is the gold bare; `data_source` is what verl's router knows."""
    row = _prompted("rl_verl", group)
    if isinstance(row, Left):
        yield row
        return
    example = group.example
    yield {**row, "data_source": DATA_SOURCE, "ability": "math",
           "reward_model": {"style": "rule", "ground_truth": form(example.answer, "verl")},
           "extra_info": {"split": "", "index": 0, "answer": example.answer, "question": example.problem,
                          "source": example.source}}


VIEWS = (
    View("rl_trl", "prompts and golds for TRL's GRPO and RLOO with its stock accuracy_reward", {
        "prompt": PROMPT,
        "solution": Column("text", "the gold as accuracy_reward reads it: canonical LaTeX between dollar signs"),
        **COMMON}, for_trl, ("trl",), "take a run whose golds are backed: of a seed, a program or a vote"),
    View("rl_verl", "prompts and golds for verl with its stock scorer of boxed answers", {
        "data_source": Column("text", "a name that verl's own router knows, and no statement of origin: see source"),
        "prompt": PROMPT,
        "ability": Column("text", "math"),
        "reward_model": Column("rule", "style, and ground_truth: the gold as canonical LaTeX, bare"),
        "extra_info": Column("extra", "split, index, answer, question, source"),
        **COMMON}, for_verl, ("verl",), "take a run whose golds are backed: of a seed, a program or a vote"),
)
