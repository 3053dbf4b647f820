"""Examples out of verified problems, and a choice of examples out of runs, data sets and Parquet files.

    verified     what every route of `tasks.verify` passed goes on, the rest says why not
    candidates   the examples of given sources, those in a band of solve rates
    chosen       of these, what `tasks.choose` takes; each other one says which rule kept it out
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from schemas.errors import InputError, ParameterError, RunError
from schemas.records import Example, Problem, Rejection, Solution, Template, Verdict, reject, stable_id
from schemas.rows import kinds_of
from schemas.run import current_run
from schemas.table import Table
from tasks.choose import Wish, choose, share
from tasks.tools.each import each, whole
from tasks.tools.orchestrator import task
from tasks.tools.warehouse import LAST, Warehouse, named_rows

STEP = "examples"
ROUTES = ("by_program", "by_text")


@task
def verified(problems: Table[Problem], solutions: Table[Solution], verdicts: Table[Verdict],
             templates: Table[Template]) -> Table[Example]:
    """Problems whose solution passed by every route, as examples; each other problem is a rejection, "not_verified".

    The first three tables are shard-aligned; `templates` is looked into for topic, source and licence.
    """
    return each(judged, problems, solutions, verdicts, into=Example, name=STEP, shared=[templates])


def judged(problems: Sequence[Problem], solutions: Sequence[Solution], verdicts: Sequence[Verdict],
           templates: Table[Template]) -> Iterator[Example | Rejection]:
    """One example or rejection for each problem."""
    told = templates.index()
    worked = {solution.problem_id: solution for solution in solutions}
    found: dict[str, dict[str, Verdict]] = defaultdict(dict)
    for verdict in verdicts:
        found[verdict.problem_id][verdict.method] = verdict
    for problem in problems:
        solution, by = worked.get(problem.id), found[problem.id]
        against = objection(solution, by)
        if solution is None or against:
            yield reject(problem.id, STEP, "not_verified", against, content=_shown(problem, solution))
        else:
            yield example(problem, solution, sorted(by), told[problem.template_id])


def objection(solution: Solution | None, by: dict[str, Verdict]) -> str:
    """Why this solution may not go on; "" if every route passed it. A verdict on another solution does not count."""
    if solution is None:
        return "it has no solution"
    for route in ROUTES:
        verdict = by.get(route)
        if verdict is None or verdict.solution_id != solution.id:
            return f"{route}: no verdict on this solution"
    failed = [verdict for _, verdict in sorted(by.items()) if verdict.status != "passed"]
    return "; ".join(f"{verdict.method} {verdict.status}: {verdict.reason}" for verdict in failed)


def example(problem: Problem, solution: Solution, routes: list[str], template: Template) -> Example:
    """The row that may be published."""
    return Example(
        id=stable_id("example", problem.id, solution.id), parents=[problem.id, solution.id], problem=problem.question,
        solution=solution.solution, answer=problem.answer, answer_kind=problem.answer_kind,
        answer_unit=problem.answer_unit, gold_level=problem.gold_level, verified_by=routes,
        template_id=problem.template_id, seed_id=problem.seed_id, topic=template.topic, difficulty=template.difficulty,
        mode=problem.mode, recipe=problem.recipe, source=template.source, licence=template.licence)


def _shown(problem: Problem, solution: Solution | None) -> str:
    return json.dumps({"question": problem.question, "answer": problem.answer,
                       "solution": solution.solution if solution else ""}, ensure_ascii=False)


@task
def candidates(sources: Sequence[str], *, solve_rate: str = "") -> Table[Example]:
    """The examples of runs (the last table of each), data sets and Parquet files; what came before is a rejection.

    `solve_rate` is a band, "0.2-0.8": rows without a measured rate stay out. What a file lacks is empty, what it has
    beyond an example's columns is told in the run's notes. Raises `InputError` for a source that cannot be used,
    `ParameterError` for a bad band.
    """
    low, high = band(solve_rate)
    return whole(partial(_candidates, sources, low, high, bool(solve_rate)), into=Example, name="candidates")


@task
def chosen(rows: Table[Example], *, size: int = 0, mix: Sequence[str] = (), quotas: Sequence[str] = (),
           per_family: int = 0, per_seed: int = 0, seed: int = 0) -> Table[Example]:
    """Table `selected`; what could not be filled stands in the run's note `selected`. Raises `ParameterError`."""
    parts = tuple(share(text, "mix") for text in mix)
    if any(not part.exact for part in parts) or len({part.columns for part in parts}) > 1:
        raise ParameterError("a mix names values of one column", where="mix", mend="write mode:base=3,mode:p1=1")
    wish = Wish(size, parts, tuple(share(text, "quota") for text in quotas), per_family, per_seed, seed)
    return whole(partial(_chosen, wish), rows, into=Example, name="selected")


