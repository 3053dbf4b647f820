"""How shards on Dask scale, beside the ideal and beside this machine's own worker processes; and a worker killed.

    .venv/bin/python -m tests.benchmarks.cluster [--rounds 3] [--shards 50] [--seconds 0.2] [--at /tmp/cluster]

Two kinds of shard: `busy` computes for so many seconds of CPU, `waiting` sleeps, which shows what the runner itself
costs where cores are short. Prints medians of the rounds; all shards run on workers that have started before. Ideal:
shards × seconds / workers, for `busy` / cores at most. In the end one of two workers is killed with -9 mid-run.
"""

import argparse
import os
import shutil
import signal
import statistics
import threading
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import psutil

from schemas.records import Seed
from schemas.run import open_run
from tasks.tools import each as loop
from tasks.tools.each import each, whole
from tests.processes import contents, wait_for

WORKERS = (1, 2, 4)
RUNNERS = ("processes", "dask")
ROWS = 20  # of a shard


def busy(rows: list[Seed], seconds: float) -> Iterable[Seed]:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(1000))
    return rows


def waiting(rows: list[Seed], seconds: float) -> Iterable[Seed]:
    time.sleep(seconds)
    return rows


KINDS = {"busy": busy, "waiting": waiting}


def measured(folder: Path, runner: str, workers: int, kind: str, shards: int, seconds: float,
             kill: bool = False) -> tuple[float, float]:
    """Seconds until all workers had answered, and seconds of the step itself."""
    os.environ.update(MATHMILL_RUNNER=runner, MATHMILL_WORKERS=str(workers))
    shutil.rmtree(folder, ignore_errors=True)
    with open_run(folder):
        seeds = whole(lambda: [Seed(f"s{n}", [], "?", "!", "1", "toy", "", n) for n in range(shards * ROWS)],
                      into=Seed, name="seeds", shard=ROWS)
        few = whole(lambda: seeds.read(0) * (4 * workers + 1), into=Seed, name="few", shard=ROWS)
        began = time.monotonic()
        each(partial(waiting, seconds=0.05), few, into=Seed, name="warm")
        since = time.monotonic()
        if kill:
            threading.Thread(target=_kill, args=(folder / "made" / f"part-{shards // 4:05d}.parquet",)).start()
        each(partial(KINDS[kind], seconds=seconds), seeds, into=Seed, name="made")
        return since - began, time.monotonic() - since


def _kill(after: Path) -> None:
    wait_for(after, 600)
    workers = [child for child in psutil.Process().children(recursive=True) if child.num_threads() > 3]
    os.kill(workers[0].pid, signal.SIGKILL)
    print(f"  killed one of {len(workers)} workers when {after.name} was there")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shards", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=0.2)
    parser.add_argument("--at", type=Path, default=Path("/tmp/cluster"))
    options = parser.parse_args()
    loop.PATIENCE = -1.0  # the first shard starts the workers, none of the next is done here
    cores = len(os.sched_getaffinity(0))
    cases = [(kind, runner, count) for kind in KINDS for runner in RUNNERS for count in WORKERS]
    steps: dict[tuple[str, str, int], list[float]] = {case: [] for case in cases}
    starts: dict[str, list[float]] = {runner: [] for runner in RUNNERS}
    tables: dict[str, bytes] = {}
    for number in range(options.rounds):
        load = os.getloadavg()[0]
        for case in cases:
            start, step = measured(options.at / "run", case[1], case[2], case[0], options.shards, options.seconds)
            steps[case].append(step)
            starts[case[1]].append(start)
            tables = tables or _made(options.at / "run")
            assert _made(options.at / "run") == tables, f"other bytes: {case}"
        print(f"round {number + 1}: load average {load:.1f} before, {os.getloadavg()[0]:.1f} after", flush=True)
    _print(steps, starts, options.shards, options.seconds, cores)
    _, step = measured(options.at / "run", "dask", 2, "busy", options.shards, options.seconds, kill=True)
    same = "the same bytes" if _made(options.at / "run") == tables else "OTHER BYTES"
    print(f"kill -9 of one of two Dask workers: {step:.1f} s, {same} in {len(tables)} shards")
    shutil.rmtree(options.at)


def _made(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in contents(folder).items() if name.startswith("made")}


def _print(steps: dict[tuple[str, str, int], list[float]], starts: dict[str, list[float]], shards: int, seconds: float,
           cores: int) -> None:
    print(f"{shards} shards of {seconds} s, {cores} cores; medians")
    print("kind     runner     workers   wall s   ideal s   speed-up   ideal   ms a shard over ideal")
    for (kind, runner, count), times in steps.items():
        abreast = min(count, cores) if kind == "busy" else count
        wall, ideal = statistics.median(times), -(-shards // abreast) * seconds
        speed = statistics.median(steps[kind, runner, 1]) / wall
        print(f"{kind:8} {runner:10} {count:7} {wall:8.1f} {ideal:9.1f} {speed:10.2f} {abreast:7} "
              f"{(wall - ideal) / shards * 1000:12.0f}")
    for runner, seen in starts.items():
        print(f"start of {runner}: {statistics.median(seen):.1f} s (with a few short shards)")


if __name__ == "__main__":
    main()
