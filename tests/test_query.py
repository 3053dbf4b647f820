"""SQL over the runs: views that are always there, rows in = kept + rejected, lineage, output for programs."""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from schemas.errors import InputError, ParameterError, RunError
from schemas.plan import Plan
from schemas.records import Problem, Rejection, Seed, Solution, Verdict, reject
from schemas.run import open_run
from schemas.table import Table
from tasks.lineage import trace
from tasks.tools.each import by_row, each, whole
from tasks.tools.warehouse import Warehouse, run_folders
from tests.conftest import Command

VIEWS = {"runs", "steps", "seeds", "templates", "variants", "problems", "solutions", "verdicts", "examples",
         "distinct_examples", "clean", "rejections", "lineage", "claims", "agreements", "planted", "briefs",
         "concepts", "rates", "calls", "datasets", "published", "selected"}
VIEW_OF = {"distinct": "distinct_examples"}
LATER_STEPS = {"templates": "seeds", "solutions": "problems", "examples": "problems", "distinct": "examples",
               "clean": "distinct"}  # step -> the table of which every row is kept or rejected


def seeds(count: int) -> Iterable[Seed]:
    return (Seed(f"s{i}", [], f"How much is {i} + 1?", f"{i} + 1 = {i + 1}", str(i + 1), "made.jsonl", "MIT", i + 1)
            for i in range(count))


def problem(seed: Seed) -> Problem | Rejection:
    if seed.line % 3 == 0:
        return reject(seed.id, "problems", "third", "every third goes", content=seed.question)
    return Problem(f"p-{seed.id}", [seed.id], seed.question, seed.answer, "integer", "", "program", "program", "",
                   seed.id, "", "tiny", "instantiate", "base", 0, "{}", 0, "", "")


def solution(row: Problem) -> Solution:
    return Solution(f"s-{row.id}", [row.id], row.id, "as asked", row.answer, "tiny", "instantiate", "base", "", "")


def verdicts(row: Solution) -> list[Verdict]:
    return [Verdict(f"v-{method}-{row.id}", [row.id], row.problem_id, row.id, method, "passed", row.answer, "", "")
            for method in ("by_program", "by_text")]


def tiny_run(folder: Path, recipe: str = "tiny", count: int = 25) -> Path:
    """A run of the real engine over made rows: three shards of seeds, every third rejected."""
    with open_run(folder, Plan(recipe, {"size": count, "seed": 0})):
        grown: Table[Seed] = whole(lambda: seeds(count), into=Seed, name="seeds", shard=10)
        problems = each(by_row(problem), grown, into=Problem, name="problems", processes=False)
        solutions = each(by_row(solution), problems, into=Solution, name="solutions", processes=False)
        each(by_row(verdicts), solutions, into=Verdict, name="verdicts", processes=False,
             expected=lambda rows: 2 * len(rows))
    return folder


def rows(warehouse: Warehouse, sql: str, *values: object) -> list[tuple[object, ...]]:
    return list(warehouse.ask(sql, values).rows)


def test_views_are_there_without_a_run(tmp_path: Path) -> None:
    warehouse = Warehouse([tmp_path])
    assert set(warehouse.views()) == VIEWS
    for view in VIEWS:
        answer = warehouse.ask(f"SELECT * FROM {view}")
        assert list(answer.rows) == []
        assert {"recipe", "run_id"} <= set(answer.columns)


def test_every_view_reads_every_run(tmp_path: Path) -> None:
    tiny_run(tmp_path / "one" / "a")
    tiny_run(tmp_path / "two" / "b", recipe="other", count=9)
    warehouse = Warehouse([tmp_path])
    assert rows(warehouse, "SELECT recipe, count(*) FROM problems GROUP BY ALL ORDER BY 1") == [
        ("other", 6), ("tiny", 17)]
    assert rows(warehouse, "SELECT recipe, step, rule, count(*) FROM rejections GROUP BY ALL ORDER BY 1") == [
        ("other", "problems", "third", 3), ("tiny", "problems", "third", 8)]
    assert rows(warehouse, "SELECT recipe, state, size, seed FROM runs ORDER BY 1") == [
        ("other", "finished", 9, 0), ("tiny", "finished", 25, 0)]
    assert rows(warehouse, "SELECT count(*) FROM lineage WHERE kind = 'verdict'") == [(2 * 23,)]


def test_a_run_can_be_named_itself_or_by_a_folder_above(tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "tiny" / "x")
    assert run_folders(run) == run_folders(tmp_path) == run_folders(tmp_path / "tiny") == [run.resolve()]


def test_tables_without_a_manifest_are_read_too(tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "copy")
    (run / "run.json").unlink()
    assert rows(Warehouse([run]), "SELECT run_id, count(*) FROM problems GROUP BY 1") == [("copy", 17)]


def test_a_folder_name_is_never_a_pattern(tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "a[1]*'?b")
    assert rows(Warehouse([run]), "SELECT count(*) FROM problems") == [(17,)]


