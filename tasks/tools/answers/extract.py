"""Reads the final answer out of a solution that a model wrote.

One solution gives one answer: trying several candidates against a reference would accept wrong solutions that only
pass through the right value. The first rule that finds something decides, and its name comes back with the text.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import NamedTuple


class Extracted(NamedTuple):
    """The answer as the solution writes it, and the rule that found it ("none" with empty text when none did)."""

    text: str
    rule: str


_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
_VULGAR = "[¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]"
_FRACTION = r"\\[dt]?frac\s*(?:\{[^{}]*\}|\d)\s*(?:\{[^{}]*\}|\d)"
_ROOT = r"(?:√\s*(?:\([^()]*\)|\d+)|\\sqrt\s*(?:\[\d+\])?\s*(?:\{[^{}]*\}|\d)|sqrt\([^()]*\))"
_PI = r"(?:π|\\pi(?![a-z])|\bpi\b)"
_POWER = r"(?:\s*\^\s*(?:\{[^{}]*\}|\(?-?\d+\)?)|[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+|!)"
_SYMBOL = rf"(?:{_FRACTION}|{_ROOT}|{_PI}|{_VULGAR})"
_SCIENTIFIC = r"(?:\s*(?:×|\\times|\*|\\cdot)\s*10(?:\s*\^\s*(?:\{[^{}]*\}|-?\d+)|[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+))"
_RATIO = rf"(?:\s?/\s?(?:{_NUMBER}|{_ROOT}|{_PI}))"
_MIXED = r"(?:\d+\s+\d+/\d+)"
_PLAIN = rf"(?:{_MIXED}|{_NUMBER}{_SCIENTIFIC}|(?:{_NUMBER}{_POWER}?)(?:\s?[×·*]?\s?{_SYMBOL})*|{_SYMBOL}+){_RATIO}?"
# No letter, digit or dot before it: "x2", "v1.5" and the tail of a longer number are no quantities.
_QUANTITY = re.compile(
    rf"(?<![\w.\\])(?P<sign>(?<![\d)}}%])[-−–]\s?(?=[$€£\d.√π\\{_VULGAR[1:-1]}]))?(?:[$€£]\s?)?(?P<inner>-)?"
    rf"(?P<body>{_PLAIN})(?P<percent>\s?\\?%)?(?P<suffix>(?:st|nd|rd|th)\b|-[a-z]{{2,}})?"
)
# What a quantity may begin with; its words ("pi", "sqrt(") are looked for only in texts that have them.
_BEGINS = re.compile(rf"[\d.√π\\$€£\-−–{_VULGAR[1:-1]}]")
_BEGINS_IN_WORDS = re.compile(rf"[\d.√π\\$€£\-−–{_VULGAR[1:-1]}]|s(?=qrt\()|p(?=i\b)")
_BOX = re.compile(r"\\(?:boxed|fbox|framebox)\s*(?=\{|[\dA-Za-z])")
_TOKEN = re.compile(r"\w+")
_BRACE = re.compile("[{}]")
_WORDY = re.compile("[A-Za-z]{4}")  # what no mere "and" between two boxes has
TAIL = 60  # characters of a last line in which an answer alone stands
_DIGITS = r"\$?((?:(?<!\$)-)?\d+(?:,\d{3})*(?:\.\d+)?)\.?"
_SAID_NUMBER = re.compile(rf"\b[Tt]he answer is {_DIGITS}$")
_LED_NUMBER = re.compile(rf"(A:|####) {_DIGITS}")
_BOX_LINK = re.compile(r"(?:(?:\s+[a-z]+){1,2}\s+and\s+|[\s$*]|\\[()\[\],;! ]|\\text\s*\{[^{}]*\}|,|;|\band\b"
                       r"|\bor\b|\b[a-zA-Z]\s*=)*")
_HASHES = re.compile(r"^\s*####\s+(\S.*)$", re.M)
_HOPE = re.compile(r"I hope (?:it|this) is correct.*", re.I | re.S)
_LETTER = re.compile(r"^[#>*_\s]*A\s*[:：]", re.I | re.M)
_TITLE = re.compile(r"[#>*_\s]*(?:the\s+)?(?:final\s+)?", re.I)  # what a line of nothing but "answer" may begin with
_TITLED = re.compile(r"answer[*_ \t]*$", re.I | re.M)
_SAYING = re.compile(r"\banswer\b[^\n.:=]{0,40}?(?:\s*[*_]*\s*[:：=][*_]*|\s+is\b[ \t]*[:：]?)", re.I)
_SAYS = re.compile(r"\w|√|π")
_THINK = re.compile(r"</think(?:ing)?>", re.I)
_FENCE = re.compile(r"```(\w*)[^\n]*\n(.*?)(?:```|\Z)", re.S)
_BOLD = re.compile(r"\*\*(.+?)\*\*|\\(?:textbf|mathbf)\{([^{}]+)\}")
_MATH = re.compile(r"\\\[(.+?)\\\]|\$\$(.+?)\$\$|\\\((.+?)\\\)|(?<!\\)\$(.+?)(?<!\\)\$", re.S)
_SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!\bMr\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSt\.)(?<!\bMrs\.)[*_)\"]*\s+(?=[A-Z$\\*(√])"
)
_ANNOUNCES = re.compile(
    r"(?:(?:now|next|so|then),?\s+)?(?:let's|let us|we (?:need to|can now|will now|must)|i will)\s+(?:now\s+)?"
    r"(?:re)?(?:calculate|compute|determine|find|solve|check|verify|simplify|correct|consider|use|apply|substitute)\b[^=]*$",
    re.I)
_UNANSWERABLE = re.compile(
    r"\b(?:cannot|can't|can not|could not|impossible to|unable to|not possible to)\s+(?:be\s+)?"
    r"(?:accurately |exactly |definitively )?(?:determine|answer|calculat|comput|find|solve)"
    r"|\bnot enough information|\binsufficient information|\bmissing information",
    re.I,
)
_COPULA = re.compile(
    r"\b(?:is|are|equals|be|was|were|get|gives|have|has)\b:?(?!.*\b(?:is|are|equals|be|was|were)\b)", re.S
)
_EQUALS = re.compile(r"=(?<![<>!≤≥:]=)(?!=)|≈|\\approx\b|(?<!\w)equals\b")
# "2 × 5! × 5!" left as a product at the end of a sentence.
_PRODUCT = re.compile(rf"(?<![\w.]){_NUMBER}!?(?:\s*(?:[×·*]|\\times|\\cdot)\s*{_NUMBER}!?)+(?=[\s.$]*$)")
_TIMES = re.compile(r"×|·|\*|\\times|\\cdot")
_SEVERAL = re.compile(r"\d\W*(?:,\s|\band\b|\bor\b|;|&)\W*\d|\\begin\{")
_WORD = re.compile(r"(?<![\\{A-Za-z])(?!and\b|or\b)[A-Za-z]{2,}")
_COUNTED = re.compile(r"\bhow (?:many|much|long|far|old|tall|fast|big)\b", re.I)
_IN_TERMS = re.compile(r"\bin terms of\b", re.I)
_CONNECTIVE = re.compile(r"^(?:Thus|So|Therefore|Hence|Then|Finally|Conclusion|In conclusion)\b[,:]?\s*", re.I)
_OPTIONS = re.compile(r"((?:\b\w+, )*\b\w+),? or (\w+)")
_THAT_IS = re.compile(r"\(\s*(?:i\.e\.|that is|or)[,:]?\s+([^()]*)\)", re.I)
_CHOICE = re.compile(r"\(([A-J])\)|\\text(?:bf)?\{\s*([A-J])\s*\}|\b([B-HJ])\b|\b(A|I)\b(?!\s+[a-z])")
_YES_NO = re.compile(r"\W*(yes|no|true|false)\b(?![a-z-])", re.I)
_THIN = re.compile(r"(?<=\d)[\u2009\u202f\u00a0](?=\d{3}(?!\d))")
_SPACING = re.compile(r"\\[,;: ]|\\q?quad|~|[\u2000-\u200b\u202f\u00a0]")
_WRAPPED = re.compile(r"\\(?:text|mathrm|mbox|textbf|mathbf|textit)\s*\{([^{}]*)\}")
_BRACKETS = re.compile(r"\\[()\[\]]|\\left|\\right")
_CLOSING_DOLLAR = re.compile(r"(?<=[\w}!])\$(?!\d)")
_SO = re.compile(r",\s+so\s+")
_DISPLAY_MARK = re.compile(r"\\(?:\[|\]|(?:begin|end)\{align)")
_DISPLAYED = re.compile(
    r"\\\[.+?\\\]|\$\$.+?\$\$|\\begin\{(align\*?|aligned)\}.+?\\end\{\1\}", re.S)
_REMARK = re.compile(r"(?<=[\w%*})])\s+\([^()]*\)")
_TRIM = " \t\r\n*_`"


def extract(solution: str, problem: str | None = None, kind: str = "") -> Extracted:
    """The final answer of `solution`; `kind` says what the reference looks like: number, text, choice, expression."""
    kind = kind or _asked(problem)
    if kind == "number" and (plain := _at_once(solution)):
        return plain
    text = _spoken(solution)
    box = _boxed(text) if "box" in text else ""
    if box:
        return Extracted(_value(box, kind), "boxed")
    prose, end = _prose(text)
    for rule, payload in (("hashes", _hashes(end)), ("marker", _marked(prose, end))):
        answer = _read(payload, problem, kind, prose) if payload else ""
        if answer:
            return Extracted(answer, rule)
    printed = _printed(text)
    # A program's output answers where the words after it add nothing.
    if printed.text and (not _lines(_FENCE.split(text)[-1]) or (kind == "number" and _mute(text))):
        return printed
    return _closing(prose, end, problem, kind)


def _at_once(solution: str) -> Extracted | None:
    """What most solutions end in, found without reading the rest: the only box, or "A: 5" as the last words.

    It finds what the rules below would find, or nothing.
    """
    # One sign is found faster than several: most texts have none of these.
    if "<" in solution and "</" in solution:
        solution = solution.rpartition("</think>")[2]
        if not solution.strip() or "</" in solution:
            return None
    if "\\" in solution:
        if "\\fbox" in solution or "\\framebox" in solution:
            return None
        if (at := solution.rfind("\\boxed")) >= 0:
            return _only_box(solution, at)
    if "`" in solution and "```" in solution:
        return None
    text = solution.rstrip()
    line = text[text.rfind("\n") + 1:]
    if "answer is" in line and (said := _SAID_NUMBER.search(line[-TAIL:])) and "####" not in text:
        return Extracted(said[1], "marker")
    led = _LED_NUMBER.fullmatch(line) if len(line) < TAIL else None
    if not led or (led[1] != "####" and "####" in text):
        return None
    return Extracted(led[2], "hashes" if led[1] == "####" else "marker")


def _only_box(solution: str, at: int) -> Extracted | None:
    """The last box, where no box before it can be linked to it."""
    if not solution.startswith("{", at + 6):
        return None
    if (before := solution.rfind("\\boxed", 0, at)) >= 0:
        between = solution[_group(solution, before + 6)[1]:at]
        if "\\text" in between or not _WORDY.search(between) or len(between) < TAIL:
            return None
    content = _group(solution, at + 6)[0]
    if not content.strip() or "\\\\" in content or "<<" in content:
        return None
    return Extracted(_value(content, "number"), "boxed")


def _asked(problem: str | None) -> str:
    """The kind of answer that a problem's wording asks for, where it is plain."""
    return "number" if _COUNTED.search(problem or "") and not _IN_TERMS.search(problem or "") else ""


