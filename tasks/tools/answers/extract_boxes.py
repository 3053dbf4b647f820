"""What a solution has put into boxes."""

import re

from tasks.tools.answers.extract_numbers import EQUALS

_BOX = re.compile(r"\\(?:boxed|fbox|framebox)\s*(?=\{|[\dA-Za-z])")
_TOKEN = re.compile(r"\w+")
_BRACE = re.compile("[{}]")
_BOX_LINK = re.compile(r"(?:(?:\s+[a-z]+){1,2}\s+and\s+|[\s$*]|\\[()\[\],;! ]|\\q?quad(?![a-z])"
                       r"|\\(?:text|textrm|mathrm|mbox)\s*\{[^{}]*\}|,|;|\band\b"
                       r"|\bor\b|\b[a-zA-Z]\s*=)*")


def boxed(text: str) -> str:
    """The content of the last box, with the boxes that a mere "and" or comma links to it."""
    parts: list[str] = []
    start = len(text)
    # Only as many boxes as an answer may have: each unclosed one is searched to the end of the text.
    for mark in reversed(list(_BOX.finditer(text))[-20:]):
        content, end = grouped(text, mark.end())
        if not content.strip():
            continue
        if parts and (content in parts or not _linked(text[end:start], end <= start)):
            break
        parts.insert(0, content)
        start = mark.start()
    return ", ".join(part.strip() for part in parts)


def is_boxed_after(text: str, at: int) -> bool:
    """Whether a box opens behind a place."""
    return _BOX.search(text, at) is not None


def _linked(between: str, apart: bool) -> bool:
    """Whether the text between two boxes makes them one answer; mere space means an answer given twice."""
    return apart and bool(_BOX_LINK.fullmatch(between) and re.search(r",|;|\band\b|\bor\b", between))


def grouped(text: str, at: int) -> tuple[str, int]:
    """The braced group that opens at `at` and the place after it; a group never closed ends with its line."""
    if text[at] != "{":
        found = _TOKEN.match(text, at)
        return (found.group(), found.end()) if found else ("", at)
    depth = 0
    for brace in _BRACE.finditer(text, at):
        place = brace.start()
        if text[place - 1] == "\\" and text[place - 2 : place] != "\\\\":
            continue
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return text[at + 1 : place], place + 1
    line = text[at + 1 :].split("\n", 1)[0]
    return line.rstrip(" .$"), at + 1 + len(line)


def valued(content: str, kind: str) -> str:
    """What a box or display says, without the name of the unknown where a number is asked for."""
    content = content.strip().strip("$").strip()
    if kind == "number" and EQUALS.search(content):
        content = EQUALS.split(content)[-1]
    return content.strip()
