"""How one record came to be: from any id up to its seed, and from its problem down to the example.

Reads through the warehouse; `flows/commands/lineage.py` prints what `trace` finds.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from schemas.errors import InputError
from tasks.tools.warehouse import Warehouse

# Views in the order in which a record grows.
GROWTH = ("seeds", "templates", "variants", "concepts", "briefs", "claims", "problems", "solutions", "agreements",
          "verdicts", "rates", "examples", "planted", "rejections")
DOWN = GROWTH[GROWTH.index("claims"):]
SHALLOW = ("templates", "variants", "rejections")  # from a template thousands of problems grow: not all are shown
LATER = ("distinct_examples", "clean")  # the same examples once more: what dedup and decontamination left

ENDS, BESIDE = ("verdicts", "rates", "examples"), ("planted", "rejections")  # what the former leave behind, if anything
BY_ID = "id IN (SELECT unnest($1))"  # a join: DuckDB skips what cannot hold these, four times faster than list_contains


@dataclass
class Record:
    """One row, the view in which it lies, the rows that came from it, and the later tables that it entered."""

    view: str
    row: dict[str, Any]
    entered: list[str] = field(default_factory=list)
    children: "list[Record]" = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def parents(self) -> set[str]:
        return set(self.row["parents"])


def trace(warehouse: Warehouse, record: str) -> list[Record]:
    """The roots (a seed, mostly) of what led to `record`, with all that grew from its problem, or its templates.

    The newest run that knows the id tells the story. Raises `InputError` for an id that no run knows.
    """
    run = _newest_run(warehouse, record)
    found = _walk({record}, lambda ids: _named(warehouse, GROWTH, ids, run), up=True)
    grown = {row.id for row in found.values() if row.view in DOWN}
    below = DOWN if grown else SHALLOW
    ends = {row.id for row in found.values() if row.view in ENDS}
    after = _walk(grown or set(found), lambda ids: _grown(warehouse, below, ids, run, ends), up=False)
    found = {**after, **found}
    for row in _rows(warehouse, LATER, BY_ID, set(found), run):
        found[row.id].entered.append(row.view)
    return _linked(found)


def _newest_run(warehouse: Warehouse, record: str) -> str:
    places = " UNION ALL ".join(f"SELECT run_id FROM {view} WHERE id = $1" for view in GROWTH)
    newest = f"SELECT run_id FROM runs WHERE run_id IN ({places}) ORDER BY started DESC NULLS LAST LIMIT 1"
    for (run,) in warehouse.ask(newest, [record]).rows:
        return str(run)
    raise InputError(f"no run holds a record {record!r}", where=", ".join(map(str, warehouse.runs)) or "no run found",
                     mend="take an id from `mathmill query`, and name its run with --runs")


def _walk(start: set[str], step: Callable[[set[str]], Iterable[Record]], *, up: bool) -> dict[str, Record]:
    """All records that `step` reaches from `start`, by id; on the way up `start` itself is looked for as well."""
    found: dict[str, Record] = {}
    ahead = start
    while ahead:
        fresh: dict[str, Record] = {}
        for row in step(ahead):
            if row.id not in found:
                fresh.setdefault(row.id, row)  # a template lies in `variants` once more: the first view tells its story
        found |= fresh
        ahead = set().union(*(row.parents for row in fresh.values())) - set(found) if up else set(fresh) - start
    return found


def _named(warehouse: Warehouse, views: Collection[str], ids: set[str], run: str) -> Iterator[Record]:
    """The rows of these ids, each from the first view that has it."""
    ahead = set(ids)
    for view in views:
        for row in _rows(warehouse, [view], BY_ID, ahead, run) if ahead else ():
            ahead.discard(row.id)
            yield row


def _grown(warehouse: Warehouse, views: Collection[str], ids: set[str], run: str, ends: set[str]) -> Iterator[Record]:
    """The rows made from these ids; those that themselves end in nothing but `BESIDE` are noted in `ends`."""
    for view in views:
        parents = ids if view in BESIDE else ids - ends
        for row in _rows(warehouse, [view], "list_has_any(parents, $1)", parents, run) if parents else ():
            if view in ENDS:
                ends.add(row.id)
            yield row


def _rows(warehouse: Warehouse, views: Collection[str], where: str, ids: set[str], run: str) -> Iterator[Record]:
    for view in views:
        answer = warehouse.ask(f"SELECT * FROM {view} WHERE {where} AND run_id = $2", [sorted(ids), run])
        yield from [Record(view, dict(zip(answer.columns, row, strict=True))) for row in answer.rows]


def _linked(found: dict[str, Record]) -> list[Record]:
    """Hangs every record under the parent that grew last, so that the tree reads seed, template, problem, …"""
    roots = []
    for row in sorted(found.values(), key=lambda row: (GROWTH.index(row.view), row.id)):
        parents = [found[parent] for parent in row.parents if parent in found]
        if parents:
            max(parents, key=lambda parent: (GROWTH.index(parent.view), parent.id)).children.append(row)
        else:
            roots.append(row)
    return roots
