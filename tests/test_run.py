"""Runs: what their id hangs on, whose folder it is, what run.json says, and that `verify` sees every kind of damage."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from schemas import plan as plans
from schemas.errors import MathmillError, ParameterError, RunError
from schemas.manifest import read_manifest, verify
from schemas.parameters import InputFile, bind, parameters_of, read
from schemas.plan import Plan
from schemas.records import Seed
from schemas.run import current_run, open_run
from schemas.table import write_shard
from tasks.tools.orchestrator import recipe
from tests.toy import toy


def flow(seeds: Annotated[str, InputFile] = "shipped", size: int = 10, share: float = 0.5, strict: bool = False,
         modes: list[str] = [], level: Literal["low", "high"] = "low", limit: int | None = None,  # noqa: B006
         api_key: str = "") -> None:
    """Nothing."""


KNOWN = parameters_of(flow)


def planned(**given: Any) -> Plan:
    return Plan.of("flow", KNOWN, bind(KNOWN, given))


@pytest.fixture(autouse=True)
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs without `out` do not land in the checkout."""
    monkeypatch.setenv("MATHMILL_RUNS", str(tmp_path / "runs"))


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    toy.run(out=tmp_path / "run", size=1200)
    return tmp_path / "run"


@pytest.mark.parametrize(("name", "text", "value"), [
    ("size", "1_000", 1000), ("share", "0.25", 0.25), ("strict", "yes", True), ("strict", "off", False),
    ("modes", "p1, noop", ["p1", "noop"]), ("modes", "", []), ("level", "high", "high"), ("limit", "none", None),
    ("limit", "7", 7), ("seeds", "a=b", "a=b"), ("size", 7, 7), ("modes", ["p1"], ["p1"]),
])
def test_words_become_values(name: str, text: object, value: object) -> None:
    assert bind(KNOWN, {name: text})[name] == value
    assert read(name, value, KNOWN[name].kind) == value


@pytest.mark.parametrize(("name", "text", "says"), [
    ("size", "ten", "a whole number, not 'ten'"), ("size", "1.5", "a whole number"), ("share", "half", "a number"),
    ("strict", "maybe", "true or false"), ("level", "hihg", "did you mean 'high'"),
    ("sizes", "3", "did you mean 'size'"), ("modes", 3, "a list"),
])
def test_wrong_words_are_told_with_the_choices(name: str, text: object, says: str) -> None:
    with pytest.raises(ParameterError) as caught:
        bind(KNOWN, {name: text})
    assert says in str(caught.value)


def test_a_required_parameter_is_asked_for() -> None:
    def needs(templates: str) -> None: ...

    with pytest.raises(ParameterError, match="'templates' must be given"):
        bind(parameters_of(needs), {})


def test_the_id_hangs_on_parameters_files_and_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "seeds.jsonl"
    file.write_text("one")
    ids = [planned(seeds=str(file)).run_id, planned(seeds=str(file), size=11).run_id]
    file.write_text("two")
    ids.append(planned(seeds=str(file)).run_id)
    monkeypatch.setattr(plans, "code_hash", lambda: "other")
    ids.append(planned(seeds=str(file)).run_id)
    assert len(set(ids)) == 4


def test_the_id_does_not_hang_on_the_way_to_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "seeds.jsonl").write_text("one")
    monkeypatch.chdir(tmp_path)
    assert planned(seeds="seeds.jsonl").run_id == planned(seeds=str(tmp_path / "seeds.jsonl")).run_id


def test_the_id_is_the_same_in_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "code_hash", lambda: "code")  # somebody may be editing mathmill while its tests run
    code = ("from tests.test_run import planned, plans; plans.code_hash = lambda: 'code'\n"
            "print(planned(size=77).run_id)")
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert told.strip() == planned(size=77).run_id


def test_secrets_are_neither_kept_nor_part_of_the_id(tmp_path: Path) -> None:
    assert planned(api_key="sk-1").run_id == planned().run_id
    with open_run(tmp_path / "run", planned(api_key="sk-1")):
        pass
    assert "sk-1" not in (tmp_path / "run" / "run.json").read_text()


def test_run_json_tells_what_made_the_run(finished: Path) -> None:
    record = read_manifest(finished)
    assert (record["state"], record["recipe"], record["seed"]) == ("finished", "toy", 0)
    assert record["parameters"] == {"size": 1200, "seed": 0, "work": 0, "fault": ""}
    assert record["steps"]["problems"]["rules"] == {"tenth": 118}
    assert record["files"]["problems/part-00000.parquet"]["rows"] == 450
    assert {"python", "pyarrow"} <= set(record["versions"])
    assert verify(finished) == []


