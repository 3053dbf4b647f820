"""The grey zone: rows that stay a little below a threshold, put before a judge.

A judge that says "same" (or "twin", unless the level is lenient) takes the row out, by the rule `judged`. One that
fails or answers in no known form is no verdict: the row stays, and is counted undecided.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from schemas.records import stable_id
from schemas.run import current_run
from schemas.table import Table, write_shard
from tasks.asking import Talk, Unfit, asked
from tasks.prompts import same_item
from tasks.tools.each import each
from tasks.tools.llm import Teacher
from tasks.tools.twins import Decision, Rows, Twin

NAME = "clean"
RULE = "judged"
RELATIONS = ("same", "twin", "other")


@dataclass(frozen=True, slots=True)
class Grey:
    """A row, and the test item that it nearly repeats."""

    id: str
    parents: list[str]  # the row
    place: int  # of the row in its shard
    rule: str  # whose threshold it nearly reaches
    score: float
    problem: str
    item_id: str
    item: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the judge says of one such pair."""

    id: str
    parents: list[str]  # the pair
    relation: str
    reason: str
    model: str
    prompt_hash: str


class Doubts:
    """Gathers rows below a threshold, each with the item that it is nearest to reaching one for."""

    def __init__(self, rows: int, grey: float) -> None:
        self.grey = grey
        self.twin, self.rule = np.full(rows, -1), np.zeros(rows, np.int8)
        self.score, self.lack = np.zeros(rows, np.float32), np.full(rows, np.inf, np.float32)

    def add(self, rows: Rows, twins: Rows, rule: int, scores: NDArray[np.float32], bars: NDArray[np.float32]) -> None:
        """Of these rows, those whose score lacks at most `grey` to their bar."""
        lack = bars - scores
        near = (lack <= self.grey) & (lack < self.lack[rows])
        rows = rows[near]
        self.twin[rows], self.rule[rows] = twins[near], rule
        self.score[rows], self.lack[rows] = scores[near], lack[near]

    def open(self, decision: Decision) -> Rows:
        """The rows in doubt that no rule took."""
        return np.flatnonzero((self.twin >= 0) & decision.kept)


Tell = Callable[[int], tuple[str, str, str, str]]  # row -> its id and text, its item's id and text


def write_grey(doubts: Doubts, decision: Decision, starts: Sequence[int], rules: Sequence[str], tell: Tell) -> None:
    """The table `clean.grey`, with as many shards as the examples have."""
    table = current_run().table(f"{NAME}.grey", Grey)
    rows = doubts.open(decision)
    for number, (start, end) in enumerate(pairwise(starts)):
        own = rows[np.searchsorted(rows, start):np.searchsorted(rows, end)].tolist()
        write_shard(table.shard(number), [_grey(doubts, row, start, rules, *tell(row)) for row in own], Grey)


def _grey(doubts: Doubts, row: int, start: int, rules: Sequence[str], id: str, problem: str, item_id: str,
          item: str) -> Grey:
    return Grey(stable_id("grey", id, row - start, item_id), [id], row - start, rules[doubts.rule[row]],
                round(float(doubts.score[row]), 4), problem, item_id, item)


def ruled(twins: Table[Twin], judge: Teacher, twins_too: bool) -> Table[Twin]:
    """`twins` and those of the grey zone that the judge finds guilty; what it said is noted by relation."""
    grey = current_run().table(f"{NAME}.grey", Grey)
    rulings = asked(compared, grey, teacher=judge, into=Ruling, name=f"{NAME}.rulings")
    said = Counter(row.relation for row in rulings.rows())
    current_run().note(f"{NAME}.judge", {"model": judge.model, **{word: said[word] for word in RELATIONS},
                                         "undecided": rulings.rejections.count()})
    guilty = ("same", "twin") if twins_too else ("same",)
    both = each(partial(_with_guilty, guilty), twins, grey, rulings, into=Twin, name=f"{NAME}.ruled",
                expected=partial(_due, guilty))
    _count(both)
    return both


def compared(pair: Grey) -> Talk[Ruling]:
    """The judge's word on one pair."""
    reply = yield same_item.PROMPT.ask({"Exercise": pair.problem, "Test item": pair.item})
    data = reply.data or {}
    if data.get("relation") not in RELATIONS:
        raise Unfit("no_verdict", f"the judge answered in no known form: {reply.text[:200]}")
    return [Ruling(stable_id("ruling", pair.id), [pair.id], data["relation"], str(data.get("reason", "")),
                   current_run().parameters.get("model", ""), same_item.PROMPT.hash)]


def _with_guilty(guilty: Sequence[str], twins: Sequence[Twin], grey: Sequence[Grey],
                 rulings: Sequence[Ruling]) -> Iterator[Twin]:
    said = {ruling.parents[0]: ruling for ruling in rulings if ruling.relation in guilty}
    yield from twins
    for pair in grey:
        if ruling := said.get(pair.id):
            told = "test item {} again" if ruling.relation == "same" else "test item {} with other numbers"
            yield Twin(pair.parents[0], [*pair.parents, pair.item_id], pair.place, RULE,
                       f"{told.format(pair.item_id)}, says the judge: {ruling.reason}", pair.item_id, pair.item,
                       pair.score)


def _due(guilty: Sequence[str], twins: Sequence[Twin], _: Sequence[Grey], rulings: Sequence[Ruling]) -> int:
    return len(twins) + sum(ruling.relation in guilty for ruling in rulings)


def _count(twins: Table[Twin]) -> None:
    hits = Counter(twin.twin_id.partition(":")[0] for twin in twins.rows() if twin.rule == RULE)
    run = current_run()
    noted = run.record["notes"][f"{NAME}.test_sets"]
    run.note(f"{NAME}.test_sets", {name: {**found, RULE: hits[name]} for name, found in noted.items()})
