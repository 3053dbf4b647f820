"""The reference under audit: is it an answer at all, can it be read, does it speak of this problem.

"failed" is a flag for a person, not a proof; what the attempts' majority says of it is `agreement`'s.
"""

import re

from schemas.records import Claim
from tasks.tools.answers.latex import Node
from tasks.tools.answers.ranges import Shape
from tasks.tools.answers.shapes import shape

LONG = 300  # characters: beyond it a reference is a text, not an answer

_NOTHING = re.compile(r"(?:n/?a|none|null|nan|undefined answer|unknown|tbd|todo|\?+|-+|\.+|…|no (?:final )?answer"
                      r"|see (?:the )?(?:solution|above|below|proof).*|proof(?: .*)?|answers? (?:may )?var(?:y|ies)"
                      r"|omitted)\W*", re.IGNORECASE)
_PLAIN = re.compile(r"-?\d+(?:\.\d+)?(?:/[1-9]\d*)?", re.ASCII)
_MATHEMATICS = re.compile(r"\\[a-zA-Z]+|[0-9=^_<>≤≥√π{}]")
_WORDS = re.compile(r"\\(?:text|mathrm|mbox)|\([A-Za-z]\)")
_IN_WORDS = re.compile(r"\\(?:text|textbf|mathrm|mbox)\{([^{}\\]*)\}")
_LETTERS = re.compile(r"\\([A-Za-z]+)|(?<![A-Za-z\\])([A-Za-z])(?![A-Za-z])|(?<=\d)([A-Za-z])")
# Letters that an answer may bring with it: e, i and the names of what ranges over whole numbers or is arbitrary.
_FREE = frozenset({"e", "i", "k", "n", "m", "C", "c", "x", "f", "d", "pi", "infty"})


def by_itself(claim: Claim) -> tuple[str, str, str, str]:
    """(status, what was read, reason, "") of a claim's reference."""
    text = claim.answer.strip()
    if _PLAIN.fullmatch(text):  # most references, and the rest of this costs as much as judging one
        return "passed", text[:LONG], "", ""
    if flaw := flawed(text):
        return "failed", text[:LONG], f"reference: {flaw}", ""
    found = shape(text)
    if found.kind == "text" and _MATHEMATICS.search(_IN_WORDS.sub(r"\1", text)):
        return "unknown", text[:LONG], f"reference: cannot be read as mathematics: {text[:80]}", ""
    free = _FREE | {"y", "z"} if found.kind == "relation" else _FREE  # the equation of a line or a plane
    foreign = sorted(letters(found) - free - told(claim.problem)) if claim.problem and not _WORDS.search(text) else []
    if foreign:
        return "failed", text[:LONG], f"reference: names {', '.join(foreign)}, which the problem does not have", ""
    return "passed", text[:LONG], "", ""


def flawed(text: str) -> str:
    """Why a text can be no answer; "" if it can."""
    if _NOTHING.fullmatch(text):
        return f"no answer: {text[:80]}"
    if len(text) > LONG and len(text.split()) > 40:
        return f"no answer but a text of {len(text)} characters"
    broken = _unclosed(text) or ("an operator at its end" if len(text) > 1 and text[-1] in "+-*/^=<" else "")
    return f"does not parse: {broken} in {text[:80]}" if broken else ""


def letters(item: Shape) -> set[str]:
    """The symbols of a read answer. The name of an assignment (x = 3) is none: it repeats what is asked."""
    return (_symbols(item.tree) if item.tree else set()).union(*map(letters, item.parts))


def told(problem: str) -> set[str]:
    """Single letters and commands of a problem's text; a matter of letters, not of words."""
    return {group for match in _LETTERS.finditer(problem) for group in match.groups() if group} | {
        letter for run in re.findall(r"\$([^$]*)\$|\\\((.*?)\\\)", problem) for part in run for letter in part
        if letter.isalpha()} | {letter for word in re.findall(r"\b[A-Z]{2,4}\b", problem) for letter in word}


def _symbols(tree: Node) -> set[str]:
    own = {tree.name.lstrip("\\").partition("_")[0]} if tree.op == "symbol" else set()
    return own.union(*map(_symbols, tree.args))


def _unclosed(text: str) -> str:
    """A brace that is not closed, or closed and never opened. Round and square ones may mix: [0, 1)."""
    depth = 0
    for place, char in enumerate(text):
        if char in "{}" and (not place or text[place - 1] != "\\"):
            depth += 1 if char == "{" else -1
        if depth < 0:
            return "a brace closed and never opened"
    opened, shut = sum(map(text.count, "([")), sum(map(text.count, ")]"))
    if depth:
        return "a brace never closed"
    return "" if opened == shut or re.match(r"\(?[A-Za-z0-9]\)", text) else "brackets that do not match"
