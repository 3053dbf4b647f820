"""Where the Parquet files of runs and data sets lie, and which of them have the same columns; pure paths, no DuckDB.

`tasks.tools.warehouse` makes sources of what is found here. Shards of one finished run and table have the same columns,
since one version of the code wrote them all; so one footer of each is read, and a million rows open at once. Of a run
that is not finished, or that has no manifest, every footer is.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from schemas.manifest import MANIFEST, read_manifest
from schemas.table import columns_of

DATASET = "dataset"  # of a run: what it exported
CARDED = "manifest.json"  # of a data set
PATTERNS = ("*", "*/*")  # data/runs/<recipe>/<run id>; data/datasets/<name> or <owner>/<name>


def run_folders(folder: Path, tables: Iterable[str] = ()) -> list[Path]:
    """The runs in `folder`: itself, or its children and grandchildren. A folder with one of `tables` is a run, too."""
    folder, tables = folder.resolve(), list(tables)
    if _is_run(folder, tables):
        return [folder]
    return [place for pattern in PATTERNS for place in sorted(folder.glob(pattern)) if _is_run(place, tables)]


def dataset_folders(folder: Path, runs: Iterable[Path]) -> list[Path]:
    """The data sets in `folder` (itself, children and grandchildren), and those that `runs` exported."""
    folder, runs = folder.resolve(), set(runs)
    places = [folder, *(place for pattern in PATTERNS for place in sorted(folder.glob(pattern)))]
    loose = [place for place in places if not {place, *place.parents} & runs and _is_dataset(place)]
    return [*loose, *(run / DATASET for run in sorted(runs) if _is_dataset(run / DATASET))]


def shards_of(folder: Path, table: str) -> list[Path]:
    """The finished shards of one table of a run; for `rejections`, those of every table."""
    tables = sorted(folder.glob("*.rejected")) if table == "rejections" else [folder / table]
    return [shard for place in tables for shard in sorted(place.glob("part-*.parquet"))]


def dataset_files(folder: Path) -> list[Path]:
    """The Parquet files of a data set, in `data/` or beside its card."""
    return sorted(folder.glob("data/*.parquet")) or sorted(folder.glob("*.parquet"))


def alike(shards: Iterable[list[Path]], sealed: Iterable[bool]) -> list[list[Path]]:
    """All shards, those with the same columns together; of a list that is sealed, the first stands for all.

    Raises `RunError` that names a damaged shard.
    """
    groups: dict[tuple[tuple[str, str], ...], list[Path]] = {}
    for paths, whole in zip(shards, sealed, strict=True):
        if whole and paths:
            groups.setdefault(columns_of(paths[0]), []).extend(paths)
        else:
            for path in paths:
                groups.setdefault(columns_of(path), []).append(path)
    return list(groups.values())


def manifest_of(folder: Path) -> dict[str, Any]:
    """The run.json of a folder; of tables without a run around them, somebody's copy, the folder's name."""
    if (folder / MANIFEST).exists():
        return read_manifest(folder)
    return {"recipe": "", "run_id": folder.name}


def is_sealed(manifest: Mapping[str, Any]) -> bool:
    return manifest.get("state") == "finished"


def _is_run(folder: Path, tables: Iterable[str]) -> bool:
    # By its shards: a recipe is named like a table, and its runs lie in data/runs/templates.
    return (folder / MANIFEST).is_file() or any(any((folder / table).glob("part-*.parquet")) for table in tables)


def _is_dataset(folder: Path) -> bool:
    if folder.name == "data" and _is_dataset(folder.parent):
        return False  # its files are counted with the folder around it
    return folder.is_dir() and ((folder / CARDED).is_file() or bool(dataset_files(folder)))
