"""Lifting: what becomes a template, what is turned down and why, and that a template gives its seed back."""

import json
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from schemas.records import Rejection, Seed, Template
from tasks.instantiate import compiled
from tasks.instantiate.markup import render
from tasks.lift import Unlifted, lift, lifted
from tasks.lift.codes import narrow
from tasks.lift.steps import read_steps
from tasks.lift.trees import leaves, value
from tasks.tools.expressions import compile_program

TRAIN = Path(__file__).resolve().parents[2] / "shared/data/gsm8k/train.jsonl"


def seed(question: str, solution: str) -> Seed:
    return Seed("s1", [], question, solution, solution.rpartition("#### ")[2], "test", "MIT", 1)


BAKER = seed("Lukas bakes 24 rolls in the morning and half as many in the afternoon. He sells each roll for $2. "
             "How much does he earn?",
             "Lukas bakes 24/2 = <<24/2=12>>12 rolls in the afternoon.\nHe bakes 24 + 12 = <<24+12=36>>36 rolls.\n"
             "He earns 36 x $2 = $<<36*2=72>>72.\n#### 72")


def test_a_template_gives_its_seed_back() -> None:
    template = lift(BAKER)
    numbers = {s.name: narrow(Fraction(s.value)) for s in template.slots if s.kind != "name"}
    results = compile_program(template.program)(numbers)
    words = {s.name: s.value for s in template.slots if s.kind == "name"}
    values: dict[str, Any] = {**words, **numbers, **results}
    assert render(template.question, values) == BAKER.question
    assert render(template.solution, values) == BAKER.solution
    assert render(template.answer, values) == "72"


def test_slots_say_where_they_stand_and_what_they_are() -> None:
    slots = {s.name: s for s in lift(BAKER).slots}
    numbers = [s for s in slots.values() if s.kind != "name"]
    found = [(BAKER.question[s.start:s.end], s.kind) for s in numbers]
    assert found == [("24", "count"), ("half", "fraction"), ("2", "money")]
    assert slots["p1"].value == "Lukas"


def test_draws_keep_the_story_true() -> None:
    ready = compiled(lift(BAKER))
    for row in ready.draw(3, 0, 40):
        assert row is not None
        r1 = Fraction(str(row["n1"])) * Fraction(str(row["n2"]))
        assert r1.denominator == 1
        assert r1 > 0


def test_plainly_written_steps_lift_alike() -> None:
    plain = seed(BAKER.question, "Lukas bakes 24 / 2 = 12 rolls in the afternoon. He bakes 24 + 12 = 36 rolls. "
                                 "He earns 36 x $2 = $72.\n#### 72")
    answers = [answer(s.question, s.solution, n1=30, n2=Fraction(1, 3), n3=5) for s in (BAKER, plain)]
    assert answers == [200, 200]


def answer(question: str, solution: str, **values: int | Fraction) -> object:
    """What the lifted program answers for other numbers."""
    return compile_program(lift(seed(question, solution)).program)(values)["answer"]


def test_equal_numbers_are_told_apart_by_their_nouns() -> None:
    found = answer("A crate holds 3 melons and a bag holds 3 lemons. Mira buys 5 crates and 7 bags. "
                   "How many pieces of fruit does she buy?",
                   "The crates hold 5 crates * 3 melons = <<5*3=15>>15 melons.\n"
                   "The bags hold 7 bags * 3 lemons = <<7*3=21>>21 lemons.\n"
                   "She buys 15+21=<<15+21=36>>36 pieces.\n#### 36", n1=2, n2=4, n3=5, n4=7)
    assert found == 5 * 2 + 7 * 4


def test_equal_numbers_that_nothing_tells_apart_are_tied() -> None:
    template = lift(seed("Ede walks 40 km and cycles 40 km in each of 5 weeks. How far does he travel?",
                         "That is 40*5 = <<40*5=200>>200 and 40 for now, then 40*4 = <<40*4=160>>160 "
                         "and 200+160 = <<200+160=360>>360 and 360+40 = <<360+40=400>>400.\n#### 400"))
    numbers = [s.name for s in template.slots if s.kind != "name" and s.value == "40"]
    assert any(f"{a} == {b}" in template.conditions for a in numbers for b in numbers if a != b) or \
        all(f"{n} == 40" in template.conditions for n in numbers)


