"""What verification costs and catches on real solutions: `python -m tests.benchmarks.verify [FILE] [--mutants N]`.

FILE is JSONL with `question` and an `answer` whose gold stands behind "####"; default ../shared/data/gsm8k/train.jsonl.
Times are CPU time of one process, the best of several passes over 2,000 solutions with the caches of whole equations
emptied before each: other work on the machine only ever makes them larger. A reference loop shows how busy it was.
"""

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tasks.instantiate import compiled
from tasks.instantiate.write import pairs
from tasks.tools import answers, exact
from tasks.tools.equations import equations, statements
from tasks.tools.prose import claims
from tasks.tools.sandbox import run
from tasks.verify.program import by_program, route_of
from tasks.verify.text import by_text, check_solution
from tests.handmade import handmade

TRAIN = Path(__file__).parents[3] / "shared/data/gsm8k/train.jsonl"
PASSES = 7
TIMED = 2_000
Row = tuple[str, str, str]
PROGRAM = "n3 = n1 / n2\nr1 = n3 + n1\nr2 = r1 * 12 / 100\nanswer = r1 - r2"


def rows(path: Path) -> list[Row]:
    """(question, solution, gold) of each line."""
    found = [json.loads(line) for line in path.read_text().splitlines()]
    return [(row["question"], row["answer"], row["answer"].rpartition("####")[2].strip()) for row in found]


def cost(work: Callable[[Any], object], items: Iterable[Any]) -> float:
    """µs of CPU per item, the best of `PASSES`."""
    items, best = list(items), float("inf")
    for _ in range(PASSES):
        exact.check.cache_clear()
        since = time.process_time()
        for item in items:
            work(item)
        best = min(best, time.process_time() - since)
    return best / len(items) * 1e6


def times(data: list[Row]) -> Iterator[tuple[str, float]]:
    """What each part costs."""
    sample = data[:TIMED]
    texts = [solution for _, solution, _ in sample]
    found = [{statement[:3]: None for statement in statements(text)} for text in texts]
    yield "reading: scan of the words", cost(claims, texts)
    yield "reading: statements (scan and annotations)", cost(statements, texts)
    yield "checking: sympy, each distinct equation once", cost(
        lambda some: [exact.check(left, right, sign) for left, sign, right in some], found)
    yield "final answer", cost(lambda row: answers.check(row[1], row[2], row[0]), sample)
    yield "text route, in all", cost(lambda row: check_solution(*row), sample)
    yield "sandbox: a program of four lines", cost(
        lambda i: run(PROGRAM, {"n1": str(4 * i), "n2": "4"}), range(TIMED))
    drawn = [(*pair, route_of(template)) for template in handmade()
             for pair in zip(*pairs(compiled(template), compiled(template).take(1, 200), "benchmark"), strict=True)]
    yield "problems drawn by hand-made templates: program route", cost(lambda one: by_program(*one), drawn)
    yield "the same: text route", cost(lambda one: by_text(*one[:2]), drawn)


def mutant(row: Row, rng: random.Random) -> tuple[str, str, Row] | None:
    """(where, what, row) with one digit of one equation or of the final answer changed; None without digits."""
    question, solution, gold = row
    spans = [("annotation" if found.annotated else "words", span)
             for found in equations(solution) for span in found.left_at + found.right_at]
    tail = solution.rindex("####")
    spans += [("final answer", (tail, len(solution)))]
    kind, (start, end) = rng.choice(spans)
    digits = [i for i in range(start, end) if solution[i].isdigit()]
    if not digits:
        return None
    place = rng.choice(digits)
    digit = rng.choice([other for other in "0123456789" if other != solution[place]])
    changed = f"{solution[:place]}{digit}{solution[place + 1:]}"
    line = changed[changed.rfind("\n", 0, place) + 1:].partition("\n")[0]
    return kind, f"{solution[place]} -> {digit} in: {line}", (question, changed, gold)


def mutants(data: list[Row], number: int) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Statuses of `number` mutants by where the digit was, and those that did not fail."""
    rng, counts, missed = random.Random(7), Counter[tuple[str, str]](), list[str]()
    sound = [row for row in data if check_solution(*row).status == "passed"]
    while counts.total() < number:
        made = mutant(rng.choice(sound), rng)
        if made:
            kind, told, row = made
            status = check_solution(*row).status
            counts[kind, status] += 1
            if status != "failed":
                missed.append(f"{kind}, {status}: {told}")
    return counts, missed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=TRAIN)
    parser.add_argument("--mutants", type=int, default=2_000)
    given = parser.parse_args()
    data = rows(given.file)
    since = time.process_time()
    sum(range(3_000_000))
    print(f"reference loop: {(time.process_time() - since) * 1e3:.0f} ms")
    for name, took in times(data):
        print(f"{took:8.1f} µs  {name}")
    found = [(number, check_solution(*row)) for number, row in enumerate(data, 1)]
    print(f"\n{given.file.name}: {len(data)} solutions,", dict(Counter(finding.status for _, finding in found)),
          f"{sum(finding.checked for _, finding in found)} equations decided,",
          f"{sum(finding.checked == 0 for _, finding in found)} solutions without one")
    for number, finding in found:
        if finding.status != "passed":
            print(f"  line {number}: {finding.status}, {finding.reason}")
    counts, missed = mutants(data, given.mutants)
    print(f"\n{given.mutants} mutants (one digit changed):")
    for (kind, status), count in sorted(counts.items()):
        print(f"  {kind}: {status} {count}")
    print(*(f"  not failed: {line}" for line in missed), sep="\n")


if __name__ == "__main__":
    main()
