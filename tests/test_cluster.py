"""Shards on Dask: the same bytes as on this machine's processes, whoever is killed; faults are one clear message."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import psutil
import pytest

from flows.recipes.flames import flames
from flows.recipes.templates import templates
from schemas import plan
from schemas.errors import ParameterError, StorageError, ToolError
from schemas.manifest import read_manifest, verify
from schemas.plan import Plan
from schemas.records import Problem, Seed
from schemas.run import Run, open_run
from tasks import asking, compose, families
from tasks.instantiate import quotas
from tasks.tools import cluster
from tasks.tools import each as loop
from tasks.tools.cluster import Dask
from tasks.tools.each import by_row, each
from tasks.tools.runners import RUNNERS
from tests.conftest import Command
from tests.processes import contents, left_of, marks, rewritten, start, wait_for
from tests.test_each import deadly, failing, own_process, seeds
from tests.toy import problem, toy

pytest.importorskip("distributed")
pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="sessions are read from Linux's /proc")

WORK = ["size=5000", "work=60000"]  # seconds, so that there is a middle to be killed in
STARTUP = 120.0  # seconds: a cluster takes 3 s to start, but on a busy machine half a minute
NOBODY = "tcp://127.0.0.1:9"


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second shard already goes to workers, and nothing of the caller's environment counts."""
    monkeypatch.setattr(loop, "PATIENCE", -1.0)
    monkeypatch.setenv("MATHMILL_WORKERS", "2")
    for name in ("MATHMILL_RUNNER", "MATHMILL_WORKERS_AT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def dask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATHMILL_RUNNER", "dask")


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The tables that this machine's worker processes make."""
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    finish(folder)
    return contents(folder)


class Scheduler:
    """A scheduler and workers as on several machines: processes of their own, each in a folder of its own."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.file, self.folder = folder / "scheduler.json", folder
        self.process = self._start("scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard",
                                   "--scheduler-file", str(self.file))
        wait_for(self.file, STARTUP)
        self.workers = [self._start("worker", "--nthreads", "1", "--no-dashboard", "--no-nanny",
                                    "--scheduler-file", str(self.file)) for _ in range(workers)]
        while not self.file.read_text().strip().endswith("}"):  # it is not written at once
            time.sleep(0.01)
        self.address: str = json.loads(self.file.read_text())["address"]

    def _start(self, what: str, *words: str) -> "subprocess.Popen[bytes]":
        place = self.folder / f"{what}-{time.monotonic_ns()}"
        place.mkdir()
        with open(place / "log", "wb") as log:
            return subprocess.Popen([sys.executable, "-m", f"distributed.cli.dask_{what}", *words], cwd=place,
                                    stdout=log, stderr=log, start_new_session=True,
                                    env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])})

    def end(self) -> None:
        for process in (*self.workers, self.process):
            process.kill()
            process.wait()


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Callable[[int], Scheduler]]:
    started: list[Scheduler] = []

    def several(workers: int) -> Scheduler:
        place = tmp_path / f"machines-{len(started)}"
        place.mkdir()
        started.append(Scheduler(place, workers))
        return started[-1]

    yield several
    for scheduler in started:
        scheduler.end()


def begin(folder: Path, **env: str) -> "subprocess.Popen[str]":
    return start(["-m", "tests.toy", str(folder), *WORK], **env)


def finish(folder: Path, **env: str) -> str:
    process = begin(folder, **env)
    _, err = process.communicate(timeout=STARTUP)
    assert process.returncode == 0, err
    assert left_of(process.pid) == []
    return err


def dask_workers(host: int) -> list[int]:
    """The processes of a run's own cluster that hold a shard, told by the threads that Dask gives a worker."""
    return [child.pid for child in psutil.Process(host).children(recursive=True) if child.num_threads() > 3]


# --- the same tables


def test_a_recipe_gives_the_same_tables_on_dask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs run in jails of the workers; texts are embedded in the run's own process."""
    monkeypatch.setattr(quotas, "SHARD", 4)
    monkeypatch.setattr(families, "SHARD", 5)
    made = {}
    for name in RUNNERS:
        monkeypatch.setenv("MATHMILL_RUNNER", name)
        templates.run(out=tmp_path / name, size=16, topics=("percent",), difficulty=(2,), seed=3)
        assert verify(tmp_path / name) == []
        made[name] = {str(path.relative_to(tmp_path / name)): path.read_bytes()
                      for path in (tmp_path / name).rglob("*.parquet")}
    assert len([path for path in made["dask"] if path.startswith("verdicts/")]) > 2
    assert made["dask"] == made["processes"]


