"""Read a worked solution as a list of steps: every equation, annotated or plainly written, with the place of each number.

A step is `left = right` with numbers only. GSM8K's annotation `<<48/2=24>>` is one; so is "14-4=10 years" or
"$20 - $10 = $10" in prose. Prose that only repeats the annotation after it ("48/2 = <<48/2=24>>24") is that step's `echo`.
Equations with letters are not steps; their numbers stay loose.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

_TOKEN = re.compile(
    r"(?P<open><<)|(?P<close>>>)|(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?|\.\d+)|(?P<op>[-+*/×÷−–·])"
    r"|(?P<paren>[()\[\]])|(?P<equals>=)|(?P<money>[$£€])|(?P<percent>%)|(?P<times>[xX](?![A-Za-z]))|(?P<word>[A-Za-z’']+\.?)|(?P<stop>\S|\n)"
)
_OPS = {"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-"}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Site:
    """A number in the solution: its place and exact value. `percent` where "%" follows it, `money` where "$" leads."""

    start: int
    end: int
    value: Fraction
    text: str
    percent: bool = False
    money: bool = False


# An expression is a Site, or (operator, left, right).
Expr = Site | tuple[str, "Expr", "Expr"]


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


def leaves(expr: Expr) -> Iterator[Site]:
    """The numbers of an expression, left to right."""
    if isinstance(expr, Site):
        yield expr
    else:
        yield from leaves(expr[1])
        yield from leaves(expr[2])


def value(expr: Expr, of: Callable[[Site], Fraction] = lambda s: s.value) -> Fraction:
    """The exact value of an expression. Raises ZeroDivisionError."""
    if isinstance(expr, Site):
        return of(expr)
    operator, left, right = expr
    a, b = value(left, of), value(right, of)
    return a + b if operator == "+" else a - b if operator == "-" else a * b if operator == "*" else a / b


def read_steps(solution: str) -> list[Step]:
    """Every step of `solution` in order of place. Raises `Unreadable` for an annotation that cannot be read."""
    tokens = _tokens(solution)
    steps = []
    at = 0
    while at < len(tokens):
        if tokens[at].kind == "open":
            close = next((i for i in range(at, len(tokens)) if tokens[i].kind == "close"), None)
            if close is None:
                raise Unreadable("an annotation << is never closed")
            steps.append(_annotation(tokens, at, close))
            at = close + 1
            continue
        if tokens[at].kind == "equals":
            step = _prose(tokens, at)
            if step is not None:
                steps.append(step)
        at += 1
    return steps


_SPOKEN = {"times": "*", "plus": "+", "minus": "-", "equals": "="}


def _tokens(text: str) -> list[Token]:
    out = []
    for m in _TOKEN.finditer(text):
        kind, raw = str(m.lastgroup), m.group()
        if raw in _SPOKEN:  # "3 times 3 equals 9"
            kind, raw = ("equals" if raw == "equals" else "spoken"), _SPOKEN[raw]
        elif raw in ("divided", "multiplied") and text[m.end():m.end() + 3] == " by":
            kind, raw = "spoken", "/" if raw == "divided" else "*"
        elif raw == "by" and out and out[-1].kind == "spoken":
            continue
        out.append(Token(kind, raw, m.start(), m.end()))
    return out


def _site(token: Token, percent: bool = False, money: bool = False) -> Site:
    raw = token.text.replace(",", "")
    return Site(token.start, token.end, Fraction("0" + raw if raw[0] == "." else raw), token.text, percent, money)


def _annotation(tokens: list[Token], opening: int, close: int) -> Step:
    inside = tokens[opening + 1:close]
    equals = [i for i, t in enumerate(inside) if t.kind == "equals"]
    text = "".join(t.text for t in inside)
    if not equals:
        raise Unreadable(f"annotation <<{text}>> has no '='")
    right = [t for t in inside[equals[-1] + 1:] if t.kind not in ("money", "percent", "word")]
    left = _parse(inside[:equals[0]])
    if left is None or len(right) != 1 or right[0].kind != "number":
        raise Unreadable(f"annotation <<{text}>> is not plain arithmetic")
    step = Step(left, _site(right[0]), tokens[opening].start, tokens[close].end, annotated=True)
    _attach_prose(step, tokens, opening, close)
    return step


def _attach_prose(step: Step, tokens: list[Token], opening: int, close: int) -> None:
    after = tokens[close + 1] if close + 1 < len(tokens) else None
    if after is not None and after.kind == "number" and after.start - tokens[close].end <= 1:
        step.shown.append(_site(after))
    before = opening - 1
    while before >= 0 and tokens[before].kind == "money":
        before -= 1
    if before >= 0 and tokens[before].kind == "equals":
        span = _walk_back(tokens, before)
        step.echo.extend(_site(t, _is_percent(tokens, i), _is_money(tokens, i)) for i, t in span if t.kind == "number")
        if isinstance(step.left, Site):
            _take_echo(step, _parse([t for _, t in span]))


def _take_echo(step: Step, echo: Expr | None) -> None:
    """"5 + 6 = <<11=11>>11" annotates the result alone: the prose before it is the step."""
    if echo is None or isinstance(echo, Site) or step.left.value != step.right.value:
        return
    try:
        if value(echo) == step.right.value:
            step.shown.append(step.left)
            step.left, step.echo = echo, []
    except ZeroDivisionError:
        return


def _is_percent(tokens: list[Token], at: int) -> bool:
    return at + 1 < len(tokens) and tokens[at + 1].kind == "percent"


def _is_money(tokens: list[Token], at: int) -> bool:
    return at > 0 and tokens[at - 1].kind == "money"


def _prose(tokens: list[Token], equals: int) -> Step | None:
    """The step around a prose "=", or None where it is no equation between plain numbers."""
    at = equals + 1
    while at < len(tokens) and tokens[at].kind == "money":
        at += 1
    if at >= len(tokens) or tokens[at].kind != "number":
        return None
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    if following is not None and (following.kind in ("op", "times", "paren") or (following.kind == "word" and following.start == tokens[at].end)):
        return None
    span = _walk_back(tokens, equals)
    left = _parse([t for _, t in span])
    if left is None or isinstance(left, Site):
        return None
    right = _site(tokens[at], _is_percent(tokens, at))
    step = Step(left, right, span[0][1].start, right.end, annotated=False)
    try:
        return step if value(left) == right.value else None
    except ZeroDivisionError:
        return None


_UNIT_WORDS = 4


def _walk_back(tokens: list[Token], equals: int) -> list[tuple[int, Token]]:
    """The tokens of the expression that ends at `equals`, unit words left out; [] where there is none."""
    out: list[tuple[int, Token]] = []
    at = equals - 1
    while True:
        at = _skip_units(tokens, at)
        operand = _operand_back(tokens, at)
        if operand is None:
            return []
        out = operand + out
        at = operand[0][0] - 1
        while at >= 0 and tokens[at].kind == "money":
            at -= 1
        if out[0][1].text in "([" and at >= 0 and tokens[at].kind == "number":
            continue  # 150(2/3)
        if at >= 0 and (tokens[at].kind in ("op", "times", "spoken") or _is_of(tokens, at)):
            joint = tokens[at]
            out = [(at, Token("op", "*" if joint.kind in ("times", "word") else joint.text, joint.start, joint.end)), *out]
            at -= 1
            continue
        return out


def _is_of(tokens: list[Token], at: int) -> bool:
    """ "20% of 50" and "1/2 of 34" multiply; "a total of 50" does not."""
    return tokens[at].text == "of" and at > 0 and tokens[at - 1].kind in ("percent", "number")


def _skip_units(tokens: list[Token], at: int) -> int:
    words = 0
    while at >= 0 and words <= _UNIT_WORDS:
        token = tokens[at]
        if token.kind == "word" and not token.text.endswith(".") or token.kind == "percent":
            words += token.kind == "word"
        elif not (token.text in ("/", "-") and at > 0 and tokens[at - 1].kind in ("word", "number") and tokens[at + 1].kind == "word"):
            break
        at -= 1
    return at


def _operand_back(tokens: list[Token], at: int) -> list[tuple[int, Token]] | None:
    if at < 0:
        return None
    if tokens[at].kind == "number":
        glued = at > 0 and tokens[at - 1].kind == "word" and tokens[at - 1].end == tokens[at].start
        return None if glued else [(at, tokens[at])]
    if tokens[at].text in (")", "]"):
        depth, start = 0, at
        while start >= 0:
            depth += {")": 1, "]": 1, "(": -1, "[": -1}.get(tokens[start].text, 0)
            if depth == 0:
                inner = [(i, t) for i, t in enumerate(tokens[start:at + 1], start) if t.kind in ("number", "op", "paren", "times")]
                return inner
            start -= 1
    return None


def _parse(tokens: list[Token]) -> Expr | None:
    """A tree from number, operator and parenthesis tokens (currency, percent signs and words skipped); None if it is none."""
    flat = [t for t in tokens if t.kind in ("number", "op", "paren", "times")]
    percents = {a.start for a, b in zip(tokens, tokens[1:], strict=False) if b.kind == "percent"}
    parser = _Parser(flat, percents)
    try:
        expr = parser.sum()
    except (IndexError, ValueError):
        return None
    return expr if parser.at == len(flat) else None


class _Parser:
    def __init__(self, tokens: list[Token], percents: set[int]) -> None:
        self.tokens, self.percents, self.at = tokens, percents, 0

    def _next(self, texts: str) -> str | None:
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            text = "*" if token.kind == "times" else _OPS.get(token.text, token.text)
            if text in texts and token.kind != "number":
                self.at += 1
                return text
        return None

    def sum(self) -> Expr:
        self._next("+")
        left = self.product()
        while operator := self._next("+-"):
            left = (operator, left, self.product())
        return left

    def product(self) -> Expr:
        left = self.atom()
        while True:
            operator = self._next("*/")
            if operator == "/" and self._next("/"):  # "//" in an annotation means "/" where it divides evenly
                operator = "/"
            if operator is None:
                if self.at < len(self.tokens) and self.tokens[self.at].text == "(":
                    operator = "*"  # 150(2/3)
                else:
                    return left
            left = (operator, left, self.atom())

    def atom(self) -> Expr:
        if self._next("(["):
            inner = self.sum()
            if not self._next(")]"):
                raise ValueError("unclosed parenthesis")
            return inner
        token = self.tokens[self.at]
        if token.kind != "number":
            raise ValueError(token.text)
        self.at += 1
        return _site(token, token.start in self.percents)
