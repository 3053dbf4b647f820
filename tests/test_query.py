"""SQL over the runs: views that are always there, rows in = kept + rejected, lineage, output for programs."""

import csv
import io
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import InputError, ParameterError, RunError
from schemas.plan import Plan
from schemas.records import Conflict, Problem, Rejection, Seed, Solution, Verdict, reject
from schemas.run import open_run
from schemas.table import Table, write_shard
from tasks.lineage import trace
from tasks.tools.each import by_row, each, whole
from tasks.tools.sqlfile import sql_file
from tasks.tools.warehouse import Warehouse, questions, run_folders
from tests.conftest import Command

VIEWS = {"runs", "steps", "seeds", "templates", "variants", "problems", "solutions", "verdicts", "examples",
         "distinct_examples", "clean", "rejections", "lineage", "claims", "agreements", "planted", "briefs",
         "concepts", "conflicts", "rates", "calls", "datasets", "published", "selected"}
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


def test_a_recipe_named_like_a_table_is_no_table(tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "templates" / "x")
    assert run_folders(tmp_path) == [run.resolve()]
    assert rows(Warehouse([tmp_path]), "SELECT count(*) FROM problems") == [(17,)]


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


def test_an_answer_may_be_read_while_others_are_asked(tmp_path: Path) -> None:
    house = Warehouse([tmp_path])
    numbers = house.ask("SELECT unnest(range(5000))").rows
    assert next(numbers) == (0,)
    assert list(house.ask("SELECT count(*) FROM examples").rows) == [(0,)]
    assert sum(1 for _ in numbers) == 4999


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


def test_named_questions_are_answered(real_run: Path) -> None:
    warehouse = Warehouse([real_run])
    for name, path in questions().items():
        text = path.read_text()
        assert text.startswith("-- "), name
        found = warehouse.ask(text)
        assert list(found.rows) or name in ("cost", "conflicts", "rejections"), name
    assert {"funnel", "rejections", "cost", "yield", "difficulty", "families", "conflicts"} <= set(questions())


def test_conflicts_are_asked(tmp_path: Path) -> None:
    told = Conflict("c", ["b", "a"], "b", "how many?", "2", "a", "How  many?", "1", "same_text", 1.0, False)
    write_shard(tmp_path / "run" / "conflicts" / "part-00000.parquet", [told], Conflict)
    found = rows(Warehouse([tmp_path / "run"]), questions()["conflicts"].read_text())
    assert [row[2:] for row in found] == [("same_text", 1.0, "2", "1", "how many?", "How  many?", "b", "a")]


