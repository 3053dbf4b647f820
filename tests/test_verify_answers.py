"""Final answers: read out of solutions, compared as what they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.tools.answers.canonical import bare, equivalent, final, same

EQUAL = [("72", "72.0"), ("1,200", "1200"), ("3/4", "0.75"), ("20%", "20.0%"), ("{1, 2}", "{2, 1}"),
         ("(1, 2)", "(1,2)"), ("[0, inf)", "[0, ∞)"), ("2x^2 - 3x + 5", "5-3*x+2*x**2"), ("2√3", "√12"),
         ("2√3", "2*sqrt(3)"), ("√2/2", "1/√2"),
         ("(1/2)x^2", "x^2/2"), ("yes", "Yes."), ("-3", "−3"), ("{√4, 1}", "{1, 2}"), ("007", "7"), ("{}", "{ }")]
DIFFERENT = [("72", "73"), ("20%", "20"), ("{1, 2}", "(1, 2)"), ("(1, 2)", "(2, 1)"), ("[0, 1)", "[0, 1]"),
             ("yes", "no"), ("2x^2", "2x^2 + 1"), ("0.333", "1/3"), ("{1}", "{1, 2}"), ("inf", "-inf"), ("{}", "{0}"),
             ("(1, 2)", "(1, 2, 3)"), ("√2", "1.41421356"), ("x", "y")]
UNDECIDED = [("12", "twelve"), ("x + y = 3", "3"), ("1/0", "3"), ("5 apples", "5"), ("9" * 3000, "1")]


@pytest.mark.parametrize(("pairs", "status", "truth"), [
    (EQUAL, "equal", True), (DIFFERENT, "different", False), (UNDECIDED, "unknown", None)])
def test_pairs(pairs: list[tuple[str, str]], status: str, truth: bool | None) -> None:
    for a, b in pairs:
        assert (equivalent(a, b), equivalent(b, a), same(a, b)) == (status, status, truth), (a, b)


@given(st.fractions(max_denominator=10**6), st.fractions(max_denominator=10**6))
def test_numbers_are_compared_exactly(a: object, b: object) -> None:
    assert same(str(a), str(b)) is (a == b)


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_text_breaks_the_judge(a: str, b: str) -> None:
    assert equivalent(a, b) in {"equal", "different", "unknown"}
    assert equivalent(a, a) == "equal"


@pytest.mark.parametrize(("text", "quantity"), [
    ("$1,200.50", "1200.50"), ("72%", "72"), ("5 apples", "5"), ("-$3", "-3"), ("3/4 cup", "3/4"), ("18.", "18"),
    ("x^2 + 1", "x^2 + 1"), ("{1, 2}", "{1, 2}"), ("3 hours 20 minutes", "3 hours 20 minutes"), ("Monday", "Monday")])
def test_bare_quantities(text: str, quantity: str) -> None:
    assert bare(text) == quantity


@pytest.mark.parametrize(("solution", "answer"), [
    ("It is 70 + 2 = 72.\n#### 72", "72"), ("#### 5\nNo:\n#### 6 apples", "6 apples"), ("So the answer is **5**.", "5"),
    ("nothing", ""), ("####", "")])
def test_final_answers(solution: str, answer: str) -> None:
    assert final(solution) == answer
