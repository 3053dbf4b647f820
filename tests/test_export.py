"""The published data set: its split, order, files, card and manifest; and that others' tools read it."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
import yaml

from schemas.errors import MathmillError, ParameterError, RunError
from schemas.parameters import Parameter
from schemas.plan import Plan
from schemas.records import Example, Template, stable_id
from schemas.run import Run, open_run
from schemas.table import Table
from tasks import export
from tasks.tools import splits
from tasks.tools.card import MEANINGS, licence_fields
from tasks.tools.each import whole

PARAMETERS = {"seed": 0, "size": 400, "name": "a set", "modes": []}


def example(number: int, template: int, **told: Any) -> Example:
    name = stable_id("template", template)
    row = Example(
        id=stable_id("example", number, template), parents=[stable_id("problem", number)], problem="Ngũgĩ has $5 🥭.",
        solution=f"2+3 = <<2+3=5>>5\n{number}\n#### 5", answer="5", answer_kind="integer", answer_unit="mangoes",
        gold_level="program", verified_by=["by_program", "by_text"], template_id=name, seed_id=f"seed {template // 2}",
        topic="money", difficulty=2, mode="base", recipe="lifted", source="grade_school.jsonl", licence="MIT")
    return replace(row, **told)


def examples(templates: int = 40, draws: int = 10, **told: Any) -> list[Example]:
    """Two templates a seed, in no order."""
    rows = [example(draw, template, **told) for template in range(templates) for draw in range(draws)]
    return sorted(rows, key=lambda row: sha256(row.id.encode()).digest())


def exported(folder: Path, rows: Sequence[Example], shard: int = 64, **options: Any) -> Path:
    """The data set made from these rows in a run of its own."""
    with open_run(folder, Plan("lifted", PARAMETERS)):
        table = whole(lambda: iter(rows), into=Example, name="clean", shard=shard)
        export.parquet(table, **options)
    return folder / "dataset"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(tmp_path_factory.mktemp("export") / "run", examples(), name="owner/some-set")


def side(folder: Path, name: str) -> list[dict[str, Any]]:
    return [row for path in sorted(folder.glob(f"data/{name}-*.parquet")) for row in pq.read_table(path).to_pylist()]


def front(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((folder / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    return read


def test_every_row_is_there_once_and_in_order(dataset: Path) -> None:
    rows = [side(dataset, name) for name in ("train", "test")]
    for part in rows:
        assert part
        assert part == sorted(part, key=lambda row: (row["template_id"], row["id"]))
    made = {row.id: row for row in examples()}
    assert {row["id"]: Example(**row) for part in rows for row in part} == made
    assert sum(map(len, rows)) == len(made)


def test_no_template_and_no_seed_is_on_both_sides(dataset: Path) -> None:
    for column in ("template_id", "seed_id"):
        train, test = ({row[column] for row in side(dataset, name)} for name in ("train", "test"))
        assert not train & test


def groups(count: int, seeds: bool = True) -> list[export.Group]:
    return [export.Group(f"t{n}", f"s{n // 2}" if seeds else "", "", "", "", 0, "", "", "") for n in range(count)]


def test_the_share_is_about_what_was_asked() -> None:
    assert 0.04 < len(export.held_out(groups(10_000), 0.05, 0, {})) / 10_000 < 0.06
    assert export.held_out(groups(1000), 0.0, 0, {}) == set()


def test_sides_stay_when_the_set_grows_and_change_with_the_seed() -> None:
    small, large = export.held_out(groups(2000), 0.1, 0, {}), export.held_out(groups(4000), 0.1, 0, {})
    assert small == {name for name in large if int(name[1:]) < 2000}
    assert export.held_out(groups(2000), 0.1, 1, {}) != small


@pytest.mark.parametrize("share", [0.001, 0.999])
def test_few_templates_still_give_two_sides(share: float) -> None:
    assert 0 < len(export.held_out(groups(6), share, 0, {})) < 6
    assert export.held_out(groups(1), share, 0, {}) in (set(), {"t0"})


def template(name: str, parents: list[str]) -> Template:
    return Template(name, parents, name, "", "family", "", "", 0, "", "", [], [], "", "", "", "", "", "", "")


def test_variants_go_with_their_template(tmp_path: Path) -> None:
    with open_run(tmp_path / "run"):
        rows = [template("a", []), template("b", ["a"]), template("c", ["b"]), template("d", ["seed"])]
        root = export.roots(whole(lambda: iter(rows), into=Template, name="templates"))
    assert root == {"b": "a", "c": "a", "d": "d"}
    families = groups(200, seeds=False)
    root = {f"t{n}": f"t{n - n % 4}" for n in range(200)}
    test = export.held_out(families, 0.2, 0, root)
    assert {n - n % 4 for n in map(int, (name[1:] for name in test))} == {int(name[1:]) for name in test
                                                                          if int(name[1:]) % 4 == 0}
    assert len(test) % 4 == 0


def test_the_same_rows_give_the_same_bytes_however_they_are_sharded(tmp_path: Path, dataset: Path) -> None:
    again = exported(tmp_path / "run", examples(), shard=1000, name="owner/some-set")
    for path in sorted(dataset.rglob("*.parquet")):
        assert path.read_bytes() == (again / path.relative_to(dataset)).read_bytes()


def test_card_and_manifest_do_not_hang_on_time_or_place(tmp_path: Path, dataset: Path) -> None:
    again = exported(tmp_path / "elsewhere" / "run", examples(), name="owner/some-set")
    for name in ("README.md", "manifest.json"):
        assert (dataset / name).read_bytes() == (again / name).read_bytes()


def test_small_limits_give_many_files_and_the_same_rows(tmp_path: Path, dataset: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splits, "BUCKET", 30)
    monkeypatch.setattr(splits, "GROUP_BYTES", 8_000)
    monkeypatch.setattr(splits, "SHARD_BYTES", 30_000)
    cut = exported(tmp_path / "run", examples(), name="owner/some-set")
    files = sorted(path.name for path in cut.glob("data/train-*"))
    assert len(files) > 3
    assert files == [f"train-{n:05d}-of-{len(files):05d}.parquet" for n in range(len(files))]
    assert all(side(cut, name) == side(dataset, name) for name in ("train", "test"))
    for path in cut.glob("data/*"):
        table = pq.read_table(path)
        assert table.nbytes <= 30_000
        meta = pq.read_metadata(path)
        assert all(meta.row_group(n).num_rows <= 100 for n in range(meta.num_row_groups))
    assert sorted(path.name for path in cut.iterdir()) == ["README.md", "data", "manifest.json"]


def test_files_have_the_form_that_the_hub_reads_best(dataset: Path) -> None:
    path = next(dataset.glob("data/train-*"))
    column = pq.read_metadata(path).row_group(0).column(0)
    assert (column.compression, column.has_offset_index, column.has_column_index) == ("ZSTD", True, True)


READ = """
import datasets, json, sys
data = datasets.load_dataset(sys.argv[1])
print(json.dumps({name: [len(split), split[0]["problem"], split[0]["verified_by"], split.features._to_yaml_list()]
                  for name, split in data.items()}))
