"""`mathmill query`: SQL over the views of all runs."""

import os
from pathlib import Path
from typing import Annotated

import typer

RUNS = Path(os.environ.get("MATHMILL_RUNS") or "data/runs")

Runs = Annotated[list[Path] | None, typer.Option(
    help=f"A run's folder, or a folder of runs; may be repeated.  [default: {RUNS}]", show_default=False)]


def query(
    sql: Annotated[str, typer.Argument(help="One query: SELECT rule, count(*) FROM rejections GROUP BY rule")],
    runs: Runs = None,
    form: Annotated[str, typer.Option("--format", metavar="table|csv|json", help="How to print the answer.")] = "table",
) -> None:
    """Ask all runs in SQL.

    Views: runs, steps, seeds, templates, variants, problems, solutions, verdicts, examples, distinct_examples,
    clean, rejections, lineage.
    """
    from flows.commands.output import Format, show
    from schemas.errors import ParameterError
    from tasks.tools.warehouse import Warehouse

    if form not in list(Format):
        raise ParameterError(f"there is no format {form!r}", where="--format", mend=f"use {', '.join(Format)}")
    show(Warehouse(folders(runs)).ask(sql), Format(form))


def folders(runs: list[Path] | None) -> list[Path]:
    """Where to look for runs. Raises `InputError` for a folder that the user named and that is not there."""
    from schemas.errors import InputError

    for folder in runs or []:
        if not folder.is_dir():
            raise InputError("there is no such folder", where=str(folder), mend="name a run, or a folder of runs")
    return runs or [RUNS]
