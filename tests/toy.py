"""A three-step recipe with nothing to it but work, for tests of the engine; also a program that tests can kill.

    python -m tests.toy OUT size=20000 work=2000
"""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from schemas import plan
from schemas.errors import InputError, MathmillError
from schemas.records import Problem, Rejection, Seed, Solution, reject, stable_id
from schemas.run import current_run
from schemas.table import Table
from tasks.tools.each import by_row, each, whole
from tasks.tools.orchestrator import recipe, task
from tasks.tools.runners import is_local

SHARD = 500


def numbers(size: int) -> Iterator[Seed | Rejection]:
    for i in range(size):
        if i % 97 == 5:
            yield reject(f"s{i}", "seeds", "odd", "every 97th is refused")
        else:
            yield Seed(f"s{i}", [], f"What is {i} + 1?", f"{i} + 1 = {i + 1}", str(i + 1), "toy", "", i + 1)


def problem(seed: Seed, work: int = 0) -> Problem | Rejection:
    if seed.line % 10 == 3:
        return reject(seed.id, "problems", "tenth", "every tenth is refused")
    sum(range(work))
    return Problem(stable_id("problem", seed.id), [seed.id], seed.question, seed.answer, "integer", "", "program",
                   "program", "", seed.id, "", "toy", "instantiate", "base", seed.line, "{}", 0, "", "")


def solution(made: Problem) -> Solution:
    return Solution(stable_id("solution", made.id), [made.id], made.id, made.question, made.answer, "toy",
                    "instantiate", "base", "", "")


@task
def seeds(size: int, fault: str = "") -> Table[Seed]:
    if fault == "input":
        raise InputError("a bad line", where="seeds.jsonl, line 7", mend="mend the line")
    marker = current_run().folder.with_suffix(".failed")
    if fault == "once" and not marker.exists():
        marker.touch()
        raise ConnectionError("fails the first time")
    return whole(partial(numbers, size), into=Seed, name="seeds", shard=SHARD)


@task
def problems(sources: Table[Seed], work: int) -> Table[Problem]:
    return each(by_row(partial(problem, work=work)), sources, into=Problem, name="problems")


@task
def solutions(sources: Table[Problem]) -> Table[Solution]:
    return each(by_row(solution), sources, into=Solution, name="solutions")


@recipe(summary="Adds one.")
def toy(size: int = 2000, seed: int = 0, work: int = 0, fault: str = "") -> Table[Solution]:
    """Adds one."""
    return solutions(problems(seeds(size, fault), work))


def main(out: str, *words: str) -> int:
    try:
        table = toy.run(out=out, **dict(word.split("=", 1) for word in words))
    except MathmillError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped; the same command resumes", file=sys.stderr)
        return 130
    print(Path(table.path).name, table.count(), "prefect" in sys.modules)
    return 0


if __name__ == "__main__":
    from tests import toy as importable  # work that is sent to workers, and tasks' names, say tests.toy, not __main__

    if is_local():  # the workers of a cluster compare it
        plan.code_hash = lambda: "toy"  # somebody may be editing mathmill while its tests run
    sys.exit(importable.main(*sys.argv[1:]))
