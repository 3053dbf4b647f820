"""What a run of `mathmill dedup` found, printed."""

import json
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from rich.text import Text

from flows.commands.output import console
from schemas.manifest import read_manifest
from schemas.records import Conflict, Example, Rejection
from schemas.table import Table
from tasks.dedup.repeats import RULES

EACH = 2  # pairs shown of every rule
WIDTH = 400  # characters of a text shown


def summarize(folder: Path, as_json: bool = False) -> None:
    """Rows that repeat another by rule, conflicts, a few pairs of each; for people or as one JSON object."""
    record = read_manifest(folder)
    step = record["steps"]["distinct"]
    pairs = _pairs(Table(folder / "distinct", Example).rejections.rows(), set(step["rules"]))
    conflicts = [_conflict(row) for row in islice(Table(folder / "conflicts", Conflict).rows(), EACH)]
    rules = {rule: step["rules"][rule] for rule in RULES if rule in step["rules"]}
    unread, found = record["steps"]["examples"]["rejected"], record["notes"]["conflicts"]["pairs"]
    if as_json:
        print(json.dumps({
            "recipe": record["recipe"], "run_id": record["run_id"], "folder": str(folder), "rows": step["expected"],
            "kept": step["kept"], "dropped": step["rejected"], "by_rule": rules, "unreadable": unread,
            "conflicts": found, "pairs": pairs + conflicts}, indent=1, ensure_ascii=False))
        return
    out = console()
    aside = f" ({unread:,} more hold no problem)" if unread else ""
    out.print(Text(f"{step['expected']:,} rows{aside}: {step['rejected']:,} go, {step['kept']:,} stay"))
    for rule, count in rules.items():
        out.print(Text(f"  {rule:<15}{count:>10,}"))
    out.print(Text(f"  pairs that ask the same and answer otherwise, so that one of the two is wrong: {found:,}"))
    for pair in pairs + conflicts:
        out.print(Text(f"\n{pair['reason']}", style="bold"))
        out.print(Text(f"  row  {pair['row']}\n  twin {pair['twin']}"))
    out.print(Text(f"\n{record['recipe']} {record['run_id']} is finished: {folder}"))


def _pairs(rows: Iterable[Rejection], rules: set[str]) -> list[dict[str, Any]]:
    """The first few of every rule; reads no further than it must."""
    found: dict[str, list[Rejection]] = {rule: [] for rule in RULES if rule in rules}
    for row in rows:
        if len(found[row.rule]) < EACH:
            found[row.rule].append(row)
        if all(len(some) == EACH for some in found.values()):
            break
    return [{"row_id": row.row_id, "twin_id": row.twin_id, "rule": row.rule, "score": row.score, "reason": row.reason,
             "row": _line(json.loads(row.content)["problem"]), "twin": _line(row.twin)}
            for some in found.values() for row in some]


def _conflict(row: Conflict) -> dict[str, Any]:
    return {"row_id": row.row_id, "twin_id": row.twin_id, "rule": f"conflict, {row.rule}", "score": row.score,
            "reason": f"one answers {row.answer}, the other {row.twin_answer} ({row.rule}, cosine {row.score:.3f})",
            "row": _line(row.problem), "twin": _line(row.twin)}


def _line(text: str) -> str:
    return " ".join(text.split())[:WIDTH]
