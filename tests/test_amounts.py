"""What the numbers of a text amount to: one value for every spelling, and nothing for what is no number."""

from fractions import Fraction

import pytest

from tasks.tools.amounts import amounts, unlatexed, values

READ = r"""
48 clips | 48
a total of 1,200 seats | 1200
1 200 seats | 1200
1 200 000 people | 1200000
1{,}200 seats | 1200
1\,200 seats | 1200
0.5 cups | 1/2
.5 cups | 1/2
2.50 m | 5/2
two fifths | 2/5
2/3 of them | 2/3
1 1/2 hours | 3/2
1-1/2 hours | 3/2
1½ hours | 3/2
\frac{1}{2} | 1/2
\dfrac{3}{4} | 3/4
\frac12 | 1/2
\tfrac34x | 3/4
3\frac{1}{2} | 7/2
\frac{10}{3} and 2 | 10/3 2
\frac{x}{2} | 2
half of it | 1/2
a half | 1/2
a third of it | 1/3
three-quarters of it | 3/4
three and a half miles | 7/2
3 and a half miles | 7/2
two and a quarter litres | 9/4
five and three quarters | 23/4
20% off | 1/5
20 percent off | 1/5
20\% off | 1/5
twenty-five percent | 1/4
a quarter of it | 1/4
$1,200 | 1200
\$1,200 | 1200
$3.50 | 7/2
350 cents | 7/2
50 cents | 1/2
50¢ each | 1/2
a 25-cent coin | 1/4
$1.2k | 1200
5K runners | 5000
5 km | 5
2.5 million people | 2500000
3 thousand | 3000
half a million | 500000
1.5 billion | 1500000000
two thousand five hundred | 2500
a hundred and five | 105
one hundred twenty-five thousand | 125000
four hundred and fifty | 450
twelve hundred | 1200
nineteen | 19
twenty five | 25
seventy-eight points | 78
a dozen eggs | 12
half a dozen eggs | 6
2 dozen eggs | 24
three dozen eggs | 36
a dozen and a half | 18
two and a half dozen | 30
several dozen | 12
once a day | -
twice as many | 2
thrice | 3
double the price | 2
triples it | 3
the 5th floor | 5
the fifth floor | 5
the 20th term | 20
the twentieth term | 20
in the ratio 3:2 | 3 2
in the ratio of 3 to 2 | 3 2
sugar and water in the ratio 7:13 | 7 13
at 5:30 | 11/2
at 5:30 p.m. | 35/2
at 5:30 in the afternoon | 35/2
at 7 a.m. | 7
at 12:15 a.m. | 1/4
at 17:30 | 35/2
on June 4, 1998 | 4 1998
2^{10} | 2 10
2^10 | 2 10
x^2 - 3x | 2 -3
x^2+3x | 2 3
50^\circ | 50
2 \cdot 3 | 2 3
2\sqrt3 | 2 3
\sqrt2 | 2
x_1 + x_2 | -
a_{10} | -
(-3, 2) | -3 2
(1,5) | 1 5
x = -4 | -4
x=-4 | -4
it was -4 degrees | -4
it was negative 4 degrees | -4
minus 4 degrees | -4
4 degrees below zero | -4
7 minus 4 | 7 4
a 4-inch nail | 4
3-5 days | 3 5
3 - 5 | 3 -5
lunch - 3 sandwiches | 3
10^{-3} | 10 -3
Henry VIII and XIV | -
Someone often wrote of tents. | -
no number | -
"""
TABLE = [line.split(" | ") for line in READ.strip().splitlines()]


@pytest.mark.parametrize(("text", "wanted"), TABLE, ids=[text for text, _ in TABLE])
def test_amounts(text: str, wanted: str) -> None:
    assert list(values(text)) == [Fraction(value) for value in wanted.split() if value != "-"]


def test_the_first_places_need_not_be_told_again() -> None:
    assert [(amount.value, amount.counts) for amount in amounts("the 2nd of 5 on the 9th")] == [
        (Fraction(2), False), (Fraction(5), True), (Fraction(9), True)]


def test_spans_are_what_stands_there() -> None:
    text = "He sold 2 dozen at $1.2k by 5:30 p.m."
    assert [text[amount.start:amount.end] for amount in amounts(text)] == ["2 dozen", "1.2k", "5:30 p.m."]


def test_latex_that_spells_no_number_stays() -> None:
    assert unlatexed(r"\alpha + \frac{x}{y}") == r"\alpha + \frac{x}{y}"
