"""The draft of a run's rows added to a data set that is on the Hub: its shards stay, what is new gets shards beside.

    data/train-00000-of-00001.parquet  data/train-added-00001-00000-of-00001.parquet

A row that is there already is not added, and a template or seed stays on the side, train or test, where it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from schemas.table import read_columns
from tasks.export import FOLDER
from tasks.publish.draft import Choice, Draft, decided, draft_folder, drafted, exported, link, templates_of
from tasks.publish.growing import joined
from tasks.publish.sources import source_of
from tasks.tools.flags import flagged
from tasks.tools.splits import TEST, TRAIN, Split, tally, touched, write_splits

PLACE = ["template_id", "seed_id"]


def of_addition(run: Path, repo: str, choice: Choice, there: Mapping[str, Any], files: Mapping[str, Path]) -> Draft:
    """The draft of what is there and a finished run; `files` are those there, by their path, on this machine.

    Raises `RunError`, `InputError`, `ParameterError` as `draft.of_run`.
    """
    own = exported(run)
    mine = [run / FOLDER / name for split in own for name in split.files]
    known = {name for path in files.values() for name in read_columns(path, ["id"])["id"].to_pylist()}
    unwanted = flagged(run)
    hits = decided(touched(mine, unwanted) if unwanted else 0, run, choice)
    old = [Split(**{part.name: split[part.name] for part in fields(Split)}) for split in there["splits"]]
    test = _test(mine, templates_of(run / FOLDER, own, TEST), *(
        _places(files[name] for split in old if split.name == side for name in split.files) for side in (TRAIN, TEST)))
    without = known | (unwanted if hits else set())
    data = partial(_data, mine, test, without, old, list(files.values()), f"-added-{len(there['sources']):05d}")
    added = sum(split.rows for split in own) - touched(mine, without)
    return drafted(repo, draft_folder(run, repo), data, hits, choice, [*there["sources"], source_of(run, rows=added)])


def _data(mine: list[Path], test: set[str], without: set[str], old: list[Split], files: list[Path], label: str,
          folder: Path) -> list[Split]:
    link({f"data/{path.name}": path for path in files}, folder)
    return joined([*old, *write_splits(mine, folder, test, without=without, label=label)])


def _places(files: Iterable[Path]) -> set[str]:
    """The templates and seeds of these files."""
    return {name for key in tally(files, PLACE) for name in key} - {""}


def _test(mine: list[Path], own_test: set[str], train: set[str], test: set[str]) -> set[str]:
    """The templates whose rows go to the test side: where they, or their seeds, are there; else as the run has it."""
    found = {template for template, seed in tally(mine, PLACE) if {template, seed} & test}
    settled = {template for template, seed in tally(mine, PLACE) if {template, seed} & train}
    return found | (own_test - settled)
