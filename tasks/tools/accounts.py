"""The accounts of `tasks.tools.each`: in every shard and step, rows due = kept + rejected, or the run stops."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from schemas.errors import RunError
from schemas.records import Rejection
from schemas.run import Step
from schemas.table import Table, count_rows, read_column

Out = TypeVar("Out")


@dataclass(frozen=True, slots=True)
class Count:
    """The accounts of one shard."""

    rows_in: int
    expected: int
    kept: int
    rejected: int
    rules: Counter[str]  # rejections by rule


def parted(rows: Iterable[Out | Rejection]) -> tuple[list[Out], list[Rejection]]:
    """What work gave, as rows kept and rows rejected, each in order."""
    kept: list[Out] = []
    rejected: list[Rejection] = []
    for row in rows:
        if isinstance(row, Rejection):
            rejected.append(row)
        else:
            kept.append(row)
    return kept, rejected


def balance(due: int, kept: int, rejected: int, where: str) -> None:
    """Raises `RunError` unless as many rows came out as were due."""
    if kept + rejected != due:
        raise RunError(f"{due} rows were due, {kept} kept + {rejected} rejected came out", where=where,
                       mend="this is a fault of the task: report it")


def recount(out: Table[Any], number: int, source: Table[Any] | None = None) -> Count:
    """The accounts of a finished shard, which balanced when it was written."""
    rules = Counter(map(str, read_column(out.rejections.shard(number), "rule")))
    kept, rejected = count_rows(out.shard(number)), rules.total()
    rows_in = count_rows(source.shard(number)) if source else kept + rejected
    return Count(rows_in, kept + rejected, kept, rejected, rules)


def step_of(name: str, sources: Sequence[Table[Any]], counts: Sequence[Count], resumed: int, seconds: float,
            rows_in: int) -> Step:
    """The accounts of a step from those of its shards."""
    rules = sum((count.rules for count in counts), Counter[str]())
    return Step(name=name, sources=[source.name for source in sources], rows_in=rows_in,
                expected=sum(count.expected for count in counts), kept=sum(count.kept for count in counts),
                rejected=sum(count.rejected for count in counts), rules=dict(sorted(rules.items())),
                shards=len(counts), resumed=resumed, seconds=round(seconds, 3))
