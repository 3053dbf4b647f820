"""`mathmill equal A B`: whether two answers are the same, with the reasons, for a person."""

from typing import Annotated

import typer


def equal(
    a: Annotated[str, typer.Argument(metavar="A", help="An answer, or a whole solution.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The reference answer.")],
    problem: Annotated[str, typer.Option(help="The problem's text: helps to find the answer in a solution.")] = "",
    strict_percent: Annotated[bool, typer.Option("--strict-percent", help="20% is not 20.")] = False,
) -> None:
    """Show whether two answers are the same: equal, different or unknown, and why."""
    from tasks.tools.answers import Policy, check

    verdict = check(a, b, problem or None, Policy(percent="strict" if strict_percent else "either"))
    print(f"{verdict.status}: {verdict.reason}")
    print(f"read {verdict.extracted!r}, decided by tier {verdict.tier or 'none'} in {verdict.seconds * 1000:.1f} ms")
