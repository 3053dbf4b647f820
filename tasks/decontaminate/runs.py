"""Runs of words: what a text shares with a test item word for word, whatever its numbers, names and formulas."""

import re

from tasks.tools.signature import key

_WORD = re.compile(r"(?<![\\\w])[a-z]{2,}(?:[-'][a-z]+)*(?!\w)")


def words_of(masked: str) -> list[str]:
    r"""The plain words of a masked text: no numbers, names, variables, LaTeX commands.

    >>> words_of("find the value of $x$ if \\frac{#}{x} is # times A's age")
    ['find', 'the', 'value', 'of', 'if', 'is', 'times', 'age']
    """
    return _WORD.findall(masked)


def run_keys(masked: str, n: int) -> set[int]:
    """The keys of all runs of `n` words of a masked text."""
    words = words_of(masked)
    return {key(*words[i:i + n]) for i in range(len(words) - n + 1)}
