"""Numbers read from text: what is found, its value, how it is written and what it does."""

from fractions import Fraction
from itertools import pairwise

import pytest

from tasks.tools.numbers import read_numbers


@pytest.mark.parametrize(("text", "value", "style", "role"), [
    ("48 clips", "48", "digits", "plain"),
    ("a total of 1,200 seats", "1200", "comma", "plain"),
    ("$3.50 each", "7/2", "decimal", "money"),
    (".5 cups", "1/2", "decimal", "plain"),
    ("20% off", "20", "digits", "percent"),
    ("twenty-five percent of", "25", "word", "percent"),
    ("2/3 of them", "2/3", "fraction", "plain"),
    ("1 1/2 hours", "3/2", "mixed", "plain"),
    ("three and a half miles", "7/2", "mixed", "plain"),
    ("half of it", "1/2", "part", "plain"),
    ("a third of it", "1/3", "part", "plain"),
    ("three-quarters of it", "3/4", "part", "plain"),
    ("ten quarters", "10", "word", "plain"),
    ("twice as many", "2", "fold", "plain"),
    ("a dozen eggs", "12", "dozen", "plain"),
    ("one hundred and five", "105", "word", "plain"),
    ("two thousand people", "2000", "word", "plain"),
    ("on June 4 she", "4", "date", "label"),
    ("at 9:30 am", "9", "clock", "label"),
    ("the 5th floor", "5", "ordinal", "label"),
    ("in 1998, he", "1998", "digits", "label"),
    ("Room 12 is", "12", "digits", "label"),
    ("a 3-page letter", "3", "digits", "plain"),
])
def test_one_number(text: str, value: str, style: str, role: str) -> None:
    (mention,) = read_numbers(text)
    assert (mention.value, mention.style, mention.role) == (Fraction(value), style, role)
    assert text[mention.start:mention.end] == mention.text


def test_spans_stand_in_order_and_apart() -> None:
    text = "She paid $1,250.75 for 3 boxes of two dozen pens, 20% less than in 2019, and 1/4 of it twice."
    found = read_numbers(text)
    assert [m.text for m in found] == ["1,250.75", "3", "two", "dozen", "20", "2019", "1/4", "twice"]
    assert all(a.end <= b.start for a, b in pairwise(found))


def test_no_numbers_in_plain_words() -> None:
    assert read_numbers("Someone often wrote of tents, kites and quarterly news.") == []
