"""Which problems become examples: those that every route passed, and no others."""

from dataclasses import replace
from pathlib import Path

import pytest

from schemas.records import Example, Problem, Rejection, Solution, Template, Verdict
from schemas.run import open_run
from tasks import select
from tasks.tools.each import whole

TEMPLATE = Template("t", [], "t", "s", "lifted", "", "money", 3, "q", "s", [], [], "", "", "", "integer", "$", "src",
                    "MIT")
PROBLEM = Problem("p", ["t"], "How many?", "5", "integer", "$", "program", "program", "t", "s", "", "lifted",
                  "instantiate", "p1", 0, "{}", 1, "", "")
SOLUTION = Solution("w", ["p"], "p", "2+3=5\n#### 5", "5", "lifted", "instantiate", "p1", "", "")


def verdict(method: str, status: str = "passed", reason: str = "", solution: str = "w") -> Verdict:
    return Verdict(f"{method}-{status}", ["w"], "p", solution, method, status, "5", reason, "")


BOTH = [verdict("by_program"), verdict("by_text")]


def judged(tmp_path: Path, solutions: list[Solution], verdicts: list[Verdict]) -> Example | Rejection:
    with open_run(tmp_path / "run"):
        templates = whole(lambda: iter([TEMPLATE]), into=Template, name="templates")
        made = list(select.judged([PROBLEM], solutions, verdicts, templates))
    assert len(made) == 1
    return made[0]


def test_passed_by_both_is_an_example(tmp_path: Path) -> None:
    made = judged(tmp_path, [SOLUTION], BOTH)
    assert isinstance(made, Example)
    assert (made.problem, made.solution, made.answer, made.parents) == ("How many?", "2+3=5\n#### 5", "5", ["p", "w"])
    assert (made.topic, made.difficulty, made.source, made.licence) == ("money", 3, "src", "MIT")
    assert (made.verified_by, made.mode, made.template_id, made.seed_id) == (["by_program", "by_text"], "p1", "t", "s")


@pytest.mark.parametrize(("solutions", "verdicts", "reason"), [
    ([SOLUTION], [verdict("by_program"), verdict("by_text", "failed", "line 1: 2+3 is not 6")],
     "by_text failed: line 1: 2+3 is not 6"),
    ([SOLUTION], [verdict("by_program", "unknown", "too slow"), verdict("by_text")], "by_program unknown: too slow"),
    ([SOLUTION], [verdict("by_program")], "by_text: no verdict on this solution"),
    ([SOLUTION], [verdict("by_program"), verdict("by_text", solution="other")], "by_text: no verdict on this solution"),
    ([SOLUTION], [*BOTH, verdict("by_judge", "failed", "no")], "by_judge failed: no"),
    ([], BOTH, "it has no solution"), ([SOLUTION], [], "by_program: no verdict on this solution")])
def test_anything_else_is_a_rejection_with_its_reason(
        tmp_path: Path, solutions: list[Solution], verdicts: list[Verdict], reason: str) -> None:
    made = judged(tmp_path, solutions, verdicts)
    assert isinstance(made, Rejection)
    assert (made.rule, made.reason, made.row_id, made.step) == ("not_verified", reason, "p", "examples")


def test_over_tables_every_problem_comes_out_once(tmp_path: Path) -> None:
    with open_run(tmp_path / "run") as run:
        problems = [replace(PROBLEM, id=f"p{n}") for n in range(25)]
        solutions = [replace(SOLUTION, id=f"w{n}", problem_id=f"p{n}") for n in range(25)]
        verdicts = [replace(row, id=f"{row.method}{n}", problem_id=f"p{n}", solution_id=f"w{n}",
                            status="failed" if row.method == "by_text" and n % 5 == 0 else "passed")
                    for n in range(25) for row in BOTH]
        made = select.verified(whole(lambda: iter(problems), into=Problem, name="problems", shard=10),
                               whole(lambda: iter(solutions), into=Solution, name="solutions", shard=10),
                               whole(lambda: iter(verdicts), into=Verdict, name="verdicts", shard=20),
                               whole(lambda: iter([TEMPLATE]), into=Template, name="templates"))
        assert [len(made.read(number)) for number in range(3)] == [8, 8, 4]
        assert [row.row_id for row in made.rejections.rows()] == ["p0", "p5", "p10", "p15", "p20"]
        assert run.steps["examples"].rules == {"not_verified": 5}
