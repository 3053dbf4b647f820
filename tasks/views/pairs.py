"""dpo and kto: right and wrong attempts at one problem. What could not be decided is neither."""

from collections.abc import Iterator

from schemas.records import Example
from tasks.views.source import Attempt, Group
from tasks.views.view import COMMON, Choice, Column, Left, Row, View, assistant, common, user

NO_WRONG = "take a run of a recipe that tries each problem several times with a teacher, such as rft"
PROMPT = Column("chat", "the problem")


def dpo(group: Group, choice: Choice) -> Iterator[Row | Left]:
    """Each wrong attempt beside a right one, at most `choice.pairs` a problem."""
    right, wrong = group.of("passed"), group.of("failed")
    if not right or not wrong:
        yield Left("no attempt at its problem failed" if right else "no attempt at its problem is known to be right")
        return
    for number, bad in enumerate(wrong):
        if number == choice.pairs:
            break
        good = right[number % len(right)]
        yield {**common("dpo", group, _example(group, good), good.id, bad.id), "prompt": [user(group.example.problem)],
               "chosen": [assistant(good.solution)], "rejected": [assistant(bad.solution)],
               "rejected_answer": bad.answer, "rejected_why": bad.why}
    for _ in wrong[choice.pairs:]:
        yield Left(f"its problem has {choice.pairs} pairs already")


def kto(group: Group, choice: Choice) -> Iterator[Row | Left]:
    """Each attempt with a label."""
    for status in ("passed", "failed"):
        for attempt in group.of(status):
            yield {**common("kto", group, _example(group, attempt), attempt.id),
                   "prompt": [user(group.example.problem)], "completion": [assistant(attempt.solution)],
                   "label": status == "passed", "why": attempt.why}
    for _ in group.of("unknown"):
        yield Left("whether it is right could not be decided")


def _example(group: Group, attempt: Attempt) -> Example:
    """The example that an attempt became, or its problem's first."""
    return next((row for row in group.examples if attempt.id in (row.id, *row.parents)), group.example)


VIEWS = (
    View("dpo", "a right and a wrong attempt at the same problem, for DPO and its kin", {
        "prompt": PROMPT,
        "chosen": Column("chat", "an attempt that passed"),
        "rejected": Column("chat", "an attempt that failed"),
        "rejected_answer": Column("text", "the final answer of the wrong one"),
        "rejected_why": Column("text", "the verdict's reason"),
        **COMMON}, dpo, empty=NO_WRONG),
    View("kto", "attempts that are right or wrong, one a row, for KTO and BCO", {
        "prompt": PROMPT,
        "completion": Column("chat", "the attempt"),
        "label": Column("truth", "whether it passed"),
        "why": Column("text", "the verdict's reason where it did not"),
        **COMMON}, kto, empty="take a run with verdicts"),
)
