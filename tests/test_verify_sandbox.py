"""The door through which programs run: what it runs, what it refuses, what it says."""

from dataclasses import replace
from fractions import Fraction

import pytest

from tasks.tools.jail import best_level
from tasks.tools.sandbox import LIMITS, ROWS, Outcome, jailed, run, run_all


@pytest.mark.parametrize(("program", "inputs", "value"), [
    ("r = n / 2\nanswer = r + n", {"n": "48"}, "72"),
    ("answer = n / 5", {"n": "0.5"}, "0.1"),
    ("answer = 1 / 3", {}, "1/3"),
    ("answer = n * 3", {"n": Fraction(1, 3), "p1": "Ama"}, "1"),
    ("answer = sum(a, 2, 3)", {"a": 1}, "6"),
    ("answer = sum(1 for i in range(n) if gcd(i, n) == 1)", {"n": "12"}, "4"),
    ("answer = set_of(2, 1)", {}, "{1, 2}"),
    ("answer = pair(1/2, 3)", {}, "(1/2, 3)"),
    ("answer = poly(2, -3, 5)", {}, "2x^2 - 3x + 5"),
    ("x = sp.Symbol('x')\nanswer = set(sp.solve(sp.Eq(x**2, n), x))", {"n": "4"}, "{-2, 2}"),
    ("x = sp.Symbol('x')\nanswer = sp.diff(x**3 / 3, x)", {}, "x**2"),
    ("answer = sp.Interval(0, sp.oo)", {}, "[0, inf)"),
    ("answer = n * sp.Rational(3, 4)", {"n": Fraction(1, 2)}, "3/8"),
    ("row = [1, 1]\nfor _ in range(3):\n    row[0] = row[0] + row[1]\nanswer = row[0]", {}, "4"),
])
def test_what_runs(program: str, inputs: dict[str, int | Fraction | str], value: str) -> None:
    assert run(program, inputs) == ("ok", value, best_level(), "")


@pytest.mark.parametrize("program", [
    "import os\nanswer = 1", "answer = open('x')", "answer = ().__class__", "answer = 1.5", "while 1: pass",
    "answer = eval('1')", "answer = (lambda: 1)()", "answer = __builtins__", "answer = sp.sympify('exit()')",
    "answer = sp.solve('x**2 - 4')",
    "s = 'exit()'\nanswer = sp.S(s)", "answer = sp.lambdify(1)", "answer = sp.Symbol('a(1)')",
    "def f(): pass", "answer = abs.__self__", "answer = [x for x in ().__class__.__mro__]", "answer = f'{1}'",
    "answer = getattr(sp, 'S')",
    "sp.S = 1\nanswer = 1", "answer =", "answer = 1" + " + 1" * 5000, "global answer", "answer = yes()", "del sp"])
def test_what_is_refused(program: str) -> None:
    outcome = run(program, {})
    assert (outcome.status, outcome.value) == ("refused", "")
    assert outcome.reason


@pytest.mark.parametrize(("program", "reason"), [
    ("answer = 1 / 0", "ZeroDivisionError"), ("x = 1", "'answer'"), ("answer = n", "'n'"),
    ("answer = 2 ** 10 ** 9", "too large"), ("answer = sum(1 for i in range(10 ** 9))", "range"),
    ("answer = 1 == 1", "no exact answer"),
    ("answer = print", "print"), ("answer = sp.Float(1)", "no exact answer")])
def test_what_fails_says_why(program: str, reason: str) -> None:
    outcome = run(program, {})
    assert outcome.status == "failed"
    assert reason in outcome.reason


def test_a_program_leaves_nothing_behind() -> None:
    run("answer = 1\nkept = 2", {})
    assert run("answer = kept", {}).status == "failed"


def test_all_rows_of_a_program_run_at_once_and_in_order() -> None:
    found = run_all("answer = n * n", [{"n": number} for number in range(ROWS + 7)])
    assert [outcome.value for outcome in found] == [str(number * number) for number in range(ROWS + 7)]


def test_a_row_that_breaks_the_jail_costs_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.tools.sandbox.LIMITS", replace(LIMITS, wall=0.6))
    program = "answer = sum(1 for i in range(n) for j in range(n) if i == j)"
    found = run_all(program, [{"n": 3}, {"n": 100_000}, {"n": 4}])
    assert [(outcome.status, outcome.value) for outcome in found] == [("ok", "3"), ("timeout", ""), ("ok", "4")]


def test_without_isolation_only_by_the_word(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("answer = 3", {}, "none") == Outcome("ok", "3", "none", "")
    assert jailed("none", "light").level == "none"
    assert jailed("auto", "light").level == best_level()


@pytest.mark.parametrize("text", ["", "[]", "nonsense", '[["ok", "3"]]', '[["ok", 3, ""]]', "[" * 100_000, '{"0": 1}'])
def test_text_from_the_jail_is_not_trusted(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.tools.sandbox.CODE", f"print({text!r})")
    assert run("answer = 3", {}).status == "crash"
