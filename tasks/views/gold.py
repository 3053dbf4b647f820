"""A gold answer in the one writing that trainers' scorers read: canonical LaTeX that means the same.

`canonical` rewrites looks (dollar signs, thousands, units, fonts, `\\frac43`, `sqrt(2)`), and takes its own writing
only where `tasks.tools.answers` judges the two to be equal. `wrong` is its opposite: an answer that is surely another
one, to see whether a scorer refuses it.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from tasks.tools.answers import equivalent
from tasks.tools.answers.shapes import shape
from tasks.tools.answers.tidy import tidy
from tasks.verify.planted import altered

_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{(.*)\}", re.DOTALL)
_OUTER = re.compile(r"\$\$(.*)\$\$|\\\((.*)\\\)|\\\[(.*)\\\]|\$([^$]*)(?<!\\)\$", re.DOTALL)
_MATHS = re.compile(r"[\\^=<>_{}|]|\d")
_ASSIGNED = re.compile(r"[A-Za-z]\s*=\s*([^=]*)")
_HELD = re.compile(r"[A-Za-z]\s*\\in\s*(?![A-Za-z])(.*)", re.DOTALL)
_ARGUMENT = r"(\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}|\\[A-Za-z]+|[A-Za-z0-9])"  # what LaTeX takes for one
_FRACTION = re.compile(rf"\\frac\s*{_ARGUMENT}\s*{_ARGUMENT}")
_ROOT = re.compile(r"\\sqrt\s*(\[[^\]]*\])?\s*([A-Za-z0-9]|\\[A-Za-z]+)")
_SLASH = re.compile(r"(?<![\w.})/\]])(?:(\d+)/(\d+)(?![\w.({/\\])|\((\d+)/(\d+)\))")
_CALL = re.compile(r"(?<![A-Za-z\\])sqrt\s*\(([^()]*)\)")
_NAMES = re.compile(r"(?<![A-Za-z\\])(pi|sin|cos|tan|log|ln|oo|inf)(?![A-Za-z])")
_RAISED = re.compile(r"\^\s*(?:(-?\d{2,}|-\d)|\((-?[\w.]+)\))")
_INDEX = re.compile(r"_\{(\w)\}")
_POINT = re.compile(r"(?<![\d}])\.(?=\d)")
_GAPS = re.compile(r"\s+")


@lru_cache(maxsize=65_536)
def canonical(answer: str) -> str:
    """The answer as bare LaTeX that means the same; stripped alone where no other writing is certain to. Never raises.

    >>> [canonical(text) for text in ("1,200", r"$\\frac43$", "{1, 2}", r"x \\in [1,2]", "90°", r"\\text{ east }")]
    ['1200', '\\\\frac{4}{3}', '\\\\{1, 2\\\\}', '[1,2]', '90', '\\\\text{east}']
    """
    text = _bare(answer)
    for made in (_rewritten(text), _braced(text)):
        if made and (made == text or equivalent(made, text).status == "equal"):
            return made
    return text


@lru_cache(maxsize=65_536)
def wrong(answer: str) -> str:
    """A canonical answer changed in one place, so that it is another one; "" where none is certain."""
    return next((text for text in _others(answer) if equivalent(text, answer).status == "different"), "")


def _others(answer: str) -> Iterator[str]:
    yield from (canonical(text) for text, _ in altered(answer))
    if answer.startswith("\\text{"):
        yield from ("\\text{none of them}", "10")
    for number in reversed(list(re.finditer(r"\d+", answer))):
        yield answer[:number.start()] + str(int(number[0]) + 1) + answer[number.end():]
    yield f"{answer}+1"


def _bare(answer: str) -> str:
    """Without the dollar signs or the box around it, on one line."""
    text, before = _GAPS.sub(" ", answer).strip(), ""
    while before != text:
        before = text
        if (found := _OUTER.fullmatch(text)) or (found := _BOX.fullmatch(text)):
            text = next(part for part in found.groups() if part is not None).strip()
    return text


def _rewritten(text: str) -> str:
    """The text in our writing, by the shape that it has; "" where its shape is not known."""
    read, told = tidy(text), shape(text)
    if told.kind == "choice":
        return told.name
    if told.kind in ("text", "set") and read.text.strip() and not _MATHS.search(read.text):  # "no solution" is a set
        return f"\\text{{{read.text.strip()}}}"
    if told.kind == "text" or read.qualifier:
        return ""
    made = read.text
    if (assigned := _ASSIGNED.fullmatch(made)) and not re.search(r"(?<![\\A-Za-z])[A-Za-z]", assigned[1]):
        made = assigned[1]
    if held := _HELD.fullmatch(made):
        made = held[1]
    if told.kind == "set" and made.startswith("{"):
        made = f"\\{{{made[1:-1]}\\}}"
    made = re.sub(r"\s*,?\s*\b(?:and|or)\b\s*", ", ", made)
    made = re.sub(r"(?<=[)\]])\s*U\s*(?=[(\[])", " \\\\cup ", made)
    return _braced(_latex(made)) + ("\\%" if read.percent else "")


def _latex(text: str) -> str:
    """What is typed as on a keyboard, in LaTeX: `sqrt(2)*x**10` is `\\sqrt{2}x^{10}`."""
    text = _CALL.sub(r"\\sqrt{\1}", text.replace("**", "^"))
    text = _NAMES.sub(lambda found: {"oo": "\\infty", "inf": "\\infty"}.get(found[1], f"\\{found[1]}"), text)
    text = _SLASH.sub(lambda found: f"\\frac{{{found[1] or found[3]}}}{{{found[2] or found[4]}}}", text)
    text = re.sub(r"(?<=\d)\s*\*\s*(?=[A-Za-z(\\])|(?<=[A-Za-z)}])\s*\*\s*(?=[A-Za-z(\\])", " ", text)
    return text.replace("*", " \\cdot ")


def _braced(text: str) -> str:
    """Arguments in braces, as every parser of LaTeX takes them."""
    before = ""
    while before != text:
        before = text
        text = _FRACTION.sub(lambda found: f"\\frac{_in_braces(found[1])}{_in_braces(found[2])}", text)
    text = _ROOT.sub(lambda found: f"\\sqrt{found[1] or ''}{{{found[2]}}}", text)
    text = _RAISED.sub(lambda found: f"^{{{found[1] or found[2]}}}", text)
    return _GAPS.sub(" ", _POINT.sub("0.", _INDEX.sub(r"_\1", text))).strip()


def _in_braces(argument: str) -> str:
    return argument if argument.startswith("{") else f"{{{argument}}}"
