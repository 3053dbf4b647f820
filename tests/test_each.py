"""The loop: shard by shard, here or in worker processes, with accounts that add up and faults that name their shard."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from schemas.errors import InputError, MathmillError, ParameterError, RunError, ToolError
from schemas.manifest import verify
from schemas.records import Problem, Rejection, Seed, Solution, reject
from schemas.run import Run, current_run, open_run
from schemas.table import Table, write_shard
from tasks.tools import each as loop
from tasks.tools.each import by_row, each, whole
from tests.toy import numbers, problem, solution


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with open_run(tmp_path / "run") as opened:
        yield opened


@pytest.fixture(params=["here", "workers"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Once in this process, once in two workers from the second shard on."""
    monkeypatch.setenv("MATHMILL_WORKERS", "1" if request.param == "here" else "2")
    monkeypatch.setattr(loop, "PATIENCE", -1.0)
    return str(request.param)


def seeds(size: int, shard: int = 50) -> Table[Seed]:
    return whole(partial(numbers, size), into=Seed, name="seeds", shard=shard)


def twins(rows: list[Seed], others: list[Seed]) -> Iterator[Seed]:
    for row, other in zip(rows, others, strict=True):
        assert row == other
        yield row


def looked_up(row: Seed, table: Table[Seed]) -> Seed:
    return table.index()[row.id]


def thrice(row: Seed) -> list[Seed | Rejection]:
    return [row, row, reject(row.id, "thrice", "third", "")]


def lost(rows: list[Seed]) -> list[Seed]:
    return rows[1:] if any(row.line > 120 for row in rows) else rows


def failing(rows: list[Seed], error: type[Exception]) -> Iterable[Seed]:
    if any(row.line > 120 for row in rows):
        raise error("no luck")
    return rows


def deadly(rows: list[Seed], folder: Path, times: int) -> Iterable[Seed]:
    """Kills its own process, as the kernel does when memory runs out, the first `times` times that it sees row 121."""
    deaths = len(list(folder.glob("death-*")))
    if any(row.line == 121 for row in rows) and deaths < times:
        (folder / f"death-{deaths}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return rows


def own_process(rows: list[Seed]) -> Iterator[Rejection]:
    for row in rows:
        yield reject(row.id, "who", str(os.getpid()), current_run().recipe)


def noting(rows: list[Seed]) -> list[Seed]:
    current_run().note("rows", len(rows))
    return rows


def bytes_of(table: Table[Seed]) -> list[bytes]:
    return [path.read_bytes() for path in (*table.shards(), *table.rejections.shards())]


def test_each_maps_shard_to_shard_and_keeps_the_accounts(run: Run, place: str) -> None:
    made = each(by_row(problem), seeds(500), into=Problem, name="problems")
    assert len(made.shards()) == len(made.rejections.shards()) == len(run.table("seeds", Seed).shards()) == 10
    step = run.steps["problems"]
    assert (step.rows_in, step.kept, step.rejected, step.rules) == (494, 445, 49, {"tenth": 49})
    assert (made.count(), made.rejections.count()) == (445, 49)
    assert [row.number for row in made.rows()] == [r.line for r in seeds(500).rows() if r.line % 10 != 3]


def test_both_places_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "PATIENCE", -1.0)
    made = []
    for workers in ("1", "2"):
        monkeypatch.setenv("MATHMILL_WORKERS", workers)
        with open_run(tmp_path / workers):
            made.append(bytes_of(each(by_row(problem), seeds(300), into=Problem, name="problems")))  # type: ignore[arg-type]
    assert made[0] == made[1]


def test_workers_really_are_other_processes(run: Run, place: str) -> None:
    made = each(own_process, seeds(300), into=Seed, name="who")
    pids = {row.rule for row in made.rejections.rows()}
    assert (pids == {str(os.getpid())}) == (place == "here")
    assert len(pids) <= 3
    assert {row.reason for row in made.rejections.rows()} == {"test"}


def test_a_worker_cannot_write_run_json(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "PATIENCE", -1.0)
    monkeypatch.setenv("MATHMILL_WORKERS", "2")
    with pytest.raises(RunError, match=r"a worker process cannot write run\.json"):
        each(noting, seeds(300), into=Seed, name="noting")