def _spoken(solution: str) -> str:
    """The part after the model's thinking, if any is left there, without calculator marks."""
    tail = _THINK.split(solution)[-1] if "<" in solution and "</" in solution else solution
    text = tail if tail.strip() else solution
    if "<" in text and "<<" in text:  # GSM8K's calculator marks repeat what stands beside them
        text = re.sub(r"<<[^<>\n]*>>", "", text)
    # Some models escape their LaTeX twice; in a matrix a double backslash ends a row and stays.
    if "\\" not in text or "\\\\" not in text or "\\begin{" in text:
        return text
    return re.sub(r"\\\\(?=[A-Za-z])", r"\\", text)


def _boxed(text: str) -> str:
    """The content of the last box, with the boxes that a mere "and" or comma links to it."""
    parts: list[str] = []
    start = len(text)
    # Only as many boxes as an answer may have: each unclosed one is searched to the end of the text.
    for mark in reversed(list(_BOX.finditer(text))[-20:]):
        content, end = _group(text, mark.end())
        if not content.strip():
            continue
        if parts and (content in parts or not _linked(text[end:start], end <= start)):
            break
        parts.insert(0, content)
        start = mark.start()
    return ", ".join(part.strip() for part in parts)


def _linked(between: str, apart: bool) -> bool:
    """Whether the text between two boxes makes them one answer; mere space means an answer given twice."""
    return apart and bool(_BOX_LINK.fullmatch(between) and re.search(r",|;|and|or", between))


