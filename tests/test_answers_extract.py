"""What the reader takes as a solution's final answer."""

import time
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.tools.answers import extract as rules
from tasks.tools.answers.extract import Extracted, extract

NUMBERS = [
    (r"So we pay \boxed{42} coins.", "42"),
    (r"First \boxed{7}, which was wrong. Hence \(\boxed{8}\).", "8"),
    (r"We get $\boxed{\frac{3}{\sqrt{2}}}$.", r"\frac{3}{\sqrt{2}}"),
    (r"Thus \fbox{12}.", "12"),
    ("Hence \\boxed{15\nand that is all", "15"),
    (r"The sides are \boxed{k = 9}.", "9"),
    ("<think>maybe \\boxed{3}</think>\nThe total is 5 pears.", "5"),
    ("Two and two.\n#### 1,204", "1,204"),
    ("Final Answer: The final answer is $-7$. I hope it is correct.", "-7"),
    ("We add them up. The answer is 33.", "33"),
    ("Work.\n\n# Answer\n\n160", "160"),
    ("Work.\n\n**Answer:** $160", "160"),
    ("Work.\n\n**Final Answer:**\n60", "60"),
    ("Work with 3 * 4 = <<3*4=12>>12\nA: 12", "12"),
    ("**Answer:** Mia needs **14 tiles** for the 2 rooms.", "14"),
    ("The train goes at **160 miles per hour**.", "160"),
    ("They ride 160 miles per hour.", "160"),
    ("The bill is $1,250.50.", "1,250.50"),
    ("Altogether: 5 + 6 = 11 apples, 2 + 2 of them red.\nTherefore, 5 + 6 = 11 apples remain on both trees.", "11"),
    (r"\[ 20 \times 4 = 80 \, \text{cm} \]", "80"),
    ("So the cake needs 3/4 cups of flour.", "3/4"),
    ("So the cake needs 2 1/2 cups of flour.", "2 1/2"),
    ("The chance is 12.5%.", "12.5%"),
    ("The missing side must be √66.", "√66"),
    ("Its length is 6√2 metres.", "6√2"),
    ("He eats ½ of it.", "½"),
    ("The temperature falls to -4 degrees.", "-4"),
    ("Add: 40\u202f000 + 2\u202f000 = 42\u202f000 euros.", "42000"),
    ("That takes 5 hours (300 minutes).", "5"),
    ("He pays 0.35 dollars (i.e., 35 cents).", "35"),
    ("```python\nprint(6*7)\n```\n```output\n42\n```\n", "42"),
    ("The answer is 2 or 3.", "2 or 3"),
    ("# Answer\n\n" r"\begin{pmatrix} 1 \\ 5 \end{pmatrix}", r"\begin{pmatrix} 1 \\ 5 \end{pmatrix}"),
    ("Since 40 were given and 10 went back, he keeps 30.", "30"),
    (r"The interest is \boxed{20}. Final Answer: The final answer is $45$. I hope it is correct.", "45"),
    (r"So \boxed{3}. The final answer is boxed above.", "3"),
    ("The final answer is $4$. I hope it is correct.\nProblem: What is 1 + 1?\nThe answer is 2", "4"),
    ("<think>5 or 6?</think>\n<answer>6</answer>", "6"),
    ("Put it into <answer></answer>.\nThe answer is 4.", "4"),
    (r"<think>This may be \boxed{3}, but", ""),
    ("She has **$42** left.\n\nNote: a month has 30 days.", "42"),
    ("She has 42 left.\nLet me know if you want all 3 steps!", "42"),
    ("Note that 5 are gone, so 42 remain.", "42"),
    ("The answer is negative 5.", "-5"),
    ("It is 5 minus 3, which is 2.", "2"),
    ("The answer is 3.2 x 10^5.", "3.2×10^5"),
    ("That fills x 10 boxes, so 40.", "40"),
    (r"The chance is $\frac{5}{36} \approx 0.139$.", r"\frac{5}{36}"),
    ("Each gets 100/3 ≈ 33 apples.", "33"),
    ("The answer is 1/3 or about 33.3%.", "1/3"),
    ("Each gets 33.33, or approximately 33 apples.", "33"),
    (r"Thus $2^{10} = 1024$ and the last digit is 4.", "4"),
    ("5 + 6 = 11 and the rest is history.", "11"),
    (r"So $x \equiv 3 \pmod 7$.", "3"),
    ("The moderator gives 7 points.", "7"),
    ("The bill is 1.234,56 €.", "1234.56"),
    ("The roots are 3 and 4.", "3, 4"),
    (r"So $x = 5$ or $x = -2$.", "5, -2"),
    ("There are 3 bags and 4 boxes.", "4"),
    ("Thus, there are $6$ such numbers: $1, 2, 3, 4, 5, 6$.", "6"),
    ("Of the 4 numbers these remain: 1, 2, 3.", "1, 2, 3"),
    ("The maximum is $7$, attained at $x = 2$.", "7"),
    ("The maximum is 7 when x = 2.", "7"),
    ("The two curves of degree 5 meet at x = 2.", "2"),
    ("For n = 5 we get 12.", "12"),
    (r"So the area is\n\[\n\frac{7}{2}\text{ cm}^2.\n\]".replace(r"\n", "\n"), r"\frac{7}{2}"),
    ("The area is 12 cm^{2}.", "12"),
    ("It is 10^2.", "10^2"),
    (r"The final answer is $48 - 18a$.", "48 - 18a"),
    (r"The final answer is $(3, \frac{\pi}{2})$.", r"(3, \frac{\pi}{2})"),
    (r"The area is $27\pi^2$.", r"27\pi^2"),
    (r"**Answer** $5$", "5"),
    (r"Answer \( (9+1) \)", "(9+1)"),
    ("In the end there are twelve eggs.", "12"),
    ("Both of the two got five apples.", ""),
    ("So that one of them remains.", ""),
]


