"""What verification catches of a teacher that errs on purpose: the scripted one, whose faults are known.

    python -m tests.benchmarks.catching [--size 3000] [--samples 3]

A tenth of its answers are spoiled. Every solution is judged by the vote of its fellows (the recipe's own route), by its
final answer against the truth, by its written steps, and by the union of vote and steps, which passes what the vote
passes and no step contradicts. A false accept is a wrong answer that a route passes, a false reject an unspoiled
solution that it fails. Of the wrong answers, a `shared_error` is the same in all samples of a problem: no vote can see
it. Wrong steps before a right answer, and broken texts (cut off, no box, refused), are counted apart. Then: how many
planted duplicates and test-set items reached the export, and what became of hostile code.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

from schemas.records import Example, Problem, Solution, Verdict
from schemas.table import Table
from tasks.scripted.stock import stock
from tasks.tools.answers import check
from tasks.tools.rates import wilson
from tasks.verify.text import check_steps

TEST_SET = Path(__file__).parents[3] / "shared" / "data" / "gsm8k" / "test.jsonl"
FAULTS = ("wrong_answer=0.03,shared_error=0.01,wrong_step=0.03,malformed=0.01,truncated=0.01,refusal=0.005,"
          "duplicate=0.01,test_item=0.01,hostile_code=0.01,429=0.02,500=0.02")
RECIPES = ("mugglemath", "mario")
TRUTH = {"wrong_answer": "wrong", "shared_error": "wrong", "cannot_solve": "wrong", "misled": "wrong",
         "wrong_step": "step", "": "right"}  # others are broken


def main() -> None:
    """Two runs, one of worked solutions, one of programs in turns; a table each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=3000)
    parser.add_argument("--samples", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        for recipe in RECIPES:
            _one(recipe, Path(place) / recipe, options.size, options.samples)


def _one(recipe: str, out: Path, size: int, samples: int) -> None:
    flags = ["--seed", "7", "--faults", FAULTS, "--test-items", str(TEST_SET)]
    server = subprocess.Popen([sys.executable, "-m", "tasks.scripted", *flags], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    url = server.stdout.readline().strip()
    try:
        subprocess.run(
            [sys.executable, "-m", "flows", "run", recipe, "--teacher", url, "--model", "scripted", "--size", str(size),
             "--samples", str(samples), "--decontaminate", str(TEST_SET), "--out", str(out)],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_fresh(out))
        with urlopen(f"{url.removesuffix('/v1')}/scripted/spoiled") as answer:
            spoiled = [json.loads(line) for line in answer.read().decode().splitlines()]
    finally:
        server.kill()
    print(f"{recipe}: {Counter(row['kind'] for row in spoiled)}")
    _routes(out, [row for row in spoiled if row["prompt"] != "change"])
    _exported(out, spoiled)


def _fresh(out: Path) -> dict[str, str]:
    return {**os.environ, "MATHMILL_CALLS": str(out.with_suffix(".sqlite"))}


def _key(text: str) -> str:
    return " ".join(text.split())


def _routes(out: Path, spoiled: list[dict[str, str]]) -> None:
    problems = {row.id: row for row in Table(out / "problems", Problem).rows()}
    voted = {row.solution_id: row.status for row in Table(out / "verdicts", Verdict).rows()}
    counts: dict[str, Counter[tuple[str, str]]] = {}
    accepted: Counter[str] = Counter()
    about: dict[str, list[dict[str, str]]] = {}
    for row in spoiled:
        about.setdefault(row["problem"], []).append(row)
    for solution in Table(out / "solutions", Solution).rows():
        kind = _kind(_key(solution.solution), about.get(problems[solution.problem_id].question, []))
        truth = TRUTH.get(kind, "broken")
        for route, status in _judged(solution, problems[solution.problem_id], voted.get(solution.id, "unknown")):
            counts.setdefault(route, Counter())[truth, status] += 1
            accepted[kind] += route == "vote" and status == "passed" and truth == "wrong"
    for route, found in counts.items():
        print(f"  {route:10}", _rate("false accepts", found, "wrong", "passed"), "|",
              _rate("wrong steps passed", found, "step", "passed"), "|",
              _rate("broken passed", found, "broken", "passed"), "|",
              _rate("false rejects", found, "right", "failed"))
    print(f"  wrong answers that the vote passed: {dict(+accepted)}")


def _kind(text: str, spoiled: list[dict[str, str]]) -> str:
    """What was done to a solution of the problem that `spoiled` is about: to its text, or to the last of its turns."""
    return next((row["kind"] for row in reversed(spoiled) if _key(row["text"]) in text), "")


def _judged(solution: Solution, problem: Problem, vote: str) -> Iterator[tuple[str, str]]:
    known = stock().find(problem.question)
    verdict = check(solution.solution, known.answer, problem.question).status if known else "unknown"
    by_answer = {"equal": "passed", "different": "failed"}.get(verdict, "unknown")
    steps = check_steps(solution.solution)
    by_step = "failed" if steps.wrong else "passed" if steps.checked else "unknown"
    union = "failed" if "failed" in (vote, by_step) else vote
    yield from (("vote", vote), ("truth", by_answer), ("by_step", by_step), ("vote+step", union))


def _rate(name: str, found: Counter[tuple[str, str]], truth: str, status: str) -> str:
    total = sum(count for (kind, _), count in found.items() if kind == truth)
    rate = wilson(found[truth, status], total)
    return f"{name} {found[truth, status]} of {total} ({rate.low:.2%} to {rate.high:.2%})"


def _exported(out: Path, spoiled: list[dict[str, str]]) -> None:
    examples = [row.problem for row in Table(out / "clean", Example).rows()]
    items = {_key(json.loads(line)["question"]) for line in TEST_SET.read_text().splitlines()}
    first = _key(stock().drawn[0].question)
    print(f"  exported {len(examples)}: {sum(_key(one) in items for one in examples)} test items, "
          f"{max(0, sum(_key(one) == first for one in examples) - 1)} planted duplicates; "
          f"{len(examples) - len(set(map(_key, examples)))} of equal words", flush=True)
    texts = [row.solution for row in Table(out / "solutions", Solution).rows()]
    got = sum("HOSTILE CODE" in text.partition("```output")[2] for text in texts)
    print(f"  hostile programs that got anything: {got}")


if __name__ == "__main__":
    main()
