"""Whether what a program printed is an answer: Python and sympy write floats, lists and sets in ways of their own."""

import re
from collections.abc import Iterator

from tasks.tools.answers import equivalent

EXACT_DIGITS = 10  # of a float: the last few are the machine's

_BASED = re.compile(r"([0-9A-Fa-f]+)_\{?\d+\}?")
_ENDS = r"\(([^(),]+(?:\([^()]*\))?), ([^(),]+(?:\([^()]*\))?)\)"
# What sympy prints of sets, in the order in which it is rewritten.
_SYMPY = tuple((re.compile(pattern), ends) for pattern, ends in (
    (rf"\bInterval\.open{_ENDS}", r"(\1, \2)"), (rf"\bInterval\.Lopen{_ENDS}", r"(\1, \2]"),
    (rf"\bInterval\.Ropen{_ENDS}", r"[\1, \2)"), (rf"\bInterval{_ENDS}", r"[\1, \2]"), (r"\boo\b", r"\\infty"),
    (r"\bUnion\((.*)\)$", lambda match: re.sub(r"(?<=[\])]), (?=[\[(])", r" \\cup ", match[1])),
    (r"\bFiniteSet\((.*)\)$|^\{(.*)\}$", lambda match: f"\\{{{match[1] or match[2]}\\}}")))
_FLOAT = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?")


def same(printed: str, other: str) -> str:
    """Whether the printed answer is the other, in one of the ways in which it may be meant."""
    found = [equivalent(text, other).status for text in _meant(printed, other)]
    return "equal" if "equal" in found else found[-1]


def _meant(printed: str, other: str) -> Iterator[str]:
    """What a program prints, as people write it."""
    yield printed
    if _FLOAT.fullmatch(printed) and len(re.sub(r"\D", "", printed)) >= EXACT_DIGITS and abs(float(printed)) < 1e9:
        yield f"{float(printed):.{EXACT_DIGITS}g}"  # a number known to some digits
    if (based := _BASED.fullmatch(other)) and based[1] == printed:
        yield other  # its digits, in a base that is not printed
    if printed[:1] + printed[-1:] == "[]" and other[:1] not in "[(":
        yield printed[1:-1]
    text = printed
    for pattern, ends in _SYMPY:
        text = pattern.sub(ends, text)
    if text != printed:
        yield text