def test_little_work_stays_here(run: Run) -> None:
    made = each(own_process, seeds(300), into=Seed, name="who")
    assert {row.rule for row in made.rejections.rows()} == {str(os.getpid())}


def test_several_sources_go_abreast_and_shared_tables_are_seen_whole(run: Run, place: str) -> None:
    table = seeds(200)
    assert list(each(twins, table, table, into=Seed, name="twins").rows()) == list(table.rows())
    assert list(each(by_row(looked_up), table, into=Seed, name="looked", shared=[table]).rows()) == list(table.rows())


def test_sources_of_unequal_shards_are_refused(run: Run) -> None:
    table, short = seeds(200), Table(run.folder / "short", Seed)
    write_shard(short.shard(0), [], Seed)
    with pytest.raises(RunError, match=r"equally many shards.*seeds: 4, short: 1"):
        each(twins, table, short, into=Seed, name="twins")


def test_a_row_may_become_several(run: Run, place: str) -> None:
    made = each(by_row(thrice), seeds(100), into=Seed, name="thrice", expected=lambda rows: 3 * len(rows),
                processes=False)
    assert (made.count(), made.rejections.count()) == (198, 99)


def test_a_lost_row_stops_the_run_and_names_the_shard(run: Run, place: str) -> None:
    with pytest.raises(RunError, match="50 rows were due, 49 kept \\+ 0 rejected") as caught:
        each(lost, seeds(200), into=Seed, name="lost")
    assert caught.value.where == "lost, shard 2"
    finished = {path.name for path in run.table("lost", Seed).shards()}
    assert "part-00002.parquet" not in finished
    assert {"part-00000.parquet"} <= finished


def test_a_fault_in_work_names_step_and_shard_and_keeps_its_traceback(run: Run, place: str) -> None:
    with pytest.raises(ToolError, match="KeyError: 'no luck'") as caught:
        each(partial(failing, error=KeyError), seeds(200), into=Seed, name="failing")
    assert caught.value.where == "failing, shard 2"
    assert any("in failing" in note for note in caught.value.__notes__)


def test_our_own_errors_pass_as_they_are(run: Run, place: str) -> None:
    with pytest.raises(InputError, match="no luck"):
        each(partial(failing, error=InputError), seeds(200), into=Seed, name="failing")


def test_only_missing_shards_are_made_again(tmp_path: Path, place: str) -> None:
    with open_run(tmp_path / "run"):
        made = each(by_row(problem), seeds(300), into=Problem, name="problems")
    before = {path: path.stat() for path in (*made.shards(), *made.rejections.shards())}
    data = made.shard(3).read_bytes()
    made.shard(3).unlink()
    with open_run(tmp_path / "run") as run:
        each(by_row(problem), seeds(300), into=Problem, name="problems")
        assert (run.steps["problems"].resumed, run.steps["problems"].kept) == (5, 267)
    for path, stat in before.items():
        if path.stem != "part-00003":
            assert (path.stat().st_ino, path.stat().st_mtime_ns) == (stat.st_ino, stat.st_mtime_ns)
    assert made.shard(3).read_bytes() == data
    assert verify(tmp_path / "run") == []


def test_a_shard_without_its_rejections_is_not_finished(tmp_path: Path) -> None:
    with open_run(tmp_path / "run"):
        made = each(by_row(problem), seeds(100), into=Problem, name="problems")
        made.rejections.shard(1).unlink()
        each(by_row(problem), seeds(100), into=Problem, name="problems")
        assert made.rejections.count() == 10


def test_a_killed_worker_costs_nothing_but_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "PATIENCE", -1.0)
    monkeypatch.setenv("MATHMILL_WORKERS", "2")
    made = []
    for times in (0, 2):
        with open_run(tmp_path / f"run-{times}"):
            made.append(bytes_of(each(partial(deadly, folder=tmp_path, times=times), seeds(300), into=Seed, name="d")))
    assert made[0] == made[1]
    assert len(list(tmp_path.glob("death-*"))) == 2


def test_a_shard_that_always_kills_is_named(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "PATIENCE", -1.0)
    monkeypatch.setenv("MATHMILL_WORKERS", "2")
    with pytest.raises(ToolError, match=r"killed its worker process 3 times .*signal 9") as caught:
        each(partial(deadly, folder=tmp_path, times=99), seeds(300), into=Seed, name="deadly")
    assert caught.value.where == "deadly, shard 2"