@pytest.mark.parametrize(("rule", "question", "solution"), [
    ("unbound", "Ali has 6 pens. How many pens are in his bags?", "He has 6*37 = <<6*37=222>>222 pens.\n#### 222"),
    ("answer", "Ali has 6 pens and 3 cups. How many things?", "6+3=<<6+3=9>>9\n#### 10"),
    ("algebra", "Ann is 4 years older than Bo, who is 9. How old is Ann?",
     "Let x be her age.\nx = 9 + 4 = <<9+4=13>>13\n#### 13"),
    ("wrong_arithmetic", "Ali has 6 pens and 3 cups. How many things?", "6+3=<<6+3=10>>10\n#### 10"),
    ("no_numbers", "How many days are in a week?", "5+2=<<5+2=7>>7\n#### 7"),
    ("no_steps", "Ali has 6 pens. How many?", "He has them all.\n#### 6"),
    ("unused_number", "A 35 cm shelf holds 30% novels and 6 atlases. How many atlases do 2 such shelves hold?",
     "They hold 6*2 = <<6*2=12>>12 atlases.\n#### 12"),
    ("unused_result", "Ali has 6 pens and 3 cups and 8 mugs. How many pens and cups?",
     "6*8=<<6*8=48>>48\n6+3=<<6+3=9>>9 things.\n#### 9"),
    ("no_operation", "Ali has 6 pens and 3 cups. Which are more?", "6-3=<<6-3=3>>3\nSo it is <<6=6>>6\n#### 6"),
])
def test_what_is_turned_down_says_why(rule: str, question: str, solution: str) -> None:
    out = lifted(seed(question, solution))
    assert isinstance(out, Rejection)
    assert out.rule == rule
    assert out.reason


def test_legs_wheels_and_ordinals_are_not_drawn() -> None:
    template = lift(seed("A barn holds 6 horses with 4 legs each and 5 hens with 2 legs each. "
                         "How many legs are in the barn?",
                         "Horses: 6 horses * 4 legs = <<6*4=24>>24 legs.\nHens: 5 hens * 2 legs = <<5*2=10>>10 legs.\n"
                         "Together 24 + 10 = <<24+10=34>>34 legs.\n#### 34"))
    held = {s.value for s in template.slots if s.choices == [s.value]}
    assert held == {"4", "2"}


def test_a_number_that_could_make_a_constant_is_kept() -> None:
    template = lift(seed("Maria and her 4 friends each eat 30 plums and 80 grapes. How many pieces do they eat?",
                         "Each eats 30+80 = <<30+80=110>>110 pieces.\n"
                         "They eat 5*110 = <<5*110=550>>550 pieces.\n#### 550"))
    assert all(s.value != "4" or s.choices == ["4"] for s in template.slots)


def test_shares_go_on_fitting_into_the_whole() -> None:
    template = lift(seed("Of 40 pupils 30% walk, 20% cycle and the rest ride the bus. How many ride the bus?",
                         "Walkers and cyclists are 30+20=<<30+20=50>>50 percent.\n"
                         "The rest is 100-50=<<100-50=50>>50 percent.\n"
                         "50/100*40=<<50/100*40=20>>20 pupils ride the bus.\n#### 20"))
    for row in compiled(template).draw(1, 0, 30):
        assert row is None or Fraction(str(row["n2"])) + Fraction(str(row["n3"])) < 100


def test_steps_are_read_from_annotations_and_prose() -> None:
    steps = read_steps("She has 2 boxes/day * 3 days = <<2*3=6>>6. Then $4 x 5 = $20; x + 3 = 9 is none.")
    assert [(s.annotated, str(value(s.left)), s.right.text) for s in steps] == [(True, "6", "6"), (False, "20", "20")]
    assert [site.text for site in leaves(steps[0].left)] == ["2", "3"]
    assert [site.text for site in steps[0].echo] == ["2", "3"]


def test_too_long_is_a_rejection_not_a_hang() -> None:
    with pytest.raises(Unlifted, match="characters"):
        lift(seed("There are 3 pens. " * 500, "3+3=<<3+3=6>>6\n#### 6"))


@pytest.mark.skipif(not TRAIN.exists(), reason="needs ../shared/data/gsm8k/train.jsonl")
def test_real_problems_lift() -> None:
    rows = [json.loads(line) for line in TRAIN.read_text(encoding="utf-8").splitlines()[:300]]
    out = [lifted(seed(row["question"], row["answer"])) for row in rows]
    kinds = Counter(type(o).__name__ for o in out)
    assert kinds["Template"] + kinds["Rejection"] == 300
    assert kinds["Template"] >= 0.70 * 300  # over all 7,473 the bar is 75 % (tests/benchmarks/lifting.py)
    assert all(o.slots and o.program.endswith(tuple("0123456789")) for o in out if isinstance(o, Template))
