"""What a run of `mathmill verify` came to, printed."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from flows.commands.output import console, told
from schemas.manifest import read_manifest
from tasks.tools.rates import errors

STATUSES = ("passed", "failed", "unknown")


def summarize(folder: Path, as_json: bool = False) -> None:
    """Counts by method, kinds of reasons, votes and planted cases, for people or as one JSON object."""
    record = read_manifest(folder)
    notes = record["notes"]
    if as_json:
        named = {key: record[key] for key in ("recipe", "run_id")}
        steps = {name: {key: step[key] for key in ("kept", "rejected", "rules")}
                 for name, step in told(record["steps"]).items()}
        print(json.dumps({**named, "folder": str(folder), "columns": notes["claims"]["columns"], "steps": steps,
                          **notes["summary"], "planted": notes["planted"]}, indent=1, ensure_ascii=False))
        return
    out = console()
    for line in _read(record):
        out.print(Text(line))
    out.print(_counts(notes["summary"]["verdicts"]))
    if notes["summary"]["reasons"]:
        out.print(_reasons(notes["summary"]["reasons"]))
    for line in _votes(notes["summary"]["agreement"]):
        out.print(Text(line))
    said = errors(notes["planted"])
    out.print(Text(f"the verifier itself, on {said}" if said else "the verifier itself was not measured"))
    out.print(Text(f"{record['recipe']} {record['run_id']} is finished: {folder}"))


def _read(record: Mapping[str, Any]) -> Iterator[str]:
    step, columns = record["steps"]["claims"], record["notes"]["claims"]["columns"]
    shown = ", ".join(f"{key} from {name!r}" for key, name in columns.items())
    yield f"{step['kept']:,} claims, {step['rejected']:,} rows rejected; {shown}"


def _counts(counts: Mapping[str, Mapping[str, int]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("method")
    for name in STATUSES:
        table.add_column(name, justify="right")
    for method, found in counts.items():
        table.add_row(method, *(f"{found.get(status, 0):,}" for status in STATUSES))
    return table


def _reasons(reasons: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("method", "status"):
        table.add_column(name)
    table.add_column("rows", justify="right")
    table.add_column("for example", overflow="fold")
    for kind in reasons:
        place = f"{kind['source']}, row {kind['line']}: " if kind["source"] else ""
        table.add_row(kind["method"], kind["status"], f"{kind['rows']:,}",
                      Text(" ".join(f"{place}{kind['example']}".split())[:200]))
    return table


def _votes(votes: Mapping[str, Any]) -> Iterator[str]:
    if votes["problems"]:
        yield (f"agreement: {votes['problems']:,} problems with {votes['attempts']:,} attempts; "
               f"{votes['majority']:,} have a majority, {votes['clear_majority']:,} a clear one, {votes['tie']:,} a "
               f"tie; mean margin {votes['mean_margin']:.2f}")
        yield (f"the winning answer is the reference in {votes['winner_is_reference']:,}, is not in "
               f"{votes['winner_is_not_reference']:,}; {votes['references_differ']:,} problems have two references")
