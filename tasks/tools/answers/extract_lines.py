"""The lines and sentences of a solution that can hold its answer, and the noise around an answer there."""

import re
from collections.abc import Iterator

_SAYS = re.compile(r"[\w√]")
# what models add for politeness or as a caveat once the answer is given
_ASIDE = re.compile(
    r"\W*(?:(?:note|remark|disclaimer|p\.?\s?s)\b\W*:|(?:please )?let me know\b|(?:i )?hope (?:this|that|it) helps"
    r"|(?:please )?feel free\b|would you like\b"
    r"|if you (?:have|need|want|would like)\b.*\b(?:questions?|help|clarification|details|assistance)\b)", re.I)
_HOPE = re.compile(r"I hope (?:it|this) is correct")
_TAGGED = re.compile(r"<answer>(?!.*<answer>)(.*?)(?:</answer>|\Z)", re.S)
_THINK = re.compile(r"</think(?:ing)?>", re.I)
FENCE = re.compile(r"```(\w*)[^\n]*\n(.*?)(?:```|\Z)", re.S)
BOLD = re.compile(r"\*\*(.+?)\*\*|\\(?:textbf|mathbf)\{([^{}]+)\}")
MATH = re.compile(r"\\\[(.+?)\\\]|\$\$(.+?)\$\$|\\\((.+?)\\\)|(?<!\\)\$(.+?)(?<!\\)\$", re.S)
_SENTENCE_END = re.compile(
    r"[.!?](?<!\bMr\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSt\.)(?<!\bMrs\.)(?:[*_)\"]*|\$\$?|\\[\])])\s+(?=[A-Z$\\*(√])"
)
_THIN = re.compile(r"(?<=\d)[\u2009\u202f\u00a0](?=\d{3}(?!\d))")
_SPACING = re.compile(r"\\[,;: ]|\\q?quad|~|[\u2000-\u200b\u202f\u00a0]")
_WRAPPED = re.compile(r"\\(?:text|mathrm|mbox|textbf|mathbf|textit)\s*\{([^{}]*)\}")
_BRACKETS = re.compile(r"\\[()\[\]]|\\left|\\right")
_CLOSING_DOLLAR = re.compile(r"(?<=[\w}!])\$(?!\d)")
_DISPLAY_MARK = re.compile(r"\\(?:\[|\]|(?:begin|end)\{align)")
_DISPLAYED = re.compile(
    r"\\\[.+?\\\]|\$\$.+?\$\$|\\begin\{(align\*?|aligned)\}.+?\\end\{\1\}", re.S)
WINDOW = 500  # characters at the end that nearly always hold the last lines
_TRIM = " \t\r\n*_`"


def spoken(solution: str) -> str:
    """The part after the model's thinking, if any is left there, without tags and calculator marks.

    Nothing of thinking that was cut off before its end.
    """
    text = _untagged(solution) if "<" in solution else solution
    if "I hope " in text:
        text = _HOPE.split(text, 1)[0]  # what some models end with; others then set themselves the next problem
    # Some models escape their LaTeX twice; in a matrix a double backslash ends a row and stays.
    if "\\" not in text or "\\\\" not in text or "\\begin{" in text:
        return text
    return re.sub(r"\\\\(?=[A-Za-z])", r"\\", text)


def _untagged(solution: str) -> str:
    tail = _THINK.split(solution)[-1] if "</" in solution else solution
    text = tail if tail.strip() else solution
    if "<think>" in text and "</think" not in text:
        return ""
    if "<answer>" in text and (tagged := _TAGGED.search(text)) and tagged[1].strip():
        text = tagged[1]
    # GSM8K's calculator marks repeat what stands beside them
    return re.sub(r"<<[^<>\n]*>>", "", text) if "<<" in text else text


def prose_of(text: str) -> tuple[str, str]:
    """The text without programs, and its last lines; where a display formula reaches into these, each is one line."""
    if "`" in text and "```" in text:
        text = FENCE.sub("\n", text)
    text = _without_asides(text.strip())
    end = ending(text)
    if "$$" not in end and ("\\" not in end or not _DISPLAY_MARK.search(end)):
        return text, end
    # In a long text only what lies behind the last blank line before the window is looked at, if that is enough.
    cut = text.rfind("\n\n", 0, len(text) - WINDOW) if len(text) > WINDOW else -1
    if cut > 0 and text.count("$$", cut) % 2 == 0:
        tail = flat(text[cut:])
        if len(end := ending(tail)) < len(tail):
            return f"{text[:cut]}\n{tail}", end
    text = flat(text)
    return text, ending(text)


def _without_asides(text: str) -> str:
    """The text without the caveats and offers after its last line that says something."""
    end = len(text)
    while (at := text.rfind("\n", 0, end)) >= 0 and (
            _ASIDE.match(text, at + 1, end) or not _SAYS.search(text, at + 1, end)):
        end = at
    return text[:end]


def flat(text: str) -> str:
    """The text with each display formula on one line."""
    return _DISPLAYED.sub(_in_one_line, text).strip()


def _in_one_line(display: re.Match[str]) -> str:
    """A display formula without line breaks, and without the full stop that ends the sentence."""
    text = " ".join(display[0].split())
    inner, end = text[:-2].rstrip(), text[-2:]
    stopped = end in {"\\]", "$$"} and inner[-1:] in {".", ",", ";"} and inner[-2:-1] != "\\"
    return f"{inner[:-1]} {end}" if stopped else text


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
    parts, start = [], 0
    for end in _SENTENCE_END.finditer(line):
        parts.append(line[start : end.start() + 1])
        start = end.end()
    return [part for part in (*parts, line[start:]) if part.strip()] or [line]


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