def _group(text: str, at: int) -> tuple[str, int]:
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


def _value(content: str, kind: str) -> str:
    """What a box or display says, without the name of the unknown where a number is asked for."""
    content = content.strip().strip("$").strip()
    if kind == "number" and _EQUALS.search(content):
        content = _EQUALS.split(content)[-1]
    return content.strip()


def _prose(text: str) -> tuple[str, str]:
    """The text without programs, and its last lines; where a display formula reaches into these, each is one line."""
    if "`" in text and "```" in text:
        text = _FENCE.sub("\n", text)
    text = text.strip()
    end = _end(text)
    if "$$" not in end and ("\\" not in end or not _DISPLAY_MARK.search(end)):
        return text, end
    text = _flat(text)
    return text, _end(text)


def _flat(text: str) -> str:
    """The text with each display formula on one line."""
    return _DISPLAYED.sub(lambda found: " ".join(found[0].split()), text).strip()


def _printed(text: str) -> Extracted:
    """The last line that a solution made of nothing but programs printed."""
    if "`" not in text or "```" not in text:
        return Extracted("", "none")
    outputs = [body.strip() for name, body in _FENCE.findall(text) if name == "output" and body.strip()]
    return Extracted(outputs[-1].splitlines()[-1].strip(), "output") if outputs else Extracted("", "none")


