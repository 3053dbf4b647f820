"""The words around a number in a text: its phrase, clause and line, and their content words cut to stems.

`evidence` compares them between solution and question, `loose` asks which symbol a number in the prose repeats.
"""

import re


def word_set(text: str) -> frozenset[str]:
    """The words of a space-separated list."""
    return frozenset(text.split())


_STOP = word_set(
    "a an the of and or in on at to for by with from is are was were be been has have had he she it they his her their "
    "its him them that this these those then so if as than per each every all total how many much does do did will "
    "would can there which who what when after before out up off into more less there's i you we my our your one")
_WORD = re.compile(r"[A-Za-z]+")
_TAILS = ("ings", "ing", "ies", "est", "ers", "er", "ed", "es", "s", "e", "y")


def stems(text: str) -> set[str]:
    """The content words of a text, cut to a common stem."""
    return {_stem(w.lower()) for w in _WORD.findall(text) if w.lower() not in _STOP and len(w) > 1}


def _stem(word: str) -> str:
    tail = next((t for t in _TAILS if word.endswith(t) and len(word) - len(t) >= 3), "")
    return word.removesuffix(tail)


def near(text: str, end: int) -> str:
    """Up to four words after a number, within its phrase. What stands before is mostly a verb, which says little."""
    after = re.match(r"[^.,;:=+*/<>\n\d]*", text[end:end + 48])
    words = re.split(r"\b(?:and|or|for|at)\b", after.group() if after else "")[0].split()[:4]
    return " ".join(words)


def clause_of(text: str, start: int, end: int) -> str:
    """The part of the sentence, between two punctuation marks, that holds the span."""
    left = max(text.rfind(mark, 0, start) for mark in ".?!;,\n")
    rights = [place for mark in (". ", "?", "!", ";", ",", "\n") if (place := text.find(mark, end)) >= 0]
    return text[left + 1:min(rights, default=len(text))]


def line_span(text: str, at: int) -> tuple[int, int]:
    """Where the line that holds `at` starts and ends."""
    right = text.find("\n", at)
    return text.rfind("\n", 0, at) + 1, right if right >= 0 else len(text)


def line_of(text: str, at: int) -> str:
    """The line that holds `at`."""
    left, right = line_span(text, at)
    return text[left:right]
