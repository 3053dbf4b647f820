"""What a reader of a run marked: a small file beside the run's folder, so that its sealed tables stay as they are.

    data/runs/lifted/3f9a0c52d81b7e46.flags.json       {"example_…": "the text is odd", …}

`flagged(run)` is what gates an export: ids that a person does not want in it.
"""

import json
from pathlib import Path

from schemas.errors import InputError
from schemas.table import write_file


def flags_file(run: Path) -> Path:
    """Where the flags of a run stand."""
    run = run.resolve()
    return run.with_name(f"{run.name}.flags.json")


def flags(run: Path) -> dict[str, str]:
    """The flagged ids with the reader's remark. Raises `InputError` where the file is not one of ours."""
    path = flags_file(run)
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _strange(path) from error
    if not isinstance(found, dict) or not all(isinstance(remark, str) for remark in found.values()):
        raise _strange(path)
    return found


def flagged(run: Path) -> set[str]:
    """The ids of the records that a reader flagged. Raises `InputError` where the file is not one of ours."""
    return set(flags(run))


def flag(run: Path, record: str, remark: str = "") -> None:
    """Flag a record, or change its remark. Raises `InputError`, `StorageError`."""
    _write(run, {**flags(run), record: remark})


def unflag(run: Path, record: str) -> None:
    """Take a flag away; one that is not there is no error. Raises `InputError`, `StorageError`."""
    _write(run, {key: remark for key, remark in flags(run).items() if key != record})


def _write(run: Path, found: dict[str, str]) -> None:
    text = json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    write_file(flags_file(run), text.encode())


def _strange(path: Path) -> InputError:
    return InputError("this is no file of flags", where=str(path), mend="delete it: the flags in it are lost")
