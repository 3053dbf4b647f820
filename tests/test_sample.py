"""Seeds: from the shipped set, from files of every form, from the Hub's rows; and what becomes of bad rows."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import InputError, ParameterError
from schemas.records import Seed
from schemas.run import Run, open_run
from schemas.table import Table
from tasks import sample
from tasks.tools import hub

GOOD = {"question": "Aroha has 3 kiwis and buys 4. How many has she?", "answer": "3+4=<<3+4=7>>7\n#### 7"}


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with open_run(tmp_path / "run") as opened:
        yield opened


def lines(path: Path, *rows: object) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def rules(table: Table[Seed]) -> list[tuple[str, str]]:
    return [(row.rule, row.reason.partition(": ")[2]) for row in table.rejections.rows()]


def test_the_shipped_set_is_the_default(run: Run) -> None:
    seeds = list(sample.problems().rows())
    assert len(seeds) == 150
    assert (seeds[0].id, seeds[0].licence, seeds[0].line, seeds[0].source) == (
        "grade-001", "MIT", 1, "grade_school.jsonl")
    assert all(seed.question and seed.solution.endswith(f"#### {seed.answer}") for seed in seeds)
    assert run.steps["seeds"].kept == 150


def test_a_file_in_the_form_of_gsm8k(run: Run, tmp_path: Path) -> None:
    table = sample.problems(lines(tmp_path / "mine.jsonl", GOOD), licence="MIT")
    seed = next(table.rows())
    assert (seed.question, seed.solution, seed.answer) == (GOOD["question"], GOOD["answer"], "7")
    assert (seed.source, seed.licence, seed.line, seed.parents) == ("mine.jsonl", "MIT", 1, [])
    assert seed.id.startswith("seed_")


@pytest.mark.parametrize(("row", "answer"), [
    ({"problem": "q", "solution": "so \\boxed{\\frac{1}{2}} it is"}, "\\frac{1}{2}"),
    ({"problem": "q", "solution": "first \\boxed{1}, then \\boxed{2}."}, "2"),
    ({"Question": "q", "Response": "steps", "expected_answer": 7}, "7"),
    ({"question": "q", "solution": "steps #### 9", "answer": "8"}, "8"),
    ({"question": "q", "solution": "steps", "answer": "more steps\n#### 1,200"}, "1,200"),
    ({"instruction": "Wie viele Äpfel? 🍎", "output": "2 + 3 = 5\r\n#### 5\r\n"}, "5"),
])
def test_answers_and_columns(run: Run, tmp_path: Path, row: dict[str, object], answer: str) -> None:
    assert next(sample.problems(lines(tmp_path / "a.jsonl", row)).rows()).answer == answer


def test_parquet_numbers_and_gaps(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"question": ["p", "q", "r"], "solution": ["s"] * 3, "answer": [7.0, 0.5, math.nan]}), path)
    table = sample.problems(str(path))
    assert [seed.answer for seed in table.rows()] == ["7", "0.5"]
    assert [rule for rule, _ in rules(table)] == ["no_answer"]


def test_columns_by_name(run: Run, tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", {"frage": "q?", "weg": "1+1=2", "ergebnis": "2", "question": "not this"})
    table = sample.problems(path, question_column="frage", solution_column="weg", answer_column="ergebnis")
    seed = next(table.rows())
    assert (seed.question, seed.solution, seed.answer) == ("q?", "1+1=2", "2")


def test_a_missing_column_names_the_flag(run: Run, tmp_path: Path) -> None:
    message = r"a\.jsonl: no column looks like the solution; columns found: 'question'"
    with pytest.raises(InputError, match=message) as it:
        sample.problems(lines(tmp_path / "a.jsonl", {"question": "q"}))
    assert "--solution-column" in it.value.mend


def test_bad_rows_are_rejected_and_the_rest_goes_on(run: Run, tmp_path: Path) -> None:
    table = sample.problems(lines(
        tmp_path / "a.jsonl", {**GOOD, "id": "a"}, {"question": " ", "answer": "#### 7", "id": "b"},
        {"question": "q", "id": "c"}, {"question": ["q"], "answer": "#### 1", "id": "d"},
        {"question": "q", "answer": "seven", "id": "e"}, {**GOOD, "id": "a"}, {"question": "z", "answer": "#### 1"}))
    assert [seed.line for seed in table.rows()] == [1, 7]
    assert rules(table) == [
        ("no_question", "column 'question' is empty"), ("no_solution", "no column 'answer'"),
        ("no_question", "column 'question' holds list, not text"),
        ("no_answer", "no final answer: neither '#### …' nor \\boxed{…} in the solution, and no answer column"),
        ("duplicate_id", "row 1 has this id already")]
    assert [row.row_id for row in table.rejections.rows()] == ["b", "c", "d", "e", "a"]
    step = run.steps["seeds"]
    assert (step.kept, step.rejected, step.expected) == (2, 5, 7)


def test_the_same_row_twice_without_ids(run: Run, tmp_path: Path) -> None:
    table = sample.problems(lines(tmp_path / "a.jsonl", GOOD, GOOD))
    assert (table.count(), [rule for rule, _ in rules(table)]) == (1, ["duplicate_id"])


def test_no_usable_row_at_all(run: Run, tmp_path: Path) -> None:
    message = r"none of its rows can be a seed; the first: .*row 1: column 'question' is empty"
    with pytest.raises(InputError, match=message):
        sample.problems(lines(tmp_path / "a.jsonl", {"question": "", "answer": "#### 1"}))


def test_bad_json_stops_the_run_with_its_line(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(GOOD) + "\n{oops\n")
    with pytest.raises(InputError, match=r"a\.jsonl, line 2: bad JSON"):
        sample.problems(str(path))
    assert not (run.folder / "seeds").exists()


def ids(folder: Path, source: str, **options: int) -> list[str]:
    with open_run(folder):
        return [seed.id for seed in sample.problems(source, **options).rows()]


def test_limit_draws_by_seed_and_keeps_order(tmp_path: Path) -> None:
    every = [f"s{number}" for number in range(200)]
    path = lines(tmp_path / "a.jsonl", *({"id": name, "question": name, "answer": "#### 1"} for name in every))
    first, again, other = (ids(tmp_path / str(n), path, limit=20, seed=seed) for n, seed in enumerate((1, 1, 2)))
    assert first == again != other
    assert len(first) == len(other) == 20
    assert first == [name for name in every if name in first]
    assert set(ids(tmp_path / "less", path, limit=10, seed=1)) < set(first)
    assert ids(tmp_path / "more", path, limit=500, seed=1) == every


def test_limit_is_no_negative_number(run: Run) -> None:
    with pytest.raises(ParameterError, match="limit is -1"):
        sample.problems(limit=-1)


def test_many_seeds_come_in_shards(run: Run, tmp_path: Path) -> None:
    rows = ({"question": f"q{n}", "answer": "#### 1" if n % 10 else ""} for n in range(1300))
    table = sample.problems(lines(tmp_path / "a.jsonl", *rows))
    assert [len(table.read(n)) for n in range(3)] == [500, 500, 170]
    assert table.rejections.count() == 130


@pytest.mark.parametrize(("text", "yes"), [
    ("openai/gsm8k", True), ("openai/gsm8k:main@train", True), ("a/b@test", True), ("gsm8k", False), ("/a/b", False),
    ("a/b/c", False), ("a b/c", False)])
def test_hub_ids(text: str, yes: bool) -> None:
    assert hub.is_hub_id(text) is yes


def test_a_missing_file_is_not_looked_for_on_the_hub(run: Run) -> None:
    with pytest.raises(InputError, match=r"data/none\.jsonl: there is no such file"):
        sample.problems("data/none.jsonl")


def test_the_hub_out_of_reach_is_one_clear_message(tmp_path: Path) -> None:
    script = "from tasks.tools import hub; from schemas.errors import InputError\n" \
             "try: hub.load('no-such/set')\nexcept InputError as error: print(error)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=Path(__file__).parents[1],
                          env={**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path)}, check=True)
    assert done.stdout == ("no-such/set: is no file here, and the Hugging Face Hub cannot be reached\n"
                           "  mend: give a file that is here; seeds may be left out: some ship with mathmill\n")


def test_rows_of_the_hub_become_seeds(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    found = hub.HubSet("mit", "f00d", ["question", "answer"], [GOOD])
    monkeypatch.setattr(hub, "load", lambda source: found)
    seed = next(sample.problems("openai/gsm8k:main").rows())
    assert (seed.source, seed.licence, seed.line) == ("openai/gsm8k:main", "mit", 1)
    assert run.record["notes"]["seeds"] == {"source": "openai/gsm8k:main", "contents": "f00d"}


@pytest.mark.parametrize(("error", "message"), [
    (ValueError("Config name is missing. Pick one among ['main', 'socratic']"), "a config must be chosen: .*main"),
    (ValueError("Unknown split \"train\". Should be one of ['test']."), "a split must be chosen: .*test"),
    (ConnectionError("no route"), "cannot be reached"),
    (type("DatasetNotFoundError", (FileNotFoundError,), {})("no"), "does not know this data set"),
    (RuntimeError("odd"), "could not be loaded from the Hub: RuntimeError: odd")])
def test_what_the_hub_says_is_explained(error: Exception, message: str) -> None:
    with pytest.raises(InputError, match=message):
        raise hub._explained("owner/name:c@s", error)
