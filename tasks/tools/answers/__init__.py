"""The door for final answers: read one out of a solution (`extract`), and judge whether two of them are the same.

    check       a solution or a bare answer against a reference
    equivalent  two bare answers
    check_all   many of them, over processes
    canonical   one key for all spellings of an answer, where each cannot be judged against each

Nothing is ever evaluated as code. What cannot be decided is `unknown`, never "different". Tiers, cheapest first: `text`
(the same letters once looks are taken away), `rational` (whole numbers and fractions, exactly), `parsed` (own parser,
exact, modular and 150-digit values), `sympy` (in a process of its own, killed when time is out).
"""

from tasks.tools.answers.batch import check_all
from tasks.tools.answers.judge import Policy, Verdict, check, equivalent
from tasks.tools.answers.spelling import canonical

__all__ = ["Policy", "Verdict", "canonical", "check", "check_all", "equivalent"]
