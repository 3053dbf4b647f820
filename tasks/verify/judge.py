"""The verdicts on one claim by itself: by answer, by step, by code. What others say of the problem is `agreement`'s."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Literal, get_args

from schemas.errors import MathmillError
from schemas.records import Claim, Verdict, stable_id
from tasks.tools.answers import check
from tasks.tools.answers.extract import extract
from tasks.tools.equations import Statement
from tasks.verify import audit, code
from tasks.verify.latex import plainly
from tasks.verify.text import check_steps

Method = Literal["by_answer", "by_step", "by_code", "by_agreement", "gold_audit"]
METHODS: tuple[Method, ...] = get_args(Method)
STATUS = {"equal": "passed", "different": "failed", "unknown": "unknown"}
SIGN = re.compile("[=≈]")
BARE = re.compile(r"\(*-?[\d.]+%?\)*")
REST = re.compile(r"\bremainder\b|\br\.? ?\d|\bmod\b", re.IGNORECASE)
TORN = re.compile(r"0\d")
FINE = re.compile(r"\.\d{4}")  # who writes four places works with rounded numbers
LOOSE, TIGHT = Fraction(1, 500), Fraction(1, 10_000)  # relative errors
NEAR = 80  # characters in which a remainder is told
SHOWN = 80  # characters of an answer in a reason

Told = tuple[str, str, str, str]  # status, read, reason, level


def by_answer(claim: Claim) -> Told:
    """The solution's final answer against the reference. Without one it is read all the same: agreement needs it."""
    if not claim.answer:
        read = extract(claim.solution, claim.problem or None).text
        return "unknown", read, "no reference" if read else "no reference, and no final answer was found", ""
    found = check(claim.solution, claim.answer, claim.problem or None)
    if found.status == "equal":
        return "passed", found.extracted, "", ""
    if not found.extracted:
        return "unknown", "", found.reason, ""
    shown = f"{found.extracted[:SHOWN]}, {'not' if found.status == 'different' else 'beside'} {claim.answer[:SHOWN]}"
    return STATUS[found.status], found.extracted, f"final answer: {shown} ({found.reason})", ""


def by_step(claim: Claim) -> Told:
    """Every equation that is written outside of programs; the first wrong one is named by its line."""
    text = plainly(code.blanked(claim.solution))
    checked, line, wrong = check_steps(text, partial(_doubted, text))
    if wrong:
        return "failed", "", f"line {line}, {wrong}", ""
    return ("passed", f"{checked} equations", "", "") if checked else (
        "unknown", "", "no equation could be decided", "")


def _doubted(text: str, statement: Statement, exact: str) -> bool:
    """Whether a wrong equation may be none: the tail of "f(2) = 1", a division with remainder, a rounding."""
    if statement.annotated:
        return False
    bare = BARE.fullmatch(statement.left) and BARE.fullmatch(statement.right)
    if TORN.match(statement.left):  # "20 ,000 * 3"
        return True
    return bool(bare or REST.search(text, statement.start, statement.start + NEAR)) or _rounding(statement, exact)


def _rounding(statement: Statement, exact: str) -> bool:
    """Whether the right side is near enough to come from rounded numbers: 18 * 3.14159 ≈ 56.54866, which is 18π."""
    try:
        true, shown = Fraction(exact), Fraction(statement.right)
    except (ValueError, ZeroDivisionError):
        return False
    loose = LOOSE if statement.sign == "≈" else TIGHT if FINE.search(statement.left + statement.right) else 0
    return abs(true - shown) <= loose * abs(true)


def applies(claim: Claim) -> dict[str, Callable[[Claim], Told]]:
    """The methods that can say something of this claim."""
    found: dict[str, Callable[[Claim], Told]] = {}
    if claim.solution:
        found["by_answer"] = by_answer
        if SIGN.search(code.blanked(claim.solution)):
            found["by_step"] = by_step
        if code.programs(claim.solution):
            found["by_code"] = code.by_code
    if claim.answer and not claim.attempt:  # the reference is its row's, not the attempt's
        found["gold_audit"] = audit.by_itself
    return found


def verdicts(claims: Sequence[Claim], methods: Collection[str] = METHODS) -> Iterator[Verdict]:
    """One verdict by each method that applies, for each claim."""
    for claim in claims:
        for method, judge in applies(claim).items():
            if method in methods:
                status, read, reason, level = _guarded(judge, claim)
                yield Verdict(stable_id("verdict", claim.id, method), [claim.id], claim.problem_id, claim.id, method,
                              status, read, reason, level)


def _guarded(judge: Callable[[Claim], Told], claim: Claim) -> Told:
    """A judge that breaks has said nothing: one odd row of a million must neither stop the run nor count as wrong."""
    try:
        return judge(claim)
    except MathmillError:
        raise
    except Exception as error:
        return "unknown", "", f"fault of mathmill: {type(error).__name__}: {error}"[:300], ""


def due(claims: Sequence[Claim], methods: Collection[str] = METHODS) -> int:
    """How many verdicts these claims get."""
    return sum(method in methods for claim in claims for method in applies(claim))
