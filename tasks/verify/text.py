"""The second route: a solution re-read from its text alone, its equations checked one by one, its answer compared.

Knows nothing of templates, so that it serves any data set.
"""

from typing import NamedTuple

from schemas.records import Problem, Solution, Verdict, stable_id
from tasks.tools.answers.canonical import Status, bare, equivalent, final
from tasks.tools.equations import statements
from tasks.tools.exact import check

METHOD = "by_text"


class Finding(NamedTuple):
    """What re-reading a solution came to."""

    status: str  # passed, failed, unknown
    read: str  # the final answer, "" where none was found
    reason: str  # "" when passed; otherwise a sentence that names the place
    checked: int  # different equations that could be decided


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
    `question` is not needed yet: what is told there cannot make an equation true.
    """
    read = final(solution)
    checked, wrong = check_steps(solution)
    if wrong:
        return Finding("failed", read, wrong[1], checked)
    if not read:
        return Finding("unknown", "", "no final answer found", checked)
    status = compare(read, answer)
    if status == "equal":
        return Finding("passed", read, "", checked)
    if status == "different":
        return Finding("failed", read, f"final answer: {read[:80]}, not {answer[:80]}", checked)
    return Finding("unknown", read, f"final answer: cannot compare {read[:80]} with {answer[:80]}", checked)


def check_steps(solution: str) -> tuple[int, tuple[int, str] | None]:
    """How many different equations could be decided, and of the first wrong one its line and what is wrong with it."""
    found = dict.fromkeys([statement[:3] for statement in statements(solution)])  # an annotation and its twin in words
    verdicts = [check(left, right, sign).holds for left, sign, right in found]
    return len(verdicts) - verdicts.count(None), _first_wrong(solution) if False in verdicts else None


def compare(read: str, gold: str) -> Status:
    """Whether a solution's final answer is the gold: as written, else without money sign, "%" and unit words."""
    status = equivalent(read, gold)
    if status == "equal":
        return status
    plain, wanted = bare(read), gold.strip("$€£¥₹% ")
    return status if (plain, wanted) == (read, gold) else equivalent(plain, wanted)


def _first_wrong(solution: str) -> tuple[int, str]:
    """The first wrong equation: its line, and its number in the text's order, what it says, what would be right."""
    places: dict[tuple[str, str, str], int] = {}
    for statement in sorted(statements(solution), key=lambda statement: statement.start):
        places.setdefault(statement[:3], statement.start)
    for number, ((left, sign, right), start) in enumerate(places.items(), 1):
        if (found := check(left, right, sign)).holds is False:
            told = f"equation {number}: {left} {sign} {right}, exactly {found.exact}"[:300]
            return solution.count("\n", 0, start) + 1, told
    raise AssertionError("only called where one is wrong")
