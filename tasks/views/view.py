"""What a view is: its columns, and a function from one problem to its rows or to why it has none."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from schemas.records import Example, stable_id
from tasks.views.source import Group

Row: TypeAlias = dict[str, Any]
Message: TypeAlias = dict[str, str]


class Left(NamedTuple):
    """Something that did not become a row, and why: a short phrase to count by."""

    why: str


class Column(NamedTuple):
    """A column: its kind, of `tasks.tools.arrow_views.KINDS`, and what it says."""

    kind: str
    says: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What may be chosen: the pairs a problem at most (dpo), what the control line tells (conditioned_sft)."""

    pairs: int = 4
    control: tuple[str, ...] = ("topic", "difficulty", "steps")


@dataclass(frozen=True, slots=True)
class View:
    """A shape of the data for a trainer; `certified` by which scorers, `empty` is the mend where a run has no rows."""

    name: str
    says: str
    columns: Mapping[str, Column]
    rows: Callable[[Group, Choice], Iterator[Row | Left]]
    certified: tuple[str, ...] = ("trl", "verl")
    empty: str = "take off some flags: mathmill browse RUN"


COMMON = {
    "id": Column("text", "the row's own, the same whenever the same run is exported"),
    "example_id": Column("text", "the example of the run, for `mathmill lineage`"),
    "problem_id": Column("text", "the problem of the run"),
    "template_id": Column("text", "the family; all of one family are on one side of the split"),
    "answer": Column("text", "the gold answer, as the run has it"),
    "gold_level": Column("text", "what backs it: human, program, formal, consensus, teacher, none"),
    "verified_by": Column("texts", "the methods that passed the example"),
    "topic": Column("text", "as the run has it"),
    "difficulty": Column("whole number", "1 to 5, 0 where nobody said"),
    "solve_rate": Column("number", "the share of a model's attempts that passed, null where none was measured"),
    "mode": Column("text", "how the problem was made"),
    "source": Column("text", "where its seed is from"),
    "licence": Column("text", "of that source, empty where it does not say"),
}


def common(view: str, group: Group, example: Example, *parts: str) -> Row:
    """What every row says; `parts` tell apart several rows of one example."""
    return {
        "id": stable_id(view, example.id, *parts), "example_id": example.id, "problem_id": group.problem_id,
        "template_id": example.template_id, "answer": example.answer, "gold_level": example.gold_level,
        "verified_by": example.verified_by, "topic": example.topic, "difficulty": example.difficulty,
        "solve_rate": group.rate, "mode": example.mode, "source": example.source, "licence": example.licence}


def user(text: str) -> Message:
    """What is asked."""
    return {"role": "user", "content": text}


def assistant(text: str) -> Message:
    """What is to be learnt."""
    return {"role": "assistant", "content": text}
