"""A data set that grows: each batch is a run with draws of its own, and only what is new enters, once.

    data/sets/nightly/part-00000.parquet …           what batch 0, 1, … added; a shard that is there is a finished batch
    data/sets/nightly/part-00000.json                which run it came from, how many it brought and how many were new
    data/sets/nightly.prints/                        their prints, by which the next batch is compared with them
    data/sets/nightly.runs/                          the runs that decided what was new, with their rejections

Everything about batch k follows from the shards before it, so a batch that was broken off is made again as it was.
"""

import json
from pathlib import Path
from typing import Annotated, Any

from flows.rounds import in_rounds
from schemas.errors import ParameterError
from schemas.manifest import MANIFEST
from schemas.parameters import InputFile
from schemas.records import Example
from schemas.table import Table, write_file, write_shard
from tasks import dedup, intake
from tasks.tools.orchestrator import recipe
from tasks.tools.prints import Print
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
    # Beside the set, so that the next batch is compared with the set without reading it.
    prints = Table(grown.path.with_name(f"{grown.path.name}.prints"), Print)
    its = Table(added.path.with_name(f"{added.name}.prints"), Print)
    write_shard(prints.shard(number), list(its.rows()), Print)
    run = next(place for place in made.path.parents if (place / MANIFEST).exists())
    told = {"run": str(run), "brought": made.count(), "added": len(rows), "seed": seed}
    write_file(grown.path / f"part-{number:05d}.json", json.dumps(told).encode() + b"\n")
    write_shard(grown.shard(number), rows, Example)  # last: where it lies, the batch is finished
    return len(rows)


@recipe(summary="What of a batch is new to a data set.")
def newcomers(batch: Annotated[str, InputFile], known: Annotated[str, InputFile] = "") -> Table[Example]:
    """Rows of the batch -> those that repeat neither each other nor a known row."""
    return dedup.by_meaning(intake.examples([batch]), published=[known] if known else [])