@pytest.mark.parametrize(("solution", "answer"), NUMBERS)
def test_reads_the_number(solution: str, answer: str) -> None:
    assert extract(solution, None, "number").text == answer


@pytest.mark.parametrize(
    ("solution", "problem", "answer"),
    [
        ("So 9 vans passed in the first 20 minutes.", "How many vans passed in the first 20 minutes?", "9"),
        ("50 - 32 = 18\nShe needs 18 more for her 50.", "Of 50 films she saw 18 and then 14. How many are left?", "18"),
        ("Ben has $7 more than the $30.00.", "Ann has $30. How much more has Ben?", "7"),
    ],
)
def test_sets_the_problems_own_numbers_aside(solution: str, problem: str, answer: str) -> None:
    assert extract(solution, problem, "number").text == answer


@pytest.mark.parametrize(
    ("solution", "kind", "answer"),
    [
        (r"The roots are $\boxed{-2}$ and $\boxed{1}$.", "expression", "-2, 1"),
        (r"Its square is $\boxed{9}$, and its cube is $\boxed{27}$.", "expression", "27"),
        (r"$\boxed{-2} \quad \text{and} \quad \boxed{1}$", "expression", "-2, 1"),
        ("Thus, the point is 6 - 5i.", "expression", "6 - 5i"),
        (r"Hence, $x = \sqrt{5}$ or $x = -2$.", "expression", r"x = \sqrt{5} or x = -2"),
        (r"Hence $AB = 5$ and $f(x) = 2x$.", "expression", "2x"),
        (r"Since $a$ and $b$ differ, the value is $c$.", "expression", "c"),
        (r"The plane is $x - 2y + z - 1 = 0$.", "expression", "x - 2y + z - 1 = 0"),
        (r"We get $x = \sqrt{12} = 2\sqrt{3}$.", "expression", r"2\sqrt{3}"),
        ("The train arrives at 5:30.", "expression", "5:30"),
        ("The point is at (3, 4).", "expression", "(3, 4)"),
        (r"Thus \[ x = \sqrt{7} \quad \text{or} \quad x = -1. \]", "expression",
         r"x = \sqrt{7} \quad \text{or} \quad x = -1"),
        (r"From 3:15 to 4:20 it is $\frac{x}{2}$.", "expression", r"\frac{x}{2}"),
        ("So\n\\[\nM = \\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}.\n\\]", "expression",
         r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"),
        (r"We have $x = 5.$ Thus the sum is $2x + 1.$", "expression", "2x + 1"),
        ("<answer>x^2</answer>", "expression", "x^2"),
        (r"So $w = 3x + 1$.", "expression", "3x + 1"),
        ("The length is 4√29 feet.", "expression", "4√29"),
        ("Final answer: $x^2$", "", "x^2"),
        ("The answer is (B) 12.", "choice", "B"),
        ("A short look shows that C fits.", "choice", "C"),
        ("The correct answer is b.", "choice", "B"),
        (r"\boxed{b}", "choice", "B"),
        (r"\boxed{b}", "expression", "b"),
        (r"\boxed{\text{(D)}}", "choice", r"\text{(D)}"),
        ("Yes, the two are equal.", "text", "Yes"),
        ('The final answer is "even". I hope it is correct.', "text", "even"),
    ],
)
def test_reads_what_the_kind_asks_for(solution: str, kind: str, answer: str) -> None:
    assert extract(solution, None, kind).text == answer


@pytest.mark.parametrize(
    ("solution", "problem", "answer"),
    [
        ("So she ends up facing west when done.", "Which way (north, south, east or west) does she face?", "west"),
        ("Thus, Lena runs the most.", "Every day Mark and Lena run. Who runs most?", "Lena"),
        ("Thus, Mark and Lena run the most.", "Every day Mark and Lena and Olaf run. Who runs most?", "Mark and Lena"),
    ],
)
def test_reads_words_that_the_problem_offers(solution: str, problem: str, answer: str) -> None:
    assert extract(solution, problem, "text").text == answer


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        ("There are 3 bags of 4.\nLet's compute the total", ""),
        ("There are 3 bags of 4.\nNow we need to find how many there are.", ""),
        ("There are 3 bags of 4.\nSo the number of pears in all of the", ""),
        ("There are 3 bags of 4.\nThe total is 3 * 4 =", ""),
        ("There are 3 bags of 4.\nLet's compute: 3 * 4 = 12", "12"),
        ("It is 12 in", "12"),
        ("There are 12 pears\n\nThank you", "12"),
    ],
)
def test_a_text_that_was_cut_off_has_no_answer(solution: str, answer: str) -> None:
    assert extract(solution, None, "number").text == answer


