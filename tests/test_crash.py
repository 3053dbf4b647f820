"""A run that is killed, stopped or starved: the same command goes on, repeats no finished shard, and ends the same."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.manifest import read_manifest, verify
from tests.processes import contents, left_of, marks, rewritten, start, wait_for

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="sessions are read from Linux's /proc")

KILLS = 6
SIZE = 10_000
WORK = [f"size={SIZE}", "work=15000"]


def command(folder: Path, *words: str) -> list[str]:
    return ["-m", "tests.toy", str(folder), *(words or WORK)]


def finish(folder: Path, *words: str) -> str:
    process = start(command(folder, *words))
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert left_of(process.pid) == []
    return out


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], float]:
    """The tables of a run that nobody disturbed, and how many seconds it took."""
    folder, since = tmp_path_factory.mktemp("unbroken") / "run", time.monotonic()
    due = sum(i % 97 != 5 and i % 10 != 2 for i in range(SIZE))
    assert finish(folder) == f"solutions {due} False\n"  # and Prefect was never imported
    return contents(folder), time.monotonic() - since


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 400 KiB."""
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", tmp_path],
                                      capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_killed_again_and_again(tmp_path: Path, unbroken: tuple[dict[str, bytes], float]) -> None:
    tables, seconds = unbroken
    folder, moments = tmp_path / "run", random.Random(7)
    kills, before = 0, marks(folder)
    while kills < KILLS:
        process = start(command(folder))
        time.sleep(moments.uniform(0.3, 0.5 * seconds))
        ended = process.poll() is not None
        process.kill()
        process.communicate()
        assert left_of(process.pid) == [], "processes outlive their host"
        after = marks(folder)
        assert rewritten(before, after) == []
        kills, before = kills + 1, after
        if ended:  # nothing is left to kill: begin anew
            assert contents(folder) == tables
            folder = tmp_path / f"run-{kills}"
            before = marks(folder)
    finish(folder)
    assert rewritten(before, marks(folder)) == []
    assert contents(folder) == tables
    assert verify(folder) == []


def test_ctrl_c(tmp_path: Path, unbroken: tuple[dict[str, bytes], float]) -> None:
    folder = tmp_path / "run"
    process = start(command(folder))
    wait_for(folder / "problems" / "part-00003.parquet")
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert (err.splitlines()[-1], out) == ("stopped; the same command resumes", "")
    assert "Traceback" not in err
    assert left_of(process.pid) == []
    assert read_manifest(folder)["state"] == "cancelled"
    assert not list(folder.rglob("*.tmp"))
    before = marks(folder)
    assert "problems/part-00003.parquet" in before
    finish(folder)
    assert rewritten(before, marks(folder)) == []
    assert contents(folder) == unbroken[0]


def test_killed_workers_do_not_stop_a_run(tmp_path: Path, unbroken: tuple[dict[str, bytes], float]) -> None:
    folder = tmp_path / "run"
    process = start(command(folder))
    wait_for(folder / "problems" / "part-00003.parquet")
    for worker in left_of(process.pid, 0):
        if worker != process.pid:
            os.kill(worker, signal.SIGKILL)  # the fork server and the resource tracker, too
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert left_of(process.pid) == []
    assert contents(folder) == unbroken[0]


def test_a_full_disk(small_disk: Path, unbroken: tuple[dict[str, bytes], float]) -> None:
    folder = small_disk / "run"
    process = start(command(folder))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2, err
    place, _, mend = err.rpartition("\n  mend: ")
    assert place.splitlines()[-1].endswith("cannot write: No space left on device")
    assert str(folder) in place.splitlines()[-1]
    assert mend.startswith("free space")
    assert left_of(process.pid) == []
    before = marks(folder)
    assert before
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    finish(folder)
    assert rewritten(before, marks(folder)) == []
    assert contents(folder) == unbroken[0]
    assert verify(folder) == []


def test_a_damaged_shard_stops_the_next_step_and_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    finish(folder, "size=2000")
    for path in [*(folder / "solutions").iterdir(), folder / "run.json"]:
        path.unlink() if path.suffix == ".parquet" else None
    shard = folder / "problems" / "part-00002.parquet"
    shard.write_bytes(shard.read_bytes()[:-9])
    process = start(command(folder, "size=2000"))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f"{shard}: this shard is damaged" in err
    shard.unlink()
    finish(folder, "size=2000")
    assert verify(folder) == []
