"""`mathmill compare RUN_A RUN_B`: two runs side by side; with --gate, an exit code for CI."""

import json
from typing import Annotated

import typer

GATED = 3  # exit code where the second run does not pass; errors have others


def compare(
    first: Annotated[str, typer.Argument(metavar="RUN_A", help="What to compare with: a run's folder, or its id.")],
    second: Annotated[str, typer.Argument(metavar="RUN_B", help="The run in question.")],
    gates: Annotated[list[str] | None, typer.Option(
        "--gate", metavar="CONDITION", show_default=False,
        help="What RUN_B must meet, or the exit code is 3: yield>=0.9x (times RUN_A's), duplicates<=5%, dollars<20. "
             "May be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare two runs: yield, difficulty, topics, duplicates, contamination, verification, cost."""
    from flows.commands.output import console
    from flows.commands.verify_run import find
    from tasks.compare import compared, objections

    table = compared(find(first), find(second))
    against = objections(table, gates or [])
    if as_json:
        measures = {name: {"first": one, "second": two} for name, (one, two) in table.items()}
        typer.echo(json.dumps({"measures": measures, "gates": gates or [], "objections": against}, indent=1))
    else:
        console().print(_shown(table))
    for line in against:
        typer.echo(f"gate: {line}", err=True)
    if against:
        raise typer.Exit(GATED)


def _shown(table: dict[str, tuple[float | None, float | None]]) -> object:
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("measure")
    for name in ("first", "second", "change"):
        shown.add_column(name, justify="right")
    for name, (one, two) in table.items():
        if one is not None or two is not None:
            change = "" if one is None or two is None or not one else f"{(two - one) / one:+.1%}"
            shown.add_row(Text(name), _number(one), _number(two), change)
    return shown


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value == round(value) else f"{value:,.4f}"
