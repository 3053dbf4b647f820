"""What a text says apart from its wording: numbers, and words without numbers, names and things that pools exchange."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.tools.answers import canonical, equivalent
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


@pytest.mark.parametrize("spellings", [
    ("7/2", "3.50", "3 1/2", r"\frac{7}{2}", r"3\frac12", "$3.5$", r"\$3.50", "x = 3.5", "7:2"),
    ("1200", "1,200", "$1,200", "1{,}200", "1200.00", "1200 dollars"),
    ("1/2", "0.5", ".5", r"\tfrac12", "$\\frac{1}{2}$"),
    ("5", "five", "$x=5$", "5.", "5 km"),
    ("50", "50%", r"50\%", "50 percent"),
    ("{1, 2}", "{2,1}", r"\{1,2\}", "1 and 2", "2, 1"),
    (r"2\sqrt{2}", r"\sqrt{8}", r"2\cdot\sqrt2"),
    ("-4", "−4", "-4.0"),
    ("(1,2)", "(1, 2)"), ("A", "(A)"), ("x+1", "1 + x"), ("[0,1)", "[0, 1)"), ("Yes", "yes"),
])
def test_answers_that_are_one(spellings: tuple[str, ...]) -> None:
    assert {canonical(one) for one in spellings} == {canonical(spellings[0])}


@pytest.mark.parametrize(("one", "other"), [
    ("1, 2", "12"), ("(1,2)", "(2,1)"), ("[0,1)", "(0,1)"), ("1101_2", "13"), ("x+1", "x-1"), ("4", "-4"), ("", "0"),
    (r"\lfloor x \rfloor", r"\lceil x \rceil - 1"), ("2^{100}", "2^{100}+1"), ("north", "south"),
])
def test_answers_that_differ(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@given(st.text(alphabet="0123456789./-{}\\frac,x=$% ", max_size=12), st.text(alphabet="0123456789.,/%$", max_size=6))
def test_a_key_for_any_text(one: str, other: str) -> None:
    """Whatever is written: the same key again, and one key only where the judge does not say "different"."""
    assert canonical(one) == canonical(one)
    if canonical(one) == canonical(other):
        assert equivalent(one, other).status != "different"


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    found = read(text)
    assert plain_text(found.plain) == found.plain
    assert -2**63 <= key(found.plain) < 2**63
