"""How many real problems lift, why the rest do not, and whether templates compute right on other people's numbers.

    .venv/bin/python -m tests.benchmarks.lifting [--limit 1000]

Held out: GSM8K *test* problems are lifted; GSM-Hard and GSM-Plus give the same problems with other numbers and an
answer that others computed. Where our conditions admit the new numbers (in GSM-Hard: where it changed one alone, since
it spoils others that are equal), our program's answer is compared. Both sets have wrong answers of their own, so every
disagreement is printed to be read.
"""

import argparse
import json
import re
import time
from collections import Counter
from fractions import Fraction
from pathlib import Path

from schemas.records import Seed, Template
from tasks.instantiate import Broken, bind, problem_of
from tasks.lift import Unlifted, lift
from tasks.tools.numbers import read_numbers

SHARED = Path(__file__).resolve().parents[3] / "shared/data"


def seeds(path: Path, limit: int) -> list[Seed]:
    rows = [json.loads(line) for line in path.read_text().splitlines()][:limit or None]
    return [Seed(f"{path.stem}{line}", [], row["question"], row["answer"], row["answer"].rpartition("#### ")[2],
                 path.stem, "MIT", line) for line, row in enumerate(rows)]


def lifted(rows: list[Seed]) -> tuple[dict[str, tuple[Seed, Template]], Counter[str]]:
    found, why = {}, Counter[str]()
    for seed in rows:
        try:
            found[letters(seed.question)] = seed, lift(seed)
        except Unlifted as reason:
            why[reason.rule] += 1
    return found, why


def letters(text: str) -> str:
    return re.sub(r"[^a-z]+", "", text.lower())


def compare(name: str, templates: dict[str, tuple[Seed, Template]], most: int) -> None:
    outcomes = Counter[str]()
    for line in (SHARED / "benchmarks" / name).read_text().splitlines():
        row = json.loads(line)
        if letters(row["problem"]) in templates:
            outcomes[one(row, *templates[letters(row["problem"])], most)] += 1
    print(name, dict(outcomes.most_common()))


def one(row: dict[str, str], seed: Seed, template: Template, most: int) -> str:
    ours, theirs = read_numbers(seed.question), read_numbers(row["problem"])
    if len(ours) != len(theirs):
        return "other numbers of numbers"
    new = {a.start: b.value for a, b in zip(ours, theirs, strict=True)}
    changed = {a.start for a in ours if a.value != new[a.start]}
    slots = {s.start: s.name for s in template.slots if s.kind != "name"}
    if not 1 <= len(changed) <= most:
        return "no number changed, or too many"
    if not changed <= slots.keys():
        return "the number is no slot"
    try:
        values = bind(template, {name: str(new[at]) for at, name in slots.items()})
    except Broken:
        return "a condition is broken"
    answer = problem_of(template, values, 0, "benchmark").answer
    try:
        right = abs(Fraction(answer) - Fraction(str(row["answer"]))) <= abs(Fraction(answer)) / 1000
    except ValueError:
        return "their answer is no number"
    if not right:
        print(f"DIFFERS ours {answer}, theirs {row['answer']}\n  {row['problem']}\n  {template.program!r}")
    return "same" if right else "DIFFERS"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=int, default=0)
    limit = parser.parse_args().limit
    start = time.process_time()
    rows = seeds(SHARED / "gsm8k/train.jsonl", limit)
    found, why = lifted(rows)
    seconds = time.process_time() - start
    print(f"train: {len(found)} of {len(rows)} lifted ({len(found) / len(rows):.1%}), {seconds:.0f} CPU s")
    print("turned down:", dict(why.most_common()))
    held, why = lifted(seeds(SHARED / "gsm8k/test.jsonl", 0))
    print(f"test: {len(held)} lifted")
    compare("gsm_hard.jsonl", held, 1)
    compare("gsm_plus_testmini.jsonl", held, 99)


if __name__ == "__main__":
    main()
