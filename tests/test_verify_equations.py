"""Equations in text: what is read, what is rightly left alone, and what holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.tools.equations import FormulaError, equations, numbers, parse_expression, statements
from tasks.tools.exact import check
from tasks.tools.formulas import Mark, Name, Num, Op


def read(text: str) -> list[tuple[str, str, str]]:
    return [(found.left, found.sign, found.right) for found in equations(text)]


@pytest.mark.parametrize(("text", "left", "right"), [
    ("48 / 2 = 24", "48/2", "24"),
    ("0.2 x 50 = 10", "0.2*50", "10"),
    ("$5 × 3 = $15", "5*3", "15"),
    ("He has 20% of 50 = 10 coins", "20%*50", "10"),
    ("50 percent of 8 = 4", "50%*8", "4"),
    ("1/2 * 8 = 4", "1/2*8", "4"),
    ("1,200 + 300 = 1,500", "1200+300", "1500"),
    ("8 apples * 2 = 16 apples", "8*2", "16"),
    ("7 stickers/page * 6 pages= 42 stickers to the 6 other pages", "7*6", "42"),
    ("5 apples/day x 7 days = 35", "5*7", "35"),
    ("a 15-year-old plus 3 years = 18", "15+3", "18"),
    ("2(3+4) = 14", "2(3+4)", "14"),
    ("(5 apples + 3 apples) * 2 = 16", "(5+3)*2", "16"),
    ("so 220 – 22 = 198 litres are left", "220-22", "198"),
    ("1 1/2 * 8 = 12", "1 1/2*8", "12"),
    ("25 / 1/3 = 75", "25/(1/3)", "75"),
    ("6 km/ 1/30 hour = 180 km", "6/(1/30)", "180"),
    ("-5 + 3 = -2", "-5+3", "-2"),
    ("√(9+16) = 5", "√(9+16)", "5"),
    ("sqrt(9+16) = 5", "√(9+16)", "5"),
    ("2^3 = 8", "2^3", "8"),
    ("12 cm * 3 cm = 36 cm^2", "12*3", "36"),
    ("5! = 120", "5!", "120"),
    ("10 ÷ 4 = 2.5", "10/4", "2.5"),
    ("- 5 + 3 = 8", "5+3", "8"),
    ("he has 5 (3 + 2 = 5) apples", "3+2", "5"),
    ("P(both) = 1/2 * 1/3 = 1/6", "1/2*1/3", "1/6"),
    ("Day 2 = 4 * 2 = 8", "4*2", "8"),
    ("2 hours = 2 * 60 = 120 minutes", "2*60", "120"),
    ("48/2 = $<<24>>24", "48/2", "24"),
])
def test_one_equation_in_words(text: str, left: str, right: str) -> None:
    assert read(text) == [(left, "=", right)]


@pytest.mark.parametrize("text", [
    "x + 3 = 10", "5x = 7200", "5x - 3 = 12", "2E = 42", "(2*x)-3=15", "price * 2 = 10", "5 * price + 3 = 8",
    "f(3) = 7", "C(5,2) = 10", "half of 4 + 6 = 5", "5 less than 3 * 2 = 1", "2 dozen + 6 = 30", "1 hour = 60 minutes",
    "1/2 hour = 30 minutes", "$1 / 2 = 50 cents", "80 000 x 20/100 = 16 000", "12 x 1 and 1/4 = 15", "0900-0130 = 0730",
    "3:30 + 5 = 8", "a_5 = 3", "10% of the 400 + 1580 = 198", "no equation here", "=", "5 =", "= 5", "a = b = c",
    "100 -6 60 = 40", "2/3 = 0.666...", "10 pages on day 1 * 2 = 20", "<<x>>", "<<5 apples=>>", "5 & 3 = 8 & 1",
])
def test_what_is_no_plain_sum_is_left_alone(text: str) -> None:
    assert read(text) == []


def test_a_chain_gives_an_equation_for_each_sign() -> None:
    assert read("2*3 = 6 = 12/2 ≈ 6") == [("2*3", "=", "6"), ("6", "=", "12/2"), ("12/2", "≈", "6")]


def test_annotations_are_read_with_the_words_around_them() -> None:
    text = "She sold 48/2 = $<<48/2=24>>24 clips.\nThat is <<(x+1)^2 = x^2+2x+1>>so."
    found = equations(text)
    assert [(one.left, one.right, one.annotated) for one in found] == [
        ("48/2", "24", False), ("48/2", "24", True), ("(x+1)^2", "x^2+2x+1", True)]


def test_spans_cover_the_numbers_of_the_text() -> None:
    text = "Sam paid $1,200 + $.50 = <<1200+.5=1200.5>>$1,200.50 and then 1 1/2 cups x 4 = 6 cups."
    shown = [[text[start:end] for start, end in one.left_at + one.right_at] for one in equations(text)]
    assert shown == [["1,200", ".50", "1,200.50"], ["1200", ".5", "1200.5"], ["1 1/2", "4", "6"]]
    for one in equations(text):
        literals = numbers(parse_expression(one.left)) + numbers(parse_expression(one.right))
        assert len(literals) == len(one.left_at + one.right_at)


def test_the_number_behind_an_annotation_must_be_its_result() -> None:
    assert [tuple(one[:3]) for one in statements("<<48/2=24>>25")] == [("48/2", "=", "24"), ("24", "=", "25")]
    assert len(statements("<<1000+200=1200>>1,200")) == 1
    assert len(statements("<<3/4=0.75>>3/4")) == 1  # a fraction behind it is not read


@pytest.mark.parametrize(("text", "tree"), [
    ("-2^2", Mark("-", Op("^", Num("2", 1, 2), Num("2", 3, 4)))),
    ("6/2(1)", Op("*", Op("/", Num("6", 0, 1), Num("2", 2, 3)), Num("1", 4, 5))),
    ("2x", Op("*", Num("2", 0, 1), Name("x"))),
    ("3 - 2 - 1", Op("-", Op("-", Num("3", 0, 1), Num("2", 4, 5)), Num("1", 8, 9))),
    ("20% of $50", Op("*", Mark("%", Num("20", 0, 2)), Num("50", 8, 10))),
])
def test_trees(text: str, tree: object) -> None:
    assert parse_expression(text) == tree


@pytest.mark.parametrize("text", [
    "", "5 +", "*3", "5 & 4", "((3)", ")", "5 5", "(" * 60 + "1" + ")" * 60, "1+" * 2000 + "1"])
def test_what_is_no_formula_says_where(text: str) -> None:
    with pytest.raises(FormulaError, match=r"character|deep|longer"):
        parse_expression(text)


@pytest.mark.parametrize(("left", "right", "sign", "holds"), [
    ("48/2", "24", "=", True), ("48/2", "25", "=", False), ("10/3", "3.33", "=", True), ("10/3", "3.34", "=", False),
    ("10/3", "3", "=", False), ("10/3", "3", "≈", True), ("0.125*1", "0.12", "=", True), ("0.125*1", "0.13", "=", True),
    ("0.125*1", "0.14", "=", False), ("20%*50", "10", "=", True), ("60/300*100", "20%", "=", True),
    ("100-20%", "80%", "=", True), ("1/3", "33.33%", "=", True), ("1/3", "33.4%", "=", False),
    ("(x+1)^2", "x^2+2x+1", "=", True), ("(x+1)^2", "x^2+2x+2", "=", False), ("x", "3", "=", None),
    ("2x+1", "7", "=", None), ("√48", "4√3", "=", True), ("√2", "1.41", "=", True), ("√2", "1.42", "=", False),
    ("π*9", "28.26", "=", None), ("2*pi*3", "6pi", "=", True), ("1/0", "3", "=", False), ("9^9^9", "1", "=", None),
    ("999!", "1", "=", None), ("(a+b+c)^90", "1", "=", None), ("1/x+1/y", "(x+y)/(xy)", "=", True),
    ("-3/2", "-1.5", "=", True), ("-2.5*1", "-2.4", "=", False), ("20/3", "6.66", "=", False),
])
def test_what_holds(left: str, right: str, sign: str, holds: bool | None) -> None:
    assert check(left, right, sign).holds is holds


whole = st.integers(1, 9999)


@given(whole, whole, st.sampled_from("+-*/"))
def test_any_sum_is_read_alike_in_every_dress(a: int, b: int, sign: str) -> None:
    plain = [(f"{a}{sign}{b}", "=", "7")]
    assert read(f"{a} {sign} {b} = 7") == plain
    assert read(f"So it is ${a:,}{sign}${b:,}=$7.") == plain
    assert read(f"<<{a}{sign}{b}=7>>") == plain
    assert read(f"there are {a} apples {sign} {b} apples = 7 apples.") == plain


@given(st.text(alphabet="0123456789+-*/=().,x% ab<>$½^√\n", max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    for found in equations(text):
        assert 0 <= found.start < found.end <= len(text)
    for statement in statements(text):
        check(statement.left, statement.right, statement.sign)
