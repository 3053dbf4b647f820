"""The forecast of a pilot: what it says is what the whole then costs."""

import re
from pathlib import Path

import pytest

from flows.forecast import forecast, told
from schemas.manifest import read_manifest
from tasks.tools.calls.store import Store
from tests.conftest import Command


def test_a_pilot_tells_what_the_whole_takes(mathmill: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATHMILL_CALLS", str(tmp_path / "calls.sqlite"))
    words = ("mugglemath", "--teacher", "scripted", "--size", "60", "--samples", "2")
    first, again = (mathmill("preview", *words).stdout.splitlines()[-1] for _ in range(2))
    assert re.sub(r"[\d.]+ hours", "", first) == re.sub(r"[\d.]+ hours", "", again)
    found = re.search(r"for 60 problems: (\d+) examples .*, (\d+) calls, [\d,]+ tokens \([\d,]+ to [\d,]+\)", first)
    assert found, first
    assert mathmill("run", *words, "--out", str(tmp_path / "run")).returncode == 0
    rows = read_manifest(tmp_path / "run")["notes"]["calls"]
    calls = sum(row["calls"] + row["hits"] for row in rows)
    assert calls == pytest.approx(int(found[2]), rel=0.15)


def test_without_calls_there_is_nothing_to_pay(tmp_path: Path) -> None:
    found = forecast([], 20, 10, 1000, 64, Store(tmp_path / "calls.sqlite"))
    assert (found.examples.mean, found.calls, found.tokens.mean, found.dollars) == (500, 0, 0, (0, 0, 0))
    assert told(found).startswith("for 1,000 problems: 500 examples (299 to 701), 0 calls")


def test_a_model_without_a_price_says_so(tmp_path: Path) -> None:
    calls = [{"step": "solve", "model": "nobody", "asks": 40}]
    found = forecast(calls, 20, 20, 100, 4, Store(tmp_path / "calls.sqlite"))
    assert found.dollars is None
    assert "data/prices.toml" in told(found)
