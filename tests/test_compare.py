"""Two runs side by side, and the gate for CI: what holds, what does not, and what cannot be asked."""

import json
from pathlib import Path

import pytest

from schemas.errors import ParameterError, RunError
from schemas.manifest import MANIFEST
from tasks.compare import compared, gate, measures, objections
from tests.conftest import Command
from tests.test_query import tiny_run

TABLE: dict[str, tuple[float | None, float | None]] = {"yield": (0.5, 0.44), "dollars": (None, 3.0), "rows": (10, 9)}


@pytest.mark.parametrize(("text", "passes"), [
    ("yield>=0.9x", False), ("yield >= 0.88x", True), ("yield>=44%", True), ("yield>0.44", False), ("rows<=9", True),
    ("rows==9", True), ("rows<0.9x", False), ("dollars<20", True), ("dollars<=2x", False)])
def test_a_gate_holds_or_says_why_not(text: str, passes: bool) -> None:
    said = objections(TABLE, [text])
    assert [line.startswith(text) for line in said] == [True] * (not passes)


@pytest.mark.parametrize("text", ["yield", "yield>=", "nosuch>1", "yield=>1", "yield>=0.9*", ""])
def test_a_gate_that_means_nothing_is_an_error(text: str) -> None:
    with pytest.raises(ParameterError):
        gate(text, TABLE)


def test_measures_of_a_real_run(real_run: Path) -> None:
    found = measures(real_run)
    assert (found["problems"], found["rows"], found["yield"]) == (120, 120, 1)
    assert found["passed:by_program"] == found["passed:by_text"] == 1
    assert (found["contaminated"], found["duplicates"], found["dollars"]) == (0, 0, None)
    assert sum(share or 0 for name, share in found.items() if name.startswith("topic:")) == pytest.approx(1)


def test_old_runs_and_small_ones_compare(tmp_path: Path, real_run: Path) -> None:
    table = compared(tiny_run(tmp_path / "tiny"), real_run)
    assert table["problems"] == (17, 120)
    assert table["duplicates"] == (None, 0)
    assert table["mode:base"][0] == 0


def test_a_folder_of_runs_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError):
        measures(tmp_path)


def test_command_and_exit_codes(mathmill: Command, real_run: Path, tmp_path: Path) -> None:
    worse = tmp_path / "worse"
    worse.mkdir()
    record = json.loads((real_run / MANIFEST).read_text())
    record["steps"]["clean"].update(kept=60, rejected=60)
    (worse / MANIFEST).write_text(json.dumps(record))
    passed = mathmill("compare", str(real_run), str(real_run), "--gate", "yield>=0.9x", "--json")
    assert json.loads(passed.stdout)["measures"]["yield"] == {"first": 1.0, "second": 1.0}
    failed = mathmill("compare", str(real_run), str(worse), "--gate", "yield>=0.9x", check=False)
    assert (failed.returncode, "yield is 0.5" in failed.stderr, "-50.0%" in failed.stdout) == (3, True, True)
    assert mathmill("compare", str(real_run), "nosuch", check=False).returncode == 2