def test_work_that_cannot_travel_is_told_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "PATIENCE", -1.0)
    monkeypatch.setenv("MATHMILL_WORKERS", "2")
    with pytest.raises(ToolError, match="cannot be sent to a worker process"):
        each(lambda rows: rows, seeds(300), into=Seed, name="local")


@pytest.mark.parametrize("given", ["0", "many", "-1"])
def test_a_wrong_number_of_workers_is_refused(run: Run, given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATHMILL_WORKERS", given)
    with pytest.raises(ParameterError, match="MATHMILL_WORKERS"):
        each(by_row(problem), seeds(10), into=Problem, name="problems")


def test_whole_appears_whole_or_not_at_all(run: Run) -> None:
    def breaking() -> Iterator[Seed]:
        yield from (row for row in numbers(120) if isinstance(row, Seed))
        raise ValueError("no luck")

    with pytest.raises(ToolError, match="ValueError: no luck"):
        whole(breaking, into=Seed, name="half", shard=50)
    assert not (run.folder / "half").exists()
    made = whole(partial(numbers, 120), into=Seed, name="half", shard=50)
    assert (made.count(), made.rejections.count(), len(made.shards())) == (118, 2, 3)
    assert not list(run.folder.glob("*.tmp"))


def test_whole_killed_between_its_two_renames_keeps_what_is_there(run: Run) -> None:
    made = seeds(120)
    before = {path: path.stat().st_ino for path in made.rejections.shards()}
    shutil.rmtree(made.path)
    assert seeds(120).count() == 118
    assert {path: path.stat().st_ino for path in made.rejections.shards()} == before


def test_whole_is_made_once(run: Run) -> None:
    def never() -> list[Seed]:
        raise AssertionError

    assert list(whole(never, into=Seed, name="seeds").rows() if seeds(99) else []) == list(seeds(99).rows())
    assert run.steps["seeds"].resumed == 0


def test_whole_keeps_the_accounts_of_its_source(run: Run) -> None:
    with pytest.raises(RunError, match="98 rows were due, 97 kept"):
        whole(lambda table: list(table.rows())[1:], seeds(99), into=Seed, name="fewer")
    made = whole(lambda table: list(table.rows())[1:], seeds(99), into=Seed, name="fewer", expected=97)
    assert (made.count(), run.steps["fewer"].rows_in) == (97, 98)


def test_nothing_in_nothing_out(run: Run) -> None:
    made = each(by_row(solution), whole(lambda: [], into=Problem, name="none"), into=Solution, name="solutions")
    assert (made.count(), len(made.shards()), run.steps["solutions"].expected) == (0, 1, 0)


def test_a_task_outside_a_run_is_told_so() -> None:
    with pytest.raises(RunError, match="no run is open"):
        seeds(3)


def test_plain_lines_tell_how_far_a_step_is(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    each(by_row(problem), seeds(300), into=Problem, name="problems")
    lines = capsys.readouterr().err.splitlines()
    assert lines[1] == "problems: 6 shards"
    assert lines[2].startswith("problems: 267 kept, 29 rejected; 296 rows in ")


def test_a_terminal_shows_a_bar_with_rate(tmp_path: Path) -> None:
    code = ("from pathlib import Path; from functools import partial; from schemas.run import open_run\n"
            "from tests.test_each import *\n"
            f"with open_run(Path({str(tmp_path / 'run')!r})):\n"
            "    each(by_row(partial(problem, work=20000)), seeds(300), into=Problem, name='problems')\n")
    host, terminal = os.openpty()
    process = subprocess.Popen([sys.executable, "-c", code], stderr=terminal, env={**os.environ, "TERM": "xterm"})
    os.close(terminal)
    shown = b""
    with suppress(OSError):  # Linux says EIO when the other side is closed
        while part := os.read(host, 4096):
            shown += part
    os.close(host)
    assert process.wait() == 0, shown
    text = shown.decode()
    assert "━" in text
    assert "6/6" in text
    assert "/s" in text
    assert "problems: 267 kept, 29 rejected;" in text.splitlines()[-1]


def test_errors_cross_processes_whole() -> None:
    import pickle

    error: MathmillError = pickle.loads(pickle.dumps(InputError("what", where="here", mend="so")))
    assert (str(error), type(error)) == ("here: what\n  mend: so", InputError)
    assert "prefect" not in sys.modules