def test_machines_with_folders_of_their_own_make_the_same_tables(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unbroken: dict[str, bytes],
        machines: Callable[[int], Scheduler]) -> None:
    scheduler = machines(2)
    monkeypatch.chdir(tmp_path)
    finish(Path("run"), MATHMILL_WORKERS_AT=scheduler.address, PYTHONPATH=str(Path(__file__).parents[1]))
    assert contents(tmp_path / "run") == unbroken


def test_the_work_is_done_by_the_workers(tmp_path: Path, dask: None) -> None:
    with open_run(tmp_path / "run"):
        made = each(own_process, seeds(300), into=Seed, name="who")
    assert len({row.rule for row in made.rejections.rows()}) == 3, "this process did the first shard, two the others"


# --- deaths


def test_there_are_as_many_workers_as_were_asked_for(tmp_path: Path) -> None:
    process = begin(tmp_path / "run", MATHMILL_RUNNER="dask", MATHMILL_WORKERS="3")
    wait_for(tmp_path / "run" / "problems" / "part-00003.parquet", STARTUP)
    assert len(dask_workers(process.pid)) == 3
    _, err = process.communicate(timeout=STARTUP)
    assert process.returncode == 0, err


def test_a_killed_worker_costs_its_shard(tmp_path: Path, unbroken: dict[str, bytes]) -> None:
    folder = tmp_path / "run"
    process = begin(folder, MATHMILL_RUNNER="dask")
    wait_for(folder / "problems" / "part-00003.parquet", STARTUP)
    before = marks(folder)
    os.kill(dask_workers(process.pid)[0], signal.SIGKILL)
    _, err = process.communicate(timeout=STARTUP)
    assert process.returncode == 0, err
    assert "distributed" not in err, "Dask's own log is not the user's"
    assert left_of(process.pid) == []
    assert rewritten(before, marks(folder)) == []
    assert contents(folder) == unbroken


def test_a_lost_machine_costs_its_shard(tmp_path: Path, unbroken: dict[str, bytes],
                                        machines: Callable[[int], Scheduler]) -> None:
    folder, scheduler = tmp_path / "run", machines(2)
    process = begin(folder, MATHMILL_WORKERS_AT=scheduler.address)
    wait_for(folder / "problems" / "part-00003.parquet", STARTUP)
    scheduler.workers[0].kill()
    _, err = process.communicate(timeout=STARTUP)
    assert process.returncode == 0, err
    assert contents(folder) == unbroken


def test_a_shard_that_always_kills_is_named_and_the_cluster_lives_on(tmp_path: Path, dask: None) -> None:
    with open_run(tmp_path / "run"):
        table = seeds(300)
        with pytest.raises(ToolError, match="killed its worker process 3 times") as caught:
            each(partial(deadly, folder=tmp_path, times=99), table, into=Seed, name="deadly")
        assert caught.value.where == "deadly, shard 2"
        made = each(by_row(problem), table, into=Problem, name="problems")
        assert made.count() == 267


def test_a_shard_that_kills_twice_is_made_in_the_end(tmp_path: Path, dask: None) -> None:
    with open_run(tmp_path / "run"):
        table = seeds(300)
        made = each(partial(deadly, folder=tmp_path, times=2), table, into=Seed, name="seeds.again")
    assert [path.read_bytes() for path in made.shards()] == [path.read_bytes() for path in table.shards()]
    assert len(list(tmp_path.glob("death-*"))) == 2


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_leaves_no_processes(tmp_path: Path, how: int, unbroken: dict[str, bytes]) -> None:
    folder = tmp_path / "run"
    process = begin(folder, MATHMILL_RUNNER="dask")
    wait_for(folder / "problems" / "part-00003.parquet", STARTUP)
    if how == signal.SIGINT:
        os.killpg(process.pid, how)  # as a terminal does
    else:
        process.kill()
    out, err = process.communicate(timeout=STARTUP)
    assert left_of(process.pid) == []
    assert "Traceback" not in err
    if how == signal.SIGINT:
        assert (process.returncode, out, err.splitlines()[-1]) == (130, "", "stopped; the same command resumes")
        assert read_manifest(folder)["state"] == "cancelled"
        assert not list(folder.rglob("*.tmp"))
    before = marks(folder)
    finish(folder, MATHMILL_RUNNER="dask")
    assert rewritten(before, marks(folder)) == []
    assert contents(folder) == unbroken


