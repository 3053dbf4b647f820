"""The rows of foreign data sets that may stay, written as they were: what `--write` of `mathmill decontaminate` does.

A table of examples says which: by `seed_id` where a foreign row stood (`file:line`), by id which row of ours it was.
JSON lines go through byte for byte; Parquet keeps its columns and their types.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from schemas.errors import InputError, ParameterError
from schemas.records import Example, stable_id
from schemas.rows import kinds_of
from schemas.table import Table, replacing
from tasks.intake import examples_of
from tasks.sample import opened
from tasks.tools.files import ENDINGS, read_rows
from tasks.tools.lines import numbered_lines

BATCH = 10_000
ENDS = (".jsonl", ".parquet")
Place = tuple[str, Path]  # as rows name it, and where it lies


def check_writable(sources: Sequence[str], path: Path) -> None:
    """Raises `ParameterError` where the kept rows could not be written: known before hours of work."""
    if path.suffix not in ENDS:
        raise ParameterError(f"kept rows are not written as {path.suffix or '(no ending)'!r}", where=str(path),
                             mend=f"end it in {' or '.join(ENDS)}")
    names = Counter(name for source in sources for name, _ in _files(source))
    if twice := [name for name, times in names.items() if times > 1]:
        raise ParameterError(f"two sources are called {twice[0]}, so their rows could not be told apart",
                             mend="rename one, or leave --write out")
    if path.exists() and any(path.samefile(file) for source in sources for _, file in _files(source) if file.exists()):
        raise ParameterError("would overwrite what was read", where=str(path), mend="give --write another name")


def write_kept(sources: Sequence[str], kept: Table[Example], path: Path) -> int:
    """Writes the rows of `sources` that `kept` holds, in their order, as they were; returns how many.

    Raises `StorageError`; `InputError` where sources of different columns are to be one Parquet file.
    """
    wanted = _Wanted(kept)
    with replacing(path) as half:
        if path.suffix == ".parquet":
            return _parquet(half, (row for source in sources for row in wanted.of(source)), path)
        count = 0
        with half.open("w", encoding="utf-8") as file:
            for source in sources:
                for row in wanted.of(source):
                    file.write(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False, default=str))
                    file.write("\n")
                    count += 1
        return count


class _Wanted:
    def __init__(self, kept: Table[Example]) -> None:
        self.ids: set[str] = set()
        self.places: set[str] = set()
        self.met: Counter[str] = Counter()
        for row in kept.rows():
            self.ids.add(row.id)
            self.places.add(row.seed_id)

    def of(self, source: str) -> Iterator[dict[str, Any] | str]:
        """Rows as they stand in the file where that is JSON lines, else as objects."""
        ours = examples_of(source)
        if ours is not None:
            yield from (asdict(row) for row in ours.rows() if row.id in self.ids)
            return
        for name, path in _files(source):
            for line, row, raw in _rows(source, path):
                if self._is_kept(row, f"{name}:{line}"):
                    yield raw or row

    def _is_kept(self, row: dict[str, Any], place: str) -> bool:
        if not kinds_of(Example).keys() <= row.keys():
            return place in self.places
        id = str(row["id"])
        self.met[id] += 1
        return (id if self.met[id] == 1 else stable_id("row", id, self.met[id])) in self.ids


def _files(source: str) -> list[Place]:
    path = Path(source)
    if not path.is_dir():
        return [(path.name if path.exists() else source, path)]
    found = sorted(file for file in path.rglob("*") if file.is_file() and file.name.endswith(ENDINGS))
    return [(str(file.relative_to(path)), file) for file in [file for file in found if file.suffix != ".json"] or found]


def _rows(source: str, path: Path) -> Iterator[tuple[int, dict[str, Any], str]]:
    """(line, row, the line as it stands or "")."""
    if path.exists() and path.name.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson")):
        for number, line in numbered_lines(path):
            if text := line.strip():
                yield number, json.loads(text), text
    else:
        rows = read_rows(path) if path.exists() else opened(source).rows
        yield from ((line, dict(row), "") for line, row in rows)


def _parquet(half: Path, rows: Iterable[dict[str, Any] | str], path: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    count, writer = 0, None
    try:
        objects = (json.loads(row) if isinstance(row, str) else row for row in rows)
        while listed := list(islice(objects, BATCH)):
            table = pa.Table.from_pylist(listed, schema=writer.schema if writer else None)
            writer = writer or pq.ParquetWriter(half, table.schema, compression="zstd")
            writer.write_table(table)
            count += len(listed)
        if writer is None:
            raise InputError("no row may stay, and a Parquet file of none has no columns", where=str(path),
                             mend="end --write in .jsonl")
    except pa.ArrowException as error:
        raise InputError(f"these rows do not fit into one Parquet file: {error}", where=str(path),
                         mend="end --write in .jsonl") from error
    finally:
        if writer is not None:
            writer.close()
    return count
