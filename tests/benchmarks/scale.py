"""Whether the cost of a row grows with the size of a run: instantiate, solve, verify, write; 10k, 100k, 1M problems.

    .venv/bin/python -m tests.benchmarks.scale TEMPLATES [--sizes 10000 100000 1000000] [--at /tmp/scale]

TEMPLATES is the folder `templates/` of a run. Prints, for each size, the seconds of each step, problems a second, and
the peak memory (proportional set size of all processes together).
"""

import argparse
import shutil
import threading
import time
from pathlib import Path

import psutil

from schemas.records import Template, Verdict
from schemas.run import current_run
from schemas.table import Table
from tasks import instantiate, verify
from tasks.tools.orchestrator import recipe

STEPS = ("capacities", "quotas", "problems", "solutions", "verdicts")


@recipe(summary="Instantiate and verify alone.")
def scale(templates: str, size: int = 10_000, seed: int = 0) -> Table[Verdict]:
    found = Table(Path(templates), Template)
    problems = instantiate.templates(found, size=size, seed=seed)
    solutions = instantiate.solutions(problems, found)
    verdicts = verify.by_both(problems, solutions, found)
    steps = current_run().steps
    print("  ".join(f"{name} {steps[name].seconds:.1f} s" for name in STEPS))
    return verdicts


class Peak(threading.Thread):
    """The most memory that this process and its children held, in MiB, looked at twice a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most, self.over = 0, threading.Event()

    def run(self) -> None:
        me = psutil.Process()
        over = False
        while not over:  # a last look after the end, so that a short stage is seen too
            over = self.over.wait(0.5)
            held = sum(_pss(process.pid) for process in (me, *me.children(recursive=True)))
            self.most = max(self.most, held // 1024)


def _pss(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("templates", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--at", type=Path, default=Path("/tmp/scale"))
    options = parser.parse_args()
    for size in options.sizes:
        out = options.at / str(size)
        shutil.rmtree(out, ignore_errors=True)
        peak = Peak()
        peak.start()
        start = time.monotonic()
        verdicts = scale.run(out=out, templates=str(options.templates.resolve()), size=size)
        seconds = time.monotonic() - start
        peak.over.set()
        rows = verdicts.count() // 2
        print(f"{rows:>9,} problems: {seconds:.1f} s, {rows / seconds:,.0f}/s, {seconds / rows * 1e6:.0f} µs each, "
              f"{peak.most} MiB")
        shutil.rmtree(out)


if __name__ == "__main__":
    main()