def test_a_finished_run_is_found_and_not_touched(finished: Path) -> None:
    before = (finished / "run.json").stat().st_mtime_ns
    assert toy.run(out=finished, size="1200").count() == toy(size=1200).count() == 1069
    assert (finished / "run.json").stat().st_mtime_ns == before


def test_a_finished_run_that_lost_a_shard_makes_it_again(finished: Path) -> None:
    shard = finished / "problems" / "part-00001.parquet"
    data = shard.read_bytes()
    shard.unlink()
    assert verify(finished) == ["problems/part-00001.parquet: missing", "problems: holds 619 rows, its step says 1069"]
    toy.run(out=finished, size=1200)
    assert (shard.read_bytes(), verify(finished)) == (data, [])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[50] ^= 1
    path.write_bytes(data)


def _edit(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        record = read_manifest(folder)
        change(record)
        (folder / "run.json").write_text(json.dumps(record))

    return edit


@pytest.mark.parametrize(("damage", "says"), [
    (lambda run: _flip(run / "problems" / "part-00001.parquet"), "part-00001.parquet: its content has changed"),
    (lambda run: (run / "problems" / "part-00009.parquet").write_bytes(b""), "not part of the run"),
    (_edit(lambda record: record["parameters"].update(size=9)), "the run id does not follow"),
    (_edit(lambda record: record["steps"]["problems"].update(kept=9)), "9 kept + 118 rejected"),
    (_edit(lambda record: record["steps"]["problems"]["rules"].update(tenth=9)), "do not add up to 118"),
    (_edit(lambda record: record["steps"]["problems"].update(rows_in=9)), "read 9 rows of seeds, which kept 1187"),
    (_edit(lambda record: record["files"]["seeds/part-00000.parquet"].update(rows=9)), "500 rows, run.json says 9"),
    (_edit(lambda record: record.update(state="running")), "the run is running, not finished"),
])
def test_verify_sees(finished: Path, damage: Callable[[Path], None], says: str) -> None:
    damage(finished)
    assert any(says in problem for problem in verify(finished)), verify(finished)


def test_a_folder_of_another_run_is_refused_and_the_difference_named(finished: Path) -> None:
    with pytest.raises(RunError, match="size=1200 there, 1300 here") as caught:
        toy.run(out=finished, size=1300)
    assert caught.value.mend
    assert verify(finished) == []


def test_a_folder_of_other_code_is_refused(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "code_hash", lambda: "other")
    with pytest.raises(RunError, match="the code of mathmill has changed"):
        toy.run(out=finished, size=1200)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("…")
    with pytest.raises(RunError, match=r"something else: thesis\.tex"):
        toy.run(out=tmp_path / "mine")


def test_a_run_that_failed_before_it_made_anything_gives_its_folder_back(tmp_path: Path) -> None:
    with pytest.raises(MathmillError):
        toy.run(out=tmp_path / "run", fault="input")
    assert read_manifest(tmp_path / "run")["state"] == "failed"
    assert "line 7" in read_manifest(tmp_path / "run")["error"]
    assert toy.run(out=tmp_path / "run", size=100).count() == 89


def test_two_runs_cannot_share_a_folder(tmp_path: Path) -> None:
    with open_run(tmp_path / "run"), pytest.raises(RunError, match=f"pid {os.getpid()}"), open_run(tmp_path / "run"):
        pass


def test_half_written_files_of_killed_processes_are_swept(tmp_path: Path) -> None:
    with open_run(tmp_path / "run") as run:
        table = run.table("seeds", Seed)
        write_shard(table.shard(0), [], Seed)
    (table.path / "part-00001.parquet.123.tmp").write_bytes(b"half")
    (tmp_path / "run" / "later.tmp").mkdir()
    with open_run(tmp_path / "run"):
        pass
    assert not list(tmp_path.rglob("*.tmp"))


def test_notes_stay_when_a_run_is_resumed(tmp_path: Path) -> None:
    with open_run(tmp_path / "run") as run:
        run.note("embedder", "small")
    with open_run(tmp_path / "run"):
        assert current_run().record["notes"] == {"embedder": "small"}


def test_a_preview_leaves_nothing_behind(tmp_path: Path) -> None:
    code = ("from tests.toy import toy\nt = toy.run(preview=True, size=50)\n"
            "print(t.path.parent.exists(), t.count(), t.path)")
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert told[:2] == ["True", "44"]
    assert not Path(told[2]).parent.exists()


def test_a_recipe_tells_of_itself() -> None:
    @recipe(summary="Says nothing.")
    def quiet(seeds: Annotated[str, InputFile, "where from"] = "") -> None:
        """Quiet."""

    parameter = quiet.parameters["seeds"]
    assert (quiet.summary, quiet.name, quiet.__doc__) == ("Says nothing.", "quiet", "Quiet.")
    assert (parameter.is_file, parameter.help, parameter.kind, parameter.required) == (True, "where from", str, False)
