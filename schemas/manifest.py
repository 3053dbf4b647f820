"""run.json: written whole, sealed at the end with every file's hash, checked again by `mathmill verify-run`."""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from schemas.errors import MathmillError, RunError
from schemas.plan import hash_file, identity
from schemas.table import REJECTED, count_rows, write_file

MANIFEST = "run.json"
SEAL = "seal"  # the hash of all else in run.json


def read_manifest(folder: Path) -> dict[str, Any]:
    """What run.json says. Raises `RunError` if it is missing or damaged."""
    path = folder / MANIFEST
    try:
        record = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise RunError("this folder is no run: it has no run.json", where=str(folder),
                       mend="give the folder of a run, data/runs/<recipe>/<run id>") from None
    except (OSError, ValueError) as error:
        raise RunError(f"run.json is damaged: {error}", where=str(path), mend="use another --out") from error
    if not isinstance(record, dict) or "run_id" not in record:
        raise RunError("run.json is not one of mathmill's", where=str(path), mend="use another --out")
    return record


def write_manifest(folder: Path, record: Mapping[str, Any]) -> None:
    """Write run.json with its seal, whole or not at all. Raises `StorageError`."""
    write_file(folder / MANIFEST, _sealed_text(record))


def seal(folder: Path) -> dict[str, dict[str, Any]]:
    """Every file of a run with its size, sha256 and, for a shard, its rows; by path within the folder."""
    return {name: _sealed(folder / name) for name in _files(folder)}


def untouched(folder: Path, record: Mapping[str, Any]) -> bool:
    """A quick look whether a finished run is still whole: every file there, with its size."""
    files = record.get("files", {})
    sizes = {name: (folder / name).stat().st_size for name in _files(folder)}
    return sizes == {name: file["bytes"] for name, file in files.items()}


def verify(folder: Path) -> list[str]:
    """Check a finished run: its id, every file's hash, every shard's rows, every step's accounts.

    Returns the problems found, one sentence each; none means that the run is whole. Raises `RunError` where
    there is no readable run.json.
    """
    record = read_manifest(folder)
    if record.get("state") != "finished":
        return [f"the run is {record.get('state', 'of unknown state')}, not finished"]
    sealed = SEAL in record or "schema" in record  # an older run has neither
    changed = sealed and (folder / MANIFEST).read_bytes() != _sealed_text(record)
    try:
        found = [*_identity(record), *_files_differ(folder, record.get("files", {})), *_accounts(folder, record)]
    except (LookupError, TypeError, AttributeError):  # it is not even of a run.json's form
        if not changed:
            raise
        found = []
    return ["run.json: its content has changed (seal)"] * changed + found


def _sealed_text(record: Mapping[str, Any]) -> bytes:
    told = {key: value for key, value in record.items() if key != SEAL}
    seal = sha256(_text(told)).hexdigest()
    return _text({**told, SEAL: seal})


def _text(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, indent=1, ensure_ascii=False, default=str).encode() + b"\n"


def _files(folder: Path) -> list[str]:
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".tmp")
    return sorted(str(path.relative_to(folder)) for path in paths if path.name not in (MANIFEST, ".lock"))


def _sealed(path: Path) -> dict[str, Any]:
    rows = {"rows": count_rows(path)} if path.suffix == ".parquet" else {}
    return {"sha256": hash_file(path), "bytes": path.stat().st_size, **rows}


def _identity(record: Mapping[str, Any]) -> Iterator[str]:
    if identity(record) != record["run_id"]:
        yield "run.json: the run id does not follow from recipe, parameters, inputs and code"


def _files_differ(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    there = set(_files(folder))
    yield from (f"{name}: missing" for name in sorted({*files} - there))
    yield from (f"{name}: not part of the run" for name in sorted(there - {*files}))
    for name in sorted(there & {*files}):
        if hash_file(folder / name) != files[name]["sha256"]:
            yield f"{name}: its content has changed (sha256)"
        elif "rows" in files[name] and count_rows(folder / name) != files[name]["rows"]:
            yield f"{name}: holds {count_rows(folder / name)} rows, run.json says {files[name]['rows']}"


def _accounts(folder: Path, record: Mapping[str, Any]) -> Iterator[str]:
    steps = record.get("steps", {})
    for name, step in steps.items():
        if step["kept"] + step["rejected"] != step["expected"]:
            yield f"{name}: {step['expected']} rows were due, {step['kept']} kept + {step['rejected']} rejected"
        for table, due in ((name, step["kept"]), (name + REJECTED, step["rejected"])):
            rows = _rows(folder / table)
            if rows != due:
                yield f"{table}: holds {rows} rows, its step says {due}"
        if sum(step["rules"].values()) != step["rejected"]:
            yield f"{name}: rejections by rule do not add up to {step['rejected']}"
        first = step["sources"][0] if step["sources"] else ""
        if first in steps and steps[first]["kept"] != step["rows_in"]:
            yield f"{name}: read {step['rows_in']} rows of {first}, which kept {steps[first]['kept']}"


def _rows(folder: Path) -> int:
    total = 0
    for path in sorted(folder.glob("part-*.parquet")):
        try:
            total += count_rows(path)
        except MathmillError:
            continue  # its hash is reported already
    return total
