"""What a run in the jail comes to, under which limits, and how a jail can be refused."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from schemas.errors import ToolError

Level = Literal["namespaces", "landlock", "none"]
Tier = Literal["light", "sympy", "heavy", "full"]
Status = Literal["ok", "error", "timeout", "memory", "output_limit", "violation", "crash", "killed", "internal"]


class IsolationUnavailable(ToolError):
    """This machine does not offer the isolation that was asked for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`wall` and `cpu` in seconds; in bytes: `memory` beyond what the fork server holds, `output` of each stream,
    `scratch` of files under /tmp, `value` of the value's text."""

    wall: float = 5.0
    cpu: float = 5.0
    memory: int = 512 << 20
    output: int = 64 << 10
    scratch: int = 16 << 20
    value: int = 64 << 10


class Outcome(NamedTuple):
    """`status`: ok; error (it raised, or its exit code is not 0); timeout, memory, output_limit (a limit was hit);
    violation (a forbidden system call); crash (a fault); killed (by itself); internal (the jail broke, after retries:
    never a verdict on the program).

    `value` is the text (repr) of the last line where that is an expression, else of `answer`, else None. All text comes
    from the program and is data, never to be evaluated. `cpu`, `wall` in seconds; `hit` names the limits that were hit,
    with "ok" too: "stderr" where only its head and its tail were kept.
    """

    status: Status
    stdout: str
    stderr: str
    value: str | None
    cpu: float
    wall: float
    hit: tuple[str, ...]
    level: Level
