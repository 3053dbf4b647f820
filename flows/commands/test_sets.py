"""`mathmill test-sets`: the usual test sets, what of them is here, and fetching them where a Hub can be reached."""

from pathlib import Path
from typing import Annotated

import typer

test_sets = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The usual test sets: list and fetch them.")


@test_sets.command("list")
def listed(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Which there are, under what licence, and whether their texts or only fingerprints are here."""
    import json

    from rich.table import Table
    from rich.text import Text

    from flows.commands.output import console
    from tasks.decontaminate.known import known

    rows = [{"name": told.name, "items": told.items, "here": "texts" if told.texts.exists() else
             "fingerprints" if told.fingerprints else "", "licence": told.licence, "hub": told.hub, "url": told.url,
             "tried": told.tried} for told in known().values()]
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("name", "items", "here", "licence", "Hub id"):
        grid.add_column(name, justify="right" if name == "items" else "left")
    for row in rows:
        untried = "" if row["tried"] else " (untried)"
        grid.add_row(*(Text(str(row[key])) for key in ("name", "items", "here", "licence")),
                     Text(f"{row['hub']}{untried}"))
    console().print(grid)


@test_sets.command("fingerprint")
def fingerprinted(
    test_set: Annotated[str, typer.Argument(metavar="TESTSET", help="A file, NAME=FILE, or a Hub id.")],
    out: Annotated[Path, typer.Option(metavar="FILE.parquet", help="Where to.")],
) -> None:
    """Hashes of a test set instead of its texts, to be shared where those may not be: --against takes them."""
    from tasks.decontaminate.fingerprints import write_fingerprints
    from tasks.decontaminate.items import fingerprints_of, resolve

    typer.echo(f"{write_fingerprints(out, fingerprints_of(resolve(test_set))):,} fingerprints in {out}")


@test_sets.command("fetch")
def fetched(
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="Short names, as the list has them; or: all.")],
    to: Annotated[Path, typer.Option(metavar="DIR", help="Where to. Elsewhere: set MATHMILL_TEST_SETS.")] =
    Path("data/test_sets"),
) -> None:
    """Fetch test sets from the Hub, so that all rules can be used against them, also without a network."""
    from schemas.errors import InputError
    from tasks.decontaminate.known import fetch, known, known_as

    wanted = list(known()) if names == ["all"] else [known_as(name).name for name in names]
    failed: list[InputError] = []
    for name in wanted:
        try:
            path, rows = fetch(name, to)
        except InputError as error:
            failed.append(error)
            continue
        typer.echo(f"{name}: {rows:,} items in {path}")
    if len(failed) == 1:
        raise failed[0]
    if failed:
        raise InputError(f"{len(failed)} of {len(wanted)} could not be fetched; the first: {failed[0].what}",
                         where=failed[0].where, mend=failed[0].mend)
