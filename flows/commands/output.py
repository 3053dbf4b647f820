"""How answers are shown: a table for people, CSV and JSON for programs; nothing else goes to standard output."""

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TextIO, get_args, get_origin

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.manifest import read_manifest
from schemas.parameters import Parameter
from schemas.records import Example
from schemas.table import replacing
from tasks.tools.rates import errors
from tasks.tools.warehouse import TABLES, Answer, Warehouse

NARROW = 12  # characters; columns narrower than this cannot be read
SHOWN = 40  # rows of a table for people; CSV and JSON give all


class Format(StrEnum):
    """How `mathmill query` prints."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


def show(warehouse: Warehouse, sql: str, form: Format, out: Path | None = None) -> None:
    """Asks, and prints the answer or writes it into a file, whole or not at all. Raises as `Warehouse.ask`."""
    if form == Format.parquet and out:
        typer.echo(f"{warehouse.write(sql, out):,} rows written to {out}", err=True)
    elif out is None:
        _print(warehouse.ask(sql), form, sys.stdout)
    else:
        with replacing(out) as half, half.open("w") as file:
            _print(warehouse.ask(sql), form, file)


def _print(answer: Answer, form: Format, file: TextIO) -> None:
    {Format.table: _table, Format.csv: _csv, Format.json: _json}[form](answer, file)


def console(**options: Any) -> Console:
    """Where people read: as wide as the terminal, and wide enough for a log or a test that has none."""
    console = Console(highlight=False, soft_wrap=False, **options)
    if not console.is_terminal:
        console.width = 120
    return console


def show_steps(steps: Mapping[str, Mapping[str, Any]]) -> None:
    """The funnel of a run: what came in, was due, went on or did not, and why. Side tables are left out."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("step")
    for name in ("rows in", "due", "kept", "rejected"):
        table.add_column(name, justify="right")
    table.add_column("rejected by rule")
    for name, step in told(steps).items():
        often = sorted(step["rules"].items(), key=lambda rule: (-rule[1], rule[0]))
        rules = ", ".join(f"{rule} {count:,}" for rule, count in often)
        table.add_row(name, *(f"{step[key]:,}" for key in ("rows_in", "expected", "kept", "rejected")), rules)
    console().print(table)


def report(folder: Path, as_json: bool = False) -> None:
    """What a finished run has made: its funnel for people, or one JSON object.

    There each table's name gives its rows, `rejected` and `rejected_by_rule` tell of the last table, `steps` of all.
    """
    record = read_manifest(folder)
    if not as_json:
        show_steps(record["steps"])
        if said := errors(record.get("notes", {}).get("planted", {})):
            console().print(Text(f"the text route itself, on {said}"))
        console().print(Text(f"{record['recipe']} {record['run_id']} is finished: {folder}"))
        return
    steps = told(record["steps"])
    last = list(steps.values())[-1]
    counts = {**{name: step["kept"] for name, step in steps.items()}, "rejected": last["rejected"],
              "rejected_by_rule": last["rules"]}
    named = {"recipe": record["recipe"], "run_id": record["run_id"], "folder": str(folder)}
    noted = {"planted": record["notes"]["planted"]} if "planted" in record.get("notes", {}) else {}
    print(json.dumps({**counts, **named, **noted, "steps": record["steps"]}, indent=1))


def told(steps: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The steps that make records; the others hold what a step needs for itself (fingerprints, vectors, quotas)."""
    return {name: step for name, step in steps.items() if name in TABLES}


def show_parameters(parameters: Mapping[str, Parameter]) -> None:
    """A recipe's parameters: name, type, default, and what it is for."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("parameter", "type", "default", ""):
        table.add_column(name)
    for name, parameter in parameters.items():
        default = "" if parameter.default in ((), None) else _cell(parameter.default)
        shown = "(must be given)" if parameter.required else default
        table.add_row(name, Text(_kind(parameter.kind)), Text(shown), parameter.help)
    console().print(table)


def _kind(kind: Any) -> str:
    """A type in a user's words: `int`, `p1|noop`, `str,…`."""
    parts = get_args(kind)
    if get_origin(kind) is Literal:
        return "|".join(map(str, parts))
    return f"{_kind(parts[0])},…" if parts else str(getattr(kind, "__name__", kind))


def show_examples(examples: Iterable[Example]) -> None:
    """Finished records, to be read."""
    out = console()
    for number, example in enumerate(examples, 1):
        title = f"{number}. {example.id}  {example.topic} {example.mode}  verified {', '.join(example.verified_by)}"
        out.print(Text(" ".join(title.split()), style="bold"))
        out.print(Text(f"{example.problem}\n"))
        out.print(Text(f"{example.solution}\n"), style="dim")


def _table(answer: Answer, file: TextIO) -> None:
    rows = list(islice(answer.rows, SHOWN + 1))
    out = console(file=file)
    crowded = len(answer.columns) * NARROW > out.width
    out.print(_upright(answer.columns, rows[:SHOWN]) if crowded and rows else _abreast(answer.columns, rows[:SHOWN]))
    if len(rows) > SHOWN:
        more = SHOWN + 1 + sum(1 for _ in answer.rows)
        out.print(f"… {SHOWN} of {more:,} rows; --format csv gives all", style="dim")


def _abreast(columns: list[str], rows: list[tuple[Any, ...]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for i, name in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[i], int | float) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    return table


def _upright(columns: list[str], rows: list[tuple[Any, ...]]) -> Table:
    """One column under the other, where side by side none could be read."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for row in rows:
        for name, value in zip(columns, row, strict=True):
            table.add_row(name, Text(_cell(value)))
        table.add_row()
    return table


def _csv(answer: Answer, file: TextIO) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows([_cell(value) for value in row] for row in answer.rows)


def _json(answer: Answer, file: TextIO) -> None:
    file.writelines(_pieces(answer))


def _pieces(answer: Answer) -> Iterator[str]:
    """One JSON array, an object a line, never the whole of it in memory."""
    lead = "[\n  "
    for row in answer.rows:
        yield lead + json.dumps(dict(zip(answer.columns, row, strict=True)), ensure_ascii=False, default=str)
        lead = ",\n  "
    yield "[]\n" if lead.startswith("[") else "\n]\n"


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str).strip('"')
