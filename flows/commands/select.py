"""`mathmill select`: a new data set chosen from runs, data sets and Parquet files."""

from pathlib import Path
from typing import Annotated

import typer


def select(
    sources: Annotated[list[str], typer.Argument(
        metavar="SOURCE…", help="Runs, data sets, or Parquet files with columns problem and answer.")],
    size: Annotated[int, typer.Option(help="How many rows; 0: all that may go.", min=0)] = 0,
    mix: Annotated[list[str] | None, typer.Option(
        metavar="COLUMN:VALUE=N", help="A part in a ratio; repeat it: --mix mode:base=3 --mix mode:p1=1.",
        show_default=False)] = None,
    quota: Annotated[list[str] | None, typer.Option(
        metavar="CELL=N", help="Rows of every cell, topic*difficulty=100, or of one, topic:percent*difficulty:4=200.",
        show_default=False)] = None,
    solve_rate: Annotated[str, typer.Option(metavar="LOW-HIGH", help="Only measured rates in this band.")] = "",
    per_family: Annotated[int, typer.Option(help="At most so many of one template; 0: no limit.", min=0)] = 0,
    per_seed: Annotated[int, typer.Option(help="At most so many of one seed; 0: no limit.", min=0)] = 0,
    seed: Annotated[int, typer.Option(help="Which draw: the same seed, the same choice.")] = 0,
    name: Annotated[str, typer.Option(help="Name of the data set.")] = "mathmill-selection",
    out: Annotated[Path | None, typer.Option(
        metavar="DIR", help="The run's folder.  [default: data/runs/select/RUN-ID]", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Choose a new data set from others: mixes, quotas, bands, caps, spread over families.

    What could not be filled is told, and why each row stayed out is a rejection.
    """
    from flows.commands.output import report
    from flows.selection import select as flow
    from schemas.manifest import MANIFEST, read_manifest

    made = flow.run(out=out, sources=sources, size=size, mix=mix or [], quota=quota or [], solve_rate=solve_rate,
                    per_family=per_family, per_seed=per_seed, seed=seed, name=name)
    folder = next(place for place in made.path.parents if (place / MANIFEST).exists())
    report(folder, as_json)
    for cell, counts in read_manifest(folder)["notes"]["selected"]["unfilled"].items():
        typer.echo(f"not filled: {cell}, {counts['had']:,} of {counts['wanted']:,}", err=True)