def test_ledger_is_asked_as_cost(tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run")
    record = json.loads((run / "run.json").read_text())
    paid = {"step": "problems", "model": "m", "calls": 3, "hits": 2, "prompt_tokens": 10, "completion_tokens": 5}
    record["notes"] = {"calls": [{**paid, "cost": 0.5}, {**paid, "model": "n", "cost": None}]}
    (run / "run.json").write_text(json.dumps(record))
    found = rows(Warehouse([run]), questions()["cost"].read_text())
    assert [(row[3], row[4], row[8]) for row in found] == [("n", 3, None), ("m", 3, 0.5)]
    assert rows(Warehouse([run]), questions()["yield"].read_text())[0][5] is None  # no sum of what is not known


def test_data_sets_are_views_too(real_run: Path, tmp_path: Path) -> None:
    shutil.copytree(real_run / "dataset", tmp_path / "sets" / "mine")
    other = tmp_path / "sets" / "other"
    other.mkdir()
    pq.write_table(pa.table({"problem": ["1+1?"], "answer": [2], "extra": ["x"]}), other / "train.parquet")
    warehouse = Warehouse([real_run, tmp_path / "sets"])
    assert rows(warehouse, "SELECT name, rows FROM datasets ORDER BY ALL") == [
        ("mathmill-lifted", 120), ("mathmill-lifted", 120), ("other", None)]
    assert rows(warehouse, "SELECT count(*) FROM published WHERE dataset = 'mathmill-lifted'") == [(240,)]
    assert rows(warehouse, "SELECT answer, extra, topic, split FROM published WHERE dataset = 'other'") == [
        ("2", "x", None, "train")]
    assert rows(warehouse, "SELECT DISTINCT split FROM published ORDER BY 1") == [("test",), ("train",)]


def test_shards_of_other_versions_are_read(tmp_path: Path) -> None:
    old, new, broken_off = (tiny_run(tmp_path / name) for name in ("old", "new", "mixed"))
    for path in (old / "problems").glob("*.parquet"):
        pq.write_table(pq.read_table(path).drop_columns(["generation_depth"]), path)
    for path in (new / "problems").glob("*.parquet"):
        table = pq.read_table(path)
        pq.write_table(table.append_column("later", pa.array(["x"] * len(table))), path)
    (broken_off / "run.json").unlink()
    first = broken_off / "problems" / "part-00000.parquet"
    pq.write_table(pq.read_table(first).drop_columns(["mode"]), first)
    sql = "SELECT run_id, count(*), count(generation_depth), count(later), count(mode) FROM problems GROUP BY ALL"
    found = {row[1:] for row in rows(Warehouse([tmp_path]), sql)}
    assert found == {(17, 17, 0, 10), (34, 17, 17, 34)}  # the two sealed runs share their id


def test_one_shard_of_other_columns_in_a_sealed_run_is_named(tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run")
    path = run / "problems" / "part-00001.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["mode"]), path)
    with pytest.raises(RunError, match=r"part-00001\.parquet(?s:.*)verify-run"):
        rows(Warehouse([run]), "SELECT mode FROM problems")


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run")
    (run / "problems" / "part-00000.parquet").write_bytes(b"")
    with pytest.raises(RunError, match=r"part-00000\.parquet"):
        rows(Warehouse([run]), "SELECT count(*) FROM problems")


def test_answers_go_to_files(tmp_path: Path, mathmill: Command) -> None:
    tiny_run(tmp_path / "data" / "runs" / "tiny" / "x")
    sql = "SELECT id, parents FROM problems ORDER BY id"
    for name in ("a.csv", "a.json", "a.parquet"):
        mathmill("query", sql, "--out", name)
    assert pq.read_table(tmp_path / "a.parquet").column("id").to_pylist() == [
        row["id"] for row in json.loads((tmp_path / "a.json").read_text())]
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 18
    refused = mathmill("query", sql, "--format", "parquet", check=False)
    assert (refused.returncode, "--out" in refused.stderr) == (2, True)
    assert mathmill("query", "SELECT nosuch FROM problems", "--out", "b.parquet", check=False).returncode == 2
    assert not list(tmp_path.glob("b.parquet*"))
    assert "funnel" in mathmill("query", "--list").stdout
    assert "problems" in mathmill("query", "funnel", "--format", "csv").stdout


def test_the_sql_file_gives_a_duckdb_the_same_views(real_run: Path, tmp_path: Path) -> None:
    shutil.copytree(real_run, tmp_path / "it's [1]" / "lifted" / "a")
    (tmp_path / "views.sql").write_text(sql_file([tmp_path / "it's [1]"]))
    ours = Warehouse([tmp_path / "it's [1]"])
    with duckdb.connect() as db:
        db.execute((tmp_path / "views.sql").read_text())
        for view in ours.views():
            sql = f"SELECT * FROM {view} ORDER BY ALL"
            assert db.execute(sql.replace("*", "count(*)").split(" ORDER")[0]).fetchall() == rows(
                ours, f"SELECT count(*) FROM {view}"), view
        for sql in ("FROM steps ORDER BY step",
                    "SELECT * EXCLUDE (manifest, parameters) FROM runs", "FROM clean ORDER BY id",
                    "SELECT name, rows, run_id, folder FROM datasets", "FROM published ORDER BY id"):
            assert str(db.execute(sql).fetchall()) == str(rows(ours, sql)), sql
        shutil.copytree(real_run, tmp_path / "it's [1]" / "lifted" / "b")  # a later run is seen, too
        assert db.execute("SELECT count(*) FROM runs").fetchall() == [(2,)]
