"""All rows that dedup compares: those under test, and of published data sets the few that could be their twins.

Published rows come first in rank and are never struck; of a million of them only those are looked at that share text,
numbers or answer with a row under test, so that adding ten thousand rows costs what ten thousand rows cost.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.records import Example
from schemas.table import Table
from tasks import intake
from tasks.dedup.near import SHARE
from tasks.tools.prints import Print, Prints, columns_at, masked_texts, take, take_one
from tasks.tools.twins import Rows

Bools = NDArray[np.bool_]
TRIED = 20  # prints that are taken again to see whether they were taken by the same rules
_MIX = np.int64(-7046029254386353131)


@dataclass(frozen=True, slots=True)
class Held:
    """Some rows of one table of examples: `rows` are their places in it."""

    examples: Table[Example]
    table: Table[Print]
    starts: list[int]  # of the table's shards
    rows: Rows


@dataclass(frozen=True, slots=True)
class Corpus:
    """`prints` of all rows, those under test first; `held` says where each stands."""

    prints: Prints
    held: tuple[Held, ...]

    @classmethod
    def of(cls, examples: Table[Example], table: Table[Print], published: Sequence[str]) -> "Corpus":
        """Raises `InputError` for a published data set that cannot be read."""
        prints = Prints.load(table)
        held = [Held(examples, table, prints.starts, np.arange(len(prints)))]
        own = prints
        for number, source in enumerate(published):
            other, its = _printed(source, f"published-{number}")
            theirs = Prints.load(its)
            rows = np.flatnonzero(_related(theirs, own))
            held.append(Held(other, its, theirs.starts, rows))
            prints = prints.followed_by(theirs.at(rows))
        return cls(prints, tuple(held))

    @property
    def new(self) -> int:
        """How many rows are under test: the first ones."""
        return len(self.held[0].rows)

    def ranked(self) -> Rows:
        """All rows, the one to keep first: published ones, then by id, so the order of input decides nothing."""
        return np.lexsort([self.prints.id, np.arange(len(self.prints)) < self.new])

    def columns(self, rows: Rows, names: Sequence[str]) -> dict[str, dict[int, str]]:
        """Texts of some rows by row, reading only the shards that hold one."""
        found: dict[str, dict[int, str]] = {name: {} for name in names}
        first, rows = 0, np.unique(rows)
        for held in self.held:
            here = rows[(rows >= first) & (rows < first + len(held.rows))]
            place = held.rows[here - first]
            columns = columns_at(held.examples, held.starts, place, names)
            for name in names:
                found[name] |= {row: columns[name][at] for row, at in zip(here.tolist(), place.tolist(), strict=True)}
            first += len(held.rows)
        return found

    def masked(self, masks: Rows) -> dict[int, str]:
        """The masked text of each mask key."""
        found: dict[int, str] = {}
        for held in self.held:
            found |= masked_texts(held.table, np.setdiff1d(masks, list(found)))
        return found


def amounts(prints: Prints) -> Rows:
    """A key of each row's numbers without order and answer; 0 where it has none, or more than are compared."""
    keys = prints.numbers
    mixed: Rows = ((keys ^ (keys >> np.int64(31))) * _MIX * (keys != 0)).sum(axis=1)
    return mixed


def _related(known: Prints, new: Prints) -> Bools:
    """Which known rows could be the twin of a new one, or contradict it."""
    related = np.isin(known.wording, new.wording) | np.isin(known.block, new.block)
    sums = amounts(known)
    related |= (sums != 0) & np.isin(sums, amounts(new))
    mine = np.unique((new.numbers * _MIX ^ new.answer[:, None])[new.numbers != 0])
    some = np.flatnonzero(np.isin(known.answer, new.answer) & ~related)
    numbers = known.numbers[some]
    shared = (np.isin(numbers * _MIX ^ known.answer[some][:, None], mine) & (numbers != 0)).sum(axis=1)
    related[some] = shared >= np.maximum(SHARE * (numbers != 0).sum(axis=1), 1)
    return related


def _printed(source: str, name: str) -> tuple[Table[Example], Table[Print]]:
    """A published data set with its prints: those that lie beside it, or else taken now, into this run."""
    examples = intake.examples_of(source)
    if examples is not None:
        prints = Table(examples.path.with_name(f"{examples.name}.prints"), Print)
        if _usable(examples, prints):
            return examples, prints
    own = intake.examples([source], name=name)
    return own, take(own)


def _usable(examples: Table[Example], prints: Table[Print]) -> bool:
    """Whether these are the examples' prints, taken as they would be taken today."""
    if len(prints.shards()) != len(examples.shards()) or prints.count() != examples.count():
        return False
    some = zip(examples.read(0)[:TRIED], prints.read(0)[:TRIED], strict=True)
    return all(take_one(row.id, row.problem, row.answer, row.template_id) == its for row, its in some)
