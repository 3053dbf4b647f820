"""Kills a real run at random moments, repeats the command each time, and compares what comes out with an unbroken run.

    python -m tests.benchmarks.kill --kills 20 --at /tmp/kill -- mathmill run lifted --size 10000 --out {out}

`{out}` stands for the run's folder. Prints a line a kill, and fails if a finished shard was written again, a process
outlived its host, or any file but run.json differs from the unbroken run's.
"""

import argparse
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.processes import left_of, marks, rewritten

SHORTEST = 0.5  # seconds: sooner, not even the interpreter is up


def main(words: Sequence[str]) -> int:
    options, command = _options(words)
    whole, broken = options.at / "unbroken", options.at / "killed"
    for folder in (whole, broken):
        shutil.rmtree(folder, ignore_errors=True)
    seconds = _run(command, whole)
    print(f"unbroken: {seconds:.1f} s, {len(marks(whole))} shards")
    faults = _kills(command, broken, options.kills, random.Random(options.seed), options.span or seconds / 4)
    before = marks(broken)
    print(f"the last run, not killed: {_run(command, broken):.1f} s after {len(before)} finished shards")
    faults += [f"written again at the end: {name}" for name in rewritten(before, marks(broken))]
    faults += [f"differs from the unbroken run: {name}" for name in _differing(whole, broken)]
    print("\n".join(faults) or f"no fault: {len(_files(whole))} files equal byte for byte")
    return 1 if faults else 0


def _options(words: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="of the random moments")
    parser.add_argument("--span", type=float, help="the latest moment of a kill, in seconds; else a quarter of a run")
    parser.add_argument("--at", type=Path, required=True, help="a folder for the two runs")
    parser.add_argument("command", nargs="+", help="after --, with {out} for the run's folder")
    options = parser.parse_args(words)
    return options, options.command


def _kills(command: Sequence[str], folder: Path, kills: int, moments: random.Random, span: float) -> list[str]:
    faults, before = [], marks(folder)
    for number in range(1, kills + 1):
        moment = moments.uniform(SHORTEST, span)
        process = _start(command, folder)
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            process.kill()
        ended = process.wait()
        left, after = left_of(process.pid), marks(folder)
        again = rewritten(before, after)
        print(f"kill {number:2d} after {moment:6.2f} s: {len(after):4d} finished shards, {len(again)} of them written "
              f"again, {len(left)} processes left" + ("" if ended < 0 else f"; it had ended with {ended}"), flush=True)
        faults += [f"kill {number}: written again: {name}" for name in again]
        faults += [f"kill {number}: process {pid} outlived its host" for pid in left]
        if ended == 0:
            shutil.rmtree(folder)  # nothing is left to kill: begin anew
        before = marks(folder)
    return faults


def _start(command: Sequence[str], folder: Path) -> "subprocess.Popen[bytes]":
    words = [word.replace("{out}", str(folder)) for word in command]
    return subprocess.Popen(words, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _run(command: Sequence[str], folder: Path) -> float:
    since = time.monotonic()
    code = _start(command, folder).wait()
    if code:
        raise SystemExit(f"the command ended with {code} on its own: {' '.join(command)}")
    return time.monotonic() - since


def _files(folder: Path) -> list[str]:
    names = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if name not in ("run.json", ".lock"))


def _differing(one: Path, other: Path) -> list[str]:
    names = sorted({*_files(one), *_files(other)})
    both = [name for name in names if (one / name).exists() and (other / name).exists()]
    return [name for name in names if name not in both or (one / name).read_bytes() != (other / name).read_bytes()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