def test_a_refusal_is_not_searched_for_numbers_above_it() -> None:
    solution = "He has 5 pens.\nThe price cannot be determined."
    assert extract(solution, None, "number") == Extracted("The price cannot be determined", "statement")


def test_a_heading_far_above_the_end_marks_no_answer() -> None:
    solution = "Answer:\nThere are 3 bags.\nEach holds 4.\nThat makes 12.\nHalf of it, 6, are red.\nSo 6 are red."
    assert extract(solution, None, "number") == Extracted("6", "sentence")


@pytest.mark.parametrize("solution", ["", "   \n", "***"])
def test_finds_nothing_in_nothing(solution: str) -> None:
    assert extract(solution, None, "number") == Extracted("", "none")


PIECES = [
    "box", " of a box ", r"\boxed{3}", r"\boxed{x = 4}", r"\boxed{", r"\fbox{5}", r"\text{ and }", " and ",
    ", ", "\n", ". ", "The answer is 6", "The final answer is $7$", "A: 8", "#### 9", "####", "10 apples",
    "<think>", "</think>", "<answer>", "```", "$", "I hope it is correct",
    "which is much longer than any mere link between two boxes could ever be"]


@given(st.lists(st.sampled_from(PIECES), max_size=8))
def test_the_short_way_finds_what_the_rules_find(pieces: list[str]) -> None:
    solution = "".join(pieces)
    short = rules._at_once(solution)
    if short:
        with patch.object(rules, "_at_once", return_value=None):
            assert extract(solution, None, "number") == short


@pytest.mark.parametrize("piece", ["$", "\\[", "**", "1", "(", "\\boxed{", "is ", "= ", "1 x ", "√", "answer ", "a, ",
                                   "is 3 at x = 1 ", "3 or ", "\\frac12 or about ", "and the = is "])
def test_long_garbage_takes_no_time(piece: str) -> None:
    start = time.perf_counter()
    for kind in ("number", "text", "choice", "expression"):
        extract(piece * 4000, piece * 500, kind)
    assert time.perf_counter() - start < 5
