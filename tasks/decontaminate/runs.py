"""Runs of words: what a text shares with a test item word for word, whatever its numbers, names and formulas.

Words that say in what form an answer is wanted ("can be written as m/n, where m and n are relatively prime positive
integers") are in half of all competition problems: a run must say something else besides. Drawings are no words.
"""

import re

from tasks.tools.signature import key

TELLING = 4  # different words of a run that do not speak of the form of an answer
_FORM = """
    a an all and any are as at be by can for from how if in is it its let many no not of on only or so that the then
    there these this to two we what when where which with you your
    answer answers coprime common compute decimal denote denoted determine distinct divided divisible enter evaluate
    exactly express expressed find following form fraction give given integer integers lowest mixed nearest number
    numbers point positive prime primes product radical real relatively remainder represented respectively round
    rounded simplest simplified square squarefree squares such sum term terms value values write written"""
FORM = frozenset(_FORM.split())
_DRAWING = re.compile(r"\[asy\].*?(?:\[/asy\]|$)")
_WORD = re.compile(r"(?<![\\\w])[a-z]{2,}(?:[-'][a-z]+)*(?!\w)")


def words_of(masked: str) -> list[str]:
    r"""The plain words of a masked text: no numbers, names, variables, LaTeX commands, drawings.

    >>> words_of("find the value of $x$ if \\frac{#}{x} is # times A's age")
    ['find', 'the', 'value', 'of', 'if', 'is', 'times', 'age']
    """
    return _WORD.findall(_DRAWING.sub(" ", masked))


def run_keys(masked: str, n: int) -> set[int]:
    """The keys of all runs of `n` words of a masked text that say more than what form an answer has."""
    words = words_of(masked)
    needed = min(TELLING, n)
    runs = (words[i:i + n] for i in range(len(words) - n + 1))
    return {key(*run) for run in runs if len(set(run) - FORM) >= needed}
