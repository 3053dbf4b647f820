"""By code: the program that a solution holds is run in the jail, and what it prints compared with the answers.

Foreign text runs nowhere but in `tasks.tools.jail`. A program that cannot be run to an answer (no isolation here, out
of time or memory, stopped by an error, nothing printed) is unknown, never wrong.
"""

import re
from functools import cache
from typing import NamedTuple

from schemas.records import Claim
from tasks.tools.answers import check
from tasks.tools.jail import IsolationUnavailable, Jail, Limits
from tasks.tools.sandbox import jailed
from tasks.verify.printed import same

LIMITS = Limits(wall=5.0)  # published tool-calling solutions that take longer are in a loop
MAX_PROGRAMS = 20

_FENCE = re.compile(r"```(?:python3?|py|tool_code|sympy)[^\S\n]*\n(.*?)(?:```|\Z)|<llm-code>(.*?)</llm-code>"
                    r"|<python>(.*?)</python>|<code>(.*?)</code>|<\|python_tag\|>(.*?)(?:<\||\Z)",
                    re.DOTALL | re.IGNORECASE)
_PRINTED = re.compile(r"```output\s.*?(?:```|\Z)|<llm-code-output>.*?</llm-code-output>|<output>.*?</output>",
                      re.DOTALL | re.IGNORECASE)
_ANSWERS = re.compile(r"\d|\\boxed|\banswer\b", re.IGNORECASE)  # else what is left are words between programs


class Ran(NamedTuple):
    """What running a program came to: its answer, or why there is none, and the level of isolation."""

    answer: str
    reason: str
    level: str


def by_code(claim: Claim) -> tuple[str, str, str, str]:
    """(status, read, reason, level): passed if the program gives every answer there is, of the text and the reference.

    The last program counts. Where it leans on names of the earlier ones, they are run together.
    """
    found = programs(claim.solution)
    ran = run(found[-1])
    if not ran.answer and "NameError" in ran.reason and len(found) > 1:
        ran = run("\n".join(found))
    if not ran.answer:
        return "unknown", "", f"program: {ran.reason}", ran.level
    status, reason = _judged(ran.answer, claim)
    return status, ran.answer, reason, ran.level


def programs(solution: str) -> list[str]:
    """The programs that a solution holds, in order, the last `MAX_PROGRAMS` of them."""
    if "```" not in solution and "<" not in solution:
        return []
    found = (next((part for part in match.groups() if part), "") for match in _FENCE.finditer(solution))
    return [text.strip("\n") for text in found if text.strip()][-MAX_PROGRAMS:]


def blanked(solution: str) -> str:
    """The solution with its programs and their output as empty lines, so that what is left keeps its line."""
    if "```" not in solution and "<" not in solution:
        return solution
    for block in (_FENCE, _PRINTED):
        solution = block.sub(lambda match: "\n" * match[0].count("\n"), solution)
    return solution


def run(program: str) -> Ran:
    """One program in this process's jail, which is opened when first needed and kept."""
    jail, refusal = _jail()
    if jail is None:
        return Ran("", f"not run: {refusal}", "none")
    outcome = jail.run(program, limits=LIMITS)
    level = outcome.level
    if outcome.status != "ok":
        said = (outcome.stderr.strip().splitlines() or [" and ".join(outcome.hit)])[-1]
        return Ran("", f"{outcome.status}{said and ', '}{said[:200]}", level)
    lines = outcome.stdout.strip().splitlines()
    answer = lines[-1].strip() if lines else (outcome.value or "").strip().strip("'\"")
    return Ran("", "it printed nothing", level) if answer in ("", "None") else Ran(answer[:2000], "", level)


@cache
def _jail() -> tuple[Jail | None, str]:
    """The jail of this process, or why there is none."""
    try:
        return jailed("auto", "heavy"), ""
    except IsolationUnavailable as error:
        return None, " ".join(str(error).split())[:300]


def _judged(answer: str, claim: Claim) -> tuple[str, str]:
    words = blanked(claim.solution).strip()
    said = [("the reference says", claim.answer, same(answer, claim.answer))] if claim.answer else []
    if _ANSWERS.search(words):
        told = check(words, answer, claim.problem or None)
        if told.extracted:
            said.append(("the text says", told.extracted, same(answer, told.extracted)))
    if not said:
        return "unknown", "program: there is no answer to compare with"
    for status, verdict in (("failed", "different"), ("unknown", "unknown")):
        if against := next((one for one in said if one[2] == verdict), None):
            return status, f"program: gives {answer[:80]}, {against[0]} {against[1][:80]}"
    return "passed", ""
