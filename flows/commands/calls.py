"""`mathmill calls`: the store of all calls that were ever paid."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tasks.tools.calls.store import Store

DAY = 86_400
ENDINGS = (".parquet", ".jsonl")

calls = typer.Typer(no_args_is_help=False, add_completion=False, rich_markup_mode=None,
                    help="What was asked of models and kept, so that it is not paid twice.")

As_json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@calls.callback(invoke_without_command=True)
def show(context: typer.Context, as_json: As_json = False) -> None:
    """What was asked of models and kept, so that it is not paid twice: calls, hits, tokens, dollars, bytes."""
    if context.invoked_subcommand:
        return
    from tasks.tools.calls.queries import summary

    store = _store()
    _print(summary(store), as_json)
    if not as_json:
        typer.echo(f"{store.path}: {store.path.stat().st_size / 1e6:.1f} MB")


@calls.command()
def why(run: Annotated[str, typer.Argument(help="A run's id; by default the newest.", show_default=False)] = "",
        as_json: As_json = False) -> None:
    """Tell why calls of a run had to be paid: which part of the request was not asked so before."""
    from tasks.tools.calls.queries import why as reasons

    _print(reasons(_store(), run), as_json)


@calls.command()
def export(file: Annotated[Path, typer.Argument(help="FILE.parquet or FILE.jsonl")]) -> None:
    """Write all calls into a file, requests and answers."""
    import json
    from dataclasses import asdict

    from schemas.errors import ParameterError
    from schemas.table import replacing, write_shard
    from tasks.tools.calls.queries import Exported, exported

    if file.suffix not in ENDINGS:
        raise ParameterError(f"do not know how to write {file.suffix or 'a file without ending'}", where=str(file),
                             mend=f"name it with {' or '.join(ENDINGS)}")
    rows = exported(_store())
    if file.suffix == ".parquet":
        write_shard(file, list(rows), Exported)
    else:
        with replacing(file) as half, half.open("w") as out:
            out.writelines(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)
    typer.echo(f"written to {file}")


@calls.command()
def prune(
    older_than: Annotated[float, typer.Option(help="Days.", min=0)] = 0,
    model: Annotated[str, typer.Option(help="Of this model.")] = "",
    step: Annotated[str, typer.Option(help="Of this step.")] = "",
) -> None:
    """Throw calls away that fit all that is given. They will be paid again when they are asked again."""
    import time

    from tasks.tools.calls.queries import prune as pruned

    count = pruned(_store(), before=time.time() - older_than * DAY if older_than else 0, model=model, step=step)
    typer.echo(f"{count:,} calls are gone")


def _store() -> "Store":
    from schemas.errors import InputError
    from tasks.tools.calls.store import calls_path, store

    if not calls_path().exists():
        raise InputError("no call was kept yet", where=str(calls_path()),
                         mend="run a recipe that asks a model, or name the file in MATHMILL_CALLS")
    return store()


def _print(rows: Iterable[Any], as_json: bool) -> None:
    import json
    from dataclasses import asdict

    from rich.table import Table
    from rich.text import Text

    from flows.commands.output import console

    told = [asdict(row) for row in rows]
    if as_json:
        typer.echo(json.dumps(told, indent=1))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, value in (told[0] if told else {}).items():
        table.add_column(name.replace("_", " "), justify="left" if isinstance(value, str) else "right")
    for row in told:
        table.add_row(*(Text(_cell(value)) for value in row.values()))
    console().print(table)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"${value:,.4f}"
    return "?" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
