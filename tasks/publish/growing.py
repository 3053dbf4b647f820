"""The draft of a data set that grows (`flows.schedule_set`): each batch is a shard of its own, so only new ones go up.

    data/sets/nightly/part-00003.parquet   becomes   data/train-00003-00000-of-00001.parquet

Batches share templates, so that all rows are on one side: train.
"""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from schemas.errors import RunError
from schemas.manifest import MANIFEST, read_manifest
from schemas.records import Example
from schemas.table import Table, count_rows
from tasks.publish.draft import Choice, Draft, decided, draft_folder, drafted
from tasks.publish.sources import Source, source_of
from tasks.tools.flags import flagged
from tasks.tools.splits import Split, touched, write_splits

Told = dict[str, Any]
NEW = "new to the set"  # the last line of the card's funnel


def is_set(folder: Path) -> bool:
    """Whether this is a data set that grows, and no run."""
    return not (folder / MANIFEST).exists() and any(folder.glob("part-*.json"))


def of_set(folder: Path, repo: str, choice: Choice) -> Draft:
    """The draft of all finished batches. Raises `RunError`, `InputError`, `ParameterError` as `draft.of_run`."""
    parts = Table(folder, Example).shards()
    told = [_told(part) for part in parts]
    if not parts:
        raise RunError("this set has no finished batch yet", where=str(folder), mend="wait for the first")
    batches = [Path(one["run"]) for one in told]
    decisions = [_decision(folder, number) for number in range(len(parts))]
    unwanted = {record for place in (folder, *batches, *decisions) for record in flagged(place)}
    hits = decided(touched(parts, unwanted) if unwanted else 0, folder, choice)
    sources = [_source(part, one) for part, one in zip(parts, told, strict=True)]
    return drafted(repo, draft_folder(folder, repo), partial(_data, parts, unwanted if hits else set()), hits, choice,
                   sources)


def joined(splits: Sequence[Split]) -> list[Split]:
    """Splits of the same name as one, in the order in which the names first come."""
    names = dict.fromkeys(split.name for split in splits)
    return [Split(name, [file for one in same for file in one.files], sum(one.rows for one in same),
                  sum(one.num_bytes for one in same), sum(one.disk_bytes for one in same))
            for name, same in ((name, [split for split in splits if split.name == name]) for name in names)]


def _data(parts: Sequence[Path], unwanted: set[str], folder: Path) -> list[Split]:
    return joined([split for number, part in enumerate(parts)
                   for split in write_splits([part], folder, (), without=unwanted, label=f"-{number:05d}")])


def _told(part: Path) -> Told:
    """What stands beside a part. Raises `RunError` where it does not fit, or the run that made it is not finished."""
    place = part.with_suffix(".json")
    try:
        told: Told = json.loads(place.read_bytes())
        rows, run = int(told["added"]), str(told["run"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise RunError("a batch of this set has no account", where=str(place), mend="restore it from a copy") from error
    if rows != count_rows(part):
        raise RunError(f"holds {count_rows(part):,} rows, its account says {rows:,}", where=str(part),
                       mend="restore it from a copy")
    decision = _decision(part.parent, int(part.stem.partition("-")[2]))
    for place in (decision, Path(run)):
        if (place / MANIFEST).exists() and read_manifest(place).get("state") != "finished":
            raise RunError("only finished batches can be published, and the run that made this one is not",
                           where=str(place), mend="let its schedule finish it")
    return told


def _decision(folder: Path, number: int) -> Path:
    """The run that decided what of a batch was new."""
    return folder.with_name(f"{folder.name}.runs") / f"{number:05d}"


def _source(part: Path, told: Told) -> Source:
    """What the batch's run tells, as long as its folder is there; and what was new of it."""
    run = Path(told["run"])
    brought, added = int(told["brought"]), int(told["added"])
    new = {"sources": [], "rows_in": brought, "expected": brought, "kept": added, "rejected": brought - added,
           "rules": {"known": brought - added} if brought > added else {}, "shards": 1, "resumed": 0, "seconds": 0.0}
    if (run / MANIFEST).exists():
        source = source_of(run, rows=added, part=part.stem)
    else:
        source = {"recipe": run.parent.name, "run_id": run.name, "code": "unknown", "version": "unknown",
                  "parameters": {"seed": told.get("seed", 0)}, "inputs": {}, "steps": {}, "notes": {}, "tables": {},
                  "rows": added, "part": part.stem}
    return {**source, "steps": {**source["steps"], NEW: new}}
