"""How long questions to a million rows take, beside plain DuckDB on the same Parquet files.

    python -m tests.benchmarks.warehouse [--rows 1000000] [--folder DIR]

Makes one finished run of `--rows` problems, with solution, two verdicts and an example each (in `--folder` it stays
and is used again), then asks: group-by, point lookup by id, text search, lineage of one row. Each question is put to a
warehouse that is opened for it, as `mathmill query` does, and to one that is open. Plain DuckDB gets the same SQL over
`read_parquet('…/part-*.parquet')`. Times are the best of three in ms; memory is this process's peak.
"""

import argparse
import random
import resource
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import monotonic

import duckdb

from schemas.plan import Plan
from schemas.records import Example, Problem, Rejection, Seed, Solution, Verdict, reject, stable_id
from schemas.run import open_run
from schemas.table import Table
from tasks.lineage import trace
from tasks.tools.each import by_row, each, whole
from tasks.tools.warehouse import Warehouse

THINGS = ("apples", "pears", "coins", "stamps", "books", "pencils", "tickets", "marbles")
TOPICS = ("arithmetic", "percent", "ratio", "rates", "geometry", "counting", "probability", "sequences")
SEEDS = 10_000  # that the problems of a run grow from


def seed(number: int) -> Seed:
    return Seed(f"seed_{number}", [], f"How many {THINGS[number % 8]} are {number} and {number}?",
                f"{number}+{number}={2 * number}", str(2 * number), "made.jsonl", "MIT", number + 1)


def problems(rows: int, seeds: Table[Seed]) -> Iterator[Problem]:
    draw, known = random.Random(0), list(seeds.rows())
    for number in range(rows):
        parent, (a, b, c) = known[number % len(known)], (draw.randint(2, 9999) for _ in range(3))
        thing, family = THINGS[number % 8], f"family_{number % (3 * SEEDS)}"
        text = (f"At the market on day {number} Ada has {a} {thing} in one box and {b} {thing} in another. A friend "
                f"brings {c} more before noon and takes 2 away in the evening. How many {thing} does Ada have then?")
        yield Problem(stable_id("problem", number), [parent.id], text, str(a + b + c - 2), "integer", thing, "program",
                      "program", family, parent.id, "", "made", "instantiate", "base", number, f'{{"n1": "{a}"}}', 0,
                      "", "")


def solution(row: Problem) -> Solution:
    text = f"First the boxes are put together.\nThen the friend's are added and 2 taken away.\n#### {row.answer}"
    return Solution(stable_id("solution", row.id), [row.id], row.id, text, row.answer, "made", "instantiate", "base",
                    "", "")


def verdicts(row: Solution) -> list[Verdict]:
    return [Verdict(stable_id("verdict", row.id, method), [row.problem_id, row.id], row.problem_id, row.id, method,
                    "passed", row.answer, "", "") for method in ("by_program", "by_text")]


def example(row: Problem, worked: Solution) -> Example | Rejection:
    if row.number % 20 == 0:
        return reject(row.id, "examples", "not_verified", "every twentieth goes")
    return Example(stable_id("example", row.id), [row.id, worked.id], row.question, worked.solution, row.answer,
                   "integer", row.answer_unit, "program", ["by_program", "by_text"], row.template_id, row.seed_id,
                   TOPICS[row.number // 7 % 8], row.number % 5 + 1, "base", "made", "made.jsonl", "MIT")


def make(folder: Path, rows: int) -> None:
    """A finished run, made by the engine itself."""
    with open_run(folder, Plan("made", {"size": rows, "seed": 0})):
        seeds = whole(lambda: map(seed, range(SEEDS)), into=Seed, name="seeds")
        made = whole(lambda: problems(rows, seeds), into=Problem, name="problems")
        worked = each(by_row(solution), made, into=Solution, name="solutions")
        each(by_row(verdicts), worked, into=Verdict, name="verdicts", expected=_double)
        each(by_row(example), made, worked, into=Example, name="examples")


def _double(rows: list[Solution]) -> int:
    return 2 * len(rows)


def questions(one: str) -> dict[str, str]:
    """`{examples}` and the like are views, or Parquet files for plain DuckDB."""
    return {
        "count": "SELECT count(*) FROM {examples}",
        "group-by": "SELECT topic, difficulty, count(*), avg(length(problem)) FROM {examples} GROUP BY ALL",
        "group-by, verdicts": "SELECT method, status, count(*) FROM {verdicts} GROUP BY ALL",
        "lookup by id": f"SELECT * FROM {{examples}} WHERE id = '{one}'",
        "text search": "SELECT count(*) FROM {examples} WHERE problem LIKE '%day 77777 %'",
        "join": "SELECT e.topic, count(*) FROM {examples} e JOIN {problems} p ON p.id = e.parents[1] GROUP BY ALL",
    }


def timed(work: Callable[[], object], times: int = 3) -> float:
    """The best of some tries, in ms."""
    took = []
    for _ in range(times):
        since = monotonic()
        work()
        took.append(monotonic() - since)
    return min(took) * 1000


def asked(warehouse: Warehouse, sql: str) -> list[tuple[object, ...]]:
    return list(warehouse.ask(sql).rows)


def opened(folder: Path, sql: str) -> list[tuple[object, ...]]:
    return asked(Warehouse([folder]), sql)


def plain(folder: Path, sql: str) -> list[tuple[object, ...]]:
    files = {name: f"read_parquet('{folder}/{name}/part-*.parquet')" for name in ("examples", "verdicts", "problems")}
    with duckdb.connect() as db:
        found: list[tuple[object, ...]] = db.execute(sql.format(**files)).fetchall()
    return found


def measure(folder: Path) -> None:
    print(f"opening                {timed(lambda: Warehouse([folder])):10.0f} ms", flush=True)
    open_one = Warehouse([folder])
    [(one,)] = asked(open_one, "SELECT quantile_disc(id, 0.5) FROM examples")
    print("question                open + ask   ask alone   plain DuckDB")
    for name, sql in questions(str(one)).items():
        ours = sql.format(examples="examples", verdicts="verdicts", problems="problems")
        took = (timed(partial(opened, folder, ours)), timed(partial(asked, open_one, ours)),
                timed(partial(plain, folder, sql)))
        print(f"{name:<22} {took[0]:8.0f} ms {took[1]:8.0f} ms   {took[2]:8.0f} ms", flush=True)
    took_two = timed(lambda: trace(Warehouse([folder]), str(one))), timed(lambda: trace(open_one, str(one)))
    print(f"{'lineage of one row':<22} {took_two[0]:8.0f} ms {took_two[1]:8.0f} ms")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp())
    since = monotonic()
    if not (folder / "run.json").exists():
        make(folder, given.rows)
        print(f"{given.rows:,} rows made in {monotonic() - since:.0f} s", flush=True)
    size = sum(file.stat().st_size for file in folder.rglob("*.parquet"))
    print(f"{len(list(folder.rglob('*.parquet'))):,} files, {size / 2**20:,.0f} MiB", flush=True)
    measure(folder)
    if not given.folder:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
