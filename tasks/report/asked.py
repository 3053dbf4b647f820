"""Questions to the warehouse as the report and the site put them: whole answers, a dict a row."""

from typing import Any

from tasks.tools.warehouse import LAST, Warehouse

Rows = list[dict[str, Any]]


def asked(house: Warehouse, sql: str, *values: object) -> Rows:
    """The whole answer, a dict a row."""
    answer = house.ask(sql, values)
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def counted(house: Warehouse, view: str) -> int:
    """How many rows a view has."""
    return int(asked(house, f"SELECT count(*) AS n FROM {view}")[0]["n"])


def final_view(house: Warehouse) -> str:
    """What the run gave so far: the furthest table that has rows."""
    return next((view for view in (f"source.{name}" for name in LAST) if counted(house, view)), "examples")
