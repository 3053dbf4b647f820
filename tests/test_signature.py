"""What a text says apart from its wording: numbers, and words without numbers, names and things that pools exchange."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.tools.prints import canonical
from tasks.tools.signature import key, nameless, ngrams, numberless, plain_text, read


@pytest.mark.parametrize(("one", "other"), [
    ("He has 3 pens.", "  he has 3 PENS "),
    ("“Why?” — he’d say", '"Why?" - he\'d say'),
    ("5² = 25", "5^2 = 25"),
    ("x − 3", "x - 3"),
    ("1½ cups", "1 1/2 cups"),
])
def test_wordings_that_are_one(one: str, other: str) -> None:
    assert plain_text(one) == plain_text(other)


@pytest.mark.parametrize(("one", "other"), [
    ("x^2 - 3x", "x^2 + 3x"), ("2.5 kg", "25 kg"), ("5²", "52"), ("1½", "11/2"), ("3 < x", "3 > x"), ("$5", "5"),
])
def test_wordings_that_differ(one: str, other: str) -> None:
    assert plain_text(one) != plain_text(other)


@pytest.mark.parametrize(("text", "numbers", "block"), [
    ("She paid $1,200 for a dozen.", "1200 12", "12 1200"),
    ("Twice as many as ten, and one more.", "2 10 1", "10 2"),
    ("the pair (-3, 2)", "-3 2", "-3 2"),
    ("a 4-inch nail, 3-5 days", "4 3 5", "3 4 5"),
    ("no numbers here", "", ""),
])
def test_numbers(text: str, numbers: str, block: str) -> None:
    found = read(text)
    assert (found.numbers, found.block) == (numbers, block)


def test_instances_of_one_template_have_one_mask() -> None:
    texts = ["Amina's 3 pears cost $4. How much do James' 12 pears cost, at 1 price?",
             "Henrik's 25 plums cost $7. How much do Zoe's 2 plums cost, at 1 price?"]
    assert len({read(text).masked for text in texts}) == 1
    assert read(texts[0]).masked == "A # apples cost $# how much do B # apples cost at # price"


def test_roles_tell_masks_apart() -> None:
    gives = "Amina gives Henrik 3 pens. How many has {} now?"
    assert read(gives.format("Amina")).masked != read(gives.format("Henrik")).masked
    assert nameless(read(gives.format("Amina")).masked) == nameless(read(gives.format("Henrik")).masked)


def test_months_and_formulas_are_no_names() -> None:
    assert read("Today in March it rained, said Amina.").masked == "today in march it rained said A"
    assert read("In triangle ABC, AB = 3.").masked == "in triangle abc ab = #"


def test_ngrams_count_neither_numbers_nor_names() -> None:
    assert list(ngrams(read("Amina is 3 years older than Henrik").masked, 4)) == [("is", "years", "older", "than")]
    assert list(ngrams("too short", 4)) == []


def test_numberless_keeps_names() -> None:
    assert numberless("Amina has 3 pens.") == "amina has # pens"


@pytest.mark.parametrize(("one", "other"), [("3.50", "7/2"), ("$1,200", "1200"), ("72.0", "72"), ("{1, 2}", "{1,2}")])
def test_answers_that_are_one(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)
    assert canonical("1, 2") != canonical("12")


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    found = read(text)
    assert plain_text(found.plain) == found.plain
    assert -2**63 <= key(found.plain) < 2**63