def band(text: str) -> tuple[float, float]:
    """"0.2-0.8" as its two ends; "" is all. Raises `ParameterError`."""
    try:
        low, high = (float(part) for part in (text or "0-1").split("-"))
    except ValueError:
        low, high = 1.0, 0.0
    if not 0 <= low <= high <= 1:
        raise ParameterError(f"{text!r} is no band", where="solve_rate", mend="write two shares, as 0.2-0.8")
    return low, high


def _candidates(sources: Sequence[str], low: float, high: float, banded: bool) -> Iterator[Example | Rejection]:
    seen: set[str] = set()
    for source in sources:
        for row in _read(source):
            made, rate = _example(row, source), row.get("solve_rate")
            if made.id in seen:
                yield reject(made.id, "candidates", "twice", "it came before", key=source)
            elif not made.problem or not made.answer:
                yield reject(made.id, "candidates", "empty", "it has no problem or no answer", key=source)
            elif banded and (rate is None or not low <= rate <= high):
                said = "its solve rate was not measured" if rate is None else f"its solve rate is {rate:.3g}"
                yield reject(made.id, "candidates", "solve_rate", said)
            else:
                yield made
            seen.add(made.id)


def _read(source: str) -> Iterator[dict[str, Any]]:
    """The rows of a run's last table, each with its solve rate; or those of a data set or a Parquet file."""
    path = Path(source)
    if not path.exists():
        raise InputError("there is no such run or file", where=source, mend="give a run's folder or a Parquet file")
    if path.is_dir():
        warehouse = Warehouse([path])
        if warehouse.runs:
            return _of_run(warehouse, source)
    rows, columns = named_rows(path)
    if lacking := {"problem", "answer"} - set(columns):
        raise InputError(f"has no column {', '.join(sorted(lacking))}; there are: {', '.join(columns) or 'none'}",
                         where=source, mend="rename them, with DuckDB or pandas")
    if extra := sorted(set(columns) - {*kinds_of(Example), "solve_rate"}):
        current_run().note(f"left out of {path.name}", extra)
    return rows


def _of_run(warehouse: Warehouse, source: str) -> Iterator[dict[str, Any]]:
    steps = {str(row[0]) for row in warehouse.ask("SELECT step FROM steps").rows}
    last = next((name for name in LAST if name in steps), None)
    if last is None or len(warehouse.runs) != 1:
        raise RunError("this is not one run with examples", where=source, mend="name a run that made examples")
    answer = warehouse.ask(f"SELECT e.*, r.share AS solve_rate FROM source.{last} e LEFT JOIN (SELECT problem_id, "
                           "min(share) AS share FROM source.rates GROUP BY ALL) r ON r.problem_id = e.parents[1]")
    return (dict(zip(answer.columns, row, strict=True)) for row in answer.rows)


def _example(row: Mapping[str, Any], source: str) -> Example:
    """A row as an example; what it lacks is empty."""
    empty = {str: "", int: 0}
    values: dict[str, Any] = {
        name: empty.get(kind, []) if row.get(name) is None else str(row[name]) if kind is str else row[name]
        for name, kind in kinds_of(Example).items()}
    try:
        values |= {name: int(values[name]) for name, kind in kinds_of(Example).items() if kind is int}
        values |= {name: list(map(str, values[name])) for name in ("parents", "verified_by")}
    except (TypeError, ValueError) as error:
        raise InputError(f"a column holds another type than an example's: {error}", where=source,
                         mend="difficulty is a whole number; parents and verified_by are lists of texts") from None
    values["id"] = values["id"] or stable_id("example", values["problem"], values["solution"], values["answer"])
    return Example(**values)


def _chosen(wish: Wish, rows: Table[Example]) -> Iterator[Example | Rejection]:
    choice = choose(rows.rows(), wish)
    current_run().note("selected", {"unfilled": choice.unfilled(), "wish": asdict(wish)})
    for row in rows.rows():
        if row.id in choice.taken:
            yield row
        else:
            yield reject(row.id, "selected", choice.why[row.id], REASONS[choice.why[row.id]])


REASONS = {
    "no_quota": "no quota asks for rows like it", "not_in_mix": "no part of the mix is like it",
    "quota_full": "its quota is full", "mix_full": "its part of the mix is full",
    "per_family": "as many of its family are in as may be", "per_seed": "as many of its seed are in as may be",
    "surplus": "as many rows as were asked for are in",
}
