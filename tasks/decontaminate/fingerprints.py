"""Test sets without their texts: hashes that find an item's wording, its runs of words, its numbers with its answer.

They ship for sets under the MIT licence (`data/fingerprints`). No text can be read out of them: all are 64-bit hashes
of 13 words or more, or of all numbers together. What they cannot do is tell likeness of meaning: for `rephrased` and
`template_twin` the texts must be fetched (`mathmill test-sets fetch`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import InputError, RunError
from schemas.rows import kinds_of
from schemas.table import columns_of, read_shard, write_shard
from tasks.decontaminate.levels import NGRAM
from tasks.decontaminate.runs import run_keys
from tasks.tools.prints import Print

NUMBERS = 4


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is kept of one item: keys as in `Print`, and those of its runs of 13 words."""

    id: str  # its line or its id in the test set
    parents: list[str]
    wording: int
    block: int
    telling: bool  # whether its numbers are enough to know it by
    runs: list[int]


def fingerprint(id: str, found: Print) -> Fingerprint:
    """The fingerprint of one item."""
    return Fingerprint(id, [], found.wording, found.block, telling(found), sorted(run_keys(found.masked, NGRAM)))


def telling(found: Print) -> bool:
    """Whether numbers and answer are enough to know a problem by: four numbers besides one, in a text of some length.

    Of GSM8K's rephrased test set (LMSYS) that finds half, of its training set 1 of 7,473 (three numbers: 26).
    """
    return not found.terse and len(found.numbers) >= NUMBERS


def print_of(found: Fingerprint, name: str) -> Print:
    """A print with what is known."""
    return Print(id=f"{name}:{found.id}", parents=[], wording=found.wording, block=found.block, order=0, mask=0,
                 family=0, terse=False, masked="", answer=0, numbers=[])


def write_fingerprints(path: Path, rows: Iterable[Fingerprint]) -> int:
    """Writes a file of fingerprints; returns how many."""
    return write_shard(path, list(rows), Fingerprint)


def read_fingerprints(path: Path) -> Iterator[Fingerprint]:
    """The fingerprints of a file. Raises `InputError` for a damaged one."""
    try:
        yield from read_shard(path, Fingerprint)
    except RunError as error:
        raise InputError(error.what, where=str(path), mend="install mathmill again") from error


def are_fingerprints(path: Path) -> bool:
    """Whether a file holds fingerprints rather than texts."""
    if path.suffix != ".parquet" or not path.is_file():
        return False
    try:
        return {column for column, _ in columns_of(path)} == set(kinds_of(Fingerprint))
    except RunError:
        return False  # whoever reads it will say what is wrong
