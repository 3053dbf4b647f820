"""`mathmill report RUN`: what a run came to, as one page."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's folder, or the id of a run under data/runs.")],
    out: Annotated[Path | None, typer.Option(
        metavar="FILE", help="The page.  [default: RUN.html beside the run's folder]", show_default=False)] = None,
) -> None:
    """Write what a run came to as one HTML page that opens without network."""
    from flows.commands.verify_run import find
    from schemas.table import write_file
    from tasks.report.facts import facts_of
    from tasks.report.page import page

    folder = find(run).resolve()
    place = out or folder.with_name(f"{folder.name}.html")
    facts = facts_of(folder)
    if facts["state"]:
        typer.echo(facts["state"], err=True)
    write_file(place, page("report.html.jinja", **facts).encode())
    told = f"{facts['rows']:,} rows" if facts["rows"] or not facts["claims"] else f"{facts['claims']:,} claims"
    typer.echo(f"{told}, {place.stat().st_size:,} bytes: {place}")
