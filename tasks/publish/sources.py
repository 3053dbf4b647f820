"""Where a publication's rows come from: what each run tells of them, kept in the manifest, and several added up.

A source is a plain dict, because it comes back from the Hub as JSON when the data set is published again.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from schemas.manifest import read_manifest
from schemas.plan import Plan
from schemas.run import Run
from tasks.tools.facts import told
from tasks.tools.rates import noted, wilson
from tasks.tools.warehouse import Warehouse

Source = dict[str, Any]
RATES = ("false_accept", "false_reject")
NOTES = ("clean.test_sets", "calls")
SUMMED = ("rows_in", "expected", "kept", "rejected", "shards")
SHOWN = 12  # commands, sources; the manifest has all
TABLES = {
    "methods": """SELECT method AS label, count(*) FILTER (status = 'passed') AS passed,
                         count(*) FILTER (status = 'failed') AS failed, count(*) FILTER (status = 'unknown') AS unknown
                  FROM verdicts GROUP BY method ORDER BY method""",
    "errors": """SELECT method || if(truth = 'equal', ' rejects a right answer', ' accepts a wrong answer') AS label,
                        count(*) FILTER (status = if(truth = 'equal', 'failed', 'passed')) AS wrong,
                        count(*) FILTER (status <> 'unknown') AS cases
                 FROM planted GROUP BY method, truth ORDER BY label""",
    "rates": """SELECT least(floor(share * 10), 9)::INT AS label, count(*) AS n FROM rates GROUP BY ALL ORDER BY ALL""",
}


def source_of(folder: Path, **more: Any) -> Source:
    """What the finished run in `folder` tells; no folder of this machine, no time. Raises `RunError`."""
    record = read_manifest(folder)
    notes = record.get("notes", {})
    run = Run(folder, Plan(record["recipe"], record["parameters"], record.get("inputs", {})), record=record)
    kept = {key: notes[key] for key in NOTES if key in notes}
    planted = {key: value for key, value in notes.get("planted", {}).items() if key != "by_how"}
    return {
        "recipe": record["recipe"], "run_id": record["run_id"], "code": record["code"],
        "version": record.get("versions", {}).get("mathmill", "unknown"), "parameters": told(run)["parameters"],
        "inputs": record.get("inputs", {}), "steps": {name: {**step, "seconds": 0.0, "resumed": 0}
                                                      for name, step in record.get("steps", {}).items()},
        "notes": {**kept, **({"planted": planted} if planted else {})}, "tables": _tables(Warehouse([folder])), **more}


def facts_of(sources: Sequence[Source]) -> dict[str, Any]:
    """What the card says of how the rows came to be, all sources together."""
    first = sources[0]
    notes = {"planted": _planted(sources), "clean.test_sets": _test_sets(sources),
             "calls": [row for source in sources for row in source["notes"].get("calls", [])]}
    inputs = {key: _unique(file for source in sources for file in source["inputs"].get(key, []))
              for source in sources for key in source["inputs"]}
    run = Run(Path(), Plan(first["recipe"], first["parameters"], inputs),
              record={"steps": _steps(sources), "notes": {key: value for key, value in notes.items() if value}})
    return {**told(run), "run_id": _listed(source["run_id"] for source in sources),
            "recipe": _listed(source["recipe"] for source in sources),
            "code": _listed(source["code"] for source in sources),
            "version": _listed(source["version"] for source in sources), "command": _commands(sources)}


def more_facts(sources: Sequence[Source]) -> dict[str, Any]:
    """What the report knows beyond the card of a run's own folder."""
    tables = {name: _added(row for source in sources for row in source["tables"].get(name, [])) for name in TABLES}
    calls = _added(({"label": row["model"], **row} for source in sources for row in source["notes"].get("calls", [])),
                   "calls", "hits", "prompt_tokens", "completion_tokens", "cost")
    errors = [{**row, "rate": str(wilson(row["wrong"], row["cases"]))} for row in tables["errors"]]
    return {**tables, "errors": errors, "calls": calls, "sources": [
        {key: source.get(key, "") for key in ("recipe", "run_id", "rows")} for source in sources[-SHOWN:]],
        "source_count": len(sources)}


def _tables(house: Warehouse) -> dict[str, list[dict[str, Any]]]:
    return {name: [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
            for name, answer in ((name, house.ask(sql)) for name, sql in TABLES.items())}


def _added(rows: Iterable[Mapping[str, Any]], *keys: str) -> list[dict[str, Any]]:
    """Rows of the same label added up; a number that is not known stays so."""
    sums: dict[Any, dict[str, Any]] = {}
    for row in rows:
        found = sums.setdefault(row["label"], {"label": row["label"]})
        for key in keys or [key for key in row if key != "label"]:
            known = row[key] is not None and found.get(key, 0) is not None
            found[key] = found.get(key, 0) + row[key] if known else None
    return [sums[label] for label in sorted(sums)]


def _steps(sources: Sequence[Source]) -> dict[str, dict[str, Any]]:
    steps: dict[str, dict[str, Any]] = {}
    for source in sources:
        for name, step in source["steps"].items():
            found = steps.setdefault(name, {**step, **dict.fromkeys(SUMMED, 0), "rules": {}})
            found.update({key: found[key] + step[key] for key in SUMMED})
            found["rules"] = dict(sorted((Counter(found["rules"]) + Counter(step["rules"])).items()))
    return steps


def _planted(sources: Sequence[Source]) -> dict[str, Any]:
    all_of_them = [source["notes"].get("planted", {}) for source in sources]
    found = [one for one in all_of_them if one.get("cases")]
    rates = {name: noted(wilson(*(sum(one[name][key] for one in found) for key in ("wrong", "cases"))))
             for name in RATES if found}
    return {"cases": sum(one["cases"] for one in found), **rates,
            "undecided": sum(one["undecided"] for one in found)} if found else {}


def _test_sets(sources: Sequence[Source]) -> dict[str, Counter[str]]:
    """Rows removed by rule add up; the items of a test set are the same each time."""
    sums: dict[str, Counter[str]] = {}
    for name, found in (item for source in sources for item in source["notes"].get("clean.test_sets", {}).items()):
        so_far = sums.setdefault(name, Counter())
        so_far.update({rule: count for rule, count in found.items() if rule != "items"})
        so_far["items"] = found["items"]
    return sums


def _commands(sources: Sequence[Source]) -> str:
    plans = [Run(Path(), Plan(source["recipe"], source["parameters"])) for source in sources[:SHOWN]]
    left = [f"# and {len(sources) - SHOWN:,} more: manifest.json"] if len(sources) > SHOWN else []
    return "\n".join([*(told(run)["command"] for run in plans), *left])


def _unique(files: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({(file["name"], file["sha256"]): file for file in files}.values())


def _listed(names: Iterable[str]) -> str:
    """The different ones, in order."""
    found = list(dict.fromkeys(names))
    return ", ".join([*found[:SHOWN], *([f"and {len(found) - SHOWN:,} more"] if len(found) > SHOWN else [])])
