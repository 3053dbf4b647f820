"""`mathmill verify-run RUN`: is a finished run still what it was? Manifest, hashes and counts, checked again."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.query import RUNS


def verify_run(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's folder, or the id of a run under data/runs.")],
) -> None:
    """Re-check a finished run: manifest, hashes and counts."""
    from flows.commands.output import console, show_steps
    from schemas.errors import RunError
    from schemas.manifest import read_manifest, verify

    folder = find(run)
    problems = verify(folder)
    if problems:
        raise RunError("\n  - ".join(["the run is not whole", *problems]), where=str(folder),
                       mend="repeat the run's command; if this stays, make it anew with another --out")
    record = read_manifest(folder)
    show_steps(record["steps"])
    named = f"{record['recipe']} {record['run_id']}"
    console().print(f"{named} is whole: {len(record['files'])} files, every hash and count checked")


def find(run: str) -> Path:
    """The folder of a run, given itself or its id. Raises `InputError` where there is none."""
    from schemas.errors import InputError

    places = [Path(run), *sorted(RUNS.glob(f"*/{Path(run).name}"))]
    for place in places:
        if place.is_dir():
            return place
    raise InputError(f"there is no run {run!r}", mend=f"give a run's folder, or the id of a run under {RUNS}")
