"""All that a run's page says, by name: counts from the warehouse, accounts and error rates from run.json."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.errors import RunError
from schemas.manifest import MANIFEST, read_manifest
from tasks.tools.warehouse import LAST, Warehouse

Rows = list[dict[str, Any]]
SHOWN = 8  # samples kept
REFUSED = 2  # samples a rule
MOST = 12  # rows of a list that has no end
BY_RULE = f"""
SELECT * EXCLUDE (place)
FROM (SELECT *, row_number() OVER (PARTITION BY step, rule ORDER BY id) AS place FROM rejections)
WHERE place <= {REFUSED} ORDER BY step, rule, id LIMIT 24
"""
CONFLICTS = "SELECT count(*) AS n FROM rejections WHERE step = 'distinct' AND contains(reason, 'another answer')"
TWINS = f"SELECT * FROM rejections WHERE step = '{{}}' AND twin <> '' ORDER BY score DESC, id LIMIT {MOST // 3}"
RULES = "SELECT rule AS label, count(*) AS n FROM rejections WHERE step = '{}' GROUP BY ALL ORDER BY n DESC, label"
RATES = "SELECT least(floor(share * 10), 9)::INT AS bin, count(*) AS n FROM rates GROUP BY ALL"
METHODS = """
SELECT method, count(*) FILTER (status = 'passed') AS passed, count(*) FILTER (status = 'failed') AS failed,
       count(*) FILTER (status = 'unknown') AS unknown FROM verdicts GROUP BY method ORDER BY method
"""
SOURCES = "SELECT source, licence, count(*) AS n FROM {} GROUP BY ALL ORDER BY n DESC, source LIMIT 12"
FAMILIES = """
SELECT coalesce(nullif(any_value(t.name), ''), nullif(any_value(e.seed_id), ''), e.template_id) AS label, count(*) AS n
FROM (SELECT template_id, seed_id FROM {}) e LEFT JOIN templates t ON t.id = e.template_id
GROUP BY e.template_id ORDER BY n DESC, label LIMIT 12
"""


def facts_of(folder: Path) -> dict[str, Any]:
    """The facts of the run in `folder`. Raises `RunError` where there is no run."""
    if not (folder / MANIFEST).is_file():
        raise RunError("this folder holds no run", where=str(folder), mend="name a folder that has a run.json")
    run, house = read_manifest(folder), Warehouse([folder])
    final = final_view(house)
    notes = run.get("notes", {})
    return {
        "run": run, "final": final, "rows": _count(house, final), "funnel": _funnel(run), "rejected": _rejected(run),
        "difficulty": _shares(house, final, "difficulty"), "rates": _histogram(house),
        "shares": [(title, _shares(house, final, column)) for title, column in (
            ("Topic", "topic"), ("Kind of answer", "answer_kind"), ("Mode", "mode"), ("Who vouches", "gold_level"))],
        "families": asked(house, FAMILIES.format(final)), "sources": asked(house, SOURCES.format(final)),
        "family_count": asked(house, f"SELECT count(DISTINCT template_id) AS n FROM {final}")[0]["n"],
        "duplicates": asked(house, RULES.format("distinct")), "conflicts": asked(house, CONFLICTS)[0]["n"],
        "twins": asked(house, TWINS.format("distinct")), "methods": asked(house, METHODS),
        "planted": notes.get("planted") or {}, "calls": notes.get("calls") or [], "budget": notes.get("budget") or {},
        "looked": {name: name in run.get("steps", {}) for name in ("distinct", "clean")},
        "test_sets": notes.get("clean.test_sets") or {}, "leaks": asked(house, TWINS.format("clean")),
        "kept": _kept(house, final), "refused": [readable(row) for row in asked(house, BY_RULE)]}


def final_view(house: Warehouse) -> str:
    """What the run gave so far: the furthest table that has rows."""
    return next((view for view in (f"source.{name}" for name in LAST) if _count(house, view)), "examples")


def asked(house: Warehouse, sql: str, *values: object) -> Rows:
    """The whole answer, a dict a row."""
    answer = house.ask(sql, values)
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def readable(rejection: Mapping[str, Any]) -> dict[str, Any]:
    """A rejection with `text`: the problem in its content, or the content as it stands."""
    try:
        content = json.loads(rejection["content"])
    except ValueError:
        return {**rejection, "text": rejection["content"]}
    told = content if isinstance(content, dict) else {}
    text = next((told[key] for key in ("problem", "question", "solution") if told.get(key)), rejection["content"])
    return {**rejection, "text": str(text)}


def _count(house: Warehouse, view: str) -> int:
    return int(asked(house, f"SELECT count(*) AS n FROM {view}")[0]["n"])


def _funnel(run: Mapping[str, Any]) -> Rows:
    return [{"name": name, **step} for name, step in run.get("steps", {}).items() if "." not in name]


def _rejected(run: Mapping[str, Any]) -> Rows:
    return [{"step": step["name"], "label": rule, "n": count} for step in _funnel(run)
            for rule, count in sorted(step["rules"].items(), key=lambda item: -item[1])]


def _shares(house: Warehouse, view: str, column: str) -> Rows:
    """How the rows divide by a column, in order of size, a level in its own order; nothing where nobody said."""
    order = "label" if column == "difficulty" else "n DESC, label"
    found = asked(house, f"SELECT {column}::VARCHAR AS label, count(*) AS n FROM {view} GROUP BY ALL ORDER BY {order}")
    named = [{**row, "label": "not said" if row["label"] in ("", "0") else row["label"]} for row in found]
    return [] if all(row["label"] == "not said" for row in named) else named


def _histogram(house: Warehouse) -> Rows:
    counts = {row["bin"]: row["n"] for row in asked(house, RATES)}
    return [{"label": f"{place * 10}–{place * 10 + 10} %", "n": counts.get(place, 0)} for place in range(10)
            ] if counts else []


def _kept(house: Warehouse, view: str) -> Rows:
    """Samples with what they grew from; ids are hashes, so the first ones are as good as drawn."""
    rows = asked(house, f"SELECT * FROM {view} ORDER BY id LIMIT {SHOWN}")
    parents = [parent for row in rows for parent in row["parents"]]
    problems = _by_id(house, "problems", parents)
    templates = _by_id(house, "templates", [row["template_id"] for row in rows])
    seeds = _by_id(house, "seeds", [row["seed_id"] for row in rows])
    verdicts = asked(house, "SELECT * FROM verdicts WHERE list_contains($1, problem_id) ORDER BY method", parents)
    return [{**row, "from_problem": next((problems[key] for key in row["parents"] if key in problems), {}),
             "from_template": templates.get(row["template_id"], {}), "from_seed": seeds.get(row["seed_id"], {}),
             "verdicts": [told for told in verdicts if told["problem_id"] in row["parents"]]} for row in rows]


def _by_id(house: Warehouse, view: str, ids: list[str]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in asked(house, f"SELECT * FROM {view} WHERE list_contains($1, id)", ids)}
