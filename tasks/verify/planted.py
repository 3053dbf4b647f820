"""Planted cases: answers whose truth is known by construction, so that a verifier's own error rate can be counted.

`reformatted` writes an answer in another true way, `altered` changes it in one place so that it is wrong. Both know
only plain numbers (by exact arithmetic), lists of them, single letters, and bare formulas; for anything else they plant
nothing, because a case whose truth is not certain measures nothing. Neither asks the judges that are under test.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from schemas.records import Planted, Rejection, reject, stable_id

STEP = "planted"
TRUTHS = ("equal", "different")
MAX_DIGITS = 30
PLACES = 6  # decimals longer than this are rounded values, of which nobody knows the exact one

Case = tuple[str, str]  # a text, and what was done to it

_NUMBER = re.compile(r"(?P<sign>-?)(?P<whole>0|[1-9]\d*)(?:\.(?P<places>\d+))?", re.ASCII)
_FRACTION = re.compile(r"(-?)(?:\\[dt]?frac\{(\d+)\}\{(\d+)\}|(\d+)/(\d+))", re.ASCII)
_LIST = re.compile(r"(?P<open>\\?\{|\(|\[)(?P<inner>[^()\[\]{}\\]+)(?P<shut>\\?\}|\)|\])", re.ASCII)
_LETTER = re.compile(r"(?P<open>\(?)(?P<letter>[A-E])(?P<shut>\)?)")
# Sums and products of letters, digits, roots and fractions: no relation, list, unit, word or absolute value in them.
_FORMULA = re.compile(r"(?:\\(?:d?frac|sqrt|pi|cdot|left|right)(?![A-Za-z])|(?<![A-Za-z])[a-zA-Z](?![A-Za-z])"
                      r"|\d+|[-+/^(){} √])+", re.ASCII)


class Plain(NamedTuple):
    """A number as it is written: its exact value, and the pieces of its text."""

    value: Fraction
    sign: str
    top: str  # "12", or "12.5"
    bottom: str = ""  # of a fraction
    latex: bool = False


def reformatted(answer: str) -> list[Case]:
    """The same answer in other writings, each true by construction. The first that comes to mind first.

    >>> reformatted("1/2")
    [('\\\\frac{1}{2}', 'latex fraction'), ('0.5', 'decimal'), ('$1/2$', 'dollars')]
    """
    text = _core(answer)
    if plain := _plain(text):
        return [*_rewritten(plain), (f"${text}$", "dollars")]
    if text.endswith("%") and _plain(text[:-1]):
        return [(f"{text[:-1]}\\%", "latex percent"), (f"{text[:-1]} %", "spacing")]
    if listed := _LIST.fullmatch(text):
        return _relisted(listed)
    if letter := _LETTER.fullmatch(text):
        other = letter["letter"] if letter["open"] else f"({letter['letter']})"
        return [(other, "brackets of a choice")] if bool(letter["open"]) == bool(letter["shut"]) else []
    if _is_formula(text):
        return [*_respaced(text), (f"${text}$", "dollars")]
    return []


def altered(answer: str) -> list[Case]:
    """The same answer changed in exactly one place, so that it is another one.

    >>> altered("-3")
    [('-4', 'digit'), ('3', 'sign'), ('-30', 'zero appended')]
    """
    text = _core(answer)
    if plain := _plain(text):
        return [(other, how) for other, how in _changed(plain)
                if (read := _plain(other)) is not None and read.value != plain.value]
    if text.endswith("%") and _plain(text[:-1]):
        return [(f"{other}%", how) for other, how in altered(text[:-1])]
    if listed := _LIST.fullmatch(text):
        return list(_one_changed(listed))
    if letter := _LETTER.fullmatch(text):
        next_letter = "ABCDEA"["ABCDE".index(letter["letter"]) + 1]
        return [(f"{letter['open']}{next_letter}{letter['shut']}", "letter")]
    return [(f"{text}+1", "term added")] if _is_formula(text) else []


def doubles(row_id: str, share: float) -> bool:
    """Whether a row is doubled: its id decides, so that a resumed run plants the same cases."""
    return _hash(row_id) < share * 2**32


def judged(case: Planted, method: str, status: str, read: str, reason: str) -> Planted:
    """The case with what a verifier said of it."""
    return replace(case, method=method, status=status, read=read, reason=reason)


def cases(row_id: str, solution: str, answer: str, flaw: str = "") -> Iterator[Planted | Rejection]:
    """One right and one wrong copy of a row, not yet judged; a rejection for one that could not be made for certain.

    `flaw`: what is wrong with the row itself, so that no copy of it can be called right.
    """
    for truth, options in zip(TRUTHS, (reformatted(answer), altered(answer)), strict=True):
        if flaw or not options:
            why = flaw or f"no {truth} case is certain for the answer {answer[:80]!r}"
            yield reject(row_id, STEP, "no_case", why, content=answer[:2000], key=truth)
            continue
        text, how = options[_hash(f"{row_id} {truth}") % len(options)]
        yield Planted(stable_id("planted", row_id, truth, text), [row_id], truth, how, replaced(solution, text), answer,
                      "", "unknown", "", "")


def replaced(solution: str, answer: str) -> str:
    """The solution with another final answer, where it is marked by its last `####` or its only box; else bare."""
    head, mark, tail = solution.rpartition("####")
    if mark and tail.strip():
        return f"{head}#### {answer}" + "".join(tail.strip().partition("\n")[1:])
    if solution.count("\\boxed{") == 1 and "\\fbox" not in solution:
        start = solution.index("\\boxed{") + len("\\boxed{")
        if (end := _closing(solution, start)) is not None:
            inner = answer[1:-1] if answer[0] == answer[-1] == "$" else answer
            return solution[:start] + inner + solution[end:]
    return answer


# --- plain numbers


def _core(answer: str) -> str:
    """The answer without the dollar signs of a formula; money keeps its own."""
    text = answer.strip()
    return text[1:-1].strip() if text[:1] == text[-1:] == "$" and text.count("$") == 2 else text


def _plain(text: str) -> Plain | None:
    """A whole number, a decimal of few places, or a fraction of whole numbers; None for anything else."""
    if len(text) > MAX_DIGITS:
        return None
    if found := _NUMBER.fullmatch(text):
        if len(found["places"] or "") > PLACES or (found["sign"] and not text.strip("-0.")):
            return None
        top = text.removeprefix("-")
        return Plain(Fraction(text), found["sign"], top)
    if found := _FRACTION.fullmatch(text):
        top, bottom = found[2] or found[4], found[3] or found[5]
        if int(bottom):
            value = Fraction(int(top), int(bottom))
            return Plain(-value if found[1] else value, found[1], top, bottom, found[2] is not None)
    return None


def _written(plain: Plain, top: str = "", bottom: str = "", *, latex: bool | None = None) -> str:
    top, bottom = top or plain.top, bottom or plain.bottom
    body = f"\\frac{{{top}}}{{{bottom}}}" if plain.latex or latex else f"{top}/{bottom}"
    return plain.sign + (body if bottom else top)


def _rewritten(plain: Plain) -> Iterator[Case]:
    whole, _, places = plain.top.partition(".")
    if plain.bottom:
        yield (f"{plain.sign}{plain.top}/{plain.bottom}", "slash fraction") if plain.latex else (
            _written(plain, latex=True), "latex fraction")
        if decimal := _decimal(plain.value):
            yield decimal, "decimal"
        return
    if len(whole) > 3:
        grouped = f"{int(whole):,}" + (f".{places}" if places else "")
        yield plain.sign + grouped, "thousands"
        yield plain.sign + grouped.replace(",", "{,}"), "latex thousands"
    if places:
        yield f"{plain.sign}{plain.top}0", "trailing zero"
        yield f"{plain.value.numerator}/{plain.value.denominator}", "fraction"
    else:
        yield f"{plain.sign}{whole}.0", "trailing zero"


def _decimal(value: Fraction) -> str:
    """A fraction as a decimal of at most `PLACES` places; "" where it does not end so soon."""
    shifted = value * 10**PLACES
    if shifted.denominator != 1 or value.denominator == 1:
        return ""
    digits = f"{abs(shifted.numerator):0{PLACES + 1}d}"
    return f"{'-' if value < 0 else ''}{digits[:-PLACES]}.{digits[-PLACES:].rstrip('0')}"


def _changed(plain: Plain) -> Iterator[Case]:
    """Texts with one change; whether the value has changed with it is for the caller to see."""
    yield _written(plain, _bumped(plain.top), plain.bottom), "digit"
    if plain.bottom:
        yield _written(plain, plain.top, _bumped(plain.bottom)), "digit"
        if int(plain.top) and plain.top != plain.bottom:
            yield _written(plain, plain.bottom, plain.top), "upside down"
    if plain.value:
        yield plain._replace(sign="" if plain.sign else "-").sign + _written(plain._replace(sign="")), "sign"
    if not plain.bottom and "." in plain.top:
        yield plain.sign + str(int(plain.top.replace(".", ""))), "point lost"
    elif not plain.bottom and plain.value:
        yield f"{plain.sign}{plain.top}0", "zero appended"


def _bumped(digits: str) -> str:
    """The last digit one more, 9 becoming 8: the same length, another value."""
    return digits[:-1] + str(int(digits[-1]) + 1 if digits[-1] != "9" else 8)


# --- lists and formulas


def _relisted(found: re.Match[str]) -> list[Case]:
    members = _members(found["inner"])
    if not members:
        return []
    close, wide = ",".join(members), ", ".join(members)
    inner = wide if found["inner"] == close else close
    made = [(f"{found['open']}{inner}{found['shut']}", "spacing")]
    if _is_set(found):
        return [*made, (f"{found['open']}{', '.join(reversed(members))}{found['shut']}", "order of a set")]
    return [*made, (f"\\left{found['open']}{found['inner']}\\right{found['shut']}", "left and right")]


def _one_changed(found: re.Match[str]) -> Iterator[Case]:
    members = _members(found["inner"])
    if not members:
        return
    values = [read.value for text in members if (read := _plain(text))]
    for place, text in enumerate(members):
        plain = _plain(text)
        other = _written(plain, _bumped(plain.top), plain.bottom) if plain else ""
        new = _plain(other)
        in_order = all(a < b for a, b in pairwise([*values[:place], new.value, *values[place + 1:]])) if new else False
        if new and new.value not in values and (in_order or found["open"] != "["):
            kept = ", ".join([*members[:place], other, *members[place + 1:]])
            yield f"{found['open']}{kept}{found['shut']}", "member"
    if found["open"] + found["shut"] in ("(]", "[)") and len(members) == 2 and values[0] < values[1]:
        yield f"({found['inner']})", "endpoint"


def _members(inner: str) -> list[str]:
    """Two to eight different plain numbers, with commas between; [] for anything else."""
    members = [part.strip() for part in inner.split(",")]
    values = [read.value for part in members if (read := _plain(part))]
    return members if 2 <= len(members) <= 8 and len(set(values)) == len(members) and not _grouped(inner) else []


def _grouped(inner: str) -> bool:
    """Whether a comma may stand between thousands."""
    return bool(re.search(r"\d,\d{3}(?!\d)", inner))


def _is_set(found: re.Match[str]) -> bool:
    return found["open"][-1] == "{" and found["shut"][-1] == "}"


def _is_formula(text: str) -> bool:
    """Whether adding 1 behind it, or space around its signs, is safe: one closed formula with a letter or a root."""
    return (len(text) <= 200 and bool(_FORMULA.fullmatch(text)) and bool(re.search(r"[a-zA-Z]", text))
            and text[-1] not in "-+/^({ " and text[0] not in ")}^/+" and _balanced(text)
            and not re.search(r"\d[eE][-+\d]|\d [\d(]|^[A-Za-z]$|\bi\b.*\^|[-+/^ ]{2,}[-+/^]", text))


def _balanced(text: str) -> bool:
    stack = []
    for char in text:
        if char in "({":
            stack.append(char)
        elif char in ")}" and (not stack or stack.pop() + char not in ("()", "{}")):
            return False
    return not stack


def _respaced(text: str) -> Iterator[Case]:
    if "\\frac" in text:
        yield text.replace("\\frac", "\\dfrac"), "dfrac"
    wide = re.sub(r"(?<=[\w)}])[ ]*([-+])[ ]*(?=[\w(\\])", r" \1 ", text)
    if wide != text:
        yield wide, "spacing"


def _closing(text: str, start: int) -> int | None:
    depth = 1
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if not depth:
            return place
    return None


def _hash(text: str) -> int:
    return int(stable_id("", text)[-8:], 16)
