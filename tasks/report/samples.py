"""Records that a page shows to be read: kept ones, rejected ones, pairs that disagree, each with what it grew from."""

import json
from collections.abc import Mapping
from typing import Any

from tasks.lineage import Record, traces
from tasks.report.asked import Rows, asked
from tasks.tools.warehouse import Warehouse

KEPT = 8
REFUSED = 2  # of a rule
RULES = 12  # of which samples are shown
PAIRS = 6  # of rows that disagree, or of a row and what it repeats
BY_RULE = f"""
SELECT * EXCLUDE (place)
FROM (SELECT *, row_number() OVER (PARTITION BY step, rule ORDER BY id) AS place FROM rejections)
WHERE place <= {REFUSED} ORDER BY step, rule, id LIMIT {REFUSED * RULES}
"""
TWINS = f"""
SELECT * FROM rejections WHERE step = ? AND twin <> '' AND rule <> 'conflict' ORDER BY score DESC, id LIMIT {PAIRS}
"""
CONFLICTS = "SELECT rule AS label, count(*) AS n FROM conflicts GROUP BY ALL ORDER BY n DESC, label"
DISAGREE = f"SELECT * FROM conflicts ORDER BY score DESC, row_id, twin_id LIMIT {PAIRS}"
HIDDEN = ("id", "parents", "run_id", "recipe", "slots", "prompt_hash", "generation_depth", "template_id", "seed_id",
          "problem_id", "solution_id", "row_id")  # what the tree shows by itself, or nobody reads


def samples(house: Warehouse, view: str, run: str) -> dict[str, Rows]:
    """`kept`, rows of the final table (ids are hashes, so the first are as good as drawn), and `refused`, a few
    rejections of each rule; each with its lineage, from the `roots`, where it has one."""
    kept = asked(house, f"SELECT * FROM {view} ORDER BY id LIMIT {KEPT}")
    refused = [readable(row) for row in asked(house, BY_RULE)]
    roots = traces(house, [*(row["id"] for row in kept), *(row["row_id"] for row in refused)], run)
    return {"kept": [{**row, "roots": roots.get(row["id"], [])} for row in kept],
            "refused": [{**row, "roots": roots.get(row["row_id"], [])} for row in refused]}


def twins(house: Warehouse, step: str) -> Rows:
    """The rows of a step that are most like what they repeat."""
    return [readable(row) for row in asked(house, TWINS, step)]


def conflicts(house: Warehouse) -> dict[str, Rows]:
    """Rows that ask what another asks and answer otherwise: how many, by `rules`, and some `pairs`."""
    return {"rules": asked(house, CONFLICTS), "pairs": asked(house, DISAGREE)}


def readable(rejection: Mapping[str, Any]) -> dict[str, Any]:
    """A rejection with `text`, the problem in its content or the content as it stands, and `answer`, "" for none."""
    try:
        content = json.loads(rejection["content"])
    except ValueError:
        content = None
    told = content if isinstance(content, dict) else {}
    text = next((told[key] for key in ("problem", "question", "solution") if told.get(key)), rejection["content"])
    return {**rejection, "text": str(text), "answer": str(told.get("answer", ""))}


def told(record: Record) -> list[tuple[str, str]]:
    """The columns of a record that say something, as texts."""
    return [(name, "\n".join(map(str, value)) if isinstance(value, list) else str(value))
            for name, value in record.row.items() if name not in HIDDEN and value not in ("", 0, None, [])]
