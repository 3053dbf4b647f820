"""`mathmill query`: SQL over the views of all runs and data sets, or a question that has a name."""

import os
from pathlib import Path
from typing import Annotated

import typer

RUNS = Path(os.environ.get("MATHMILL_RUNS") or "data/runs")
DATASETS = Path("data/datasets")

Runs = Annotated[list[Path] | None, typer.Option(
    help=f"A run or data set, or a folder of them; may be repeated.  [default: {RUNS} and {DATASETS}]",
    show_default=False)]


def query(
    sql: Annotated[str, typer.Argument(
        help="SQL, as SELECT rule, count(*) FROM rejections GROUP BY rule; or the name of a question.",
        show_default=False)] = "",
    runs: Runs = None,
    form: Annotated[str, typer.Option("--format", metavar="table|csv|json|parquet",
                                      help="How to give the answer; the ending of --out says it, too.")] = "",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the answer here.", show_default=False)] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the questions that have a name, and the views.")] = False,
    sql_file: Annotated[Path | None, typer.Option(
        metavar="FILE", help="Write the views as SQL for a DuckDB of yours.", show_default=False)] = None,
) -> None:
    """Ask all runs and data sets in SQL, or by the name of a question (--list).

    Views: runs, steps, calls, seeds, templates, variants, problems, solutions, verdicts, examples, distinct_examples,
    clean, selected, rejections, lineage, datasets, published, and more: --list.
    """
    from flows.commands.output import Format, show
    from schemas.errors import ParameterError
    from tasks.tools.warehouse import Warehouse, questions

    if listed:
        _list()
    if sql_file:
        _write_sql(sql_file, folders(runs))
    if listed or sql_file:
        return
    if not sql.strip():
        raise ParameterError("nothing is asked", where="query", mend="give SQL or the name of a question: --list")
    form = form or (out.suffix.removeprefix(".") if out else "table")
    if form not in list(Format) or (form == Format.parquet and out is None):
        raise ParameterError(f"there is no format {form!r}" if form not in list(Format) else "Parquet needs a file",
                             where="--format", mend=f"use {', '.join(Format)}; for parquet name a file with --out")
    named = questions().get(sql)
    show(Warehouse(folders(runs)), named.read_text() if named else sql, Format(form), out)


def folders(runs: list[Path] | None) -> list[Path]:
    """Where to look for runs. Raises `InputError` for a folder that the user named and that is not there."""
    from schemas.errors import InputError

    for folder in runs or []:
        if not folder.is_dir():
            raise InputError("there is no such folder", where=str(folder), mend="name a run, or a folder of runs")
    return runs or [RUNS, *([DATASETS] if DATASETS.is_dir() else [])]


def _list() -> None:
    from tasks.tools.warehouse import questions, views

    for name, path in questions().items():
        typer.echo(f"{name:<12}{path.read_text().splitlines()[0].removeprefix('-- ')}")
    typer.echo(f"views: {', '.join(views())}")


def _write_sql(path: Path, places: list[Path]) -> None:
    from schemas.table import write_file
    from tasks.tools.sqlfile import sql_file

    write_file(path, sql_file(places).encode())
    typer.echo(f"written to {path}; in DuckDB: .read {path}")
