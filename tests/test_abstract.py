"""Templates by a model: what it says must give the seed back and come to its answer; one repair; partial bindings."""

from fractions import Fraction
from typing import Any

import pytest

from schemas.records import Rejection, Seed, Template
from tasks.asking import Unfit, talked
from tasks.compose import abstract
from tasks.instantiate import bind, compiled, problem_of, solution_of
from tests.pretend import Pretend

QUESTION = "A stall sells 1,200 pears at $0.50 each and keeps 3 of 4 boxes. What does it take in dollars?"
SEED = Seed("s1", [], QUESTION, "1200 * 0.5 = 600\n#### 600", "600", "own", "MIT", 7)
GOOD: dict[str, Any] = {
    "question": QUESTION.replace("1,200", "{{pears}}").replace("0.50", "{{price}}"),
    "program": "income = pears * price\nanswer = income", "conditions": ["pears > 10"],
    "numbers": [{"name": "pears", "value": "1,200", "low": "100", "high": "5000", "whole": True},
                {"name": "price", "value": "0.50", "low": "0.10", "high": "2", "whole": False}]}
MENDED = {"mistake": "A sum instead of a product.", "program": GOOD["program"]}


def made(model: Pretend, seed: Seed = SEED) -> Any:
    [row] = talked(abstract.abstracted, [(seed,)], model.ask_all, "templates")
    return row


def test_a_template_gives_the_seed_back_and_draws_anew() -> None:
    row = made(Pretend(generalise=GOOD))
    assert isinstance(row, Template), row
    assert row.parents == ["s1"]
    assert (row.seed_id, row.source, row.licence) == ("s1", "own", "MIT")
    again = problem_of(row, bind(row, {}), 0, "test")
    assert (again.question, again.answer) == (QUESTION, "600")
    other = problem_of(row, bind(row, {"pears": "300", "price": "0.2"}), 1, "test")
    assert "300 pears at $0.20 each" in other.question
    assert other.answer == "60"
    assert solution_of(other, row).solution == "Income: 300 * 0.2 = <<300*0.2=60>>60\n#### 60"


def test_the_solution_is_the_program_in_words_with_equations() -> None:
    row = made(Pretend(generalise=GOOD))
    assert row.solution == "Income: {pears} * {price} = <<{pears}*{price}={income}>>{income}\n#### {answer}"


def test_draws_stay_on_the_seeds_own_grid() -> None:
    row = made(Pretend(generalise=GOOD))
    pears, price = row.slots
    assert (pears.low, pears.step) == ("100", "1")
    assert (Fraction(price.low), price.step) == (Fraction(1, 10), "1/100")
    assert (Fraction(price.value) - Fraction(price.low)) % Fraction(price.step) == 0


@pytest.mark.parametrize(("change", "rule"), [
    ({"question": QUESTION.replace("1,200", "{{pears}}")}, "names"),
    ({"question": str(GOOD["question"]).replace("stall", "shop")}, "not_faithful"),
    ({"question": str(GOOD["question"])[:-9]}, "not_faithful"),
    ({"question": str(GOOD["question"]).replace("3 of", "2 of")}, "not_faithful"),
    ({"numbers": []}, "no_number"),
    ({"numbers": [{**GOOD["numbers"][0], "low": "2000"}, GOOD["numbers"][1]]}, "range"),
    ({"numbers": [{**GOOD["numbers"][0], "name": "a b"}, GOOD["numbers"][1]]}, "range"),
    ({"conditions": ["open('/etc/passwd')"]}, "template"),
])
def test_what_does_not_give_the_seed_back_is_refused(change: dict[str, Any], rule: str) -> None:
    row = made(Pretend(generalise={**GOOD, **change}))
    assert isinstance(row, Rejection), row
    assert row.rule == rule


@pytest.mark.parametrize("program", ["answer = pears + price", "answer = pears * cost", "import os\nanswer = 1",
                                     "answer = pears *", "answer = __import__('os')", "answer = 1 / 0"])
def test_a_wrong_program_is_mended_once(program: str) -> None:
    bad = {**GOOD, "program": program}
    model = Pretend(generalise=bad, mend_program=MENDED)
    assert isinstance(made(model), Template)
    assert model.names() == ["generalise", "mend_program"]
    row = made(Pretend(generalise=bad, mend_program={**MENDED, "program": program}))
    assert isinstance(row, Rejection)
    assert row.rule == "program"


def test_a_mender_is_told_what_happened() -> None:
    model = Pretend(generalise={**GOOD, "program": "answer = pears + price"}, mend_program=MENDED)
    made(model)
    assert "comes to 2401/2, not to 600" in model.asked[1].turns[0].text or "1200.5" in model.asked[1].turns[0].text


def test_parts_of_the_numbers_stay_the_seeds() -> None:
    row = made(Pretend(generalise=GOOD))
    whole, *parts = abstract.partly(row)
    assert whole == row
    kept = [one for one in parts if isinstance(one, Template)]
    assert len(parts) == abstract.SUBSETS
    assert [[slot.choices for slot in one.slots] for one in kept] == [[["1200"], []], [[], ["1/2"]]]
    assert all(one.parents == [row.id] and one.mode == "partial" for one in kept)
    for one in kept:
        compiled(one)


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(Unfit):
        abstract.slots_of({"numbers": [{"name": "x", "value": "many", "low": "1", "high": "2", "whole": True}]})
