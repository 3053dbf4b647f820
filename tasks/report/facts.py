"""All that a run's page says, by name: counts from the warehouse, accounts and error rates from run.json."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.manifest import read_manifest
from tasks.report.asked import Rows, asked, counted, final_view
from tasks.report.samples import conflicts, samples, twins
from tasks.tools.rates import noted, wilson
from tasks.tools.warehouse import Warehouse

MOST = 12  # rows of a list that has no end
RULES = "SELECT rule AS label, count(*) AS n FROM rejections WHERE step = 'distinct' GROUP BY ALL ORDER BY n DESC, 1"
RATES = "SELECT least(floor(share * 10), 9)::INT AS bin, count(*) AS n FROM rates GROUP BY ALL"
METHODS = """
SELECT method AS label, count(*) FILTER (status = 'passed') AS passed, count(*) FILTER (status = 'failed') AS failed,
       count(*) FILTER (status = 'unknown') AS unknown FROM verdicts GROUP BY method ORDER BY method
"""
# Undecided cases are neither right nor wrong: as in tasks/verify/measure.py, but for each route by itself.
ERRORS = """
SELECT method, truth, count(*) FILTER (status = if(truth = 'equal', 'failed', 'passed')) AS wrong,
       count(*) FILTER (status <> 'unknown') AS cases, count(*) FILTER (status = 'unknown') AS undecided
FROM planted GROUP BY ALL ORDER BY ALL
"""
NAMES = {"different": "false accepts", "equal": "false rejects"}
SOURCES = f"SELECT source, licence, count(*) AS n FROM {{}} GROUP BY ALL ORDER BY n DESC, source LIMIT {MOST}"
FAMILIES = f"""
SELECT coalesce(nullif(any_value(t.name), ''), nullif(any_value(e.seed_id), ''), e.template_id)
       || if(any_value(e.mode) IN ('', 'base'), '', ', ' || any_value(e.mode)) AS label, count(*) AS n
FROM (SELECT template_id, seed_id, mode FROM {{}} WHERE template_id <> '') e
LEFT JOIN templates t ON t.id = e.template_id
GROUP BY e.template_id ORDER BY n DESC, label LIMIT {MOST}
"""
SIZES = """
SELECT count(*) AS families, coalesce(min(n), 0) AS least, coalesce(median(n), 0)::BIGINT AS median,
       coalesce(max(n), 0) AS most FROM (SELECT count(*) AS n FROM {} WHERE template_id <> '' GROUP BY template_id)
"""
SHARES = (("Topic", "topic"), ("Kind of answer", "answer_kind"), ("Mode", "mode"), ("Who vouches", "gold_level"))


def facts_of(folder: Path) -> dict[str, Any]:
    """The facts of the run in `folder`, finished or not. Raises `RunError` where there is no run."""
    run, house = read_manifest(folder), Warehouse([folder])
    final, notes = final_view(house), run.get("notes", {})
    rows, funnel = counted(house, final), _funnel(run)
    return {
        "run": run, "state": state_of(folder, run), "rows": rows, "claims": counted(house, "claims"),
        "funnel": funnel, "rejected": _rejected(funnel),
        "difficulty": _shares(house, final, "difficulty"), "rates": _histogram(house),
        "shares": [(title, _shares(house, final, column)) for title, column in SHARES],
        "families": asked(house, FAMILIES.format(final)), "sizes": asked(house, SIZES.format(final))[0],
        "sources": asked(house, SOURCES.format(final)), "duplicates": asked(house, RULES),
        "conflicts": conflicts(house), "twin_rows": twins(house, "distinct"),
        "methods": asked(house, METHODS), "errors": _errors(house),
        "calls": notes.get("calls") or [], "paid": _paid(notes.get("calls") or [], rows),
        "budget": notes.get("budget") or {},
        "looked": {name: (folder / name).is_dir() for name in ("distinct", "conflicts", "clean")},
        "test_sets": _test_sets(notes), "leaks": twins(house, "clean"),
        **samples(house, final, run["run_id"])}


def state_of(folder: Path, run: Mapping[str, Any]) -> str:
    """"" for a finished run; otherwise a sentence on what became of it."""
    state = run.get("state", "unknown")
    if state == "finished":
        return ""
    if state != "running":
        return f"This run is not finished: it {'was stopped' if state == 'cancelled' else state}."
    try:
        os.kill(int((folder / ".lock").read_text()), 0)  # asks whether it is there, and does nothing to it
    except PermissionError:
        pass  # it is there, and somebody else's
    except (OSError, ValueError):
        return "This run is not finished: its process is gone, without a word. Repeat its command and it goes on."
    return "This run is not finished: it is at work now."


def _funnel(run: Mapping[str, Any]) -> Rows:
    return [{"label": name, **step} for name, step in run.get("steps", {}).items() if "." not in name]


def _rejected(funnel: Rows) -> Rows:
    return [{"step": step["label"], "label": rule, "n": count} for step in funnel
            for rule, count in sorted(step["rules"].items(), key=lambda item: -item[1])]


def _shares(house: Warehouse, view: str, column: str) -> Rows:
    """How the rows divide by a column, in order of size, a level in its own order; nothing where nobody said."""
    order = "label" if column == "difficulty" else "n DESC, label"
    found = asked(house, f"SELECT {column}::VARCHAR AS label, count(*) AS n FROM {view} GROUP BY ALL ORDER BY {order}")
    named = [{**row, "label": "not said" if row["label"] in ("", "0") else row["label"]} for row in found]
    if all(row["label"] == "not said" for row in named):
        return []
    rest = sum(row["n"] for row in named[MOST:])
    return [*named[:MOST], {"label": f"{len(named) - MOST} others", "n": rest}] if rest else named


def _histogram(house: Warehouse) -> Rows:
    counts = {row["bin"]: row["n"] for row in asked(house, RATES)}
    return [{"label": f"{place * 10}–{place * 10 + 10} %", "n": counts.get(place, 0)} for place in range(10)
            ] if counts else []


def _errors(house: Warehouse) -> Rows:
    """How often each route erred on cases whose truth is known, and the 95 % interval of the true share."""
    return [{"label": f"{row['method']}: {NAMES[row['truth']]}", "undecided": row["undecided"],
             **noted(wilson(row["wrong"], row["cases"]))} for row in asked(house, ERRORS)]


def _paid(calls: Rows, rows: int) -> dict[str, Any]:
    """All calls together; `cost` is None where the price of any was unknown."""
    sums = {key: sum(row[key] for row in calls) for key in ("calls", "hits", "prompt_tokens", "completion_tokens")}
    known = all(row["cost"] is not None for row in calls)
    cost = sum(row["cost"] for row in calls) if known else None
    return {**sums, "cost": cost, "each": cost / rows if cost is not None and rows else None}


def _test_sets(notes: Mapping[str, Any]) -> dict[str, Any]:
    """The rules that looked, and for each test set its items and the rows that each rule removed."""
    found = notes.get("clean.test_sets") or {}
    rules = list(dict.fromkeys(rule for told in found.values() for rule in told if rule != "items"))
    sets = [{"label": name, "items": told["items"], "found": [(rule, told[rule]) for rule in rules if told.get(rule)],
             "n": sum(told.get(rule, 0) for rule in rules)} for name, told in found.items()]
    return {"rules": rules, "sets": sets}
