"""Fingerprints of examples: what `tasks/dedup` and `tasks/decontaminate` compare instead of texts.

A table `T` of examples has its prints in the side table `T.prints`, row for row; whoever needs them first makes them,
and whoever filters `T` filters the prints along, so that no text is read twice.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.records import Example
from schemas.table import Table, read_columns
from tasks.tools.answers import canonical
from tasks.tools.each import each
from tasks.tools.signature import key, read

Keys = NDArray[np.int64]
WIDTH = 12  # numbers of a text that are compared one by one; a text with more is a list
TERSE_WORDS = 16  # below this a text says too little for its meaning to tell problems apart


@dataclass(frozen=True, slots=True)
class Print:
    """One example's print. The whole numbers are 64-bit keys of texts (`signature.key`)."""

    id: str  # the example's own
    parents: list[str]
    wording: int  # of the text without case, spaces and punctuation
    block: int  # of the numbers, ones left out and order forgotten, and the answer
    order: int  # of the numbers as they stand
    mask: int  # of `masked`
    family: int  # of the template; 0 where there is none
    terse: bool  # few numbers or few words
    masked: str  # the text with `#` for numbers and letters for names
    answer: int  # of the answer alone
    numbers: list[int]  # of each number but one; the second 5 of a text is not its first


def take(examples: Table[Example]) -> Table[Print]:
    """The prints of a table, made now unless they are there."""
    return each(_prints, examples, into=Print, name=f"{examples.name}.prints")


def take_one(id: str, problem: str, answer: str, template_id: str = "") -> Print:
    """The print of one problem."""
    found = read(problem)
    return Print(
        id=id, parents=[id], wording=key(found.plain),
        block=key(found.block, canonical(answer)), order=key(found.numbers),
        mask=key(found.masked), family=key(template_id) if template_id else 0,
        terse=found.block.count(" ") < 1 or found.masked.count(" ") < TERSE_WORDS - 1, masked=found.masked,
        answer=key(canonical(answer)), numbers=_number_keys(found.block))


def _number_keys(block: str) -> list[int]:
    met: Counter[str] = Counter()
    keys = []
    for number in block.split():
        met[number] += 1
        keys.append(key(number, str(met[number])))
    return keys


def _prints(examples: list[Example]) -> Iterable[Print]:
    return (take_one(row.id, row.problem, row.answer, row.template_id) for row in examples)


@dataclass(frozen=True, slots=True)
class Prints:
    """All prints of a table as arrays of one length, about 160 bytes an example; row i is example i in table order."""

    id: NDArray[np.bytes_]
    wording: Keys
    block: Keys
    order: Keys
    mask: Keys
    family: Keys
    terse: NDArray[np.bool_]
    starts: list[int]  # where each shard begins, and the end
    answer: Keys
    numbers: Keys  # (rows, WIDTH), filled up with 0; all 0 where there are more

    @classmethod
    def load(cls, table: Table[Print]) -> "Prints":
        """Column by column, one shard in memory at a time; about 2 s a million rows."""
        parts = [cls._shard(path) for path in table.shards()]
        empty = {"id": np.zeros(0, np.bytes_), "terse": np.zeros(0, np.bool_),
                 "numbers": np.zeros((0, WIDTH), np.int64)}
        arrays: dict[str, Any] = {
            name: np.concatenate([part[name] for part in parts] or [empty.get(name, np.zeros(0, np.int64))])
            for name in ("id", *_KEYS, "terse", "numbers")}
        return cls(**arrays, starts=[0, *accumulate(len(part["id"]) for part in parts)])

    @staticmethod
    def _shard(path: Path) -> dict[str, NDArray[Any]]:
        held = read_columns(path, ["id", *_KEYS, "terse", "numbers"])
        return {"id": np.array(held["id"].to_pylist(), np.bytes_), "numbers": _padded(held["numbers"]),
                "terse": held["terse"].to_numpy().astype(np.bool_),
                **{name: held[name].to_numpy().astype(np.int64) for name in _KEYS}}

    def at(self, rows: Keys) -> "Prints":
        """Some of the rows, as one shard."""
        chosen = {name: getattr(self, name)[rows] for name in ("id", *_KEYS, "terse", "numbers")}
        return Prints(**chosen, starts=[0, len(rows)])

    def followed_by(self, others: "Prints") -> "Prints":
        """These rows and others after them; `starts` stay those of these rows."""
        both = {name: np.concatenate([getattr(self, name), getattr(others, name)])
                for name in ("id", *_KEYS, "terse", "numbers")}
        return Prints(**both, starts=self.starts)

    def __len__(self) -> int:
        return len(self.id)


_KEYS = ("wording", "block", "order", "mask", "family", "answer")


def _padded(lists: Any) -> Keys:
    """An Arrow column of lists as (rows, WIDTH), filled up with 0; all 0 where there are more."""
    flat = lists.combine_chunks()
    sizes = np.diff(flat.offsets.to_numpy())
    values = flat.values.to_numpy().astype(np.int64)[flat.offsets[0].as_py():flat.offsets[-1].as_py()]
    row = np.repeat(np.arange(len(sizes)), sizes)
    column = np.arange(len(values)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    fits = sizes[row] <= WIDTH
    table = np.zeros((len(sizes), WIDTH), np.int64)
    table[row[fits], column[fits]] = values[fits]
    return table


def masked_texts(table: Table[Print], wanted: Keys) -> dict[int, str]:
    """The masked text of each wanted mask key, in one pass."""
    left = np.unique(wanted)
    found: dict[int, str] = {}
    for path in table.shards() if len(left) else ():
        held = read_columns(path, ["mask", "masked"])
        masks, first = np.unique(held["mask"].to_numpy(), return_index=True)
        here = np.isin(masks, left)
        found |= zip(masks[here].tolist(), held["masked"].take(first[here]).to_pylist(), strict=True)
        left = np.setdiff1d(left, masks[here])
        if not len(left):
            break
    return found


def problems_at(examples: Table[Example], starts: list[int], rows: NDArray[np.int64]) -> dict[int, str]:
    """The problem texts of some rows (places in the table, sorted), reading only the shards that hold one."""
    return columns_at(examples, starts, rows, ("problem",))["problem"]


def columns_at(examples: Table[Example], starts: list[int], rows: NDArray[np.int64],
               names: Sequence[str]) -> dict[str, dict[int, str]]:
    """Columns of some rows by place, reading only the shards that hold one."""
    found: dict[str, dict[int, str]] = {name: {} for name in names}
    for number, (start, end) in enumerate(pairwise(starts)):
        wanted = rows[np.searchsorted(rows, start):np.searchsorted(rows, end)]
        if len(wanted):
            held = read_columns(examples.shard(number), names)
            for name in names:
                found[name] |= zip(wanted.tolist(), held[name].take(wanted - start).to_pylist(), strict=True)
    return found
