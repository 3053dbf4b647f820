"""Two runs side by side: the same measures of both, and a gate that says whether the second is good enough.

A measure is a number with a name, or None where a run has nothing to say: no cost without a teacher, no solve rate
without attempts. Counts come from run.json, shares from the tables, both through the warehouse.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import ParameterError, RunError
from tasks.tools.warehouse import LAST, Warehouse

STEPS = {"duplicates": "distinct", "contaminated": "clean"}  # share of the rows that the step rejected
COUNTS = ("problems", "examples", "distinct", "clean")
FACTS = """SELECT count(*) AS rows, avg(difficulty) FILTER (difficulty > 0) AS difficulty,
                  count(DISTINCT template_id) AS families, count(DISTINCT seed_id) AS seeds,
                  avg(length(problem)) AS problem_length FROM {view}"""
VERDICTS = "SELECT method, count(*) FILTER (status = 'passed') / count(*) FROM verdicts GROUP BY method ORDER BY method"
COST = """SELECT CASE WHEN count(cost) = count(*) THEN sum(cost) END, sum(calls), sum(hits),
                 sum(prompt_tokens + completion_tokens) FROM calls"""
CONDITION = re.compile(r"\s*([\w.:-]+)\s*(>=|<=|==|>|<)\s*(-?[\d.]+(?:e-?\d+)?)\s*(%|x)?\s*")
HOLDS = {">=": lambda a, b: a >= b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, "<": lambda a, b: a < b,
         "==": lambda a, b: a == b}
Measures = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition on the second run, `yield>=0.9x`: a measure against a number, or (x) so many times the first's."""

    text: str
    measure: str
    sign: str
    limit: float
    relative: bool

    def objection(self, first: Measures, second: Measures) -> str:
        """Why the second run does not pass; "" if it does. What cannot be measured does not pass."""
        value, base = second[self.measure], first[self.measure] if self.relative else 1.0
        if value is None or base is None:
            where = "second" if value is None else "first"
            return f"{self.text}: {self.measure} was not measured in the {where} run"
        if HOLDS[self.sign](value, self.limit * base):
            return ""
        return f"{self.text}: {self.measure} is {value:.6g}, the limit is {self.limit * base:.6g}"


def gate(text: str, known: Mapping[str, object]) -> Gate:
    """A condition read. Raises `ParameterError` for one that cannot be read or names no measure."""
    found = CONDITION.fullmatch(text)
    if not found:
        raise ParameterError(f"cannot read {text!r}", where="--gate",
                             mend="write MEASURE, >= <= > < or ==, a number; with x behind it: times the first run's. "
                                  "yield>=0.9x, duplicates<=5%, dollars<20")
    measure, sign, number, unit = found.groups()
    if measure not in known:
        raise ParameterError(f"there is no measure {measure!r}", where="--gate", mend=f"there are: {', '.join(known)}")
    return Gate(text.strip(), measure, sign, float(number) / (100 if unit == "%" else 1), unit == "x")


def measures(folder: Path) -> Measures:
    """What there is to say of one run, by name. Raises `RunError` where the folder is no run or holds a bad shard."""
    warehouse = Warehouse([folder])
    if len(warehouse.runs) != 1:
        raise RunError("this folder is no run", where=str(folder), mend="give the folder of one run")
    steps = {str(row[0]): row[1:] for row in warehouse.ask("SELECT step, expected, kept, rejected FROM steps").rows}
    found: Measures = {name: float(steps[name][1]) for name in COUNTS if name in steps}
    last = next((name for name in LAST if name in steps), "examples")
    found |= _shares(steps, last)
    view = f"source.{last}"
    found |= _named(warehouse, FACTS.format(view=view))
    for column in ("topic", "difficulty", "mode"):
        found |= _parts(warehouse, column, view)
    found |= {f"passed:{method}": float(share) for method, share in warehouse.ask(VERDICTS).rows}
    ((found["solve_rate"],),) = warehouse.ask("SELECT avg(share) FROM rates").rows
    ((found["dollars"], found["calls"], found["hits"], found["tokens"]),) = warehouse.ask(COST).rows
    rows, dollars = found.get("rows"), found["dollars"]
    found["dollars_each"] = dollars / rows if dollars is not None and rows else None
    ((found["seconds"],),) = warehouse.ask("SELECT seconds FROM runs").rows
    return found


def compared(first: Path, second: Path) -> dict[str, tuple[float | None, float | None]]:
    """The measures of both, by name; one that only one run has is None in the other, a part of a whole 0."""
    one, two = measures(first), measures(second)
    missing = {name: 0.0 if name.partition(":")[0] in ("topic", "difficulty", "mode") and ":" in name else None
               for name in {*one, *two}}
    return {name: (one.get(name, missing[name]), two.get(name, missing[name])) for name in {**one, **two}}


def objections(table: Mapping[str, tuple[float | None, float | None]], gates: Sequence[str]) -> list[str]:
    """Why the second run does not pass the gates, a line each. Raises `ParameterError` for a bad gate."""
    first, second = ({name: pair[at] for name, pair in table.items()} for at in (0, 1))
    read = [gate(text, table) for text in gates]
    return [said for one in read if (said := one.objection(first, second))]


def _shares(steps: Mapping[str, tuple[float, ...]], last: str) -> Measures:
    """`yield` is rows at the end of problems at the start; of dedup and decontamination the share rejected."""
    problems, kept = steps.get("problems", (0, 0, 0))[1], steps.get(last, (0, 0, 0))[1]
    found: Measures = {"yield": kept / problems if problems else None}
    for name, step in STEPS.items():
        due, _, rejected = steps.get(step, (0, 0, 0))
        found[name] = rejected / due if due else None
    return found


def _named(warehouse: Warehouse, sql: str) -> Measures:
    answer = warehouse.ask(sql)
    (row,) = answer.rows
    return {name: None if value is None else float(value) for name, value in zip(answer.columns, row, strict=True)}


def _parts(warehouse: Warehouse, column: str, view: str) -> Measures:
    """The share of each value of a column, `topic:percent`; rows that say nothing have no part."""
    sql = (f"SELECT CAST({column} AS VARCHAR), count(*) / (SELECT count(*) FROM {view}) FROM {view} "
           f"WHERE CAST({column} AS VARCHAR) NOT IN ('', '0') GROUP BY 1 ORDER BY 1")
    return {f"{column}:{value}": float(share) for value, share in warehouse.ask(sql).rows}