def test_a_run_in_progress_is_a_database(tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run")
    (run / "solutions" / "part-00002.parquet").unlink()
    (run / "solutions" / "part-00003.parquet.77.tmp").write_bytes(b"half")
    assert rows(Warehouse([run]), "SELECT count(*) FROM solutions") == [(14,)]


def test_a_damaged_shard_is_named(tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run")
    (run / "problems" / "part-00001.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(RunError, match=r"part-00001\.parquet"):
        rows(Warehouse([run]), "SELECT count(*) FROM problems")


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT nosuch FROM problems", "SELECT * FROM nosuch", "SELECT 1/", ""])
def test_bad_sql_is_one_clear_message(tmp_path: Path, sql: str) -> None:
    with pytest.raises(ParameterError) as caught:
        rows(Warehouse([tmp_path]), sql)
    assert str(caught.value).startswith("query: ")
    assert caught.value.mend


def test_lineage_goes_from_verdict_to_seed_and_back(tmp_path: Path) -> None:
    warehouse = Warehouse([tiny_run(tmp_path / "run")])
    [seed] = trace(warehouse, "v-by_text-s-p-s4")
    assert (seed.view, seed.id) == ("seeds", "s4")
    [made] = seed.children
    [worked] = made.children
    assert [made.id, worked.id] == ["p-s4", "s-p-s4"]
    assert [child.row["method"] for child in worked.children] == ["by_program", "by_text"]


def test_lineage_of_a_rejection_says_why(tmp_path: Path) -> None:
    warehouse = Warehouse([tiny_run(tmp_path / "run")])
    [(rejection,)] = rows(warehouse, "SELECT id FROM rejections WHERE row_id = 's2'")
    [seed] = trace(warehouse, str(rejection))
    assert [child.row["reason"] for child in seed.children] == ["every third goes"]


def test_lineage_of_nobody_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nobody"):
        trace(Warehouse([tmp_path]), "nobody")


def test_output_as_csv_and_json_is_clean(tmp_path: Path, mathmill: Command) -> None:
    tiny_run(tmp_path / "data" / "runs" / "tiny" / "x")
    sql = "SELECT id, parents, question FROM problems ORDER BY id LIMIT 2"
    table = list(csv.DictReader(io.StringIO(mathmill("query", sql, "--format", "csv").stdout)))
    objects = json.loads(mathmill("query", sql, "--format", "json").stdout)
    assert [row["id"] for row in table] == [row["id"] for row in objects] == ["p-s0", "p-s1"]
    assert objects[0]["parents"] == json.loads(table[0]["parents"]) == ["s0"]
    assert json.loads(mathmill("query", "SELECT id FROM problems WHERE false", "--format", "json").stdout) == []


def test_rows_in_are_kept_or_rejected_at_every_step(real_run: Path) -> None:
    """The house rule, asked through DuckDB of the tables themselves, and of what the run noted of itself."""
    warehouse = Warehouse([real_run])
    steps = rows(warehouse, "SELECT step, expected, kept, rejected FROM steps")
    assert {*LATER_STEPS, "problems", "verdicts"} <= {step[0] for step in steps}
    for step, expected, kept, rejected in steps:
        assert rows(warehouse, f"SELECT count(*) FROM '{real_run}/{step}/*.parquet'") == [(kept,)]
        assert rows(warehouse, "SELECT count(*) FROM rejections WHERE step = ?", step) == [(rejected,)]
        assert expected == int(str(kept)) + int(str(rejected)), step


@pytest.mark.parametrize(("step", "source"), LATER_STEPS.items())
def test_what_came_is_what_went(real_run: Path, step: str, source: str) -> None:
    """Between neighbouring tables, with no word of the run about itself."""
    warehouse = Warehouse([real_run])
    [(came,)] = rows(warehouse, f"SELECT count(*) FROM {VIEW_OF.get(source, source)}")
    [(kept,)] = rows(warehouse, f"SELECT count(*) FROM {VIEW_OF.get(step, step)}")
    [(rejected,)] = rows(warehouse, "SELECT count(*) FROM rejections WHERE step = ?", step)
    assert came == int(str(kept)) + int(str(rejected))


def test_lineage_of_a_real_example_reaches_its_seed(real_run: Path) -> None:
    warehouse = Warehouse([real_run])
    [(example, seed)] = rows(warehouse, "SELECT id, seed_id FROM clean ORDER BY id LIMIT 1")
    [root] = trace(warehouse, str(example))
    assert (root.view, root.id) == ("seeds", seed)
    views, record = [], root
    while record.children:
        views.append(record.view)
        record = next(child for child in record.children if child.view != "verdicts")
    assert [*views, record.view] == ["seeds", "templates", "problems", "solutions", "examples"]
    assert record.id == example
    assert record.entered == ["distinct_examples", "clean"]
