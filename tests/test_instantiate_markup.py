"""The markup of template texts: styles, agreement, and what it refuses with its place."""

from fractions import Fraction

import pytest

from tasks.instantiate import english
from tasks.instantiate.markup import NUMBERS, MarkupError, names, parse, render

F = Fraction


@pytest.mark.parametrize(("markup", "value", "text"), [
    ("{x}", 1200, "1200"), ("{x}", F(1, 2), "0.5"), ("{x}", F(1, 3), "1/3"), ("{x}", F(-5, 4), "-1.25"),
    ("{x:,}", 12345, "12,345"), ("{x:,}", F(2401, 2), "1,200.5"), ("{x:word}", 42, "forty-two"),
    ("{x:word}", 101, "101"), ("{x:Word}", 100, "One hundred"), ("{x:.2}", F(1, 3), "0.33"),
    ("{x:.1}", F(1, 4), "0.3"), ("{x:.2}", 3, "3.00"), ("{x:money}", 3, "3"), ("{x:money}", F(7, 2), "3.50"),
    ("{x:money,}", F(2469, 2), "1,234.50"), ("{x:.2,}", 1234, "1,234.00"), ("{x:frac}", F(3, 4), "3/4"),
    ("{x:mixed}", F(3, 2), "1 1/2"), ("{x:mixed}", F(1, 2), "1/2"), ("{x:fold}", 2, "twice"),
    ("{x:fold}", 3, "three times"), ("{x:Fold}", 2, "Twice"), ("{x:double}", 3, "triple"),
    ("{x:double}", 5, "five times"), ("{x:part}", F(1, 2), "half"), ("{x:part}", F(1, 3), "one third"),
    ("{x:apart}", F(1, 3), "a third"), ("{x:apart}", F(1, 8), "an eighth"), ("{x:part}", F(3, 4), "three quarters"),
    ("{x:fourth-}", F(3, 4), "three-fourths"), ("{x:Part}", F(1, 4), "One quarter"), ("{x:ord}", 3, "third"),
    ("{x:ord}", 21, "twenty-first"), ("{x:ord}", 20, "twentieth"), ("{x:ordn}", 112, "112th"), ("{x:ordn}", 3, "3rd"),
    ("{x:pct}", F(1, 5), "20"), ("{x:text}", 7, "7"), ("{x?apple|apples}", 1, "apple"),
    ("{x?apple|apples}", 2, "apples"), ("{x?apple|apples}", 0, "apples"), ("{x?apple|apples}", F(1, 2), "apples"),
    ("{{{x}}}", 3, "{3}"), ("100%", 1, "100%"), ("{x:a} {x}-hour", 8, "an 8-hour"), ("{x:a} {x}-hour", 9, "a 9-hour"),
    ("{x:A}", 11, "An"), ("{x:a}", 18, "an"), ("{x:a}", 80, "an"), ("{x:a}", 1, "a"), ("{x:a}", 180, "a"),
])
def test_number_styles(markup: str, value: Fraction, text: str) -> None:
    assert render(markup, {"x": value}) == text


def test_words() -> None:
    values = {"p": "James", "q": "Anna", "o": "egg|eggs", "u": "ukulele|ukuleles", "n": 1, "m": 4}
    assert render("{p:poss} {q:poss} {o:one} {o:Many} {n#o} {m#o}", values) == "James' Anna's egg Eggs egg eggs"
    assert render("{o:a} {o:one}, {u:a} {u:one}", values) == "an egg, a ukulele"


@pytest.mark.parametrize("markup", ["{x", "x}", "{x:foo}", "{1x}", "{x?a}", "{x:poss}", "{y}", "{x?a|{b}}", "{p:money}",
                                    "{p?a|b}"])
def test_refusals_name_the_place(markup: str) -> None:
    with pytest.raises(MarkupError, match="character"):
        render(markup, {"x": 3, "p": "Ada"})


def test_names_and_pieces() -> None:
    assert names("{a} {b:word} {c?x|y} {d#e} {{f}}") == {"a", "b", "c", "d", "e"}
    assert parse("no holes") == ["no holes"]


@pytest.mark.parametrize(("word", "an"), [
    ("apple", True), ("unit", False), ("hour", True), ("umbrella", True), ("one", False), ("uninvited", True),
    ("European", False), ("honest", True), ("11,000", True), ("1100", False), ("8%", True)])
def test_an(word: str, an: bool) -> None:
    assert english.an(word) == an


def test_every_style_takes_every_number() -> None:
    for name, style in NUMBERS.items():
        for value in (0, 1, 7, 100, 101, 12345, -3, F(1, 2), F(7, 3), F(-1, 4), F(99, 101)):
            assert style(value), name
