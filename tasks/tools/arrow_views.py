"""Rows of a view for trainers as Parquet: columns of kinds that records do not have, chats and values that are null.

A view's columns are declared as name -> kind (`KINDS`); the files are laid out by `tools.splits`, as a data set's are.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from shutil import rmtree
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.errors import ToolError
from schemas.table import storage
from tasks.tools.splits import Split, write_splits

ROWS = 5_000  # of a draft, in memory at once
DRAFTS = "drafts"
KINDS: dict[str, pa.DataType] = {
    "text": pa.string(),
    "texts": pa.list_(pa.string()),
    "whole number": pa.int64(),
    "number": pa.float64(),
    "truth": pa.bool_(),
    "truths": pa.list_(pa.bool_()),
    "marks": pa.list_(pa.int64()),
    "chat": pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])),
    "conversation": pa.list_(pa.struct([("from", pa.string()), ("value", pa.string())])),
    "rule": pa.struct([("style", pa.string()), ("ground_truth", pa.string())]),
    "extra": pa.struct([("split", pa.string()), ("index", pa.int64()), ("answer", pa.string()),
                        ("question", pa.string()), ("source", pa.string())]),
}


def write_view(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str], folder: Path,
               test_templates: Collection[str]) -> list[Split]:
    """Write `folder/data/<split>-*.parquet`; rows have `id` and `template_id`, by which they are split and ordered.

    Raises `StorageError`, and `ToolError` for a row that does not fit its columns.
    """
    schema = pa.schema([(name, KINDS[kind]) for name, kind in columns.items()])
    drafts = folder / DRAFTS
    with storage(folder):
        drafts.mkdir(parents=True)
        shards = []
        for number, table in enumerate(_tables(rows, schema)):
            shards.append(drafts / f"part-{number:05d}.parquet")
            pq.write_table(table, shards[-1])
    splits = write_splits(shards, folder, test_templates)
    rmtree(drafts)
    return splits


def _tables(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> Iterator[pa.Table]:
    left = iter(rows)
    while batch := list(islice(left, ROWS)):
        try:
            yield pa.Table.from_pylist(batch, schema=schema)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise ToolError(f"a row does not fit the view's columns: {error}", mend="report this") from error
