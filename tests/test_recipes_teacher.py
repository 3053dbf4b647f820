"""Recipes with a teacher, end to end: the real command, the scripted teacher over HTTP, tables that add up."""

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.commands import catalogue
from tests.conftest import mathmill_in

SIZE = 30
NAMES = [name for name in catalogue.names() if "teacher" in catalogue.load(name).parameters]
# The least share of the problems asked for that reaches the data set.
LEAST = {"cultural": 0.4, "personamath": 0.8, "llm2llm": 0.8, "infinitymath": 0.3, "gsm_symbolic": 0.3}


def rows(table: Path) -> list[dict[str, Any]]:
    return [row for path in sorted(table.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]


@pytest.fixture(scope="module", params=NAMES)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of each recipe, all with one call store."""
    folder = tmp_path_factory.mktemp(request.param)
    words = ("run", request.param, "--teacher", "scripted", "--size", str(SIZE), "--out", "run")
    mathmill_in(folder, *words, MATHMILL_CALLS=str(folder.parent / "calls.sqlite"))
    return folder / "run"


def test_there_are_the_recipes_of_the_issue() -> None:
    assert set(NAMES) >= {
        "flames", "mathscale", "mathsmith", "personamath", "mugglemath", "rft", "mumath_code", "infinitymath",
        "gsm_symbolic", "cultural", "dotamath", "mario", "cosc", "bigmath", "llm2llm", "mip", "metamath"}


def test_a_run_ends_in_a_data_set_whose_rows_add_up(run: Path) -> None:
    told = json.loads((run / "run.json").read_text())
    recipe = told["recipe"]
    assert told["state"] == "finished"
    for name, step in told["steps"].items():
        assert step["expected"] == step["kept"] + step["rejected"], name
    examples = [row for path in (run / "dataset" / "data").glob("*.parquet") for row in pq.read_table(path).to_pylist()]
    assert len(examples) >= LEAST.get(recipe, 0.9) * SIZE
    for row in examples:
        assert row["recipe"] == recipe
        assert row["answer"].strip()
        assert row["gold_level"] in ("human", "program", "consensus", "teacher")
        assert row["mode"]
    assert all(row["reason"] for table in run.glob("*.rejected") for row in rows(table))


def test_a_run_says_what_it_asked_and_paid(run: Path) -> None:
    calls = json.loads((run / "run.json").read_text())["notes"]["calls"]
    assert calls
    assert all(row["step"] for row in calls)
    assert {row["model"] for row in calls} == {"scripted"}


def test_each_row_leads_back_to_what_it_came_from(run: Path) -> None:
    known = {row["id"] for table in run.iterdir() if table.is_dir() and table.name != "dataset"
             for row in rows(table) if "id" in row}
    for row in rows(run / "clean"):
        assert set(row["parents"]) <= known


def mathmill(folder: Path, *words: str) -> dict[str, Any]:
    mathmill_in(folder, *words, MATHMILL_CALLS=str(folder / "calls.sqlite"))
    out = words[words.index("--out") + 1]
    return json.loads((folder / out / "run.json").read_text())  # type: ignore[no-any-return]


def paid(folder: Path) -> int:
    return int(sqlite3.connect(folder / "calls.sqlite").execute("SELECT count(*) FROM calls").fetchone()[0])


def test_a_grown_run_pays_only_what_is_new(tmp_path: Path) -> None:
    words = ("run", "flames", "--teacher", "scripted")
    mathmill(tmp_path, *words, "--size", "10", "--out", "a")
    few = paid(tmp_path)
    mathmill(tmp_path, *words, "--size", "10", "--name", "other", "--out", "b")
    assert paid(tmp_path) == few, "the same calls in another run are paid once"
    mathmill(tmp_path, *words, "--size", "20", "--out", "c")
    assert few < paid(tmp_path) <= 2.5 * few


def test_a_spoiled_teacher_is_caught_by_the_vote(tmp_path: Path) -> None:
    told = mathmill(tmp_path, "run", "mugglemath", "--teacher", "scripted:--faults wrong_answer=0.2", "--size", "60",
                    "--samples", "6", "--gate", "strict", "--out", "run")
    assert told["steps"]["solutions"]["kept"] > 200
    failed = [row for row in rows(tmp_path / "run" / "verdicts") if row["status"] == "failed"]
    assert len(failed) > 20
    from tasks.scripted.stock import stock
    from tasks.tools.answers import equivalent

    examples = rows(tmp_path / "run" / "clean")
    known = [(row["answer"], found.answer) for row in examples if (found := stock().find(row["problem"]))]
    wrong = [one for one in known if equivalent(*one).status == "different"]
    assert len(known) > 40
    assert len(wrong) <= len(known) * 0.05


def test_at_the_limit_the_run_ends_with_what_it_has(tmp_path: Path) -> None:
    told = mathmill(tmp_path, "run", "mugglemath", "--teacher", "scripted", "--size", "60", "--max-tokens", "25000",
                    "--out", "run")
    assert told["state"] == "finished"
    assert told["parameters"]["max_tokens"] == 25_000
    assert sum(row["prompt_tokens"] + row["completion_tokens"] for row in told["notes"]["calls"]) <= 25_000
    rules = {rule for step in told["steps"].values() for rule in step["rules"]}
    assert "budget" in rules
    assert os.listdir(tmp_path / "run" / "dataset" / "data")
