"""Instantiate beside reasoning-gym's gsm_symbolic, in turns within one run, in items a second of CPU time on one core.

    python -m venv /tmp/rg && /tmp/rg/bin/pip install reasoning-gym
    .venv/bin/python -m tests.benchmarks.instantiate [TEMPLATES] [--peer /tmp/rg/bin/python] [--draws 20]

TEMPLATES is a folder of templates (`templates/` of a run); without it, copies of the handmade ones. An item is a
question, its worked solution and its answer. gsm_symbolic gives them as dicts; here as records (Problem and Solution
with their ids and values), and once as plain text. "cold" includes making every template ready, which a process does
once; "warm" does not. Templates are drawn `--draws` times each.
"""

import argparse
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from schemas.records import Template
from schemas.table import Table
from tasks.instantiate.compiled import Compiled
from tasks.instantiate.write import pairs
from tests.handmade import handmade

PEER = """
import reasoning_gym, sys, time
for line in sys.stdin:
    started = time.process_time()
    count = sum(1 for item in reasoning_gym.create_dataset("gsm_symbolic", size=int(line.split()[0]),
                                                           seed=int(line.split()[1])) if item["answer"])
    print(count / (time.process_time() - started), flush=True)
"""
ROUNDS = 5
PEER_ITEMS = 20_000


class Peer:
    """gsm_symbolic in a process of its own, asked for one round at a time."""

    def __init__(self, python: str) -> None:
        self.process = subprocess.Popen([python, "-c", PEER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def rate(self, seed: int) -> float:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{PEER_ITEMS} {seed}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def rate(work: Callable[[], int]) -> float:
    started = time.process_time()
    return work() / (time.process_time() - started)


def records(ready: Sequence[Compiled], seed: int, draws: int) -> int:
    return sum(len(pairs(one, one.take(seed, draws), "benchmark")[0]) for one in ready)


def texts(ready: Sequence[Compiled], seed: int, draws: int) -> int:
    count = 0
    for one in ready:
        batch = one.take(seed, draws)
        count += len(one.texts.run(batch.columns, len(batch.numbers), (0, 1, 2))[0])
    return count


def cold(templates: Sequence[Template], seed: int, draws: int) -> int:
    """As a run does it: make ready, draw, write, forget."""
    count = 0
    for template in templates:
        ready = Compiled(template)
        count += len(pairs(ready, ready.take(seed, draws), "benchmark")[0])
    return count


def chosen(folder: str, most: int) -> list[Template]:
    if folder:
        return list(Table(Path(folder), Template).rows())[:most]
    base = handmade()
    return [replace(item, id=f"{item.id} {copy}") for copy in range(most // len(base)) for item in base]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("templates", nargs="?", default="")
    parser.add_argument("--peer", default="/tmp/rg/bin/python")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--most", type=int, default=1500)
    given = parser.parse_args()
    templates = chosen(given.templates, given.most)
    started = time.process_time()
    ready = [Compiled(template) for template in templates]
    for one in ready:
        one.take(0, 1)
        one.texts.run(one.take(0, 1).columns, 1, (0, 1, 2))
    made_ready = (time.process_time() - started) / len(ready)
    ways: dict[str, Callable[[int], float]] = {
        "warm, texts": lambda seed: rate(lambda: texts(ready, seed, given.draws)),
        "warm, records": lambda seed: rate(lambda: records(ready, seed, given.draws)),
        "cold, records": lambda seed: rate(lambda: cold(templates, seed, given.draws)),
    }
    peer = Peer(given.peer) if Path(given.peer).exists() else None
    if peer:
        peer.rate(0)
        ways = {"gsm_symbolic": peer.rate, **ways}
    found: dict[str, list[float]] = {name: [] for name in ways}
    for seed in range(1, ROUNDS + 1):
        for name, way in ways.items():
            found[name].append(way(seed))
    print(f"{len(templates):,} templates, {given.draws} draws each; making one ready takes {made_ready * 1e6:,.0f} us")
    base = statistics.median(found["gsm_symbolic"]) if peer else 0.0
    for name, rates in found.items():
        ratio = f"   {statistics.median(rates) / base:.2f} x gsm_symbolic" if base else ""
        print(f"{name:15s} {statistics.median(rates):10,.0f} items/s  ({min(rates):,.0f} to {max(rates):,.0f}){ratio}")


if __name__ == "__main__":
    main()
