"""What `mathmill doctor` says of this machine, and of one that offers less."""

import json
from pathlib import Path

import pytest

from tasks.tools import machine
from tasks.tools.jail import Probe, probe
from tests.conftest import Command


def test_it_tells_what_is_here(mathmill: Command) -> None:
    done = mathmill("doctor", "--json")
    found = {finding["what"]: finding for finding in json.loads(done.stdout)}
    assert found["isolation namespaces"]["state"] == ("ok" if probe("namespaces").available else "missing")
    assert found["isolation landlock"]["state"] == ("ok" if probe("landlock").available else "missing")
    assert found["sympy"]["state"] == found["duckdb"]["state"] == "ok"
    assert done.returncode == (0 if found["programs run at"]["state"] == "ok" else 1)
    assert "programs run at" in mathmill("doctor").stdout


def test_a_level_that_is_refused_comes_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    setting = tmp_path / "max"
    setting.write_text("0\n")
    monkeypatch.setattr(machine, "SPACES", setting)
    monkeypatch.setattr(machine, "probe", lambda level: Probe(level, False, "unshare: ENOSPC"))
    namespaces, landlock, best = machine.isolation()
    assert (namespaces.state, namespaces.seen, namespaces.mend) == (
        "missing", "unshare: ENOSPC", "sysctl user.max_user_namespaces=10000")
    assert "Landlock" in landlock.mend
    assert (best.state, best.seen) == ("missing", "no level: they are refused")
    assert "--isolation none" in best.mend


def test_no_package_is_no_fault() -> None:
    assert machine._package("no-such-package", "note", "not needed") == (
        "no-such-package", "note", "not installed", "not needed")
