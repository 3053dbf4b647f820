"""Words that follow a number's value, for `draft`: "1 apple", "2 apples"; "There is 1"; "a 9-inch", "an 8-inch"."""

import re
from fractions import Fraction

from tasks.instantiate.markup import NUMBERS
from tasks.lift import nouns
from tasks.lift.codes import narrow

Edit = tuple[int, int, str]  # start and end of a span of the text, and the markup that takes its place
_THERE = re.compile(r"\b[Tt]here (are|were) \$?$")


def agree(text: str, edits: list[Edit], span: tuple[int, int], name: str, number: Fraction, known: str) -> None:
    """Adds to `edits` what around the number at `span` must follow it; `known` is all that the problem says."""
    start, end = span
    _article(text, edits, start, name, number)
    if number == 1:
        _singular(text, edits, end, name, known)
        return
    noun = nouns.counted(text, end)
    if noun is not None and not any(a <= noun[0] < b for a, b, _ in edits):
        edits.append((noun[0], noun[1], _choice(name, nouns.singular(noun[2].lower()), noun[2])))
    there = _THERE.search(text[:start])
    if there is not None:
        one = "is" if there.group(1) == "are" else "was"
        edits.append((there.start(1), there.end(1), f"{{{name}?{one}|{there.group(1)}}}"))


def _article(text: str, edits: list[Edit], start: int, name: str, number: Fraction) -> None:
    """"a 12-inch", "an 8-inch"."""
    before = re.search(r"\b([Aa]n?) \$?$", text[:start])
    if before is None:
        return
    written = before.group(1)
    style = "A" if written[0] == "A" else "a"
    if NUMBERS[style](narrow(number)) == written:
        edits.append((before.start(1), before.end(1), f"{{{name}:{style}}}"))


def _singular(text: str, edits: list[Edit], end: int, name: str, known: str) -> None:
    """The noun after a 1, where its plural is a word of the problem or a measure, so that it is sure to be a noun."""
    match = re.match(r" ([a-z]+)\b", text[end:end + 24])
    if match is None:
        return
    word, many = match.group(1), nouns.plural(match.group(1))
    plurals = {w.lower() for w in re.findall(r"[A-Za-z]+", known)} | {measure + "s" for measure in nouns.MEASURES}
    if many in plurals:
        edits.append((end + 1, end + 1 + len(word), f"{{{name}?{word}|{many}}}"))


def _choice(name: str, one: str, many: str) -> str:
    return f"{{{name}?{one.capitalize() if many[0].isupper() else one}|{many}}}"
