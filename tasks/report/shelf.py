"""A run's records as the local site lists them: which tables, which filters, which rows on which page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from schemas.errors import InputError
from schemas.manifest import read_manifest
from tasks.lineage import Record, traces
from tasks.report.asked import Rows, asked, final_view
from tasks.report.facts import state_of
from tasks.report.samples import readable
from tasks.tools.flags import flags
from tasks.tools.warehouse import TABLES, Warehouse

PAGE = 25
MANY = 200  # values of a column that can still be chosen from a list
FILTERS = ("step", "rule", "topic", "difficulty", "mode", "answer_kind", "gold_level", "method", "status", "licence")
SHOWN = ("problem", "question", "solution", "reason", "content")  # what stands for a row: the first of these it has
SEARCHED = ("id", *SHOWN, "answer", "read", "twin", "twin_answer", "row_id", "twin_id", "seed_id", "source")
NUMBER = re.compile(r"[0-9]{1,8}")
WORDS = re.compile(r'"([^"]+)"|(\S+)')


class Kind(NamedTuple):
    """A table to choose: its view, its columns that can be searched, and the values that each filter can take."""

    view: str
    text: str
    choices: dict[str, list[str]]


@dataclass(frozen=True)
class Listed:
    """One page of records: the rows, how many pass, and the page's number of how many."""

    rows: Rows
    total: int
    at: int
    pages: int


class Shelf:
    """The records of one run. Raises `RunError` where there is no run."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.run, self.house = folder, read_manifest(folder), Warehouse([folder])
        self.state = state_of(folder, self.run)
        there = {name: f"source.{name}" for name in TABLES if name != "rejections" and (folder / name).is_dir()}
        self.views = {"kept": final_view(self.house), "rejected": "source.rejections", **there}
        self.kind = lru_cache(None)(self._kind)

    def _kind(self, name: str) -> Kind:
        view = self.views[name]
        types = {row["column_name"]: row["column_type"] for row in asked(self.house, f"DESCRIBE SELECT * FROM {view}")}
        texts = [column for column in SEARCHED if column in types]
        values = {column: self._values(view, column) for column in FILTERS if column in types}
        return Kind(view, f"lower(concat_ws(' ', {', '.join(texts)}))",
                    {column: found for column, found in values.items() if 1 < len(found) <= MANY})

    def _values(self, view: str, column: str) -> list[str]:
        found = asked(self.house, f"SELECT {column}::VARCHAR AS value FROM {view} GROUP BY ALL ORDER BY 1 "
                                  f"LIMIT {MANY + 1}")
        return [row["value"] for row in found if row["value"]]

    def named(self, given: Mapping[str, str]) -> str:
        """The table that `given` asks for; the kept rows where it names none of this run's."""
        return given.get("table", "") if given.get("table") in self.views else "kept"

    def listed(self, given: Mapping[str, str]) -> Listed:
        """The records that pass the filter in `given`; what it does not know it leaves alone."""
        kind = self.kind(self.named(given))
        where, values = self._where(kind, given)
        number = given.get("page", "1")
        at = max(int(number), 1) if NUMBER.fullmatch(number) else 1
        found = asked(self.house, f"SELECT id, count(*) OVER () AS n FROM {kind.view} WHERE {where} ORDER BY id "
                                  f"LIMIT {PAGE} OFFSET {(at - 1) * PAGE}", *values)
        if not found and at > 1:  # beyond the last page
            total = asked(self.house, f"SELECT count(*) AS n FROM {kind.view} WHERE {where}", *values)[0]["n"]
            return self.listed({**given, "page": str(_pages(total))})
        total = found[0]["n"] if found else 0
        ids = [row["id"] for row in found]
        rows = asked(self.house, f"SELECT * FROM {kind.view} WHERE id IN (SELECT unnest(?)) ORDER BY id", ids)
        return Listed([_shown(row) for row in rows], total, at, _pages(total))

    def record(self, name: str) -> tuple[Record, list[Record]]:
        """The record of that id, and the roots of its lineage; of one that is in no view, the lineage of its parents.

        Raises `InputError` for an id that the run does not know.
        """
        if roots := traces(self.house, [name], self.run["run_id"]).get(name):
            return next(filter(None, (_named(root, name) for root in roots))), roots
        for table, view in self.views.items():
            for row in asked(self.house, f"SELECT * EXCLUDE (folder) FROM {view} WHERE id = ?", name):
                return Record(table, row), [root for roots in traces(
                    self.house, row["parents"], self.run["run_id"]).values() for root in roots]
        raise InputError(f"this run holds no record {name!r}", where=str(self.folder), mend="take an id from the list")

    def _where(self, kind: Kind, given: Mapping[str, str]) -> tuple[str, list[object]]:
        """Every word, or phrase in quotes, must stand somewhere in the row, in any case."""
        chosen = [(column, given[column]) for column in kind.choices if given.get(column)]
        words = [phrase or word for phrase, word in WORDS.findall(given.get("q", "").lower())][:20]
        parts = [*(f"{column}::VARCHAR = ?" for column, _ in chosen), *[f"contains({kind.text}, ?)"] * len(words)]
        values: list[object] = [*(value for _, value in chosen), *words]
        if given.get("flagged"):
            parts.append("list_contains(?::VARCHAR[], id)")
            values.append(sorted(flags(self.folder)))
        return " AND ".join(parts or ["true"]), values


def _named(record: Record, name: str) -> Record | None:
    """The record of that id in a tree."""
    return record if record.id == name else next(filter(None, (_named(child, name) for child in record.children)), None)


def _pages(total: int) -> int:
    return max(-(-total // PAGE), 1)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with `text`, what to read of it."""
    if "content" in row:
        return readable(row)
    return {**row, "text": next((str(row[key]) for key in SHOWN if row.get(key)), "")}
