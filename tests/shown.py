"""A small finished run with something under every heading of a report, and texts that try to break the page."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from schemas.manifest import read_manifest, write_manifest
from schemas.plan import Plan
from schemas.records import (
    Conflict,
    Example,
    Planted,
    Problem,
    Rejection,
    Seed,
    Solution,
    SolveRate,
    Verdict,
    reject,
)
from schemas.run import open_run
from tasks.tools.each import by_row, each, whole
from tasks.tools.rates import noted, wilson

TAKEN = "<script>document.title='taken'</script>"
HOSTILE = (
    TAKEN, "</style></script></textarea><img src=x onerror=\"document.title='taken'\"><svg onload=alert(1)>",
    rf"\(\text{{{TAKEN}}}\) \(\href{{javascript:alert(1)}}{{x}}\) \(", "\\(" * 4000, "$" * 5000, r"\[\frac{1}{2",
    "$" + r"\frac{1}{" * 60 + "2" + "}" * 60 + "$", r"\(\begin{matrix}" + "a&" * 280 + r"\end{matrix}\)",
    "\u202egnorw eb ylerus tonnac siht ,dlo era uoy woH", "כמה תפוחים יש לדנה? كم تفاحة؟ \\(x^2\\)", "x" * 4000,
    "{{ 7 * 191 }} {% raw %} &lt;b&gt; \x00 \x1b[31m", '"><a href="javascript:alert(1)">',
    "Plain: $\\frac{3}{4}$ of 8?")
ROWS = 60


def _seed(texts: Sequence[str], number: int) -> Seed:
    return Seed(f"seed_{number}", [], texts[number % len(texts)], "1 + 1 = 2", "2", f"made {TAKEN}", "MIT", number + 1)


def _problem(seed: Seed) -> Problem:
    return Problem(f"problem_{seed.line:03}", [seed.id], f"No. {seed.line}. {seed.question}", "2", "integer", "",
                   "program", "program", f"family_{seed.line % 7}", seed.id, "", "made", "instantiate", "base", 0, "{}",
                   0, "", "")


def _solution(row: Problem) -> Solution:
    return Solution(f"solution_{row.id}", [row.id], row.id, row.question, "2", "made", "instantiate", "base", "", "")


def _verdict(row: Solution) -> Verdict:
    return Verdict(f"verdict_{row.id}", [row.problem_id, row.id], row.problem_id, row.id, "by_text", "passed", "2", "",
                   "")


def _rate(row: Problem) -> SolveRate:
    passed = int(row.id[-3:]) % 9
    return SolveRate(f"rate_{row.id}", [row.id], row.id, "made", "2", 8, passed, 0, passed / 8, 0.0, 1.0)


def _planted(row: Solution) -> Planted:
    place = int(row.id[-3:])
    return Planted(f"planted_{row.id}", [row.id], "equal" if place % 2 else "different", "sign", row.solution, "2",
                   "by_text", "passed" if place % 2 or place == 10 else "failed", "2", "")


def _example(row: Problem, worked: Solution) -> Example:
    place = int(row.id[-3:])
    return Example(f"example_{place:03}", [row.id, worked.id], row.question, worked.solution, r"\frac{1}{2}", "integer",
                   TAKEN, "program", ["by_text"], row.template_id, row.seed_id, f"topic {place % 3}", place % 5 + 1,
                   "base", "made", f"made {TAKEN}", "MIT")


def _distinct(row: Example) -> Example | Rejection:
    """Every tenth repeats the first, half of these with another answer."""
    place = int(row.id[-3:])
    if place % 10:
        return row
    return reject(row.id, "distinct", "exact" if place % 20 else "conflict", f"the same text {TAKEN}", score=1.0,
                  content=json.dumps(asdict(row)), twin_id="example_001", twin=HOSTILE[1])


def _conflict(row: Example) -> list[Conflict]:
    return [Conflict(f"conflict_{row.id}", [row.id, "example_001"], row.id, row.problem, "3", "example_001", HOSTILE[1],
                     row.answer, "same_text", 1.0, False)] if row.id.endswith("0") else []


def _clean(row: Example) -> Example | Rejection:
    return reject(row.id, "clean", "ngram", "13 words in a row", content=row.problem, twin_id="svamp:1",
                  twin=HOSTILE[2], score=0.9) if row.id.endswith("5") else row


def shown_run(folder: Path, texts: Sequence[str] = HOSTILE, rows: int = ROWS) -> Path:
    """A finished run of `rows` rows before dedup, whose texts are taken from `texts` in turn."""
    with open_run(folder, Plan("made", {"size": rows, "seed": 0, "name": f"of {TAKEN}"})) as run:
        seeds = whole(lambda: map(partial(_seed, texts), range(rows)), into=Seed, name="seeds")
        problems = each(by_row(_problem), seeds, into=Problem, name="problems", processes=False)
        worked = each(by_row(_solution), problems, into=Solution, name="solutions", processes=False)
        each(by_row(_verdict), worked, into=Verdict, name="verdicts", processes=False)
        each(by_row(_rate), problems, into=SolveRate, name="rates", processes=False)
        each(by_row(_planted), worked, into=Planted, name="planted", processes=False)
        examples = each(by_row(_example), problems, worked, into=Example, name="examples", processes=False)
        each(by_row(_conflict), examples, into=Conflict, name="conflicts", processes=False,
             expected=lambda rows: sum(len(_conflict(row)) for row in rows))
        distinct = each(by_row(_distinct), examples, into=Example, name="distinct", processes=False)
        each(by_row(_clean), distinct, into=Example, name="clean", processes=False)
        run.note("clean.test_sets", {"svamp": {"items": 1000, "exact": 0, "ngram": rows // 10}})
        run.note("calls", [{"step": "solve", "model": f"made {TAKEN}", "calls": rows, "hits": 2, "prompt_tokens": 900,
                            "completion_tokens": 800, "cost": 0.25}])
        run.note("planted", {"share": 1, "cases": rows, "false_accept": noted(wilson(1, rows // 2)),
                             "false_reject": noted(wilson(0, rows // 2)), "undecided": 0, "by_how": []})
    return folder


def left_running(folder: Path, pid: int) -> None:
    """Makes a finished run look like one that process `pid` was at when it was killed."""
    record = {key: value for key, value in read_manifest(folder).items() if key not in ("files", "ended")}
    write_manifest(folder, {**record, "state": "running"})
    (folder / ".lock").write_text(f"{pid}\n")
