"""Two routes for every problem: honest work passes both, and each route catches what it is there to catch."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.records import Problem, Solution, Template
from schemas.run import open_run
from schemas.table import Table, write_shard
from tasks.instantiate import compiled
from tasks.instantiate.write import pairs
from tasks.tools.jail import best_level
from tasks.verify import by_both, by_program, by_text, check_solution
from tasks.verify.program import route_of
from tests.benchmarks.verify import TRAIN, mutants, rows
from tests.handmade import clips, handmade

CLIPS = clips()


def made(template: Template = CLIPS, count: int = 1, seed: int = 5) -> list[tuple[Problem, Solution]]:
    ready = compiled(template)
    return list(zip(*pairs(ready, ready.take(seed, count), "test"), strict=True))


@pytest.fixture
def row() -> tuple[Problem, Solution]:
    return made()[0]


def test_drawn_problems_pass_both_routes() -> None:
    for template in handmade():
        route = route_of(template)
        for problem, solution in made(template, 40):
            for verdict in (by_program(problem, solution, route), by_text(problem, solution)):
                assert (verdict.status, verdict.reason) == ("passed", ""), (template.name, verdict, solution.solution)


def test_a_verdict_says_whose_it_is(row: tuple[Problem, Solution]) -> None:
    problem, solution = row
    program, text = by_program(problem, solution, route_of(CLIPS)), by_text(problem, solution)
    assert (program.method, program.level, text.method, text.level) == ("by_program", best_level(), "by_text", "")
    assert program.read == text.read == problem.answer
    assert program.parents == text.parents == [problem.id, solution.id]
    assert program.id != text.id


def test_a_wrong_gold_fails_both_routes(row: tuple[Problem, Solution]) -> None:
    problem, solution = replace(row[0], answer=str(int(row[0].answer) + 1)), row[1]
    program, text = by_program(problem, solution, route_of(CLIPS)), by_text(problem, solution)
    assert (program.status, text.status) == ("failed", "failed")
    assert program.reason == f"answer: the program gives {row[0].answer}, the problem says {problem.answer}"
    assert text.reason == f"final answer: {row[0].answer}, not {problem.answer}"


def test_a_question_that_shows_other_numbers_fails_the_program_route(row: tuple[Problem, Solution]) -> None:
    problem, solution = row
    number = json.loads(problem.values)["n1"]
    changed = replace(problem, question=problem.question.replace(number, str(int(number) + 2)))
    verdict = by_program(changed, solution, route_of(CLIPS))
    assert verdict.reason == f"question: shows {number} (slot n1) less often than its template"
    assert verdict.status == "failed"


@pytest.mark.parametrize(("style", "shown"), [
    ("word", "twenty-four"), ("", "24"), (",", "24"), (".1", "24.0"), ("fold", "24 times"), ("ordn", "24th")])
def test_numbers_are_found_in_whatever_style_they_are_told(style: str, shown: str) -> None:
    template = replace(CLIPS, question="On Monday Ama sold {n1:" + style + "} clips.")
    problem = replace(made()[0][0], question=f"On Monday Ama sold {shown} clips.", values='{"n1": "24"}', answer="36")
    assert by_program(problem, None, route_of(template)).status == "passed"
    other = replace(problem, question="On Monday Ama sold some clips.")
    assert by_program(other, None, route_of(template)).status == "failed"


def test_a_check_reaches_the_answer_another_way(row: tuple[Problem, Solution]) -> None:
    problem, solution = row
    by_sympy = replace(CLIPS, check="x = sp.Symbol('x')\nanswer = sp.solve(sp.Eq(2 * x, 3 * n1), x)[0]")
    assert by_program(problem, solution, route_of(by_sympy)).status == "passed"
    other = replace(CLIPS, check="answer = n1 + 1")
    assert by_program(problem, solution, route_of(other)).status == "failed"


@pytest.mark.parametrize(("values", "reason"), [
    ("{", "values: cannot be read"), ("{}", "values: cannot be read"),
    ('{"n1": "many"}', "program: failed, NameError")])
def test_what_cannot_be_run_is_unknown(row: tuple[Problem, Solution], values: str, reason: str) -> None:
    verdict = by_program(replace(row[0], values=values), row[1], route_of(CLIPS))
    assert verdict.status == "unknown"
    assert verdict.reason.startswith(reason)


def test_a_program_of_another_kind_is_not_run(row: tuple[Problem, Solution]) -> None:
    verdict = by_program(row[0], row[1], route_of(replace(CLIPS, program="import os\nanswer = 1")))
    assert (verdict.status, verdict.reason) == ("unknown", "program: refused, line 1: `Import` is not run here")


@pytest.mark.parametrize(("solution", "answer", "status", "reason", "checked"), [
    ("He sold 48/2 = <<48/2=24>>24.\n#### 24", "24", "passed", "", 1),
    ("He sold 48/2 = <<48/2=25>>25.\n#### 25", "25", "failed", "equation 1: 48/2 = 25, exactly 24", 1),
    ("48/2 = 24.\nSo 24 figs + 48 figs = 62 figs.\n#### 62", "62", "failed", "equation 2: 24+48 = 62, exactly 72", 2),
    ("48/2 = <<48/2=24>>23.\n#### 24", "24", "failed", "equation 1: 48/2 = 23, exactly 24", 3),
    ("That makes <<48/2=24>>23 clips.\n#### 24", "24", "failed", "equation 2: 24 = 23, exactly 24", 2),
    ("10/3 = 3.33 litres.\n#### $3.33", "3.33", "passed", "", 1),
    ("#### $1,200", "1200", "passed", "", 0),
    ("x + 3 = 10, so x = 7.\n#### 7%", "7", "passed", "", 0),
    ("48/2 = 24", "24", "passed", "", 1),
    ("No numbers at all.", "24", "unknown", "final answer: cannot compare No numbers at all. with 24", 0),
    ("#### about seven", "7", "unknown", "final answer: cannot compare about seven with 7", 0),
    ("6 / 0 = 3\n#### 3", "3", "failed", "equation 1: 6/0 = 3, exactly nothing: it divides by zero", 1),
    ("<<(x+1)^2=x^2+2x+1>>\n#### x^2 + 2x + 1", "(x+1)^2", "passed", "", 1),
    ("<<(x+1)^2=x^2+2x+2>>\n#### 1", "1", "failed", "equation 1: (x+1)^2 = x^2+2x+2, exactly (x + 1)**2", 1),
])
def test_text(solution: str, answer: str, status: str, reason: str, checked: int) -> None:
    found = check_solution("", solution, answer)
    assert (found.status, found.reason, found.checked) == (status, reason, checked)


def tables(folder: Path, templates: list[Template]) -> Iterator[Table[Problem] | Table[Solution] | Table[Template]]:
    """Problems and solutions in two shards, and their templates in one; the last problem has no solution."""
    drawn = [row for template in templates for row in made(template, 10)]
    halves = [drawn[:30], drawn[30:]]
    yield Table(folder / "problems", Problem)
    yield Table(folder / "solutions", Solution)
    yield Table(folder / "templates", Template)
    for number, half in enumerate(halves):
        write_shard(folder / f"problems/part-{number:05d}.parquet", [problem for problem, _ in half], Problem)
        kept = [solution for _, solution in half]
        write_shard(folder / f"solutions/part-{number:05d}.parquet", kept[:-1] if number else kept, Solution)
    write_shard(folder / "templates/part-00000.parquet", templates[:-1], Template)


def test_by_both_gives_two_verdicts_for_every_problem(tmp_path: Path) -> None:
    templates = handmade()
    with open_run(tmp_path / "run"):
        problems, solutions, known = tables(tmp_path, templates)
        verdicts = by_both(problems, solutions, known)  # type: ignore[arg-type]
        found = list(verdicts.rows())
    assert len(found) == 2 * problems.count()
    assert len({verdict.id for verdict in found}) == len(found)
    assert {(verdict.problem_id, verdict.method) for verdict in found} == {
        (problem.id, method) for problem in problems.rows() for method in ("by_program", "by_text")}
    odd = Counter((one.method, one.status, one.reason[:11]) for one in found if one.status != "passed")
    # The last template is not in the table, and the last problem has no solution.
    assert odd == {("by_program", "unknown", "no template"): 10, ("by_text", "unknown", "no solution"): 1}


@pytest.fixture(scope="module")
def gsm8k() -> list[tuple[str, str, str]]:
    if not TRAIN.exists():
        pytest.skip(f"needs {TRAIN}, which is not here")
    return rows(TRAIN)


def test_real_solutions_pass_but_for_errors_of_the_data(gsm8k: list[tuple[str, str, str]]) -> None:
    """Every failure in the whole of GSM8K train was read: 32 of 7,473, listed by the benchmark, mostly true errors."""
    sample = random.Random(1).sample(gsm8k, 2000)
    found = Counter(check_solution(*row).status for row in sample)
    assert found["passed"] >= 0.99 * len(sample)
    assert found["unknown"] == 0


def test_changed_digits_are_caught(gsm8k: list[tuple[str, str, str]]) -> None:
    counts, missed = mutants(gsm8k[:1500], 400)
    assert len(missed) <= 4, missed
    assert {kind for kind, _ in counts} == {"annotation", "words", "final answer"}
