"""The files of a published data set: rows in a stable order, split, and in the shape that the Hub reads best.

Parquet as `datasets` itself writes it (shards under 500 MB named `train-00000-of-00004.parquet`, row groups under
100 MB, page index, content-defined chunks): the viewer can page through it, and a new version uploads what changed.
Memory is bounded: rows are dealt into buckets by key on disk, and one bucket at a time is sorted and written.
"""

import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from shutil import rmtree
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.table import read_columns, storage, sync_folder

BUCKET = 50_000  # rows sorted at once: about 60 MB
MAX_BUCKETS = 64  # files open at once
GROUP_ROWS, GROUP_BYTES = 100_000, 90_000_000  # a row group; the Hub's viewer refuses to scan much more
SHARD_BYTES = 450_000_000  # of Arrow data; the Hub's own limit is 500 MB
CHUNKS = {"min_chunk_size": 256 * 1024, "max_chunk_size": 1024 * 1024, "norm_level": 0}
REPEATING = ("template_id", "seed_id", "answer_kind", "answer_unit", "gold_level", "topic", "mode", "recipe", "source",
             "licence")  # columns that a dictionary shrinks
TRAIN, TEST = "train", "test"


@dataclass(frozen=True, slots=True)
class Split:
    """One split as written: its files, relative to the data set's folder, rows, and bytes in memory and on disk."""

    name: str
    files: list[str]
    rows: int
    num_bytes: int
    disk_bytes: int


def tally(shards: Iterable[Path], columns: Sequence[str]) -> Counter[tuple[Any, ...]]:
    """How many rows have each combination of these columns; a column of lists counts by its members, comma-joined."""
    counts: Counter[tuple[Any, ...]] = Counter()
    for path in shards:
        table = read_columns(path, columns)
        plain = [pc.binary_join(column.cast(pa.list_(pa.string())), ",") if pa.types.is_list(column.type) else column
                 for column in table.columns]
        groups = pa.table(plain, names=table.column_names).group_by(list(columns)).aggregate([([], "count_all")])
        rows = zip(*(column.to_pylist() for column in groups.select([*columns, "count_all"]).columns), strict=True)
        counts.update({row[:-1]: row[-1] for row in rows})
    return counts


def write_splits(shards: Sequence[Path], folder: Path, test_templates: Collection[str], *,
                 without: Collection[str] = (), label: str = "") -> list[Split]:
    """Write `folder/data/<split><label>-*.parquet`, each in order of (template_id, id); one without rows is left out.

    Rows of `test_templates` go to the test split, rows that `touches` of the ids `without` nowhere. Raises
    `StorageError`; the half-written is the caller's to remove.
    """
    data, buckets = folder / "data", folder / "buckets"
    with storage(folder):
        data.mkdir(parents=True, exist_ok=True)
        buckets.mkdir()
        dealt = _deal(shards, buckets, pa.array(sorted(test_templates), pa.string()), without)
        splits = [_written(name, f"{name}{label}", files, data) for name, files in dealt.items()]
        rmtree(buckets)
        sync_folder(data)
    return splits


def touches(table: pa.Table, ids: Collection[str]) -> Any:
    """A mask of the rows that have one of these ids themselves, or grew from a record that has."""
    known = pa.array(sorted(ids), pa.string())
    mask = pc.is_in(table["id"], value_set=known)
    for name in ("template_id", "seed_id"):
        mask = pc.or_(mask, pc.is_in(table[name], value_set=known))
    parents = table["parents"].combine_chunks()
    rows = pc.list_parent_indices(parents).filter(pc.is_in(pc.list_flatten(parents), value_set=known))
    return pc.or_(mask, pc.is_in(pa.array(range(len(table)), pa.int64()), value_set=rows))


def first_row(path: Path) -> dict[str, Any]:
    """The first row of a file that has one."""
    with pq.ParquetFile(path) as file:
        row: dict[str, Any] = next(file.iter_batches(batch_size=1)).to_pylist()[0]
        return row


def touched(shards: Iterable[Path], ids: Collection[str]) -> int:
    """How many rows `touches` finds. Raises `RunError` for a damaged shard."""
    columns = ["id", "parents", "template_id", "seed_id"]
    return sum(pc.sum(touches(read_columns(path, columns), ids)).as_py() or 0 for path in shards)


