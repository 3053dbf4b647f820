"""What dedup and decontamination cost: wall time, CPU seconds and peak memory of all processes, by stage.

    python -m tests.benchmarks.dedup [--size 20000] [--of RUN] [--folder DIR]

Rows are made from GSM8K's training questions (`../shared/data`), every number of each changed at random, `size` in all
and a twentieth of that renamed repeats, guarded against GSM8K's test set; or the `examples` of a run. Memory is the sum
of proportional set sizes of the process tree, sampled ten times a second.
"""

import argparse
import os
import random
import resource
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

from schemas.plan import Plan
from schemas.records import Example, stable_id
from schemas.run import open_run
from schemas.table import Table
from tasks import decontaminate, dedup
from tasks.tools.numbers import read_numbers
from tasks.tools.prints import take
from tasks.tools.signature import pools
from tests.repeats import TEST, example, examples, lines

R = TypeVar("R")


def changed(question: str, chance: random.Random) -> tuple[str, int]:
    """The question with every plain whole number drawn anew, and a number that stands for its answer."""
    pieces, place, total = [], 0, 0
    for mention in read_numbers(question):
        if mention.style == "digits" and mention.role != "label":
            drawn = chance.randint(2, max(9, 2 * int(mention.value)))
            pieces += [question[place:mention.start], str(drawn)]
            place, total = mention.end, total * 7 + drawn
    return "".join((*pieces, question[place:])), total


def made(size: int, seed: int = 0) -> Iterator[Example]:
    chance = random.Random(seed)
    questions = [row["question"] for row in lines(TEST.with_name("train.jsonl"))]
    people = sorted(pools().people)
    for i in range(size):
        at = i % len(questions)
        question, answer = changed(questions[at], chance)
        yield example(stable_id("example", i), question, str(answer), f"template_{at}")
        if i % 20 == 0:
            words = [chance.choice(people) if word in pools().people else word for word in question.split(" ")]
            yield example(stable_id("example", i, "renamed"), " ".join(words), str(answer), "")


class Memory(threading.Thread):
    """Samples the peak of a process tree's proportional set size, in MiB."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0.0
        self.start()

    def run(self) -> None:
        while True:
            self.peak = max(self.peak, sum(map(_pss, _tree(os.getpid()))))
            sleep(0.1)


def _tree(root: int) -> list[int]:
    try:
        found = Path(f"/proc/{root}/task").glob("*/children")
        return [root, *(inner for path in found for child in path.read_text().split() for inner in _tree(int(child)))]
    except OSError:
        return []


def _pss(process: int) -> float:
    try:
        return int(Path(f"/proc/{process}/smaps_rollup").read_text().split("Pss:")[1].split()[0]) / 1024
    except (OSError, IndexError):
        return 0.0


def measured(name: str, work: Callable[[], Table[R]], memory: Memory) -> Table[R]:
    began, cpu, memory.peak = monotonic(), _cpu(), 0.0
    table = work()
    rejected = table.rejections.count() if table.rejections.path.exists() else 0
    print(f"{name:16} {monotonic() - began:7.1f} s wall {_cpu() - cpu:7.1f} s CPU {memory.peak:6.0f} MiB "
          f"{table.count():9,} kept {rejected:7,} rejected", flush=True)
    return table


def _cpu() -> float:
    """Of this process and of those that ended; workers that still run are counted when they end."""
    return sum(use.ru_utime + use.ru_stime for use in map(resource.getrusage, (resource.RUSAGE_SELF,
                                                                              resource.RUSAGE_CHILDREN)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--of", type=Path, help="folder of a run whose table `examples` to take")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp())
    memory = Memory()
    with open_run(folder / "run", Plan("benchmark", {"seed": 0})) as run:
        table = Table(given.of / "examples", Example) if given.of else examples(run, list(made(given.size)), 5_000)
        print(f"{table.count():,} rows in {len(table.shards())} shards")
        measured("prints", lambda: take(table), memory)
        distinct = measured("dedup", lambda: dedup.by_meaning(table), memory)
        measured("decontaminate", lambda: decontaminate.against(distinct, test_sets=[str(TEST)]), memory)
        for key, value in run.record["notes"].items():
            print(f"  {key}: {value}")
    if not given.folder:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
