"""A verdict for every attempt at a problem; which kind follows from the problem's answer policy.

    by_text        there is a gold answer and the solution is in words: its equations, and its answer against the gold
    by_answer      there is a gold answer and the solution is a program, or has one: its answer against the gold
    by_agreement   there is none yet: the vote of all attempts
    by_abstention  the problem has no answer: right is whoever says so
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from schemas.records import Ballot, Problem, Solution, Verdict, stable_id
from tasks.tools.answers import equivalent
from tasks.verify import agreement
from tasks.verify.text import check_solution

R = TypeVar("R", Solution, Verdict)
ABSTAINS = re.compile(r"cannot be (?:determined|answered|found|known)|can't be (?:determined|answered)|"
                      r"not enough (?:information|is told)|insufficient|no (?:unique )?answer|undetermined|missing",
                      re.IGNORECASE)


def by_problem(rows: Iterable[R]) -> dict[str, list[R]]:
    """Solutions or verdicts by their problem, in order."""
    found: dict[str, list[R]] = defaultdict(list)
    for row in rows:
        found[row.problem_id].append(row)
    return found


def verdicts(attempts: Sequence[Solution], problems: Sequence[Problem]) -> Iterator[Verdict]:
    """One for each attempt, in order."""
    asked = {problem.id: problem for problem in problems}
    found: dict[str, Verdict] = {}
    for problem_id, own in by_problem(attempts).items():
        found.update((verdict.solution_id, verdict) for verdict in of_problem(asked[problem_id], own))
    for attempt in attempts:
        yield found[attempt.id]


def of_problem(problem: Problem, attempts: Sequence[Solution]) -> list[Verdict]:
    """The verdicts on all attempts at one problem."""
    if problem.answer_policy == "unanswerable":
        return [_abstains(problem, attempt) for attempt in attempts]
    if problem.answer:
        return [against_gold(problem, attempt) for attempt in attempts]
    vote = agreement.agreement(ballot(problem, attempts))
    return agreement.verdicts(vote, ("by_agreement",))


def ballot(problem: Problem, attempts: Sequence[Solution]) -> Ballot:
    """The attempts at one problem side by side, where no reference is known."""
    ids = [attempt.id for attempt in attempts]
    return Ballot(stable_id("ballot", problem.id, *ids), ids, problem.id, [attempt.answer for attempt in attempts],
                  ["unknown"] * len(ids), [], 0)


def against_gold(problem: Problem, attempt: Solution) -> Verdict:
    """Its answer against the gold answer; of a solution in words the equations too."""
    if attempt.mode in ("solve", "reflect") and attempt.answer:
        found = check_solution(problem.question, attempt.solution, problem.answer)
        return verdict(problem, attempt, "by_text", found.status, found.read, found.reason)
    if not attempt.answer:
        return verdict(problem, attempt, "by_answer", "unknown", "", "no final answer was found")
    judged = equivalent(attempt.answer, problem.answer)
    status = {"equal": "passed", "different": "failed"}.get(judged.status, "unknown")
    reason = "" if status == "passed" else f"final answer: {attempt.answer[:80]}, not {problem.answer[:80]}"
    return verdict(problem, attempt, "by_answer", status, attempt.answer, reason)


def _abstains(problem: Problem, attempt: Solution) -> Verdict:
    said = ABSTAINS.search(attempt.answer or attempt.solution[-300:])
    reason = "" if said else f"gives the answer {attempt.answer[:80]} to what has none"
    return verdict(problem, attempt, "by_abstention", "passed" if said else "failed", attempt.answer, reason)


def verdict(problem: Problem, attempt: Solution, method: str, status: str, read: str, reason: str) -> Verdict:
    return Verdict(stable_id("verdict", problem.id, attempt.id, method), [problem.id, attempt.id], problem.id,
                   attempt.id, method, status, read, reason, "")
