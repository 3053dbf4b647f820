"""The lines and sentences of a solution that can hold its answer, and the noise around an answer there."""

import re
from collections.abc import Iterator

_SAYS = re.compile(r"\w|√|π")
_THINK = re.compile(r"</think(?:ing)?>", re.I)
FENCE = re.compile(r"```(\w*)[^\n]*\n(.*?)(?:```|\Z)", re.S)
BOLD = re.compile(r"\*\*(.+?)\*\*|\\(?:textbf|mathbf)\{([^{}]+)\}")
MATH = re.compile(r"\\\[(.+?)\\\]|\$\$(.+?)\$\$|\\\((.+?)\\\)|(?<!\\)\$(.+?)(?<!\\)\$", re.S)
_SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!\bMr\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSt\.)(?<!\bMrs\.)[*_)\"]*\s+(?=[A-Z$\\*(√])"
)
_THIN = re.compile(r"(?<=\d)[\u2009\u202f\u00a0](?=\d{3}(?!\d))")
_SPACING = re.compile(r"\\[,;: ]|\\q?quad|~|[\u2000-\u200b\u202f\u00a0]")
_WRAPPED = re.compile(r"\\(?:text|mathrm|mbox|textbf|mathbf|textit)\s*\{([^{}]*)\}")
_BRACKETS = re.compile(r"\\[()\[\]]|\\left|\\right")
_CLOSING_DOLLAR = re.compile(r"(?<=[\w}!])\$(?!\d)")
_DISPLAY_MARK = re.compile(r"\\(?:\[|\]|(?:begin|end)\{align)")
_DISPLAYED = re.compile(
    r"\\\[.+?\\\]|\$\$.+?\$\$|\\begin\{(align\*?|aligned)\}.+?\\end\{\1\}", re.S)
_TRIM = " \t\r\n*_`"


def spoken(solution: str) -> str:
    """The part after the model's thinking, if any is left there, without calculator marks."""
    tail = _THINK.split(solution)[-1] if "<" in solution and "</" in solution else solution
    text = tail if tail.strip() else solution
    if "<" in text and "<<" in text:  # GSM8K's calculator marks repeat what stands beside them
        text = re.sub(r"<<[^<>\n]*>>", "", text)
    # Some models escape their LaTeX twice; in a matrix a double backslash ends a row and stays.
    if "\\" not in text or "\\\\" not in text or "\\begin{" in text:
        return text
    return re.sub(r"\\\\(?=[A-Za-z])", r"\\", text)


def prose_of(text: str) -> tuple[str, str]:
    """The text without programs, and its last lines; where a display formula reaches into these, each is one line."""
    if "`" in text and "```" in text:
        text = FENCE.sub("\n", text)
    text = text.strip()
    end = ending(text)
    if "$$" not in end and ("\\" not in end or not _DISPLAY_MARK.search(end)):
        return text, end
    text = flat(text)
    return text, ending(text)


def flat(text: str) -> str:
    """The text with each display formula on one line."""
    return _DISPLAYED.sub(lambda found: " ".join(found[0].split()), text).strip()


def ending(text: str) -> str:
    """The last six lines that say something."""
    left, at = 6, len(text)
    while left and at > 0:
        at, end = text.rfind("\n", 0, at), at
        left -= _SAYS.search(text, at + 1, end) is not None
    return text[at + 1 :]


def lines_of(text: str) -> list[str]:
    """The lines that say something: no rules, no bare marks."""
    return [line.strip() for line in text.splitlines() if _SAYS.search(line)]


def sentences(line: str) -> list[str]:
    """The sentences of one line."""
    return [part for part in _SENTENCE_END.split(line) if part.strip()] or [line]


def backwards(text: str) -> Iterator[str]:
    """The sentences of the lines that say something, from the end."""
    end = len(text)
    while end >= 0:
        start = text.rfind("\n", 0, end)
        line = text[start + 1:end].strip()
        end = start
        if _SAYS.search(line):
            yield from reversed(sentences(line))


def cleaned(payload: str) -> str:
    """The text without the marks around it."""
    text = payload.strip(_TRIM).removesuffix(".").strip(_TRIM)
    whole = MATH.fullmatch(text)
    # "$5 or $6" is money, not a formula between dollar signs.
    if whole and not (text.startswith("$") and text.count("$") > 2 and not text.startswith("$$")):
        text = next(part for part in whole.groups() if part is not None)
    return text.strip().removesuffix(".").strip(_TRIM)


def plain(text: str) -> str:
    """LaTeX's spacing, text and thousands marks taken out of a sentence."""
    text = text.replace("{,}", ",").replace("**", "")
    if not text.isascii():
        text = _THIN.sub("", text)
    if "\\" in text or "~" in text or not text.isascii():
        text = _SPACING.sub(" ", text.replace("\\!", "").replace("\\$", "$"))
        text = _BRACKETS.sub("", _WRAPPED.sub(r" \1 ", text))
    # A dollar sign that closes a formula would otherwise stand between a number and its unit, or pose as money.
    return _CLOSING_DOLLAR.sub("", text) if "$" in text else text
