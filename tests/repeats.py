"""Examples for the tests of dedup and decontamination: a table from texts, and a run to hold it."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from schemas.plan import Plan
from schemas.records import Example
from schemas.run import Run, open_run
from schemas.table import Table, write_shard

DATA = Path(__file__).parents[2] / "shared" / "data"
TEST = DATA / "gsm8k" / "test.jsonl"
REPHRASED = DATA / "benchmarks" / "gsm8k_rephrased_lmsys.jsonl"
PLUS = DATA / "benchmarks" / "gsm_plus_testmini.jsonl"
# GSM-Plus has eight variants of each problem; in the first two problems they stand in another order.
VARIANTS = ("numbers", "digits", "decimals", "operation", "reversed", "paraphrase", "distractor", "critical")
FIRST_VARIANT = 16


def example(id: str, problem: str, answer: str = "0", template: str = "") -> Example:
    return Example(id, [], problem, "", answer, "integer", "", "program", [], template, "", "", 0, "base", "test", "",
                   "")


def examples(run: Run, rows: Sequence[Example], shard: int = 50, name: str = "examples") -> Table[Example]:
    table = run.table(name, Example)
    for number, start in enumerate(range(0, max(len(rows), 1), shard)):
        write_shard(table.shard(number), rows[start:start + shard], Example)
    return table


@contextmanager
def a_run(folder: Path) -> Iterator[Run]:
    with open_run(folder, Plan("test", {"seed": 0})) as run:
        yield run


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def final(answer: str) -> str:
    return answer.rpartition("####")[2].strip()
