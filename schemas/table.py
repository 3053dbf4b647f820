"""A table: a folder of Parquet shards whose rows are all of one type of `schemas.records`.

A shard is written whole or not at all, so a shard that is there is finished; that is what makes runs resumable.
Beside the table `problems` lies `problems.rejected`, the rows that did not go on.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from socket import gethostname
from typing import Any, Generic, TypeVar, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.errors import RunError, StorageError
from schemas.records import Rejection
from schemas.rows import from_table, schema_of, to_table

R = TypeVar("R")

ROW_GROUP = 100_000  # rows; small enough for the Hub's viewer, and size is flat above 10,000
SAMPLE = 1_024  # rows looked at to see whether a column repeats itself
REPEATS = 8  # a column whose values come this often on average gets a dictionary
REJECTED = ".rejected"


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """`path/part-00000.parquet …`, each row a `row`. Cheap to make, to pickle and to compare; reads when asked."""

    path: Path
    row: type[R]

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def rejections(self) -> "Table[Rejection]":
        """The rows that did not enter this table, shard by shard."""
        return Table(self.path.with_name(self.path.name + REJECTED), Rejection)

    def shard(self, number: int) -> Path:
        """Where shard `number` lies or will lie."""
        return self.path / f"part-{number:05d}.parquet"

    def shards(self) -> list[Path]:
        """The finished shards, in order."""
        return sorted(self.path.glob("part-*.parquet"))

    def read(self, number: int) -> list[R]:
        """The rows of shard `number`. Raises `RunError` for a shard that is missing, damaged or of other columns."""
        return read_shard(self.shard(number), self.row)

    def rows(self) -> Iterator[R]:
        """All rows in order, one shard in memory at a time."""
        for path in self.shards():
            yield from read_shard(path, self.row)

    def count(self) -> int:
        """How many rows, from the shards' footers."""
        return sum(map(count_rows, self.shards()))

    def index(self, key: str = "id") -> dict[str, R]:
        """Rows by a column, kept in memory for this process: for small tables that many shards look into."""
        stamp = tuple((path.name, (stat := path.stat()).st_mtime_ns, stat.st_size) for path in self.shards())
        return cast(dict[str, R], _index(self, key, stamp))


@lru_cache(maxsize=8)
def _index(table: Table[Any], key: str, stamp: tuple[tuple[str, int, int], ...]) -> dict[str, Any]:
    return {getattr(row, key): row for row in table.rows()}


def write_shard(path: Path, rows: Sequence[R], row: type[R]) -> int:
    """Write rows as one Parquet shard, whole or not at all; returns how many. The same rows give the same bytes.

    Raises `StorageError` when the disk refuses, `ToolError` for a row that does not fit its type.
    """
    table = to_table(rows, row)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", compression_level=3, row_group_size=ROW_GROUP,
                   write_page_index=True, write_page_checksum=True, use_dictionary=_repeating(table))
    write_file(path, sink.getvalue().to_pybytes())
    return len(rows)


def read_shard(path: Path, row: type[R]) -> list[R]:
    """The rows of one shard. Raises `RunError` that names the shard if it is missing, damaged or of other columns."""
    kind: Any = row
    with _whole(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        if not file.schema_arrow.equals(schema_of(kind)):
            raise RunError(f"this shard's columns are not those of {row.__name__}", where=str(path),
                           mend="it was written by another version: use another --out")
        return from_table(file.read(use_threads=False), row)


def count_rows(path: Path) -> int:
    """Rows in a shard, from its footer. Raises `RunError` for a damaged one."""
    with _whole(path):
        return int(pq.read_metadata(path).num_rows)


def columns_of(path: Path) -> tuple[tuple[str, str], ...]:
    """Names and types of a shard's columns, from its footer. Raises `RunError` for a damaged one."""
    with _whole(path):
        return tuple((field.name, str(field.type)) for field in pq.read_schema(path))


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: temporary file beside it, fsync, rename, fsync of the folder.

    A file that holds just this already is left alone. Raises `StorageError` when the disk is full, read-only or closed
    to us; nothing half-written stays.
    """
    if path.exists() and path.stat().st_size == len(data) and path.read_bytes() == data:
        return
    with replacing(path) as half:
        half.write_bytes(data)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A place to write `path` anew: what stands there at the end takes its name, and nothing half-written stays.

    Raises `StorageError` when the disk is full, read-only or closed to us.
    """
    half = path.with_name(f"{path.name}.{gethostname()}-{os.getpid()}.tmp")  # machines may share the folder
    with storage(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield half
            with half.open("rb") as file:
                os.fsync(file.fileno())
            os.replace(half, path)
        finally:
            half.unlink(missing_ok=True)
        sync_folder(path.parent)


@contextmanager
def storage(path: Path) -> Iterator[None]:
    """Turns the operating system's refusals into `StorageError` with the place and the mend."""
    try:
        yield
    except OSError as error:
        mend = "free space or give another --out, then repeat the command: finished shards are kept"
        raise StorageError(f"cannot write: {error.strerror or error}", where=str(path), mend=mend) from error


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        mend = "repeat the run's command: it is made again"
        raise RunError("this shard is missing", where=str(path), mend=mend) from None
    except (pa.ArrowException, OSError) as error:
        raise RunError(f"this shard is damaged: {error}", where=str(path),
                       mend="delete it and repeat the run's command: it is made again") from error


def _repeating(table: pa.Table) -> list[str]:
    """Paths of the columns that a dictionary would shrink, judged by the first rows."""
    sample = table.slice(0, SAMPLE)
    leaves = [leaf for name, column in zip(table.column_names, sample.columns, strict=True)
              for leaf in _leaves(name, column.combine_chunks())]
    return [path for path, array in leaves if pc.count_distinct(array).as_py() * REPEATS <= max(len(array), REPEATS)]


def _leaves(path: str, array: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    if pa.types.is_list(array.type):
        yield from _leaves(f"{path}.list.element", array.flatten())
    elif pa.types.is_struct(array.type):
        for field, part in zip(array.type, array.flatten(), strict=True):
            yield from _leaves(f"{path}.{field.name}", part)
    elif not pa.types.is_boolean(array.type) and not pa.types.is_floating(array.type):
        yield path, array


def read_column(path: Path, name: str) -> list[Any]:
    """One column of a shard. Raises `RunError` for a damaged one."""
    return cast(list[Any], read_columns(path, [name]).column(0).to_pylist())


def read_columns(path: Path, names: Sequence[str] | None = None) -> pa.Table:
    """Columns of a shard, or all, as Arrow has them. Raises `RunError` for a damaged one."""
    with _whole(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        return file.read(None if names is None else list(names), use_threads=False)
