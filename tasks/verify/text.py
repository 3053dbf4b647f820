"""The second route: a solution re-read from its text alone, its equations checked one by one, its answer compared.

Knows nothing of templates, so that it serves any data set.
"""

from collections.abc import Callable
from typing import NamedTuple

from schemas.records import Problem, Solution, Verdict, stable_id
from tasks.tools import answers
from tasks.tools.equations import Statement, statements
from tasks.tools.exact import check

METHOD = "by_text"


class Finding(NamedTuple):
    """What re-reading a solution came to."""

    status: str  # passed, failed, unknown
    read: str  # the final answer, "" where none was found
    reason: str  # "" when passed; otherwise a sentence that names the place
    checked: int  # different equations that could be decided


class Steps(NamedTuple):
    """What checking the equations of a text came to."""

    checked: int  # different equations that could be decided
    line: int  # of the first wrong one, 0 where none is
    wrong: str  # which one that is, what it says, and what would be right; "" where none is


def by_text(problem: Problem, solution: Solution) -> Verdict:
    """The verdict of the text route on one solution."""
    found = check_solution(problem.question, solution.solution, problem.answer)
    return Verdict(stable_id("verdict", problem.id, solution.id, METHOD), [problem.id, solution.id], problem.id,
                   solution.id, METHOD, found.status, found.read, found.reason, "")


def check_solution(question: str, solution: str, answer: str) -> Finding:
    """Check every readable equation of `solution` and its final answer against the gold `answer`. Pure, never raises.

    Equations hold by the rules of `tasks.tools.exact` (exactly, or as rounding to the places that are written); what
    cannot be read as one is skipped. The number behind an annotation must be the one inside it. One equation that does
    not hold fails the solution, however right its answer; no final answer, or one that cannot be compared, is unknown.
    `question` helps to tell the answer from numbers that merely repeat it.
    """
    status, read, *_ = answers.check(solution, answer, question)
    checked, _, wrong = check_steps(solution)
    if wrong:
        return Finding("failed", read, wrong, checked)
    if not read:
        return Finding("unknown", "", "no final answer found", checked)
    if status == "equal":
        return Finding("passed", read, "", checked)
    if status == "different":
        return Finding("failed", read, f"final answer: {read[:80]}, not {answer[:80]}", checked)
    return Finding("unknown", read, f"final answer: cannot compare {read[:80]} with {answer[:80]}", checked)


def check_steps(solution: str, doubted: Callable[[Statement, str], bool] = lambda *_: False) -> Steps:
    """Check every equation of a text. A wrong one that is `doubted` stays undecided: was it meant as it was read?

    `doubted` is given the equation and the exact value of its left side.
    """
    found: dict[tuple[str, str, str], Statement] = {}  # an annotation and its twin in words are one
    for statement in sorted(statements(solution), key=lambda statement: statement.start):
        found.setdefault(statement[:3], statement)
    checks = [check(left, right, sign) for left, sign, right in found]
    checked = len(checks) - sum(one.holds is None for one in checks)
    for number, (one, statement) in enumerate(zip(checks, found.values(), strict=True), 1):
        if one.holds is False:
            if doubted(statement, one.exact):
                checked -= 1
                continue
            told = f"equation {number}: {statement.left} {statement.sign} {statement.right}, exactly {one.exact}"[:300]
            return Steps(checked, solution.count("\n", 0, statement.start) + 1, told)
    return Steps(checked, 0, "")
