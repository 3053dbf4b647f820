r"""How much two short problems have in common, token by token: for texts too short to tell by their meaning.

"Simplify $\frac{2s^5}{s^3}$" and "Reduce \(\tfrac{2 t^5}{t^3}\)" are far apart for an embedding and nearly equal here:
formulas count by their signs, whatever variables are called and however LaTeX spells them; words count by their
beginnings, those that merely ask do not. Order does not count.
"""

import re
from collections import Counter

from tasks.decontaminate.runs import FORM

ENOUGH = 6  # tokens that a text must have to be found in another
STEM = 5  # letters of a word that are compared: "integer" and "integers" are one
# What only asks for something, in whatever words.
_ASKING = """about answered ask asked calculate carefully choose consider correct equal equals equation exercise
    explain expression got have has here how much must please problem question read reduce show simplify simplified
    solution solutions solve solved step steps suppose suppose these think want who whose work working would assume
    known knowing change convert every each find given"""
ASKING = FORM | frozenset(_ASKING.split())
_ALIKE = tuple((re.compile(pattern), other) for pattern, other in (
    (r"\[asy\].*?(?:\[/asy\]|$)", " "), (r"\\[dt]frac|\\over(?![a-z])", r"\\frac"),
    (r"\\(?:left|right|big|Big)(?![a-z])", ""),
    (r"\\(?:text|mathrm|mbox|textbf|mathbf|operatorname)(?![a-z])", ""), (r"\\[,;!: ]|~", " "),
    (r"\\\$|\$|\\[()\[\]]|[{}]", " "),
    (r"\\(?:cdot|times)(?![a-z])", "*"), (r"\\leq?(?![a-z])", "<"), (r"\\geq?(?![a-z])", ">"), (r"\\%", "%"),
    (r"\\(?:ld|cd|d)ots(?![a-z])", "..."), (r"\\circ(?![a-z])", "degrees")))
_TOKEN = re.compile(r"\\[a-z]+|[a-z]+|\d+(?:[.,]\d+)*|[-+*/^=<>()|%]")


def tokens(text: str) -> Counter[str]:
    r"""What counts of a text, how often.

    >>> sorted(tokens(r"Find the value of $\tfrac{12}{y}$.").items())
    [('12', 1), ('\\frac', 1), ('v', 1)]
    """
    for pattern, other in _ALIKE:
        text = pattern.sub(other, text)
    return Counter(kept for token in _TOKEN.findall(text.casefold()) if (kept := _kept(token)))


def _kept(token: str) -> str:
    if not token.isalpha():
        return token
    if len(token) == 1:
        return "v"
    return "" if token in ASKING else token[:STEM]


def likeness(one: Counter[str], other: Counter[str]) -> float:
    """Share of all tokens that both have, 0 to 1; 0 where neither has any."""
    every = (one | other).total()
    return (one & other).total() / every if every else 0.0


def framed(one: Counter[str], other: Counter[str]) -> bool:
    """Whether the longer holds all that the shorter does and besides only words: the same in a frame of prose."""
    short, long = (one, other) if one.total() <= other.total() else (other, one)
    surplus = long - short
    return short.total() >= ENOUGH and not short - long and all(token.isalpha() and token != "v" for token in surplus)
