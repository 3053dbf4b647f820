"""`mathmill doctor`: what this machine offers, and how to get more."""

from typing import Annotated

import typer


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False) -> None:
    """Tell what this machine offers: isolation for programs, packages, space, model, server.

    Exit code 1 where programs cannot be isolated.
    """
    from tasks.tools.machine import findings

    found = list(findings())
    if as_json:
        import json

        print(json.dumps([finding._asdict() for finding in found], indent=1, ensure_ascii=False))
    else:
        _show([tuple(finding) for finding in found])
    if any(finding.what == "programs run at" and finding.state == "missing" for finding in found):
        raise typer.Exit(1)


def _show(found: list[tuple[str, ...]]) -> None:
    from rich.table import Table
    from rich.text import Text

    from flows.commands.output import console

    table = Table(box=None, pad_edge=False, show_header=False)
    for style in ("bold", "", "", "dim"):
        table.add_column(style=style, overflow="fold")
    for what, state, seen, mend in found:
        mark = {"ok": Text("ok", "green"), "missing": Text("missing", "red"), "note": Text("-")}[state]
        table.add_row(Text(what), mark, Text(seen), Text(mend))
    console().print(table)
