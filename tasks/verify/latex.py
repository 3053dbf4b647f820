"""Arithmetic in LaTeX as plain text, so that `tasks.tools.equations` can read it; every line stays its line.

Only what is surely arithmetic is rewritten. Anything else becomes a sign that no equation survives: "\\sin 3 = 0.14"
must not be read as "3 = 0.14", nor the mixed number in "2\\frac{1}{2} = 2.5" as a product.
"""

import re
from collections.abc import Callable

SPOILED = " ¦ "

_INNER = r"\{([^{}\n]*)\}"
Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]


def _rules(*pairs: tuple[str, str]) -> tuple[Rule, ...]:
    return tuple((re.compile(pattern), text) for pattern, text in pairs)


_FRACTION = rf"\\[dt]?frac[ ]*{_INNER}[ ]*{_INNER}"
_ROWS = "align|aligned|equation|gather|gathered|split"
_FIRST = _rules(
    (rf"\\(?:begin|end)\{{(?:{_ROWS})\*?\}}", " "), (r"\\\\(?=\s|$|&|\[)", " ; "), (r"&", " "),
    (r"\\(?:left|right|displaystyle|d?big[gl]?)(?![A-Za-z])", ""), (r"\\[()\[\]]", " "),
    (r"(?<=\d)(?:\{,\}|\\,|\\!|,\\!)(?=\d{3}(?!\d))", ","), (r"\\[,;:! ]|~|\\q?quad(?![A-Za-z])", " "),
    (r"\\([%$])", r"\1"), (r"\\(?:times|cdot|ast)(?![A-Za-z])", "*"), (r"\\div(?![A-Za-z])", "/"),
    (r"\\approx(?![A-Za-z])", "≈"), (r"\^[ ]*(?:\{[ ]*\\circ[ ]*\}|\\circ(?![A-Za-z]))", " degrees "),
    (r"(?<![\d)])\*\*|\*\*(?![\d(])", " "))
# Again and again, from the innermost braces outwards.
_NESTED = _rules(
    (rf"(?<=\d)[ ]*{_FRACTION}", SPOILED),
    (rf"({_FRACTION})(?:(?=[A-Za-z])|[ ]+(?=[A-Za-z](?![a-z])))", rf"\1{SPOILED}"),  # one third of B times h
    (rf"({_FRACTION})[ ]*(?=[(\d]|\\(?:[dt]?frac|sqrt)(?![a-z]))", r"\1*"),
    (_FRACTION, r"((\1)/(\2))"), (r"(?<![\d}])\\[dt]?frac[ ]*(\d)[ ]*(\d)", r"(\1/\2)"),
    (rf"(?<=[\d)])[ ]*\\sqrt[ ]*{_INNER}", r"*√(\1)"), (rf"\\sqrt[ ]*{_INNER}", r"√(\1)"),
    (rf"\^[ ]*{_INNER}", r"^(\1)"), (rf"\\(?:text|textbf|mathrm|mbox|mathbf|boxed|fbox)[ ]*{_INNER}", r" \1 "))
_LAST = _rules((r"(?<=[(/])\((\d+(?:\.\d+)?)\)(?=[/)])", r"\1"), (r"\\[A-Za-z]+|[{}\\]", SPOILED))
DEPTH = 6


def plainly(text: str) -> str:
    """The text with its LaTeX arithmetic written plainly.

    >>> plainly("So $\\\\frac{1}{2} \\\\times 10 = 5$, and \\\\(\\\\sin 3 = x\\\\).")
    'So $(1/2) * 10 = 5$, and   ¦  3 = x .'
    """
    if "\\" not in text and "**" not in text:
        return text
    text = _applied(_FIRST, text)
    for _ in range(DEPTH):
        before, text = text, _applied(_NESTED, text)
        if text == before:
            break
    return _applied(_LAST, text)


def _applied(rules: tuple[Rule, ...], text: str) -> str:
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text
