"""How one record came to be: from any id up to its seed, and from its problem down to the example.

Reads through the warehouse; `flows/commands/lineage.py` prints what `trace` finds.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
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
    return traces(warehouse, [record], _newest_run(warehouse, record))[record]


def traces(warehouse: Warehouse, records: Collection[str], run: str) -> dict[str, list[Record]]:
    """What `trace` tells of each of many records of one run, for the price of about two; unknown ids are left out."""
    above = _walk(set(records), lambda ids: _named(warehouse, GROWTH, ids, run), up=True)
    lines = {record: _line(record, above) for record in records if record in above}
    grown = {record: {id for id in line if above[id].view in DOWN} for record, line in lines.items()}
    ends = {row.id for row in above.values() if row.view in ENDS}
    deep = set().union(*grown.values())
    flat = set().union(*(line for record, line in lines.items() if not grown[record]))
    after = _walk(deep, lambda ids: _grown(warehouse, DOWN, ids, run, ends), up=False)
    after |= _walk(flat, lambda ids: _grown(warehouse, SHALLOW, ids, run, ends), up=False)
    found = {**after, **above}
    entered: dict[str, list[str]] = {}
    for row in _rows(warehouse, LATER, BY_ID, set(found), run):
        entered.setdefault(row.id, []).append(row.view)
    told = {}
    for record, line in lines.items():
        below = _below(grown[record] or line, found, DOWN if grown[record] else SHALLOW)
        told[record] = _linked({id: Record(found[id].view, found[id].row, entered.get(id, []))
                                for id in [*below, *line]})
    return told


def _line(record: str, above: Mapping[str, Record]) -> dict[str, None]:
    """The record and all that it came from, by id."""
    line: dict[str, None] = {}
    ahead = [record]
    while ahead:
        if (id := ahead.pop()) not in line:
            line[id] = None
            ahead += sorted(above[id].parents & set(above))
    return line


def _below(start: Collection[str], found: Mapping[str, Record], views: Collection[str]) -> dict[str, None]:
    """All in these views that grew from `start`, by id."""
    children: dict[str, list[str]] = {}
    for row in found.values():
        for parent in row.parents if row.view in views else ():
            children.setdefault(parent, []).append(row.id)
    below: dict[str, None] = {}
    ahead = list(start)
    while ahead:
        for id in children.get(ahead.pop(), ()):
            if id not in below:
                below[id] = None
                ahead.append(id)
    return below


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
