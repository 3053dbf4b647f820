"""An old run against a test set that came later: only read, and told of in the run that checks it."""

from pathlib import Path

from schemas.errors import RunError
from schemas.manifest import SEAL, read_manifest, untouched
from schemas.records import Example
from schemas.run import current_run
from schemas.table import Table, write_file
from tasks.tools.orchestrator import task

CHECKED = "rechecked"
FLAGGED = "flagged.txt"


@task
def rechecked(folder: str) -> tuple[str, ...]:
    """The run's folder as a source; which run it is stands in the notes of the run that checks it.

    Raises `RunError` for a run that is not finished, or of which files are missing or changed in size.
    """
    record = read_manifest(Path(folder))
    if record.get("state") != "finished":
        raise RunError(f"this run is {record.get('state', 'of unknown state')}, not finished", where=folder,
                       mend="repeat its command until it is")
    if not untouched(Path(folder), record):
        raise RunError("files of this run are missing or changed", where=folder,
                       mend=f"see which: mathmill verify-run {folder}")
    current_run().note(CHECKED, {key: record.get(key, "") for key in ("recipe", "run_id", "ended", SEAL)})
    return (folder,)


@task
def flagged(clean: Table[Example]) -> Table[Example]:
    """`clean` as it is; the ids of the rows that are not in it are listed in the run's `flagged.txt`."""
    ids = [row.row_id for row in clean.rejections.rows()]
    write_file(clean.path.with_name(FLAGGED), "".join(f"{id}\n" for id in ids).encode())
    return clean