def _mute(text: str) -> bool:
    """Whether no quantity follows the last program or output."""
    return not _quantities(_FENCE.split(text)[-1])


def _lines(text: str) -> list[str]:
    """The lines that say something: no rules, no bare marks."""
    return [line.strip() for line in text.splitlines() if _SAYS.search(line)]


def _hashes(text: str) -> str:
    """What follows the last "####", unless it is a heading with a part of the solution below."""
    found = list(_HASHES.finditer(text)) if "#" in text and "####" in text else []
    if not found or len(_lines(text[found[-1].end() :])) > 1 or found[-1].group(1).rstrip(" *").endswith(":"):
        return ""
    return found[-1].group(1)


def _marked(text: str, end: str) -> str:
    """What follows the last "answer is" or "Answer:"; one far above the end announces the solution instead."""
    end = _end(_HOPE.sub("", text)) if " hope " in end else end
    at = _marker(end)
    lines = _lines(end[at:]) if at >= 0 else []
    return _sentences(lines[0])[0] if lines and len(lines) <= 3 else ""


def _marker(text: str) -> int:
    """The place after the last "answer is" or "Answer:", -1 where there is none."""
    lower = text.lower()
    if len(lower) != len(text):  # one capital becomes two signs
        lower = text.replace("İ", "I").lower()
    at = len(text)
    while (at := lower.rfind("answer", 0, at)) >= 0:
        line = text[text.rfind("\n", 0, at) + 1 : at]
        found = (_TITLED.match(text, at) if _TITLE.fullmatch(line) else None) or _SAYING.match(text, at)
        if found:
            at = found.end()
            break
    lettered = "a:" in lower or "a :" in lower or "：" in lower
    return max([at, *(found.end() for found in _LETTER.finditer(text))]) if lettered else at


def _end(text: str) -> str:
    """The last six lines that say something."""
    left, at = 6, len(text)
    while left and at > 0:
        at, end = text.rfind("\n", 0, at), at
        left -= _SAYS.search(text, at + 1, end) is not None
    return text[at + 1 :]


def _sentences(line: str) -> list[str]:
    """The sentences of one line."""
    return [part for part in _SENTENCE_END.split(line) if part.strip()] or [line]


def _read(payload: str, problem: str | None, kind: str, solution: str = "") -> str:
    """The answer in a piece of text that is known to state it."""
    if kind == "choice":
        return _choice(payload) or _clean(payload)
    if kind == "text":
        return _said(payload, problem)
    if kind == "number":
        bare = _clean(payload)
        # "2 or 3", a tuple or a matrix is an answer of several parts: its last number alone would be another answer.
        if _SEVERAL.search(bare) and not _WORD.search(bare) and not _EQUALS.search(bare):
            return bare
        before = solution[: solution.rfind(payload)]
        return _number(_emphasised(payload) or payload, problem, before) or _clean(payload)
    formula = _formula(payload, problem)
    # A sentence is no expression: where the kind is unknown its number is the better reading.
    wordy = not kind and len(re.findall(r"(?<![\\{A-Za-z])[A-Za-z]{3,}", formula)) > 3
    return (_number(payload, problem) if wordy else "") or formula


