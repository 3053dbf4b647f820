"""What a run of `mathmill decontaminate` found, printed."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.table import Table as Grid
from rich.text import Text

from flows.commands.output import console
from schemas.manifest import read_manifest
from schemas.records import Example, Rejection
from schemas.table import Table
from tasks.decontaminate.recheck import CHECKED, FLAGGED

PAIRS = 6  # shown, of every rule and test set one before any shows a second
WIDTH = 400  # characters of a text shown


def summarize(folder: Path, as_json: bool = False) -> None:
    """Rows flagged by test set and rule, the thresholds, a few pairs; for people or as one JSON object."""
    record = read_manifest(folder)
    notes, step = record["notes"], record["steps"]["clean"]
    table = Table(folder / "clean", Example)
    pairs = _pairs(table)
    if as_json:
        print(json.dumps({
            "recipe": record["recipe"], "run_id": record["run_id"], "folder": str(folder),
            "rows": step["expected"], "kept": step["kept"], "flagged": step["rejected"], "by_rule": step["rules"],
            "unreadable": record["steps"]["examples"]["rejected"], "levels": notes["clean.levels"],
            "test_sets": {name: {**notes["clean.sources"].get(name, {}), **found}
                          for name, found in notes["clean.test_sets"].items()},
            "grey": notes["clean.grey"], "judge": notes.get("clean.judge"),
            **({"rechecked": notes[CHECKED], "flagged_ids": (folder / FLAGGED).read_text().split()}
               if CHECKED in notes else {}),
            "pairs": [_told(row) for row in pairs]}, indent=1, ensure_ascii=False))
        return
    out = console()
    for line in _read(record):
        out.print(Text(line))
    out.print(_counts(notes["clean.test_sets"], notes["clean.sources"]))
    for row in pairs:
        pair = _told(row)
        out.print(Text(f"\n{pair['reason']}", style="bold"))
        out.print(Text(f"  row  {pair['row']}\n  item {pair['item']}"))
    for line in _end(record, folder):
        out.print(Text(line))


def _read(record: Mapping[str, Any]) -> Iterator[str]:
    step, levels = record["steps"]["clean"], record["notes"]["clean.levels"]
    unread = record["steps"]["examples"]["rejected"]
    aside = f" ({unread:,} more hold no problem)" if unread else ""
    yield f"{step['expected']:,} rows{aside}: {step['rejected']:,} flagged, {step['kept']:,} may stay"
    shown = ", ".join(f"{name} {value}" for name, value in levels.items() if name not in ("level", "moved"))
    yield f"level {levels['level']}: {shown}"


def _counts(sets: Mapping[str, Mapping[str, int]], sources: Mapping[str, Mapping[str, Any]]) -> Grid:
    rules = list(dict.fromkeys(rule for found in sets.values() for rule in found if rule != "items"))
    grid = Grid(box=None, pad_edge=False, header_style="bold")
    grid.add_column("test set")
    for name in ("items", *rules, "flagged"):
        grid.add_column(name, justify="right")
    for name, found in sets.items():
        hashed = "" if sources.get(name, {}).get("texts", True) else " (fingerprints)"
        grid.add_row(f"{name}{hashed}", f"{found['items']:,}", *(f"{found[rule]:,}" for rule in rules),
                     f"{sum(found[rule] for rule in rules):,}")
    return grid


def _pairs(table: Table[Example]) -> list[Rejection]:
    """A few flagged rows, as unlike each other as can be had in one pass."""
    found: dict[tuple[str, str], list[Rejection]] = {}
    for row in table.rejections.rows():
        kind = found.setdefault((row.twin_id.partition(":")[0], row.rule), [])
        if len(kind) < PAIRS:
            kind.append(row)
    rounds = [kind[number] for number in range(PAIRS) for kind in found.values() if number < len(kind)]
    return rounds[:PAIRS]


def _told(row: Rejection) -> dict[str, Any]:
    problem = json.loads(row.content)["problem"]
    return {"row_id": row.row_id, "rule": row.rule, "score": row.score, "item_id": row.twin_id,
            "row": " ".join(problem.split())[:WIDTH],
            "item": " ".join(row.twin.split())[:WIDTH] or "(no text of it is here)", "reason": row.reason}


def _end(record: Mapping[str, Any], folder: Path) -> Iterator[str]:
    step, notes = record["steps"]["clean"], record["notes"]
    if hashed := [name for name, source in notes["clean.sources"].items() if not source["texts"]]:
        yield (f"\nof {', '.join(hashed)} only fingerprints are here, which find exact, ngram and same_numbers; "
               f"the texts find far more: mathmill test-sets fetch {' '.join(hashed)}")
    if judged := notes.get("clean.judge"):
        yield (f"\nthe judge ({judged['model']}) ruled on {notes['clean.grey']:,} rows a little below a threshold: "
               f"same {judged['same']:,}, twin {judged['twin']:,}, other {judged['other']:,}, undecided "
               f"{judged['undecided']:,} (they stay)")
    elif notes.get("clean.grey"):
        yield f"\n{notes['clean.grey']:,} rows stayed a little below a threshold; --judge would have them looked at"
    if CHECKED in notes:
        told = notes[CHECKED]
        yield (f"\n{step['rejected']:,} of the {step['expected']:,} rows of {told['recipe']} {told['run_id']} are "
               f"affected; their ids: {folder / FLAGGED}")
    yield f"\n{record['recipe']} {record['run_id']} is finished: {folder}"
