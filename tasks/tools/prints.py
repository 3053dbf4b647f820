"""Fingerprints of examples: what `tasks/dedup` and `tasks/decontaminate` compare instead of texts.

A table `T` of examples has its prints in the side table `T.prints`, row for row; whoever needs them first makes them,
and whoever filters `T` filters the prints along, so that no text is read twice.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.records import Example
from schemas.table import Table
from tasks.tools.each import each
from tasks.tools.signature import key, plain_text, read

Keys = NDArray[np.int64]
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")  # "1,200" is one number, "1,2" is two
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


def canonical(answer: str) -> str:
    """An answer as a key: numbers by value ("3.50" is "7/2"), anything else by its wording, without spaces."""
    plain = plain_text(answer.replace("$", "").replace("\\", "").replace(" ", ""))
    try:
        return str(Fraction(_THOUSANDS.sub("", plain)))
    except (ValueError, ZeroDivisionError):
        return plain


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
        """Shard by shard, so that only one shard's texts are in memory at a time."""
        parts: dict[str, list[NDArray[np.generic]]] = {name: [] for name in ("id", *_KEYS, "terse", "numbers")}
        starts = [0]
        for number in range(len(table.shards())):
            rows = table.read(number)
            starts.append(starts[-1] + len(rows))
            parts["id"].append(np.array([row.id.encode() for row in rows], np.bytes_))
            parts["terse"].append(np.array([row.terse for row in rows], np.bool_))
            parts["numbers"].append(_padded([row.numbers for row in rows]))
            for name in _KEYS:
                parts[name].append(np.array([getattr(row, name) for row in rows], np.int64))
        empty = {"id": np.zeros(0, np.bytes_), "terse": np.zeros(0, np.bool_), "numbers": _padded([])}
        arrays: dict[str, Any] = {name: np.concatenate(found) if found else empty.get(name, np.zeros(0, np.int64))
                                  for name, found in parts.items()}
        return cls(**arrays, starts=starts)

    def __len__(self) -> int:
        return len(self.id)


_KEYS = ("wording", "block", "order", "mask", "family", "answer")


def _padded(lists: list[list[int]]) -> Keys:
    table = np.zeros((len(lists), WIDTH), np.int64)
    for row, numbers in zip(table, lists, strict=True):
        if len(numbers) <= WIDTH:
            row[:len(numbers)] = numbers
    return table


def masked_texts(table: Table[Print], wanted: Keys) -> dict[int, str]:
    """The masked text of each wanted mask key, in one pass."""
    left = set(wanted.tolist())
    found: dict[int, str] = {}
    for row in table.rows() if left else ():
        if row.mask in left:
            found[row.mask] = row.masked
            left.discard(row.mask)
    return found




def problems_at(examples: Table[Example], starts: list[int], rows: NDArray[np.int64]) -> dict[int, str]:
    """The problem texts of some rows (places in the table, sorted), reading only the shards that hold one."""
    found: dict[int, str] = {}
    for number, (start, end) in enumerate(pairwise(starts)):
        wanted = rows[np.searchsorted(rows, start):np.searchsorted(rows, end)].tolist()
        shard = examples.read(number) if wanted else []
        found |= {row: shard[row - start].problem for row in wanted}
    return found
