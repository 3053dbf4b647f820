"""By agreement: the attempts at one problem, in classes of equivalent answers; the vote, and what it says of each.

A majority is more than half of the votes. It passes and fails attempts; a mere plurality leaves them open. Against the
reference it speaks only where the 95 % interval of its share lies above one half: four of four, or nine of eleven.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any

from schemas.records import Agreement, Ballot, Verdict, stable_id
from tasks.tools.answers import equivalent
from tasks.tools.rates import wilson

MAX_CLASSES = 200  # that an answer is compared with: a problem with more different answers has no majority to find

# The attempts at problems that have several, problem by problem; `?` and `?` choose one part of all problems.
ATTEMPTS = """
    WITH part AS (SELECT * FROM claims WHERE ('0x' || right(problem_id, 6))::INTEGER % ? = ?)
    SELECT c.problem_id, c.id, v.read, v.status, c.answer, c.line
    FROM part c JOIN verdicts v ON v.solution_id = c.id AND v.method = 'by_answer'
    WHERE c.problem_id IN (SELECT problem_id FROM part GROUP BY 1 HAVING count(*) > 1)
    ORDER BY c.problem_id, c.source, c.line, c.attempt"""


def ballots(rows: Iterator[tuple[Any, ...]]) -> Iterator[Ballot]:
    """One ballot a problem, from the rows of `ATTEMPTS`."""
    for problem_id, group in groupby(rows, key=lambda row: row[0]):
        _, ids, reads, statuses, references, lines = map(list, zip(*group, strict=True))
        yield Ballot(stable_id("ballot", problem_id, *ids), ids, problem_id, reads, statuses,
                     sorted({reference for reference in references if reference}), min(lines))


def agreement(ballot: Ballot) -> Agreement:
    """The classes of a ballot and its vote."""
    members, heads, undecided = classes(ballot.reads)
    votes = [members.count(number) for number in range(len(heads))]
    order = sorted(range(len(heads)), key=lambda number: (-votes[number], number))
    rank = {number: place for place, number in enumerate(order)}
    first, second = ([votes[number] for number in order] + [0, 0])[:2]
    rate = wilson(first, sum(votes))
    return Agreement(
        stable_id("agreement", ballot.id), ballot.parents, ballot.problem_id,
        [ballot.reads[heads[number]] for number in order], [votes[number] for number in order],
        [rank.get(number, -1) for number in members], ballot.reads[heads[order[0]]] if first > second else "",
        rate.share, rate.low, rate.high, (first - second) / max(rate.trials, 1), undecided,
        _gold(ballot, [number == order[0] for number in members] if first > second else []),
        *_references(ballot.references), ballot.line)


def classes(answers: Sequence[str]) -> tuple[list[int], list[int], int]:
    """The class of each answer (-1 for ""), the first member of each class, and how many pairs were undecided."""
    members: list[int] = []
    heads: list[int] = []
    known = {"": -1}
    undecided = 0
    for place, answer in enumerate(answers):
        if answer not in known:
            found = [equivalent(answers[head], answer).status for head in heads[:MAX_CLASSES]]
            undecided += found.count("unknown")
            known[answer] = found.index("equal") if "equal" in found else len(heads)
            if known[answer] == len(heads):
                heads.append(place)
        members.append(known[answer])
    return members, heads, undecided


def _gold(ballot: Ballot, won: Sequence[bool]) -> str:
    """Whether the winning class is the reference, from what `by_answer` said of its members."""
    if not ballot.references or not any(won):
        return ""
    found = {status for status, in_class in zip(ballot.statuses, won, strict=True) if in_class}
    return "equal" if "passed" in found else "different" if found == {"failed"} else "unknown"


def _references(given: Sequence[str]) -> tuple[str, list[str]]:
    """The first reference, and those that are another answer than it."""
    if not given:
        return "", []
    return given[0], [other for other in given[1:] if equivalent(given[0], other).status == "different"]


def verdicts(found: Agreement, methods: Collection[str]) -> list[Verdict]:
    """What the vote says of each attempt, and of the reference."""
    made = []
    if "by_agreement" in methods:
        for claim, number in zip(found.parents, found.members, strict=True):
            status, reason = _of_attempt(found, number)
            made.append(_verdict(found, claim, "by_agreement", status, found.answers[number] if number >= 0 else "",
                                 reason))
    if "gold_audit" in methods and _tells_of_reference(found):
        status, reason = _of_reference(found)
        made.append(_verdict(found, found.parents[0], "gold_audit", status, found.reference, reason))
    return made


def due(rows: Sequence[Agreement], methods: Collection[str]) -> int:
    """How many verdicts these agreements give."""
    return sum(len(row.parents) * ("by_agreement" in methods) + _tells_of_reference(row) * ("gold_audit" in methods)
               for row in rows)


def _of_attempt(found: Agreement, number: int) -> tuple[str, str]:
    if number < 0:
        return "unknown", "no final answer was found"
    if found.share <= 0.5:
        return "unknown", f"no majority: {_told(found)}"
    if sum(found.votes) < 2:
        return "unknown", "no other attempt has an answer"
    if number == 0:
        return "passed", ""
    if found.undecided:
        return "unknown", f"{found.undecided} pairs of answers cannot be compared: {_told(found)}"
    return "failed", f"majority: {_told(found)}"


def _tells_of_reference(found: Agreement) -> bool:
    return bool(found.rivals) or (found.reference != "" and found.low > 0.5)


def _of_reference(found: Agreement) -> tuple[str, str]:
    if found.rivals:
        return "failed", f"references: the same problem has {found.reference[:80]} and {found.rivals[0][:80]}"
    if found.gold == "equal":
        return "passed", ""
    told = f"majority: {_told(found)}, {'not' if found.gold == 'different' else 'beside'} {found.reference[:80]}"
    return ("failed" if found.gold == "different" else "unknown"), told


def _told(found: Agreement) -> str:
    return f"{found.votes[0]} of {sum(found.votes)} say {found.answers[0][:80]}"


def _verdict(found: Agreement, claim: str, method: str, status: str, read: str, reason: str) -> Verdict:
    return Verdict(stable_id("verdict", found.id, claim, method), [found.id, claim], found.problem_id, claim, method,
                   status, read, reason, "")
