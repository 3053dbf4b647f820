"""What dedup and decontamination cost: wall time, CPU seconds and peak memory of all processes, by stage.

    python -m tests.benchmarks.dedup [--size 20000 …] [--of RUN] [--add 10000] [--semhash PYTHON] [--folder DIR]

Rows are `size` examples (or problems) of a run, evenly spaced, or made from GSM8K's training questions
(`../shared/data`): every number of each changed at random, and a twentieth of `size` renamed repeats besides. `--add`
then dedups so many other rows alone, and again with what was left of the first ones as a published data set. All is
embedded into an empty file of embeddings. Memory is the sum of proportional set sizes of the process tree, sampled ten
times a second.

`PYTHON` is the interpreter of an environment with `semhash` and `model2vec[distill]`; SemHash stands at its default
threshold, with a static model distilled from the same MiniLM (its default one is on the Hub alone).
"""

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

from schemas.plan import Plan
from schemas.records import Example, Problem, stable_id
from schemas.run import Run, open_run
from schemas.table import Table, write_shard
from tasks import decontaminate, dedup
from tasks.tools.models import locate
from tasks.tools.numbers import read_numbers
from tasks.tools.prints import take
from tasks.tools.signature import pools
from tests.benchmarks.duplicates import STATIC
from tests.repeats import TEST, example, lines

R = TypeVar("R")
SHARD = 5_000


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


SEMHASH = STATIC + """
texts = [json.loads(line) for line in open(sys.argv[3])]
began, cpu = time.monotonic(), time.process_time()
kept = SemHash.from_records(texts, model=model).self_deduplicate().selected
print(f"{'semhash':16} {time.monotonic() - began:7.1f} s wall {time.process_time() - cpu:7.1f} s CPU "
      f"{int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 1024:6.0f} MiB "
      f"{len(kept):9,} kept {len(texts) - len(kept):7,} rejected", flush=True)
"""


def streamed(run: Run, name: str, rows: Iterable[Example]) -> Table[Example]:
    """A table written as its rows come."""
    table, number, source = run.table(name, Example), 0, iter(rows)
    while part := list(islice(source, SHARD)):
        write_shard(table.shard(number), part, Example)
        number += 1
    return table


def first(given: Path | None, size: int, seed: int = 0) -> Iterator[Example]:
    if given is None:
        return made(size, seed)
    if (given / "examples").exists():
        return spaced(Table(given / "examples", Example), size)
    return (example(row.id, row.question, row.answer, row.template_id)
            for row in spaced(Table(given / "problems", Problem), size))


def spaced(table: Table[R], size: int) -> Iterator[R]:
    return islice(table.rows(), 0, None, max(table.count() // size, 1))


def one_size(folder: Path, size: int, given: argparse.Namespace) -> None:
    os.environ["MATHMILL_EMBEDDINGS"] = str(folder / f"{size}.sqlite")
    memory = Memory()
    with open_run(folder / str(size), Plan("benchmark", {"seed": 0})) as run:
        table = streamed(run, "examples", first(given.of, size))
        print(f"\n{table.count():,} rows in {len(table.shards())} shards; load {os.getloadavg()[0]:.1f}")
        measured("prints", lambda: take(table), memory)
        distinct = measured("dedup", lambda: dedup.by_meaning(table), memory)
        if TEST.exists() and not given.dedup_alone:
            measured("decontaminate", lambda: decontaminate.against(distinct, test_sets=[str(TEST)]), memory)
        for key, value in run.record["notes"].items():
            print(f"  {key}: {value}")
    if given.add:
        added(folder, size, given)
    if given.semhash:
        texts = folder / "texts.jsonl"
        texts.write_text("".join(json.dumps(row.problem) + "\n" for row in table.rows()))
        subprocess.run([given.semhash, "-c", SEMHASH, str(locate().folder), str(folder / "static"), str(texts)],
                       check=True)


def added(folder: Path, size: int, given: argparse.Namespace) -> None:
    """New rows by themselves, and beside what was left of the first ones."""
    rows = list(first(given.more, given.add) if given.more else made(given.add, seed=1))
    for name, published in (("alone", []), ("beside", [str(folder / str(size))])):
        os.environ["MATHMILL_EMBEDDINGS"] = str(folder / f"{size}-{name}.sqlite")
        shutil.rmtree(folder / name, ignore_errors=True)
        memory = Memory()
        with open_run(folder / name, Plan("benchmark", {"seed": 0})) as run:
            table = streamed(run, "examples", rows)
            measured(f"added, {name}", lambda table=table, published=published: dedup.by_meaning(
                table, published=published), memory)
            print(f"  {run.record['notes']['distinct.search']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, nargs="+", default=[20_000])
    parser.add_argument("--of", type=Path, help="folder of a run whose `examples`, or `problems`, to take")
    parser.add_argument("--add", type=int, default=0, help="rows that are added to what was left")
    parser.add_argument("--more", type=Path, help="folder of a run of whose `examples` these are")
    parser.add_argument("--semhash", help="an interpreter that has it")
    parser.add_argument("--dedup-alone", action="store_true", help="no decontamination")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp())
    for size in given.size:
        one_size(folder, size, given)
    if not given.folder:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