def _clean(payload: str) -> str:
    """The text without the marks around it."""
    text = payload.strip(_TRIM).removesuffix(".").strip(_TRIM)
    whole = _MATH.fullmatch(text)
    # "$5 or $6" is money, not a formula between dollar signs.
    if whole and not (text.startswith("$") and text.count("$") > 2 and not text.startswith("$$")):
        text = next(part for part in whole.groups() if part is not None)
    return text.strip().removesuffix(".").strip(_TRIM)


def _emphasised(text: str) -> str:
    """The last bold part that holds a quantity."""
    if "**" not in text and "\\" not in text:
        return ""
    parts = [first or second for first, second in _BOLD.findall(text)]
    parts = [part for part in parts if _quantities(part) and not part.rstrip().endswith(":")]
    return parts[-1] if parts else ""


def _closing(text: str, end: str, problem: str | None, kind: str) -> Extracted:
    """The answer in the last sentences, for a solution that marks none."""
    above = _backwards(end)
    last = next(above, "")
    if _ANNOUNCES.match(last):
        return Extracted("", "none")  # it was cut off before the answer
    if kind != "number":
        strong = [first or second for first, second in _BOLD.findall(last)]
        if strong and kind != "choice":
            return Extracted(_read(strong[-1], problem, kind), "bold")
        answer = _read(last, problem, kind)
        return Extracted(answer, "sentence" if answer else "none")
    for sentence in chain((last,), above):
        bold = _emphasised(sentence)
        answer = _number(bold or sentence, problem, text[: text.rfind(sentence)])
        if answer:
            return Extracted(answer, "bold" if bold else "sentence")
        if _UNANSWERABLE.search(sentence):
            return Extracted(_clean(sentence), "statement")
    return Extracted("", "none")


def _backwards(text: str) -> Iterator[str]:
    """The sentences of the lines that say something, from the end."""
    end = len(text)
    while end >= 0:
        start = text.rfind("\n", 0, end)
        line = text[start + 1:end].strip()
        end = start
        if _SAYS.search(line):
            yield from reversed(_sentences(line))


def _plain(text: str) -> str:
    """LaTeX's spacing, text and thousands marks taken out of a sentence."""
    text = text.replace("{,}", ",").replace("**", "")
    if not text.isascii():
        text = _THIN.sub("", text)
    if "\\" in text or "~" in text or not text.isascii():
        text = _SPACING.sub(" ", text.replace("\\!", "").replace("\\$", "$"))
        text = _BRACKETS.sub("", _WRAPPED.sub(r" \1 ", text))
    # A dollar sign that closes a formula would otherwise stand between a number and its unit, or pose as money.
    return _CLOSING_DOLLAR.sub("", text) if "$" in text else text


def _number(text: str, problem: str | None, before: str = "") -> str:
    """The quantity that a sentence states as its result; `before` is what the solution worked out ahead of it."""
    text = _plain(text)
    restated = [part for part in _THAT_IS.findall(text) if _quantities(part)] if "(" in text else []
    product = _PRODUCT.search(text) if _TIMES.search(text) else None
    equation = _sides(restated[-1] if restated else text)
    if product and not restated:
        return " ".join(product.group().split())
    if len(equation) > 1 or restated:
        after = _preferred(equation[-1])
        if after:
            return _spell(after[0])
    part = _SO.split(text)[-1] if ", so" in text else text
    part = _REMARK.sub("", part) if "(" in part else part
    found = _quantities(part) or (_quantities(text) if part != text else [])
    if len(found) < 2:
        return _spell(found[0]) if found else ""
    return _spell(_result(found, _values(problem or ""), before))


def _sides(text: str) -> list[str]:
    """The parts of a text between its equals signs."""
    has = "=" in text or "≈" in text or "equals" in text or "\\approx" in text
    return _EQUALS.split(text) if has else [text]


def _quantities(text: str) -> list[re.Match[str]]:
    """The quantities in a text. Trying the pattern where one can begin is far quicker than to search for it."""
    found: list[re.Match[str]] = []
    end = 0
    for mark in (_BEGINS_IN_WORDS if "pi" in text or "sqrt" in text else _BEGINS).finditer(text):
        if mark.start() >= end and (one := _QUANTITY.match(text, mark.start())):
            found.append(one)
            end = one.end()
    return found