def _key(table: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(table["template_id"], table["id"], "\0")


def _bounds(shards: Sequence[Path]) -> list[str]:
    """Keys that cut all rows into buckets of about `BUCKET`."""
    keys = [_key(read_columns(path, ["template_id", "id"])) for path in shards]
    ordered = pa.chunked_array([chunk for key in keys for chunk in key.chunks], pa.string()).sort()
    parts = min(MAX_BUCKETS, -(-len(ordered) // BUCKET))
    return [ordered[len(ordered) * part // parts].as_py() for part in range(1, parts)]


def _deal(shards: Sequence[Path], folder: Path, test: pa.Array, without: Collection[str]) -> dict[str, list[Path]]:
    """All rows into bucket files by split and key; the files of each split in order."""
    bounds = _bounds(shards)
    writers: dict[Path, Any] = {}
    with ExitStack() as open_files:
        for path in shards:
            rows = read_columns(path)
            kept = rows.filter(pc.invert(touches(rows, without))) if without else rows
            for name, part in _parts(kept, test, bounds):
                target = folder / name
                if target not in writers:
                    writers[target] = open_files.enter_context(pa.ipc.new_file(target, part.schema))
                writers[target].write_table(part)
    return {name: files for name in (TRAIN, TEST)
            if (files := sorted(path for path in writers if path.name.startswith(f"{name}-")))}


def _parts(table: pa.Table, test: pa.Array, bounds: Sequence[str]) -> Iterator[tuple[str, pa.Table]]:
    """The rows of one shard by bucket: the bucket's file name and its rows."""
    is_test = pc.is_in(table["template_id"], value_set=test)
    for name, mask in ((TRAIN, pc.invert(is_test)), (TEST, is_test)):
        rows = table.filter(mask)
        key = _key(rows)
        order = pc.sort_indices(key)
        rows, keys = rows.take(order), key.take(order).to_pylist()
        cuts = [0, *(bisect_left(keys, bound) for bound in bounds), len(keys)]
        for number, (start, end) in enumerate(pairwise(cuts)):
            if end > start:
                yield f"{name}-{number:03d}.arrow", rows.slice(start, end - start)


def _written(name: str, stem: str, buckets: Sequence[Path], folder: Path) -> Split:
    """One split's shards, under their final names `<stem>-00000-of-…`."""
    drafts: list[Path] = []
    rows = num_bytes = held = 0
    with ExitStack() as last:
        for group in _groups(buckets):
            if not drafts or held + group.nbytes > SHARD_BYTES:
                last.close()
                drafts.append(folder / f"{stem}-{len(drafts):05d}.draft")
                writer, held = last.enter_context(_writer(drafts[-1], group.schema)), 0
            writer.write_table(group, row_group_size=group.num_rows)
            rows, num_bytes, held = rows + group.num_rows, num_bytes + group.nbytes, held + group.nbytes
    files = [draft.with_name(f"{draft.stem}-of-{len(drafts):05d}.parquet") for draft in drafts]
    for draft, file in zip(drafts, files, strict=True):
        _sync(draft)
        draft.rename(file)
    return Split(name, [f"data/{file.name}" for file in files], rows, num_bytes, sum(f.stat().st_size for f in files))


def _groups(buckets: Sequence[Path]) -> Iterator[pa.Table]:
    """The rows of all buckets in order, as tables of a row group's size."""
    waiting: list[pa.Table] = []
    for path in buckets:
        with pa.ipc.open_file(path) as reader:
            table = reader.read_all().sort_by([("template_id", "ascending"), ("id", "ascending")])
        path.unlink()
        waiting.append(table)
        while sum(part.num_rows for part in waiting) >= (most := _fit(waiting)):
            whole = pa.concat_tables(waiting).combine_chunks()
            yield whole.slice(0, most)
            waiting = [whole.slice(most)]
    if rest := [part for part in waiting if part.num_rows]:
        yield pa.concat_tables(rest).combine_chunks()


def _fit(parts: Sequence[pa.Table]) -> int:
    """How many such rows make a row group."""
    rows: int = sum(part.num_rows for part in parts)
    size: int = sum(part.nbytes for part in parts)
    return min(GROUP_ROWS, max(1, GROUP_BYTES * rows // max(size, 1)))


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(path, schema, compression="zstd", compression_level=3, use_dictionary=list(REPEATING),
                            write_page_index=True, write_page_checksum=True, use_content_defined_chunking=CHUNKS)


def _sync(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())
