"""`mathmill browse [RUN]`: a local site to filter, search, read and flag the records of a run."""

from pathlib import Path
from typing import Annotated

import typer


def browse(
    run: Annotated[str, typer.Argument(
        metavar="[RUN]", help="A run's folder or id.  [default: the newest run]", show_default=False)] = "",
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1.", min=1, max=65535)] = 8090,
) -> None:
    """Filter, search, read and flag the records of a run, in a browser."""
    from flows.commands.verify_run import find
    from schemas.manifest import read_manifest
    from tasks.report.facts import state_of
    from tasks.report.site import HOST, serve

    folder = (find(run) if run else _newest()).resolve()
    if state := state_of(folder, read_manifest(folder)):
        typer.echo(state, err=True)
    serve(folder, port, lambda: typer.echo(f"{folder.name}: http://{HOST}:{port}  (Ctrl-C ends it)"))


def _newest() -> Path:
    from flows.commands.query import RUNS
    from schemas.errors import InputError
    from schemas.manifest import MANIFEST

    found = sorted(RUNS.glob(f"*/*/{MANIFEST}"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise InputError("there is no run yet", where=str(RUNS), mend="make one: mathmill run lifted --size 300")
    return found[-1].parent
