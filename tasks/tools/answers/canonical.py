"""The door for final answers: read one out of a solution, and decide whether two of them are the same.

Answers are canonical texts: "72", "3/4", "0.05", "20%", "2x^2 - 3x + 5", "2√3", "{1, 2}", "(1, 2)", "[0, inf)", or
words. Nothing is evaluated as code; types that differ do not match ("20%" is not "20", "(1, 2)" is not "{1, 2}"), and
what cannot be decided is `unknown`, never "different". A later issue puts a far better judge behind the same two
names.
"""

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from tasks.tools.exact import Value, agree, value
from tasks.tools.formulas import NUMBER, FormulaError, parse_expression

Status = Literal["equal", "different", "unknown"]

MAX_LENGTH = 2000  # characters of an answer: longer ones are essays
MAX_MEMBERS = 200  # of a set or tuple: a set is compared member by member

_HASHES = re.compile(r"####\s*(.+)")
_SAID = re.compile(r"(?:final answer|answer)(?: is|:)\s*\**\s*([^\n]+)", re.IGNORECASE)
_QUANTITY = re.compile(rf"\s*(-?)\s*[$€£¥₹]?\s*(-?(?:{NUMBER})(?:/\d+)?)\s*(?:%|[^\W\d_][^\d+*/=^]*)?[.\s]*\Z")
# Else "yes" would be a product of three letters.
_WORDS = re.compile(r"(?<![^\W\d_])(?!sqrt\b)[^\W\d_]{3,}|^(?!pi\b)[^\W\d_]{2,}\.?$")
_INFINITIES = {"inf": "+", "∞": "+", "oo": "+", "-inf": "-", "-∞": "-", "-oo": "-"}


class Answer(NamedTuple):
    """An answer as read: its kind, the exact value or the words, its brackets, its members."""

    kind: str  # number, percent, infinity, set, bracket, text
    value: Value = None
    ends: str = ""
    members: "tuple[Answer, ...]" = ()


def same(a: str, b: str) -> bool | None:
    """Whether two answers are the same; None where that cannot be decided."""
    return {"equal": True, "different": False, "unknown": None}[equivalent(a, b)]


@lru_cache(maxsize=20_000)
def equivalent(a: str, b: str) -> Status:
    """Whether two canonical answers are equal, different or not to be decided. Never raises."""
    if a == b:
        return "equal"
    if a.isdecimal() and b.isdecimal() and len(a) + len(b) < MAX_LENGTH:
        return "equal" if int(a) == int(b) else "different"
    try:
        return _compare(read(a), read(b))
    except FormulaError:
        return "unknown"


def final(solution: str) -> str:
    """The final answer that a solution gives: behind its last "####", else behind "the answer is"; "" where none is."""
    place = solution.rfind("####")
    if place >= 0:
        return solution[place + 4:].strip().partition("\n")[0].strip()
    found = _SAID.findall(solution)
    return found[-1].strip().rstrip("*. ") if found else ""


@lru_cache(maxsize=20_000)
def bare(answer: str) -> str:
    """A quantity without money sign, "%" and unit words ("$1,200.50" is "1200.50", "5 apples" is "5"), others as is."""
    if answer.isdecimal():
        return answer
    match = _QUANTITY.match(answer)
    return match[1] + match[2].replace(",", "") if match else answer.strip()


@lru_cache(maxsize=20_000)
def read(text: str) -> Answer:
    """The answer that a canonical text means. Raises `FormulaError` for one that is too long or has no value."""
    text = text.strip()
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"an answer longer than {MAX_LENGTH} characters")
    if text in _INFINITIES:
        return Answer("infinity", ends=_INFINITIES[text])
    if text[:1] == "{" and text[-1:] == "}":
        return Answer("set", members=_members(text))
    if text[:1] in {"(", "["} and text[-1:] in {")", "]"} and len(members := _members(text)) > 1:
        return Answer("bracket", ends=text[0] + text[-1], members=members)
    return _single(text)


def _single(text: str) -> Answer:
    if _WORDS.search(text):
        return _text(text)
    percent = text.endswith("%")
    try:
        tree = parse_expression(text.rstrip("% ") if percent else text)
        return Answer("percent" if percent else "number", value(tree))
    except FormulaError:
        if re.search(r"\d", text):
            raise
    return _text(text)


def _text(text: str) -> Answer:
    return Answer("text", " ".join(text.casefold().split()).rstrip("."))


def _members(text: str) -> tuple[Answer, ...]:
    """The members between brackets, split at commas that stand in no inner bracket."""
    parts, depth, start, inner = [], 0, 0, text[1:-1]
    for i, char in enumerate(inner):
        depth += (char in "([{") - (char in ")]}")
        if depth < 0:
            return ()
        if char == "," and depth == 0:
            parts.append(inner[start:i])
            start = i + 1
    parts = [*parts, inner[start:]] if inner.strip() else []
    if len(parts) > MAX_MEMBERS:
        raise FormulaError(f"more than {MAX_MEMBERS} members")
    return tuple(map(read, parts))


def _compare(a: Answer, b: Answer) -> Status:
    if a.kind != b.kind:
        # A word beside a number may be the number in words, which is for a better reader to say.
        return "unknown" if "text" in {a.kind, b.kind} else "different"
    if a.kind == "set":
        return _every([_any(x, b.members) for x in a.members] + [_any(y, a.members) for y in b.members])
    if a.kind == "bracket":
        if a.ends != b.ends or len(a.members) != len(b.members):
            return "different"
        return _every([_compare(x, y) for x, y in zip(a.members, b.members, strict=True)])
    if a.kind in {"number", "percent"}:
        return _status(agree(a.value, b.value))
    return _status(a.value == b.value and a.ends == b.ends)


def _status(holds: bool | None) -> Status:
    return "unknown" if holds is None else "equal" if holds else "different"


def _every(parts: list[Status]) -> Status:
    return "different" if "different" in parts else "unknown" if "unknown" in parts else "equal"


def _any(member: Answer, others: tuple[Answer, ...]) -> Status:
    found = [_compare(member, other) for other in others]
    return "equal" if "equal" in found else "unknown" if "unknown" in found else "different"
