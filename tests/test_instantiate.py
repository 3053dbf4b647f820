"""Draws: pure, distinct, true to domains and conditions, the same on every machine; texts and answers as by hand."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records import Template
from tasks.instantiate import pools, problem_of, solution_of
from tasks.instantiate.compiled import Compiled, TemplateError
from tasks.instantiate.domains import domain, number
from tasks.instantiate.draw import Shuffle, drawer
from tasks.instantiate.write import pairs, solutions_of
from tasks.tools.expressions import evaluate
from tests.handmade import by_hand, clips, handmade, slot, template

ALL = handmade()
ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("made", ALL, ids=lambda made: made.name)
def test_texts_and_answers_are_those_made_by_hand(made: Template) -> None:
    ready = Compiled(made)
    batch = ready.take(7, 30)
    problems, solutions = pairs(ready, batch, "test")
    assert len(problems) == 30
    for row, (problem, solution) in enumerate(zip(problems, solutions, strict=True)):
        values = {item.name: batch.columns[item.name][row] for item in made.slots}
        question, worked, answer = by_hand(made, values)
        assert (problem.question, solution.solution) == (question, worked)
        assert solution_of(problem, made) == solution
        if not isinstance(answer, str):
            assert number(problem.answer) == answer
            assert number(solution.answer.replace(",", "")) == answer
    assert solutions_of(problems, made) == solutions


@pytest.mark.parametrize("made", ALL, ids=lambda made: made.name)
def test_draws_keep_domains_and_conditions(made: Template) -> None:
    ready = Compiled(made)
    for values in ready.draw(3, 0, 60):
        if values is None:
            continue
        assert ready.broken(values, preferred=True) is None
        names = {**values, **{name: column[0] for name, column in
                              ready.program.run({key: [value] for key, value in values.items()}, 1).items()}}
        assert all(evaluate(text, names) for text in made.conditions)
        for item in made.slots:
            if item.kind not in ("name", "object", "place") and item.name not in ready.ties:
                assert domain(item).place(values[item.name]) >= 0  # type: ignore[arg-type]


@pytest.mark.parametrize("made", ALL, ids=lambda made: made.name)
def test_row_i_is_a_pure_function(made: Template) -> None:
    whole = Compiled(made).draw(11, 0, 40)
    assert [Compiled(made).draw(11, row, 1)[0] for row in range(0, 40, 7)] == whole[::7]
    assert Compiled(made).draw(11, 13, 20) == whole[13:33]
    assert Compiled(made).draw(12, 0, 40) != whole
    assert Compiled(replace(made, id="another")).draw(11, 0, 40) != whole


@pytest.mark.parametrize("made", ALL, ids=lambda made: made.name)
def test_draws_are_distinct(made: Template) -> None:
    ready = Compiled(made)
    count = min(ready.capacity, 3000)
    batch = ready.take(5, count)
    assert len(batch.numbers) == count
    kept = [item.name for item in made.slots if item.kind not in ("name", "object", "place")]
    assert len(set(zip(*[batch.columns[name] for name in kept], strict=True))) == count


def test_capacity_of_a_small_space_is_exact() -> None:
    ready = Compiled(clips())
    assert ready.capacity == 100  # the even numbers from 2 to 200
    assert sorted(ready.take(1, 1000).columns["n1"]) == list(range(2, 201, 2))
    assert Compiled(clips("lifted")).capacity == 99  # the seed's own 48 is not drawn


def test_tied_slots_are_drawn_once() -> None:
    made = next(item for item in ALL if item.name == "same")
    batch = Compiled(made).take(1, 50)
    assert batch.columns["n1"] == batch.columns["n2"]


def test_preferences_bind_draws_only() -> None:
    made = replace(clips(), preferences=["n1 > 150"])
    assert min(Compiled(made).take(1, 1000).columns["n1"]) > 150
    assert problem_of(made, {"p1": "Ada", "n1": 48}, 0, "test").answer == "72"


def test_what_the_sieve_cannot_lower_is_asked_row_by_row() -> None:
    made = replace(clips(), program="r1 = n1/2\nr2 = n1 + (r1 if n1 > 9 else binomial(n1, 2))\nanswer = r2",
                   conditions=["is_int(r1)", "n1 < 50 or factorial(3) > 7"])
    ready = Compiled(made)
    assert ready.sieve is None
    assert sorted(ready.take(2, 100).columns["n1"]) == list(range(2, 50, 2))


OPS = st.sampled_from(["+", "-", "*", "/", "//", "%"])


@st.composite
def programs(draw: st.DrawFn) -> tuple[str, list[str]]:
    names, lines = ["n1", "n2", "n3"], []
    for step in range(draw(st.integers(1, 4))):
        left, right = draw(st.sampled_from(names)), draw(st.sampled_from([*names, "2", "3", "100"]))
        lines.append(f"r{step} = {left} {draw(OPS)} {right}")
        names.append(f"r{step}")
    checks = st.sampled_from([f"{{}} {op} {{}}" for op in ("<", ">", "==", "!=", "<=")])
    functions = st.sampled_from(["is_int({})", "not is_int({}/3)", "is_int({}*2)", "floor({}) > 1",
                                 "ceil({}) < 9", "abs({}) > 2", "max({}, n1) > 3", "round_to(abs({}), 1) != 2",
                                 "numerator({}) > 1", "denominator({}) == 1", "sum(({}, n2)) > 0"])
    conditions = [draw(checks).format(draw(st.sampled_from(names)), draw(st.sampled_from([*names, "3"])))]
    conditions += [draw(functions).format(draw(st.sampled_from(names))) for _ in range(draw(st.integers(0, 2)))]
    return "\n".join([*lines, f"answer = {names[-1]}"]), conditions


@given(programs(), st.sampled_from(["1..6", "-3..3", "0.5..4/0.5", "0.5, 1/3, 2, -1/4"]))
@settings(max_examples=200, deadline=None)
def test_the_sieve_agrees_with_the_exact_language(made: tuple[str, list[str]], domain_text: str) -> None:
    program, conditions = made
    slots = [slot("n1", "number", "1", domain_text), slot("n2", "number", "1", "1..5"),
             slot("n3", "number", "1", "-2..4/3")]
    ready = Compiled(template("random", "{n1} {n2} {n3}?", "#### {answer}", slots, program, conditions))
    expected = []
    for place in range(ready._space.size):
        import numpy as np

        columns = ready._numbers(ready._tops(np.array([place])))
        expected.append(ready.broken({name: column[0] for name, column in columns.items()}) is None)
    found = set() if ready.drawer.whole is None else set(ready.drawer.whole.tolist())
    assert found == {place for place, valid in enumerate(expected) if valid}


@given(st.integers(1, 5000), st.integers(0, 2**64 - 1))
@settings(max_examples=50, deadline=None)
def test_a_shuffle_is_a_permutation(size: int, key: int) -> None:
    import numpy as np

    places = Shuffle(size, key)(np.arange(size))
    found = places[places >= 0]
    assert len(set(found.tolist())) == len(found)
    assert found.max(initial=0) < size
    assert len(found) >= size * 0.5 or size < 50


def test_large_spaces_find_rare_draws() -> None:
    import numpy as np

    rare = drawer(10**9, lambda places: places % 5000 == 7, lambda: np.arange(0))
    found = rare.places(1, 0, 200)
    assert (found >= 0).sum() > 180
    assert all(found[found >= 0] % 5000 == 7)
    assert len(set(found[found >= 0].tolist())) == (found >= 0).sum()
    none = drawer(10**9, lambda places: np.zeros(len(places), dtype=bool), lambda: np.arange(0))
    assert none.capacity <= 0
    assert list(none.places(1, 0, 3)) == [-1, -1, -1]


def test_a_condition_that_names_the_value() -> None:
    slots = [slot("n1", "count", "25", "2..5000"), slot("n2", "count", "5", "2..5000")]
    made = template("named", "{n1} and {n2}?", "#### {answer}", slots, "answer = n1 + n2", ["50/2 == n1", "n2 == n2"])
    ready = Compiled(made)
    assert ready.drawer.space == 4999
    assert ready.take(1, 40).columns["n1"] == [25] * 40
    wrong = Compiled(replace(made, conditions=["n1 == 1/3"]))
    assert wrong.capacity == 0


def test_few_valid_bindings_in_a_large_space() -> None:
    slots = [slot(f"n{place}", "count", "5", "1..200") for place in (1, 2, 3, 4)]
    made = template("few", "{n1} {n2} {n3} {n4}?", "#### {answer}", slots, "answer = n1*n2", ["n1*n2 == 17*n3*n4"])
    ready = Compiled(made)
    assert ready.drawer.whole is not None
    assert ready.capacity >= 15
    rows = [row for row in ready.draw(3, 0, 15) if row]
    assert len({tuple(row.values()) for row in rows}) == 15


def test_more_slots_than_numbers_of_bindings() -> None:
    slots = [slot(f"n{place}", "count", "5", "1..9999999") for place in range(1, 7)]
    made = template("wide", "".join(f"{{{item.name}}} " for item in slots) + "?", "#### {answer}", slots,
                    "answer = n1 + n6", ["n1 > n6", "n2 != n5"])
    ready = Compiled(made)
    rows = [row for row in ready.draw(1, 0, 200) if row]
    assert len(rows) > 190
    assert all(row["n1"] > row["n6"] for row in rows)  # type: ignore[operator]
    assert len({row["n6"] for row in rows}) > 180


def test_names_are_apart_and_not_the_texts_own() -> None:
    names = [slot(f"p{place}", "name", "Ada", "any") for place in range(1, 9)]
    text = " ".join(f"{{{item.name}}}" for item in names) + " and Nadia see {n1} owls?"
    made = template("crowd", text, "#### {answer}", [*names, slot("n1", "count", "5", "2..3000")], "answer = n1", [])
    batch = Compiled(made).take(1, 2000)
    for row in zip(*[batch.columns[item.name] for item in names], strict=True):
        assert len(set(row)) == len(row)
        assert "Nadia" not in row


def test_pools() -> None:
    female, male = pools.words("name", "female"), pools.words("name", "male")
    assert min(len(female), len(male)) >= 300
    assert not set(female) & set(male)
    classes = sorted({pool for pool, _ in pools.classes().values()})
    entries = [entry for pool in classes for entry in pools.words("object", pool)]
    assert all(entry.count("|") == 1 for entry in entries)
    assert len(set(entries)) == len(entries)
    assert pools.free("object", "poultry", frozenset({"geese"})) == tuple(
        entry for entry in pools.words("object", "poultry") if entry != "goose|geese")


@pytest.mark.parametrize(("change", "message"), [
    ({"question": "{n9}?"}, "`n9` is neither"), ({"conditions": ["n1 > zz"]}, "`zz` is neither"),
    ({"program": "answer = n1 +"}, "cannot read"),
    ({"program": "r = late\nlate = 1\nanswer = r"}, "before it is known"),
    ({"conditions": ["n1 >"]}, "cannot read"), ({"question": "{n1"}, "stray"),
])
def test_a_template_that_does_not_hold_together(change: dict[str, object], message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        assert Compiled(replace(clips(), **change)).capacity  # type: ignore[arg-type]


SCRIPT = """
import hashlib
from tests.handmade import handmade
from tasks.instantiate.compiled import Compiled
from tasks.instantiate.write import pairs
told = [repr(pairs(ready, ready.take(3, 40), "x")) for ready in map(Compiled, handmade())]
print(hashlib.sha256("".join(told).encode()).hexdigest())
"""


def test_the_same_in_every_process() -> None:
    def told(hash_seed: str) -> str:
        run = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True,
                             env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)})
        return run.stdout.strip()

    here = "".join(repr(pairs(ready, ready.take(3, 40), "x")) for ready in map(Compiled, handmade()))
    assert {told("0"), told("4711")} == {hashlib.sha256(here.encode()).hexdigest()}


def test_draws_look_spread() -> None:
    """Every even number of the domain turns up about equally often over many seeds: no slot runs in step."""
    counts: dict[object, int] = {}
    for seed in range(400):
        for value in Compiled(clips()).take(seed, 5).columns["n1"]:
            counts[value] = counts.get(value, 0) + 1
    assert len(counts) == 100
    assert max(counts.values()) < 50
    made = next(item for item in ALL if item.name == "weeks")
    batch = Compiled(made).take(1, 2000)
    mean = Fraction(sum(batch.columns["n1"]), 2000)
    assert abs(mean - 32) < 2
