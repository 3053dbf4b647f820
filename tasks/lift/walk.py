"""The expression in prose that ends at an equals sign, found by walking back over `tokens`; `steps` parses it.

"He pays $4 per ticket x 5 tickets = $20" gives 4 * 5: unit words and currency signs between the operands are passed
over, a full stop or a word too many ends the walk.
"""

from collections.abc import Sequence

from tasks.lift.tokens import ARITHMETIC, Token, before_money, kind_at

Placed = tuple[int, Token]  # a token with its place among all tokens
_UNIT_WORDS = 4  # between a number and the sign that follows it: "3 large boxes of pens * 2"
_DEPTH = {")": 1, "]": 1, "(": -1, "[": -1}


def walk_back(tokens: Sequence[Token], equals: int) -> list[Placed]:
    """The tokens of the expression that ends at `equals`, unit words left out; [] where there is none."""
    out: list[Placed] = []
    at = equals - 1
    while True:
        operand = _operand(tokens, _skip_units(tokens, at))
        if operand is None:
            return []
        out = operand + out
        at = before_money(tokens, operand[0][0] - 1)
        if out[0][1].text in "([" and kind_at(tokens, at) == "number":
            continue  # 150(2/3)
        if not _is_sign(tokens, at):
            return out
        out = [(at, _sign(tokens[at])), *out]
        at -= 1


def _is_sign(tokens: Sequence[Token], at: int) -> bool:
    return kind_at(tokens, at) in ("op", "times", "spoken") or (at >= 0 and _is_of(tokens, at))


def _sign(token: Token) -> Token:
    return Token("op", "*" if token.kind in ("times", "word") else token.text, token.start, token.end)


def _is_of(tokens: Sequence[Token], at: int) -> bool:
    """ "20% of 50" and "1/2 of 34" multiply; "a total of 50" does not."""
    return tokens[at].text == "of" and kind_at(tokens, at - 1) in ("percent", "number")


def _skip_units(tokens: Sequence[Token], at: int) -> int:
    """The place before the unit words that end at `at`."""
    words = 0
    while at >= 0 and words <= _UNIT_WORDS:
        token = tokens[at]
        if (token.kind == "word" and not token.text.endswith(".")) or token.kind == "percent":
            words += token.kind == "word"
        elif not _joins_units(tokens, at):
            break
        at -= 1
    return at


def _joins_units(tokens: Sequence[Token], at: int) -> bool:
    """The sign of "miles/hour" and "3-day"."""
    return (tokens[at].text in ("/", "-") and kind_at(tokens, at - 1) in ("word", "number")
            and tokens[at + 1].kind == "word")


def _operand(tokens: Sequence[Token], at: int) -> list[Placed] | None:
    """The number or the bracket that ends at `at`, None where none does."""
    if kind_at(tokens, at) == "number":
        glued = kind_at(tokens, at - 1) == "word" and tokens[at - 1].end == tokens[at].start
        return None if glued else [(at, tokens[at])]
    if at < 0 or tokens[at].text not in (")", "]"):
        return None
    depth = 0
    for start in range(at, -1, -1):
        depth += _DEPTH.get(tokens[start].text, 0)
        if depth == 0:
            return [(i, t) for i, t in enumerate(tokens[start:at + 1], start) if t.kind in ARITHMETIC]
    return None
