"""Read a worked solution as a list of steps: every equation, annotated or in plain prose, with its numbers' places.

A step is `left = right` with numbers only. GSM8K's annotation `<<48/2=24>>` is one; so is "14-4=10 years" or
"$20 - $10 = $10" in prose. Prose that only repeats the annotation after it ("48/2 = <<48/2=24>>24") is that step's
`echo`. Equations with letters are not steps; their numbers stay loose.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tasks.lift.tokens import Token, before_money, kind_at, tokens_of
from tasks.lift.trees import Expr, Op, Site, comes_to, parse, site_of
from tasks.lift.walk import walk_back


@dataclass(slots=True)
class Step:
    """`left = right`, and the sites that repeat them: `echo` in the prose before, `shown` for the result after."""

    left: Expr
    right: Site
    start: int
    end: int
    annotated: bool
    echo: list[Site] = field(default_factory=list)
    shown: list[Site] = field(default_factory=list)


class Unreadable(ValueError):
    """An annotation that is not arithmetic on plain numbers."""


def read_steps(solution: str) -> list[Step]:
    """Every step of `solution` in order of place. Raises `Unreadable` for an annotation that cannot be read."""
    tokens = tokens_of(solution)
    steps: list[Step] = []
    at = 0
    while at < len(tokens):
        if tokens[at].kind == "open":
            close = _close(tokens, at)
            steps.append(_annotation(tokens, at, close))
            at = close
        elif tokens[at].kind == "equals":
            step = _prose(tokens, at)
            steps.extend([step] if step is not None else [])
        at += 1
    return steps


def _close(tokens: Sequence[Token], opening: int) -> int:
    close = next((i for i in range(opening, len(tokens)) if tokens[i].kind == "close"), None)
    if close is None:
        raise Unreadable("an annotation << is never closed")
    return close


def _annotation(tokens: Sequence[Token], opening: int, close: int) -> Step:
    inside = tokens[opening + 1:close]
    equals = [i for i, t in enumerate(inside) if t.kind == "equals"]
    text = "".join(t.text for t in inside)
    if not equals:
        raise Unreadable(f"annotation <<{text}>> has no '='")
    right = [t for t in inside[equals[-1] + 1:] if t.kind not in ("money", "percent", "word")]
    left = parse(inside[:equals[0]])
    if left is None or len(right) != 1 or right[0].kind != "number":
        raise Unreadable(f"annotation <<{text}>> is not plain arithmetic")
    step = Step(left, site_of(right[0]), tokens[opening].start, tokens[close].end, annotated=True)
    _attach_prose(step, tokens, opening, close)
    return step


def _attach_prose(step: Step, tokens: Sequence[Token], opening: int, close: int) -> None:
    """Notes what the prose around an annotation repeats of it."""
    if kind_at(tokens, close + 1) == "number" and tokens[close + 1].start - tokens[close].end <= 1:
        step.shown.append(site_of(tokens[close + 1]))
    before = before_money(tokens, opening - 1)
    if kind_at(tokens, before) != "equals":
        return
    span = walk_back(tokens, before)
    step.echo.extend(site_of(t, kind_at(tokens, i - 1) == "money") for i, t in span if t.kind == "number")
    if isinstance(step.left, Site):
        _take_echo(step, step.left, parse([t for _, t in span]))


def _take_echo(step: Step, result: Site, echo: Expr | None) -> None:
    """"5 + 6 = <<11=11>>11" annotates the result alone: the prose before it is the step."""
    if isinstance(echo, Op) and result.value == step.right.value and comes_to(echo, step.right.value):
        step.shown.append(result)
        step.left, step.echo = echo, []


def _prose(tokens: Sequence[Token], equals: int) -> Step | None:
    """The step around a prose "=", or None where it is no equation between plain numbers."""
    at = equals + 1
    while kind_at(tokens, at) == "money":
        at += 1
    if kind_at(tokens, at) != "number" or _goes_on(tokens, at):
        return None
    span = walk_back(tokens, equals)
    left = parse([t for _, t in span])
    right = site_of(tokens[at])
    if not isinstance(left, Op) or not comes_to(left, right.value):
        return None
    return Step(left, right, span[0][1].start, right.end, annotated=False)


def _goes_on(tokens: Sequence[Token], at: int) -> bool:
    """Whether the number at `at` is not a result but the beginning of an expression, "= 3 * 4" or "= 3x"."""
    following = kind_at(tokens, at + 1)
    return following in ("op", "times", "paren") or (following == "word" and tokens[at + 1].start == tokens[at].end)
