"""A data set that grows: each batch is a run with draws of its own, and only what is new enters, once.

    data/sets/nightly/part-00000.parquet …           what batch 0, 1, … added; a shard that is there is a finished batch
    data/sets/nightly/part-00000.json                which run it came from, how many it brought and how many were new
    data/sets/nightly.runs/                          the runs that decided what was new, with their rejections

Everything about batch k follows from the shards before it, so a batch that was broken off is made again as it was.
"""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from flows.rounds import in_rounds
from schemas.errors import InputError, ParameterError
from schemas.manifest import MANIFEST
from schemas.parameters import InputFile
from schemas.records import Example, Rejection, reject
from schemas.run import current_run
from schemas.table import Table, write_file, write_shard
from tasks import dedup
from tasks.tools.each import whole
from tasks.tools.orchestrator import recipe, task
from tasks.tools.progress import say

BATCHES = 12  # in one firing


def topped_up(flow: Any, folder: Path, accepted: int, values: dict[str, Any]) -> Table[Example]:
    """The set in `folder` with at least one batch more, or as many as it takes to hold `accepted` rows.

    Ends before its target where a batch brought nothing new. Raises `ParameterError` and what the recipe raises.
    """
    if accepted < 1:
        raise ParameterError("a data set that grows needs a target", where="accepted", mend="give --accepted N")
    grown = Table(folder, Example)
    for _ in range(BATCHES):
        missing = accepted - grown.count()
        if missing <= 0 or not _batch(flow, grown, missing, values):
            break
    say(f"{folder}: {grown.count():,} of {accepted:,} rows")
    return grown


def _batch(flow: Any, grown: Table[Example], missing: int, values: dict[str, Any]) -> int:
    """Makes the next batch and appends what is new of it; returns how many rows that was."""
    number = len(grown.shards())
    seed = int(values.get("seed", 0)) + number
    made = in_rounds(flow, missing, None, {**values, "seed": seed})
    runs = grown.path.with_name(f"{grown.path.name}.runs")
    added = newcomers.run(out=runs / f"{number:05d}", batch=str(made.path), known=str(grown.path) if number else "")
    rows = list(added.rows())
    run = next(place for place in made.path.parents if (place / MANIFEST).exists())
    told = {"run": str(run), "brought": made.count(), "added": len(rows), "seed": seed}
    write_file(grown.path / f"part-{number:05d}.json", json.dumps(told).encode() + b"\n")
    write_shard(grown.shard(number), rows, Example)  # last: where it lies, the batch is finished
    return len(rows)


@recipe(summary="What of a batch is new to a data set.")
def newcomers(batch: Annotated[str, InputFile], known: Annotated[str, InputFile] = "") -> Table[Example]:
    """Known rows and the batch -> distinct -> those of the batch that repeat no known row."""
    return added(dedup.by_meaning(together(batch, known)), batch)


@task
def together(batch: str, known: str) -> Table[Example]:
    """Table `examples`: what a set holds, and a batch; a row of the batch that is in the set is a rejection."""
    sources = [Table(Path(path), Example) for path in (known, batch) if path]
    if not sources[-1].shards():
        raise InputError("holds no examples", where=batch, mend="give the table that a run exports")
    return whole(partial(_rows, sources), into=Example, name="examples")


@task
def added(distinct: Table[Example], batch: str) -> Table[Example]:
    """Table `added`: rows of the batch that are distinct, and that no known row repeats."""
    ids = {row.id for row in Table(Path(batch), Example).rows()} - _known(distinct)
    twins = {row.twin_id for row in distinct.rejections.rows() if row.row_id not in ids}
    return whole(partial(_new, ids, twins), distinct, into=Example, name="added",
                 expected=lambda table: sum(row.id in ids for row in table.rows()))


def _known(distinct: Table[Example]) -> set[str]:
    """Ids that the set held already: they were left out of `examples`."""
    return {row.row_id for row in current_run().table("examples", Example).rejections.rows()}


def _rows(sources: list[Table[Example]]) -> Iterator[Example | Rejection]:
    seen = set[str]()
    for row in (row for source in sources for row in source.rows()):
        if row.id in seen:
            yield reject(row.id, "examples", "exact", "the data set holds this very row")
        else:
            yield row
        seen.add(row.id)


def _new(ids: set[str], twins: set[str], distinct: Table[Example]) -> Iterator[Example | Rejection]:
    for row in distinct.rows():
        if row.id in ids and row.id in twins:
            yield reject(row.id, "added", "known", "a row that the data set holds says the same")
        elif row.id in ids:
            yield row