def _preferred(text: str) -> list[re.Match[str]]:
    """The quantities in a text; ordinals and "8-hour" only where it has no others."""
    found = _quantities(text)
    return [one for one in found if not one["suffix"]] or found


@lru_cache(maxsize=1024)
def _values(problem: str) -> frozenset[str]:
    """The quantities of a problem, for comparison; its solutions tend to come one after the other."""
    return frozenset(map(_key, _quantities(_plain(problem))))


def _computed(text: str) -> str:
    """The value of the last equation in a text."""
    sides = _sides(_plain(_flat(text)))
    found = _preferred(sides[-1].strip().split("\n", 1)[0]) if len(sides) > 1 else []
    return _key(found[0]) if found else ""


def _result(found: list[re.Match[str]], given: frozenset[str], before: str) -> re.Match[str]:
    """The quantity that is news: not the problem's own, else the one just worked out, else the last."""
    new = [one for one in found if _key(one) not in given]
    # "An 82-degree angle after 10 hours": the ordinal or compound counts where nothing else is new.
    plain = [one for one in new if not one["suffix"]] or new
    if plain:
        return plain[-1]
    computed = _computed(before)
    worked = [one for one in found if _key(one) == computed]
    return (worked or [one for one in found if not one["suffix"]] or found)[-1]


def _spell(found: re.Match[str]) -> str:
    """A quantity as text: its sign, its value and its percent sign."""
    sign = "-" if found["sign"] or found["inner"] else ""
    percent = "%" if found["percent"] else ""
    return f"{sign}{found['body'].strip()}{percent}"


def _key(found: re.Match[str]) -> str:
    """A quantity's spelling without what is not its value: "$1,200.00" is "1200"."""
    return re.sub(r"\.0+(?!\d)", "", _spell(found).replace(",", ""))


def _choice(text: str) -> str:
    """The letter of the option that a text names last."""
    letters = [next(part for part in one if part) for one in _CHOICE.findall(_plain(text))]
    return letters[-1] if letters else ""


def _said(text: str, problem: str | None) -> str:
    """A word answer: yes or no, the short text itself, or the one name in a sentence that the problem offers."""
    verdict = _YES_NO.match(text)
    if verdict:
        return str(verdict.group(1))
    text = _clean(text).strip("\"'“”")
    if len(text.split()) <= 2:
        return text
    offered = _options(problem or "")
    options: list[str] = [word for word in re.findall(r"\w+", text) if word in offered]
    if options:
        return options[-1]
    text = _CONNECTIVE.sub("", text)
    for name in re.finditer(r"\b[A-Z][a-z]+(?:(?:, and|,| and) [A-Z][a-z]+)*", _plain(text)):
        if all(_offered(word, problem) for word in re.findall(r"[A-Z][a-z]+", name.group())):
            return name.group()
    return _after_copula(text)


def _options(problem: str) -> set[str]:
    """The words of the lists "a, b or c" in a problem."""
    return {word for head, last in _OPTIONS.findall(problem) for word in (*head.split(", "), last)}


def _offered(word: str, problem: str | None) -> bool:
    """Whether the problem uses the word as a name: capitalised, and not only where a sentence begins."""
    return bool(problem and re.search(rf"(?<=[\w,] ){word}\b", problem))


def _after_copula(text: str) -> str:
    """What a sentence says of its subject; the sentence itself where it has no such verb."""
    found = list(_COPULA.finditer(text))
    return _clean(text[found[-1].end() :]) or text if found else text


def _formula(text: str, problem: str | None) -> str:
    """The expression that a sentence ends in."""
    math = [part for found in _MATH.findall(text) for part in found if part and not re.fullmatch(r"\d[\w ,.]*\s", part)]
    bare = _clean(text)
    if math and len(bare) > len(math[-1]):
        bare = math[-1].strip().rstrip(".")
    asks_equation = bool(problem and re.search(r"\bequation\b", problem, re.I))
    if not asks_equation and _EQUALS.search(bare):
        bare = _EQUALS.split(bare)[-1].strip()
    elif not math:
        bare = _after_copula(bare)
    return _without_unit(_clean(bare))


def _without_unit(text: str) -> str:
    """A quantity without the words that follow it."""
    found = _QUANTITY.match(text)
    rest = text[found.end() :] if found else ""
    if found and not found["suffix"] and re.fullmatch(r"\s+[A-Za-z]{2}[A-Za-z ,.'-]*", rest):
        return _spell(found)
    return text
