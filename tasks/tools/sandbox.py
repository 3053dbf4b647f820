"""The door through which programs run: each in the jail, at the highest level that this machine offers.

A program and the inputs of its rows go in, texts come out; what they are worth is judged by the host. One fork server a
tier serves a process; it starts with the first program. `none` is no isolation, and only an explicit word gives it.
"""

import atexit
import json
import os
from collections.abc import Sequence
from functools import cache
from typing import Literal, NamedTuple

from tasks.tools.jail import Jail, Limits, Tier
from tasks.tools.programs import Inputs
from tasks.tools.vetting import Refused, vetted

Isolation = Literal["auto", "namespaces", "landlock", "none"]
ROWS = 500  # of one run in the jail
LIMITS = Limits(wall=10.0, cpu=10.0, output=4 << 20)
# What the fork servers hold of ours: `programs` and all that it imports.
MODULES = tuple(f"tasks.tools.{name}" for name in ("arithmetic", "formulas", "exact", "vetting", "programs"))
CODE = "from tasks.tools.programs import results\nprint(results(INPUTS))"


class Outcome(NamedTuple):
    """What a run came to.

    `status`: "ok"; "failed" (the program raised); "refused" (it holds what templates may not); or what kept the jail
    from an answer ("timeout", "memory", "crash", "internal", …), which is no verdict. `value` is `answer` as canonical
    text, `level` the isolation that it ran at ("" where it did not run).
    """

    status: str
    value: str
    level: str
    reason: str


def run(program: str, inputs: Inputs, isolation: Isolation = "auto") -> Outcome:
    """`run_all` for one row."""
    return run_all(program, [inputs], isolation)[0]


def run_all(program: str, rows: Sequence[Inputs], isolation: Isolation = "auto") -> list[Outcome]:
    """Run a template's program on exact inputs ("3", "1/2", int, Fraction), row by row, and read `answer` each time.

    Raises `IsolationUnavailable` where the machine does not offer the isolation; nothing else.
    """
    try:
        _, uses_sympy = vetted(program)
    except Refused as error:
        return [Outcome("refused", "", "", str(error))] * len(rows)
    jail = jailed(isolation, "sympy" if uses_sympy else "light")
    return [found for at in range(0, len(rows), ROWS) for found in _ran(jail, program, rows[at:at + ROWS])]


def _ran(jail: Jail, program: str, rows: Sequence[Inputs]) -> list[Outcome]:
    """One run for all rows; where it breaks, halves, down to the row that breaks it."""
    told = json.dumps({"program": program, "rows": [{name: str(value) for name, value in row.items()} for row in rows]})
    ran = jail.run(CODE, inputs=told.encode(), limits=LIMITS)
    found = _read(ran.stdout, len(rows)) if ran.status == "ok" else None
    if found is not None:
        return [Outcome(status, value, ran.level, reason) for status, value, reason in found]
    if len(rows) == 1:
        return [Outcome("crash" if ran.status == "ok" else ran.status, "", ran.level, ran.stderr.strip()[-200:])]
    middle = len(rows) // 2
    return _ran(jail, program, rows[:middle]) + _ran(jail, program, rows[middle:])


def _read(text: str, count: int) -> list[tuple[str, str, str]] | None:
    """The results that came out, if they are what they should be: text from the jail is never trusted."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    sound = isinstance(found, list) and len(found) == count and all(
        isinstance(item, list) and len(item) == 3 and all(isinstance(part, str) for part in item) for item in found)
    return [(status, value, reason) for status, value, reason in found] if sound else None


def jailed(isolation: Isolation, tier: Tier) -> Jail:
    """This process's jail of a tier, started on first need. Raises `IsolationUnavailable`."""
    return _jail(isolation, tier, os.getpid())


@cache
def _jail(isolation: Isolation, tier: Tier, _: int) -> Jail:
    """By process: after a fork the jails belong to the parent."""
    jail = Jail(isolation, tier=tier, limits=LIMITS, modules=MODULES, i_trust_this_code=isolation == "none")
    atexit.register(jail.close)
    return jail
