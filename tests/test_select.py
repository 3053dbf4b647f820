"""Which problems become examples: those that every route passed; and which examples `mathmill select` takes."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import InputError, ParameterError
from schemas.manifest import verify
from schemas.records import Example, Problem, Rejection, Solution, Template, Verdict
from schemas.run import open_run
from tasks import select
from tasks.choose import Choice, Wish, choose, share
from tasks.tools.each import whole
from tests.conftest import Command
from tests.repeats import example

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


POOL = [replace(example(f"e{n}", f"Problem {n}?", str(n), f"t{n % 30}"), seed_id=f"s{n % 10}", difficulty=n % 5,
                mode=("base", "p1", "noop")[n % 3], topic=("money", "time", "rare")[2 if n % 50 == 0 else n % 2])
        for n in range(300)]
BY_ID = {row.id: row for row in POOL}


def taken(choice: Choice, column: str) -> Counter[Any]:
    return Counter(getattr(BY_ID[name], column) for name in choice.taken)


def wish(mix: Sequence[str] = (), quotas: Sequence[str] = (), **rest: Any) -> Wish:
    return Wish(mix=tuple(share(text, "mix") for text in mix), quotas=tuple(share(text, "quota") for text in quotas),
                **rest)


ALL_AT_ONCE = wish(["mode:base=2", "mode:p1=1"], ["topic*difficulty=5"], size=60, per_family=3, per_seed=9)


def test_the_choice_does_not_hang_on_the_order_of_rows() -> None:
    shuffled = random.Random(1).sample(POOL, len(POOL))
    assert choose(shuffled, ALL_AT_ONCE) == choose(POOL, ALL_AT_ONCE)
    assert choose(POOL, replace(ALL_AT_ONCE, seed=1)).taken != choose(POOL, ALL_AT_ONCE).taken


def test_every_row_is_taken_or_told_why_not_and_no_limit_is_passed() -> None:
    choice = choose(POOL, ALL_AT_ONCE)
    assert choice.taken | set(choice.why) == set(BY_ID)
    assert not choice.taken & set(choice.why)
    assert max(taken(choice, "template_id").values()) <= 3
    assert max(taken(choice, "seed_id").values()) <= 9
    assert max(Counter((BY_ID[name].topic, BY_ID[name].difficulty) for name in choice.taken).values()) <= 5
    assert len(choice.taken) <= 60


def test_a_mix_holds_its_ratio() -> None:
    assert taken(choose(POOL, wish(["mode:base=3", "mode:p1=1"], size=40)), "mode") == {"base": 30, "p1": 10}
    whole_of_it = choose(POOL, wish(["mode:base=2", "mode:p1=1"]))  # as much as there is: 100 of each
    assert taken(whole_of_it, "mode") == {"base": 100, "p1": 50}
    assert whole_of_it.unfilled() == {}
    assert set(whole_of_it.why.values()) == {"mix_full", "not_in_mix"}


def test_quotas_tell_what_they_could_not_fill() -> None:
    choice = choose(POOL, wish(quotas=["topic=20", "topic:time=30", "topic:nosuch=4"]))
    assert taken(choice, "topic") == {"money": 20, "time": 30, "rare": 6}
    assert choice.unfilled() == {"topic:rare": {"wanted": 20, "had": 6}, "topic:nosuch": {"wanted": 4, "had": 0}}


def test_quotas_are_evened_where_the_size_is_less() -> None:
    choice = choose(POOL, wish(quotas=["topic=100"], size=50))
    assert taken(choice, "topic") == {"money": 22, "time": 22, "rare": 6}


def test_a_scarce_cell_is_filled_before_a_cap_is_used_up() -> None:
    rows = [replace(POOL[n], id=f"x{n}", seed_id="s", topic="rare" if n == 7 else "money") for n in range(40)]
    assert "x7" in choose(rows, wish(quotas=["topic=1"], per_seed=2)).taken


def test_a_choice_is_spread_over_families() -> None:
    assert set(taken(choose(POOL, wish(size=30)), "template_id").values()) == {1}


@pytest.mark.parametrize("text", ["topic", "topic=", "nosuch:a=1", "topic:a=-1", "topic:a=x", "=3", ""])
def test_a_quota_that_means_nothing_is_an_error(text: str) -> None:
    with pytest.raises(ParameterError):
        share(text, "quota")


@pytest.mark.parametrize("text", ["0.8-0.2", "0.5", "a-b", "0-2"])
def test_a_band_that_is_none_is_an_error(text: str) -> None:
    with pytest.raises(ParameterError):
        select.band(text)


def candidates(tmp_path: Path, table: pa.Table, **options: str) -> tuple[list[Example], dict[str, int]]:
    pq.write_table(table, tmp_path / "given.parquet")
    with open_run(tmp_path / "run") as run:
        made = select.candidates([str(tmp_path / "given.parquet")], **options)
        return list(made.rows()), run.steps["candidates"].rules


def test_rows_of_others_become_examples(tmp_path: Path) -> None:
    table = pa.table({"problem": ["1+1?", "1+1?", "2+2?", ""], "answer": [2, 2, 4, 5], "extra": ["x"] * 4})
    rows, rules = candidates(tmp_path, table)
    assert [(row.problem, row.answer, row.topic) for row in rows] == [("1+1?", "2", ""), ("2+2?", "4", "")]
    assert rules == {"empty": 1, "twice": 1}
    assert json.loads((tmp_path / "run" / "run.json").read_text())["notes"]["left out of given.parquet"] == ["extra"]


def test_a_band_keeps_what_was_measured_inside(tmp_path: Path) -> None:
    table = pa.table({"problem": list("abcd"), "answer": list("1234"), "solve_rate": [0.1, 0.5, 0.9, None]})
    rows, rules = candidates(tmp_path, table, solve_rate="0.2-0.8")
    assert ([row.problem for row in rows], rules) == (["b"], {"solve_rate": 3})


def unusable(folder: Path, name: str) -> str:
    path = folder / f"{name}.parquet"
    if name == "mixed":
        (folder / "mixed").mkdir()
        pq.write_table(pa.table({"problem": ["a"], "answer": [["1"]]}), folder / "mixed" / "a.parquet")
        pq.write_table(pa.table({"problem": ["a"], "answer": [{"x": 1}]}), folder / "mixed" / "b.parquet")
        return str(folder / "mixed")
    if name in ("zero", "broken"):
        path.write_bytes(b"PAR1 no" * (name == "broken"))
    elif name != "missing":
        pq.write_table({"lacking": pa.table({"problem": ["a"]}), "type": pa.table(
            {"problem": ["a"], "answer": ["1"], "difficulty": ["easy"]}), "no_rows": pa.table(
            {"problem": [], "answer": []})}[name], path)
    return str(path)


@pytest.mark.parametrize("name", ["zero", "broken", "missing", "lacking", "type", "no_rows", "mixed"])
def test_a_source_that_cannot_be_used_is_one_clear_message(tmp_path: Path, name: str) -> None:
    source = unusable(tmp_path, name)
    with pytest.raises(InputError) as caught, open_run(tmp_path / "run"):
        select.candidates([source])
    assert caught.value.where == source
    assert caught.value.mend


def test_command_makes_a_data_set_of_a_run(mathmill: Command, real_run: Path, tmp_path: Path) -> None:
    told = mathmill("select", str(real_run), "--size", "40", "--per-family", "1", "--out", "chosen")
    assert "selected" in told.stdout
    assert verify(tmp_path / "chosen") == []
    assert len(list(pq.read_table(tmp_path / "chosen" / "dataset" / "data")["id"])) == 40
    again = mathmill("select", "chosen", "--quota", "topic*difficulty=1000", "--out", "again")
    assert "not filled: topic:arithmetic*difficulty:0, 40 of 1,000" in again.stderr
    assert mathmill("select", "nosuch", check=False).returncode == 2