def test_workers_that_do_not_come_back_end_the_run(
        tmp_path: Path, dask: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "SILENCE", 0.5)
    monkeypatch.setattr(cluster, "DESPAIR", 2.0)
    with open_run(tmp_path / "run") as run:
        runner = Dask(1, run)
        list(runner.map(abs, [1], "first"))
        threading.Timer(1, lambda: runner._held and runner._held[1].scale(0)).start()
        with pytest.raises(ToolError, match="died, and none has come back"):
            list(runner.map(time.sleep, [60], "second"))
        runner.close()


def test_a_cluster_that_does_not_end_in_time_is_killed(
        tmp_path: Path, dask: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PARTING", 0.001)
    with open_run(tmp_path / "run"):
        each(by_row(problem), seeds(300), into=Problem, name="problems")
        workers = [psutil.Process(pid) for pid in dask_workers(os.getpid())]
    assert len(workers) == 2
    assert psutil.wait_procs(workers, timeout=10)[1] == []


def test_a_scheduler_that_goes_away_is_one_message(tmp_path: Path, machines: Callable[[int], Scheduler]) -> None:
    folder, scheduler = tmp_path / "run", machines(1)
    process = begin(folder, MATHMILL_WORKERS_AT=scheduler.address, DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="3s")
    wait_for(folder / "problems" / "part-00003.parquet", STARTUP)
    scheduler.end()
    _, err = process.communicate(timeout=STARTUP)
    assert process.returncode == 2
    assert err.splitlines()[-2:] == [f"problems, {scheduler.address}: the Dask scheduler went away",
                                     "  mend: repeat the command: finished shards are kept"]
    assert "Traceback" not in err


# --- faults


def test_of_several_faults_the_first_shard_is_told(tmp_path: Path, dask: None) -> None:
    with open_run(tmp_path / "run"), pytest.raises(ToolError, match="KeyError: 'no luck'") as caught:
        each(partial(failing, error=KeyError), seeds(300), into=Seed, name="failing")
    assert caught.value.where == "failing, shard 2"
    assert any("in failing" in note for note in caught.value.__notes__)


def test_work_that_cannot_travel_is_told_so(tmp_path: Path, dask: None) -> None:
    with open_run(tmp_path / "run"), pytest.raises(ToolError, match="cannot be sent to a worker process"):
        each(lambda rows: rows, seeds(300), into=Seed, name="local")


def test_a_scheduler_that_does_not_answer_is_told_before_anything_is_done(mathmill: Command, tmp_path: Path) -> None:
    done = mathmill("run", "templates", "--workers-at", NOBODY, "--out", "run", check=False)
    first, *others = done.stderr.splitlines()
    assert done.returncode == 2
    assert first.startswith(f"mathmill: {NOBODY}: the Dask scheduler does not answer: ")
    assert others == ["  mend: start it (dask scheduler), mend --workers-at, or leave it out"]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("address", ["host", "nonsense://host:1", "tcp://no.such.host.invalid:8786"])
def test_what_is_no_address_is_told_so(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT", 2.0)
    monkeypatch.setenv("MATHMILL_WORKERS_AT", address)
    with pytest.raises(ToolError, match="the Dask scheduler does not answer") as caught:
        Dask.check()
    assert caught.value.where == address


@pytest.mark.parametrize("name", ["nobody", "tasks.tools.nobody.Dask", "tasks.tools.cluster.Nobody", "a..b"])
def test_an_unknown_runner_is_told_before_anything_is_done(
        tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATHMILL_RUNNER", name)
    with pytest.raises(ParameterError, match="there is no runner") as caught:
        toy.run(out=tmp_path / "run")
    assert caught.value.mend == "one of processes, dask, or the dotted name of a class"
    assert not (tmp_path / "run").exists()


def test_a_class_that_runs_nothing_is_no_runner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MATHMILL_RUNNER", "pathlib.Path")
    with pytest.raises(ParameterError, match="it has no `map` and `close`"):
        toy.run(out=tmp_path / "run")


def test_a_worker_with_other_code_is_refused(tmp_path: Path, dask: None, monkeypatch: pytest.MonkeyPatch) -> None:
    here = plan.code_hash()
    with open_run(tmp_path / "run"):
        table = seeds(300)
        monkeypatch.setattr(plan, "code_hash", lambda: "older")
        with pytest.raises(ToolError, match=f"mathmill's code {here} \\(not older\\)") as caught:
            each(by_row(problem), table, into=Problem, name="problems")
    assert caught.value.where.startswith("worker ")


def test_a_worker_of_several_threads_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    with LocalCluster(1, threads_per_worker=2, processes=False, dashboard_address=None) as many:  # type: ignore[no-untyped-call]
        monkeypatch.setenv("MATHMILL_WORKERS_AT", many.scheduler_address)
        with open_run(tmp_path / "run"), pytest.raises(ToolError, match="several shards at a time") as caught:
            each(by_row(problem), seeds(300), into=Problem, name="problems")
        assert "--nthreads 1" in caught.value.mend


def test_a_worker_that_does_not_see_the_folder_is_told_so(tmp_path: Path, dask: None) -> None:
    runner = Dask(1, Run(tmp_path / "elsewhere", Plan("test", {"seed": 0})))
    with pytest.raises(ToolError, match="does not see the run's folder"):
        list(runner.map(abs, [1], "step"))
    runner.close()


def test_a_scheduler_without_workers_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                machines: Callable[[int], Scheduler]) -> None:
    monkeypatch.setattr(cluster, "ARRIVAL", 1.0)
    monkeypatch.setenv("MATHMILL_WORKERS_AT", machines(0).address)
    with open_run(tmp_path / "run"), pytest.raises(ToolError, match="no worker has come to this scheduler for 1 s"):
        each(by_row(problem), seeds(300), into=Problem, name="problems")


def test_a_shard_that_a_network_disk_shows_late_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_run(tmp_path / "run"):
        table = seeds(300)
        late = table.shard(5).rename(tmp_path / "late")
        later = threading.Timer(0.5, lambda: late.rename(table.shard(5)))
        later.start()
        loop._seen(table, 6)
        assert table.shard(5).exists()
        later.join()
        monkeypatch.setattr(loop, "LATE", 0.2)
        with pytest.raises(StorageError, match="only 6 of 7 shards are seen here"):
            loop._seen(table, 7)


# --- what stays in the run's own process


class Noting:
    """A runner of somebody else: does the work at once, and notes the steps that it was given."""

    steps: ClassVar[list[str]] = []

    def __init__(self, count: int, run: Run) -> None:
        pass

    def map(self, job: Callable[[int], Any], numbers: Iterable[int], name: str) -> Iterator[Any]:
        self.steps.append(name)
        yield from map(job, numbers)

    def close(self) -> None:
        pass


def test_a_runner_is_exchanged_by_its_dotted_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATHMILL_RUNNER", "tests.test_cluster.Noting")
    Noting.steps.clear()
    assert toy.run(out=tmp_path / "run").count() == 1781
    assert Noting.steps == ["problems", "solutions"]


def test_a_teacher_is_asked_by_the_runs_own_process_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So there is one limiter, however many workers there are."""
    asked: list[str] = []

    def noted(*words: Any, name: str, **more: Any) -> Any:
        asked.append(name)
        return each(*words, name=name, **more)

    monkeypatch.setattr(asking, "each", noted)
    monkeypatch.setattr(compose, "SHARD", 4)
    monkeypatch.setenv("MATHMILL_CALLS", str(tmp_path / "calls.sqlite"))
    monkeypatch.setenv("MATHMILL_RUNNER", "tests.test_cluster.Noting")
    Noting.steps.clear()
    flames.run(out=tmp_path / "run", teacher="scripted", size=12)
    assert len(asked) >= 2
    assert len(list((tmp_path / "run" / asked[0]).glob("*.parquet"))) == 3
    assert "examples.prints" in Noting.steps
    assert not {*asked} & {*Noting.steps}
