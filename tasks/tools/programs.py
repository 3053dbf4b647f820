"""Programs of templates at work: the small language that `vetting` allows, on exact inputs, to a canonical answer.

This runs inside the jail, where `sandbox` sends it: it may import nothing that the jail does not hold.
"""

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from tasks.tools.arithmetic import plain
from tasks.tools.exact import sympy
from tasks.tools.vetting import SCOPE, Refused, vetted

MAX_DIGITS = 2_000  # of an input

Inputs = Mapping[str, "int | Fraction | str"]


class Result(NamedTuple):
    """What a run came to: status "ok", "failed" (it raised) or "refused"; `value` is `answer` as canonical text."""

    status: str
    value: str
    reason: str


def results(told: str) -> str:
    """`{"program": …, "rows": [{name: exact text}, …]}` as JSON -> a list of results as JSON, one for each row."""
    asked = json.loads(told)
    return json.dumps([evaluate(asked["program"], row) for row in asked["rows"]])


def evaluate(program: str, inputs: Inputs) -> Result:
    """Run a program on exact inputs ("3", "1/2", int, Fraction) and read the `answer` that it sets. Never raises.

    Words among the inputs are left out: programs compute with numbers.
    """
    try:
        code, uses_sympy = vetted(program)
    except Refused as error:
        return Result("refused", "", str(error))
    scope = {**SCOPE, **{name: given for name, text in inputs.items() if (given := number(text)) is not None}}
    if uses_sympy:
        scope["sp"] = sympy()
    try:
        exec(code, scope)  # only what `vetted` let through, and in the jail
        return Result("ok", written(scope["answer"]), "")
    except KeyError as error:
        return Result("failed", "", f"nothing sets {error}")
    except Exception as error:
        return Result("failed", "", f"{type(error).__name__}: {error}"[:200])


def number(text: "int | Fraction | str") -> int | Fraction | None:
    """An exact input as int where whole, else Fraction; None for a word, or a number of unreasonable length."""
    if not isinstance(text, str):
        return text
    if len(text) > MAX_DIGITS:
        return None
    if text.isdecimal():
        return int(text)
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None
    return value.numerator if value.denominator == 1 else value


def written(value: Any) -> str:
    """A program's value as the canonical text of an answer. Raises ValueError for what is no answer."""
    if isinstance(value, bool) or value is None or isinstance(value, float | dict):
        raise ValueError(f"`answer` is {value!r}, which is no exact answer")
    if isinstance(value, int | Fraction | str):
        return plain(value)
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(written, value))) + "}"
    if isinstance(value, tuple | list):
        return "(" + ", ".join(map(written, value)) + ")"
    return _written_sympy(value)


def _written_sympy(value: Any) -> str:
    sp = sympy()
    if isinstance(value, sp.Interval):
        ends = [{-sp.oo: "-inf", sp.oo: "inf"}.get(end) or written(end) for end in (value.start, value.end)]
        return ("(" if value.left_open else "[") + ", ".join(ends) + (")" if value.right_open else "]")
    if isinstance(value, sp.FiniteSet):
        return written(set(value.args))
    if isinstance(value, sp.Tuple):
        return written(tuple(value))
    if isinstance(value, sp.Float) or not isinstance(value, sp.Expr):
        raise ValueError(f"`answer` is {value!r}, which is no exact answer")
    return str(value)
