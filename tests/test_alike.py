"""How alike two texts with the same numbers and answer must be: words, formulas, opposites; and pairs of all kinds."""

import tomllib
from pathlib import Path

import pytest

from tasks import dedup
from tasks.dedup.alike import FEW, FORMULA, NEVER, needed
from tasks.tools.signature import read
from tests.repeats import a_run, example, examples

PAIRS = tomllib.loads((Path(__file__).parent / "cases" / "pairs.toml").read_text(encoding="utf-8"))


def bar(one: str, other: str, numbers: int = 2) -> float:
    return needed(read(one).masked, read(other).masked, numbers, 0.75)


@pytest.mark.parametrize(("one", "other"), [
    ("Ann has 3 pens and 4 cups.", "There are 4 cups and 3 pens at Ann's."),
    ("Find the roots of $x^2 - 3x + 2 = 0$.", "For which $x$ is $x^{2}-3x+2=0$?"),
    ("Let $f(x) = x^2 + 2x$. Find $f(2)$.", r"What is $f(2)$ if $f(x)=x^2+2 \cdot x$?"),
    ("What is the least value of $x^2 - 6x + 13$?", "What is the least $y$ with $y = x^2 - 6x + 13$?"),
    ("A t-shirt costs $4, a cup $3.", "Somebody pays $3 for a cup and $4 for a shirt."),
])
def test_words_and_one_formula_need_the_threshold(one: str, other: str) -> None:
    assert bar(one, other) == bar(other, one) == 0.75


def test_few_numbers_need_more() -> None:
    assert bar("In how many ways can 4 people stand?", "How many orders are there of 4 people?", numbers=1) == FEW


@pytest.mark.parametrize(("one", "other"), [
    (r"Does the series $\sum \frac{1}{n \ln n}$ converge?", r"Does the series $\sum \frac{1}{\ln n}$ converge?"),
    (r"Compute $\sin 180^\circ$.", r"Compute $\tan 180^\circ$."),
    ("Is $x^2 + y^2 = 4$ a circle?", "Is $x^2 - y^2 = 4$ a circle?"),
    ("Let $f(x)$ and $g(x)$ be odd functions. Is $f(x)g(x)$ odd?", "Let $f(x)$ and $g(x)$ be even functions. Is "
     "$f(x)g(x)$ odd?"),
    ("A tank of 90 litres is filled by a pump at 15 litres a minute.", "A tank of 90 litres is emptied by a pump at 15 "
     "litres a minute."),
])
def test_one_thing_altered_makes_another_problem(one: str, other: str) -> None:
    assert bar(one, other) == bar(other, one) == NEVER


def test_numbers_that_changed_places_make_another_problem_and_sentences_do_not() -> None:
    first, second = "Ann fills 4 jars with 12 olives each.", "She had 5 cups of oil at home."
    text, moved = read(f"{first} {second} How many?").masked, read(f"{second} {first} How many?").masked
    assert needed(text, moved, 3, 0.75, in_order=False) == 0.75
    assert needed(text, text.replace("olives", "figs"), 3, 0.75, in_order=False) == NEVER


def test_other_formulas_in_other_words_need_much() -> None:
    assert bar(r"Prove that the area under $y = \sin x$ is 1.", "For $x > 2$ show: $x^3 + x$ grows.") == FORMULA


@pytest.mark.parametrize(("kind", "low", "high"), [("same", 0.8, 1.0), ("other", 0.0, 0.2)])
def test_pairs_written_by_hand(kind: str, low: float, high: float, tmp_path: Path) -> None:
    """Each pair's own verdict; the styles and the share of each stand in `tests.benchmarks.duplicates`."""
    rows = PAIRS[kind]
    answers = [row.get("answers") or [row["answer"]] * 2 for row in rows]
    table = [example(f"{side}-{place:03}", row["texts"][end], answers[place][end])
             for place, row in enumerate(rows) for end, side in enumerate("ab")]
    with a_run(tmp_path) as run:
        gone = list(dedup.by_meaning(examples(run, table)).rejections.rows())
    own = sum(row.row_id[2:] == row.twin_id[2:] for row in gone)
    assert low <= own / len(rows) <= high