"""


def test_datasets_loads_it_offline(tmp_path: Path, dataset: Path) -> None:
    done = subprocess.run([sys.executable, "-c", READ, str(dataset)], capture_output=True, text=True, check=False,
                          env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout.splitlines()[-1])
    told = front(dataset)["dataset_info"]
    assert {name: part[0] for name, part in read.items()} == {it["name"]: it["num_examples"] for it in told["splits"]}
    for part in read.values():
        assert part[1:] == ["Ngũgĩ has $5 🥭.", ["by_program", "by_text"], told["features"]]


def test_duckdb_reads_it(dataset: Path) -> None:
    found = duckdb.sql(f"SELECT count(*), count(DISTINCT template_id) FROM '{dataset}/data/*.parquet'").fetchall()
    assert found == [(400, 40)]


def test_the_card_says_what_the_hub_needs(dataset: Path) -> None:
    told = front(dataset)
    assert told["license"] == "mit"
    assert told["size_categories"] == ["n<1K"]
    assert told["configs"][0]["data_files"] == [{"split": "train", "path": "data/train-*"},
                                                {"split": "test", "path": "data/test-*"}]
    assert told["dataset_info"]["download_size"] == sum(path.stat().st_size for path in dataset.glob("data/*"))


def test_the_card_shows_counts_provenance_and_the_command(dataset: Path) -> None:
    text = (dataset / "README.md").read_text(encoding="utf-8")
    assert "| clean | 400 | 400 | 0 |  |" in text
    assert "| grade_school.jsonl | MIT | 20 | 40 | 400 |" in text
    assert "mathmill run lifted seed=0 size=400 'name=a set'" in text
    assert "Contamination: not looked for, no test set was given." in text
    assert "Duplicates: not looked for." in text
    assert "- `by_text`: " in text
    assert "2+3 = <<2+3=5>>5" in text
    assert "{{" not in text
    assert "{%" not in text


def test_the_card_names_inputs_without_their_folders(tmp_path: Path) -> None:
    guard = tmp_path / "guard.jsonl"
    guard.write_text("{}")
    known = {"decontaminate": Parameter("decontaminate", tuple[str, ...], (), True, "")}
    with open_run(tmp_path / "run", Plan.of("lifted", known, {"decontaminate": (str(guard),)})):
        table = whole(lambda: iter(examples(4)), into=Example, name="clean")
        export.parquet(table)
    text = (tmp_path / "run" / "dataset" / "README.md").read_text(encoding="utf-8")
    assert "- Contamination against guard.jsonl: 0 of 40 rows removed (none)." in text
    assert "mathmill run lifted decontaminate=guard.jsonl" in text
    assert f"| guard.jsonl | `{sha256(b'{}').hexdigest()}` |" in text
    assert str(tmp_path) not in text + (tmp_path / "run" / "dataset" / "manifest.json").read_text(encoding="utf-8")


def test_the_card_explains_every_column() -> None:
    assert list(MEANINGS) == list(Example.__dataclass_fields__)


def test_the_manifest_names_every_file(dataset: Path) -> None:
    manifest = json.loads((dataset / "manifest.json").read_text(encoding="utf-8"))
    there = {str(path.relative_to(dataset)): path for path in dataset.rglob("*") if path.is_file()}
    assert set(manifest["files"]) == set(there) - {"manifest.json"}
    for name, told in manifest["files"].items():
        assert told["sha256"] == sha256(there[name].read_bytes()).hexdigest()
    assert sum(told.get("rows", 0) for told in manifest["files"].values()) == manifest["rows"] == 400
    assert (manifest["parameters"], manifest["licences"]) == (PARAMETERS, ["MIT"])


@pytest.mark.parametrize(("licences", "told"), [
    (["MIT"], {"license": "mit"}),
    (["MIT", "CC BY 4.0"], {"license": ["cc-by-4.0", "mit"]}),
    ([""], {"license": "other", "license_name": "unknown", "license_link": "README.md"}),
    (["MIT", ""], {"license": "other", "license_name": "unknown and MIT", "license_link": "README.md"}),
    (["House rules"], {"license": "other", "license_name": "House rules", "license_link": "README.md"})])
def test_no_licence_is_made_up(licences: list[str], told: dict[str, object]) -> None:
    assert licence_fields(licences) == told


def test_an_unknown_licence_is_said_aloud(tmp_path: Path) -> None:
    rows = examples(4) + examples(2, licence="", source="mine.jsonl", template_id="t", seed_id="x", mode="p1")
    rows = [replace(row, id=f"e{n}") for n, row in enumerate(rows)]
    folder = exported(tmp_path / "run", rows)
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert front(folder)["license"] == "other"
    assert "20 rows come from sources that state no licence" in text
    assert "| mine.jsonl | **unknown** | 1 | 1 | 20 |" in text


def test_odd_texts_do_not_break_the_card(tmp_path: Path) -> None:
    odd = "---\n{{ name }} `x` | \"y\": [z]"
    folder = exported(tmp_path / "run", examples(4, source=odd, licence=odd, topic=odd))
    assert front(folder)["license_name"] == " ".join(odd.split())


@pytest.mark.parametrize(("options", "message"), [
    ({"name": "a/b/c"}, "'a/b/c' cannot be the name of a data set"), ({"name": ""}, "cannot be the name"),
    ({"name": "x y"}, "cannot be the name"), ({"test_share": 1.0}, "1.0 is no share"),
    ({"test_share": -0.1}, "-0.1 is no share")])
def test_wrong_parameters(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        exported(tmp_path / "run", examples(2), **options)


def test_no_rows_is_an_error_that_says_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no example was left to export") as caught:
        exported(tmp_path / "run", [])
    assert "rejections" in caught.value.mend


def test_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> str:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(export, "card", broken)
        with pytest.raises((OSError, MathmillError)):
            exported(tmp_path / "run", examples(4))
    assert not list((tmp_path / "run").glob("dataset*"))
    assert (exported(tmp_path / "run", examples(4)) / "manifest.json").exists()


def test_a_finished_data_set_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exported(tmp_path / "run", examples(4))
    monkeypatch.setattr(export, "write_splits", lambda *_: pytest.fail("it was there"))
    exported(tmp_path / "run", examples(4))


def test_it_returns_the_rows_that_were_published(tmp_path: Path) -> None:
    with open_run(tmp_path / "run") as run:
        table: Table[Example] = whole(lambda: iter(examples(4)), into=Example, name="clean")
        assert export.parquet(table) == table
        assert isinstance(run, Run)
        assert run.record["notes"]["dataset"]["licences"] == ["MIT"]
