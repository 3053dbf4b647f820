"""Rows that repeat something: which, what they repeat, and the filter that takes them out of a table.

`tasks/dedup` and `tasks/decontaminate` decide over a whole table at once. Their decision is stored as a table of `Twin`
with as many shards as the examples have, so that filtering is shard by shard and a killed run decides nothing twice.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from schemas.records import Example, Rejection, reject
from schemas.run import current_run
from schemas.table import Table, write_shard
from tasks.tools.each import each
from tasks.tools.prints import Print

Rows = NDArray[np.int64]  # places in a table
Told = tuple[str, str, str, str, str]  # a row's id, the rule, the reason, its twin's id and text
Scores = NDArray[np.float32] | list[float] | float
KEPT = -1


@dataclass(frozen=True, slots=True)
class Decision:
    """For each row of a table: the place of the row or test item that it repeats (or `KEPT`), the rule, how alike.

    Only the first `open` rows are decided on; the others stay whatever they repeat.
    """

    twin: Rows
    rule: NDArray[np.int8]
    score: NDArray[np.float32]
    open: int

    @classmethod
    def none_yet(cls, rows: int, open: int | None = None) -> "Decision":
        return cls(np.full(rows, KEPT), np.zeros(rows, np.int8), np.zeros(rows, np.float32),
                   rows if open is None else open)

    @property
    def kept(self) -> NDArray[np.bool_]:
        kept: NDArray[np.bool_] = self.twin == KEPT
        return kept

    def keeps(self, rows: Rows | int) -> NDArray[np.bool_]:
        """The same of some rows, without looking at all."""
        kept: NDArray[np.bool_] = self.twin[rows] == KEPT
        return kept

    def drop(self, rows: Rows | int, twins: Rows | list[int] | int, rule: int, score: Scores = 1.0) -> None:
        """These rows repeat those."""
        places, twins, scores = np.broadcast_arrays(np.atleast_1d(rows), twins, score)
        mine = places < self.open
        places = places[mine]
        self.twin[places], self.rule[places], self.score[places] = twins[mine], rule, scores[mine]

    def told(self, starts: Sequence[int], tell: Callable[[int], Told]) -> Iterator[list["Twin"]]:
        """One list of twins a shard, as `tell(row)` tells of each; shard i begins at row `starts[i]`."""
        dropped = np.flatnonzero(~self.kept)
        for start, end in pairwise(starts):
            rows = dropped[np.searchsorted(dropped, start):np.searchsorted(dropped, end)].tolist()
            yield [self._twin(row, start, *tell(row)) for row in rows]

    def _twin(self, row: int, start: int, id: str, rule: str, reason: str, twin_id: str, twin: str) -> "Twin":
        return Twin(id, [id, twin_id], row - start, rule, reason, twin_id, twin, round(float(self.score[row]), 4))


@dataclass(frozen=True, slots=True)
class Twin:
    """One row that does not go on, and the row or test item that it repeats."""

    id: str  # of the row
    parents: list[str]
    place: int  # of the row in its shard
    rule: str
    reason: str
    twin_id: str
    twin: str
    score: float


def decided(examples: Table[Example], name: str, decide: Callable[[], Iterable[Sequence[Twin]]]) -> Table[Twin]:
    """The stored decision `<name>.twins`, made now unless it is whole; `decide()` gives one list a shard."""
    table = current_run().table(f"{name}.twins", Twin)
    shards = len(examples.shards())
    if len(table.shards()) != shards:
        for number, twins in enumerate(decide()):
            write_shard(table.shard(number), twins, Twin)
    return table


def strike(examples: Table[Example], prints: Table[Print], twins: Table[Twin], name: str) -> Table[Example]:
    """`examples` less their twins, as table `name`, and its prints along with it; a twin becomes a `Rejection`."""
    each(_keep_prints, prints, twins, into=Print, name=f"{name}.prints", expected=_left)
    return each(partial(_keep, name), examples, twins, into=Example, name=name)


def _keep(step: str, examples: list[Example], twins: list[Twin]) -> Iterable[Example | Rejection]:
    gone = {twin.place: twin for twin in twins}
    for place, row in enumerate(examples):
        twin = gone.get(place)
        yield row if twin is None else reject(
            row.id, step, twin.rule, twin.reason, content=json.dumps(asdict(row), ensure_ascii=False),
            twin_id=twin.twin_id, twin=twin.twin, score=twin.score, key=str(place) if twin.twin_id == row.id else "")


def _keep_prints(prints: list[Print], twins: list[Twin]) -> Iterable[Print]:
    gone = {twin.place for twin in twins}
    return (row for place, row in enumerate(prints) if place not in gone)


def _left(prints: list[Print], twins: list[Twin]) -> int:
    return len(prints) - len(twins)
