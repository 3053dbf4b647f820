"""At which rate, and in how much memory, a data set of short answers is verified.

    .venv/bin/python -m tests.benchmarks.million [--rows 1000000] [--attempts 4] [--at /tmp/million]

Makes a file of short answers (whole numbers, decimals, fractions, LaTeX; three quarters right, some of them written
otherwise), `--attempts` of them at each problem, spread over the whole file. Prints for each stage rows a second and
the peak memory (proportional set size of all processes together). Give several `--rows`: memory must not grow.
"""

import argparse
import json
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from schemas.run import current_run, open_run
from tasks.tools.rates import errors
from tasks.verify import dataset
from tests.benchmarks.scale import Peak


def answers(rng: random.Random, number: int) -> tuple[str, str]:
    """A reference and an answer to it."""
    kind, right = number % 10, rng.random() < 0.75
    value = number % 9_973 + 1_000
    off = 0 if right else 1 + rng.randrange(9)
    if kind < 6:
        return str(value), rng.choice([str(value + off), f"{value + off:,}", f"${value + off}$"])
    if kind < 8:
        return f"{value}.5", f"{value + off}.50"
    if kind == 8:
        return f"{value}/7", f"\\frac{{{value + off}}}{{7}}"
    return f"{value % 7 + 2}\\sqrt{{{value % 9 + 2}}}", f"{value % 7 + 2 + off}√{value % 9 + 2}"


def write(path: Path, rows: int, attempts: int) -> None:
    """The file: attempt by attempt, so that those at one problem lie far apart."""
    rng, problems = random.Random(1), max(rows // attempts, 1)
    with path.open("w") as file:
        for row in range(rows):
            reference, answer = answers(rng, row % problems)
            question = f"Problem {row % problems}: how much is it?"
            file.write(json.dumps({"problem": question, "response": answer, "answer": reference}) + "\n")


def staged(name: str, rows: int, work: Callable[[], Any]) -> Any:
    """What a stage gives; prints what it took."""
    peak, since = Peak(), time.monotonic()
    peak.start()
    made = work()
    seconds = time.monotonic() - since
    peak.over.set()
    peak.join()
    print(f"{name:<10} {seconds:7.1f} s  {rows / seconds:>10,.0f} rows/s  {peak.most:>6,} MiB", flush=True)
    return made


def measure(at: Path, rows: int, attempts: int) -> None:
    """One file of `rows`, verified stage by stage."""
    shutil.rmtree(at, ignore_errors=True)
    at.mkdir(parents=True)
    source = at / "answers.jsonl"
    write(source, rows, attempts)
    print(f"{rows:,} rows, {attempts} attempts a problem, {source.stat().st_size / 1e6:,.0f} MB")
    since = time.monotonic()
    with open_run(at / "run"):
        claims = staged("claims", rows, lambda: dataset.claims(str(source)))
        verdicts = staged("verdicts", rows, lambda: dataset.verdicts(claims))
        agreements = staged("agreements", rows, lambda: dataset.agreements(claims, verdicts))
        votes = staged("votes", rows, lambda: dataset.votes(agreements))
        staged("planted", rows, lambda: dataset.cases(claims))
        staged("summary", rows, lambda: dataset.summed(verdicts, votes))
        notes = current_run().record["notes"]
    seconds = time.monotonic() - since
    print(f"in all     {seconds:7.1f} s  {rows / seconds:>10,.0f} rows/s")
    print(errors(notes["planted"]), notes["summary"]["verdicts"], notes["summary"]["agreement"], sep="\n")
    shutil.rmtree(at)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--attempts", type=int, default=4)
    parser.add_argument("--at", type=Path, default=Path("/tmp/million"))
    options = parser.parse_args()
    for rows in options.rows:
        measure(options.at, rows, options.attempts)


if __name__ == "__main__":
    main()
