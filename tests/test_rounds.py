"""A target in accepted rows: reached exactly, in rounds, or honestly not."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from flows.recipes.templates import templates
from flows.rounds import in_rounds
from schemas.errors import ParameterError
from schemas.manifest import read_manifest
from tests.conftest import Command


def exported(folder: Path) -> int:
    return sum(pq.read_metadata(path).num_rows for path in (folder / "dataset").rglob("*.parquet"))


def test_the_target_is_met_exactly_in_rounds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = in_rounds(templates, 40, tmp_path / "run", {"size": 20, "topics": ("percent",), "planted": 0.0})
    assert table.count() == exported(tmp_path / "run") == 40
    said = capsys.readouterr().err
    assert "round 1: 20 of 40 accepted, from a size of 20" in said
    assert "round 2: 40 of 40 accepted" in said
    record = read_manifest(tmp_path / "run")
    assert record["parameters"]["accepted"] == 40
    accounts = record["steps"]["accepted"]
    assert accounts["kept"] + accounts["rejected"] == accounts["rows_in"] > 40


def test_the_command(mathmill: Command, tmp_path: Path) -> None:
    done = mathmill("run", "templates", "--accepted", "30", "--out", str(tmp_path / "run"))
    assert done.returncode == 0
    assert exported(tmp_path / "run") == 30
    assert "accepted" in done.stdout


def test_a_target_of_nothing_is_a_mistake() -> None:
    with pytest.raises(ParameterError, match="from 1"):
        in_rounds(templates, 0, None, {})
