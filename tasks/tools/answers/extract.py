"""Reads the final answer out of a solution that a model wrote.

One solution gives one answer: trying several candidates against a reference would accept wrong solutions that only
pass through the right value. The first rule that finds something decides, and its name comes back with the text.
"""

import re
from itertools import chain
from typing import NamedTuple

from tasks.tools.answers.extract_boxes import boxed, grouped, is_boxed_after, valued
from tasks.tools.answers.extract_lines import (
    BOLD,
    FENCE,
    MATH,
    backwards,
    cleaned,
    lines_of,
    prose_of,
    sentences,
    spoken,
)
from tasks.tools.answers.extract_numbers import emphasised, in_words, number_in, quantities
from tasks.tools.answers.extract_readings import lettered, reading


class Extracted(NamedTuple):
    """The answer as the solution writes it, and the rule that found it ("none" with empty text when none did)."""

    text: str
    rule: str


_WORDY = re.compile("[A-Za-z]{4}")  # what no mere "and" between two boxes has
TAIL = 60  # characters of a last line in which an answer alone stands
_DIGITS = r"\$?((?:(?<!\$)-)?\d+(?:,\d{3})*(?:\.\d+)?)\.?"
_SAID_NUMBER = re.compile(rf"\b[Tt]he answer is {_DIGITS}$")
_LED_NUMBER = re.compile(rf"(A:|####) {_DIGITS}")
_HASHES = re.compile(r"^\s*####\s+(\S.*)$", re.M)
_FINAL = re.compile(r"inal answer[*_]*(?:\s*[:：=]|\s+is\b)[*_:\s]*(\S.*)")
_LETTER = re.compile(r"^[#>*_\s]*A\s*[:：]", re.I | re.M)
_TITLE = re.compile(r"[#>*_\s]*(?:the\s+)?(?:final\s+)?", re.I)  # what a line of nothing but "answer" may begin with
_TITLED = re.compile(r"answer[*_ \t]*$", re.I | re.M)
_SAYING = re.compile(r"\banswer\b[^\n.:=]{0,40}?(?:\s*[*_]*\s*[:：=][*_]*|\s+is\b[ \t]*[:：]?)", re.I)
_DOTTED = re.compile(r"answer[*_.]*[ \t]+(?=\$|\\[(\[])", re.I)  # "Answer. $5$", "Answer \\(5\\)"
_ANNOUNCES = re.compile(
    r"(?:(?:now|next|so|then),?\s+)?(?:let's|let us|we (?:need to|can now|will now|must)|i will)\s+(?:now\s+)?"
    r"(?:re)?(?:calculate|compute|determine|find|solve|check|verify|simplify|correct|consider|use|apply|substitute)\b[^=]*$",
    re.I)
# no sentence ends so: the text was cut off
_CUT_OFF = re.compile(
    r"(?:\b(?:the|an|is|are|was|were|of|to|and|or|both|from|by|with|for|on|at|that|be|as|than|if|since"
    r"|because|we|we can)|[-+=×/(,&]|\\[lg]eq?)$", re.I)
_UNANSWERABLE = re.compile(
    r"\b(?:cannot|can't|can not|could not|impossible to|unable to|not possible to)\s+(?:be\s+)?"
    r"(?:accurately |exactly |definitively )?(?:determine|answer|calculat|comput|find|solve)"
    r"|\bnot enough information|\binsufficient information|\bmissing information",
    re.I,
)
_COUNTED = re.compile(r"\bhow (?:many|much|long|far|old|tall|fast|big)\b", re.I)
_IN_TERMS = re.compile(r"\bin terms of\b", re.I)


def extract(solution: str, problem: str | None = None, kind: str = "") -> Extracted:
    """The final answer of `solution`; `kind` says what the reference looks like: number, text, choice, expression."""
    kind = kind or _asked(problem)
    if kind == "number" and (plain := _at_once(solution)):
        return plain
    text = spoken(solution)
    box = boxed(text) if "box" in text else ""
    if box:
        last_word = _last_word(text, problem, kind) if "inal answer" in text else ""
        return Extracted(last_word, "marker") if last_word else Extracted(
            lettered(box) if kind == "choice" else valued(box, kind), "boxed")
    prose, end = prose_of(text)
    for rule, payload in (("hashes", _hashes(end)), ("marker", _marked(end))):
        answer = reading(payload, problem, kind, prose) if payload else ""
        if answer:
            return Extracted(answer, rule)
    printed = _printed(text)
    # A program's output answers where the words after it add nothing.
    if printed.text and (not lines_of(FENCE.split(text)[-1]) or (kind == "number" and _mute(text))):
        return printed
    return _closing(prose, end, problem, kind)


def _last_word(text: str, problem: str | None, kind: str) -> str:
    """What a solution that boxed what came before calls its final answer behind the last box."""
    at = text.rfind("inal answer")
    if is_boxed_after(text, at):
        return ""
    told = _FINAL.match(text, at)
    payload = sentences(told[1])[0] if told else ""
    return reading(payload, problem, kind, text) if quantities(payload) or MATH.search(payload) else ""


def _at_once(solution: str) -> Extracted | None:
    """What most solutions end in, found without reading the rest: the only box, or "A: 5" as the last words.

    It finds what the rules below would find, or nothing.
    """
    # One sign is found faster than several: most texts have none of these.
    if "<" in solution and "</" in solution:
        solution = solution.rpartition("</think>")[2]
        if not solution.strip() or "</" in solution:
            return None
    if "<" in solution and ("<think>" in solution or "<answer>" in solution):
        return None
    if "\\" in solution and (at := solution.rfind("box")) >= 0:
        return None if "I hope " in solution else _only_box(solution, at)
    text = solution.rstrip()
    line = text[text.rfind("\n") + 1:]
    if not line.rstrip(".")[-1:].isdigit() or ("`" in solution and "```" in solution) or "I hope " in solution:
        return None
    if "answer is" in line and (said := _SAID_NUMBER.search(line[-TAIL:])) and "####" not in text:
        return Extracted(said[1], "marker")
    led = _LED_NUMBER.fullmatch(line) if len(line) < TAIL else None
    if not led or (led[1] != "####" and "####" in text):
        return None
    return Extracted(led[2], "hashes" if led[1] == "####" else "marker")


def _only_box(solution: str, at: int) -> Extracted | None:
    """The box at the last "box", where no box before can be linked to it and no final answer follows."""
    if not solution.startswith("\\boxed{", at - 1) or solution.find("inal answer", at) >= 0:
        return None
    if (before := solution.rfind("box", 0, at)) >= 0:
        boxed_too = solution.startswith("\\boxed{", before - 1)
        between = solution[grouped(solution, before + 5)[1] if boxed_too else before : at]
        other = not boxed_too and solution[before - 1] in "\\fe"  # \fbox, \framebox
        if other or "\\text" in between or not _WORDY.search(between) or len(between) < TAIL:
            return None
    content = grouped(solution, at + 5)[0]
    if not content.strip() or "\\\\" in content or "<<" in content:
        return None
    return Extracted(valued(content, "number"), "boxed")


def _asked(problem: str | None) -> str:
    """The kind of answer that a problem's wording asks for, where it is plain."""
    return "number" if _COUNTED.search(problem or "") and not _IN_TERMS.search(problem or "") else ""


def _hashes(text: str) -> str:
    """What follows the last "####", unless it is a heading with a part of the solution below."""
    found = list(_HASHES.finditer(text)) if "#" in text and "####" in text else []
    if not found or len(lines_of(text[found[-1].end() :])) > 1 or found[-1].group(1).rstrip(" *").endswith(":"):
        return ""
    return found[-1].group(1)


def _marked(end: str) -> str:
    """What follows the last "answer is" or "Answer:"; one far above the end announces the solution instead."""
    at = _marker(end)
    lines = lines_of(end[at:]) if at >= 0 else []
    return sentences(lines[0])[0] if 1 <= len(lines) <= 3 else ""


def _marker(text: str) -> int:
    """The place after the last "answer is" or "Answer:", -1 where there is none."""
    lower = text.lower()
    if len(lower) != len(text):  # one capital becomes two signs
        lower = text.replace("İ", "I").lower()
    at = len(text)
    while (at := lower.rfind("answer", 0, at)) >= 0:
        line = text[text.rfind("\n", 0, at) + 1 : at]
        titled = (_TITLED.match(text, at) or _DOTTED.match(text, at)) if _TITLE.fullmatch(line) else None
        found = titled or _SAYING.match(text, at)
        if found:
            at = found.end()
            break
    lettered = "a:" in lower or "a :" in lower or "：" in lower
    return max([at, *(found.end() for found in _LETTER.finditer(text))]) if lettered else at


def _printed(text: str) -> Extracted:
    """The last line that a solution made of nothing but programs printed."""
    if "`" not in text or "```" not in text:
        return Extracted("", "none")
    outputs = [body.strip() for name, body in FENCE.findall(text) if name == "output" and body.strip()]
    return Extracted(outputs[-1].splitlines()[-1].strip(), "output") if outputs else Extracted("", "none")


def _mute(text: str) -> bool:
    """Whether no quantity follows the last program or output."""
    return not quantities(FENCE.split(text)[-1])


def _closing(text: str, end: str, problem: str | None, kind: str) -> Extracted:
    """The answer in the last sentences, for a solution that marks none."""
    above = backwards(end)
    last = next(above, "")
    if _ANNOUNCES.match(last) or _CUT_OFF.search(last[-9:]):
        return Extracted("", "none")  # it was cut off before the answer
    if kind != "number":
        strong = [first or second for first, second in BOLD.findall(last)]
        if strong and kind != "choice":
            return Extracted(reading(strong[-1], problem, kind), "bold")
        answer = reading(last, problem, kind)
        return Extracted(answer, "sentence" if answer else "none")
    for sentence in chain((last,), above):
        bold = emphasised(sentence)
        answer = number_in(bold or sentence, problem, text[: text.rfind(sentence)])
        if answer:
            return Extracted(answer, "bold" if bold else "sentence")
        if _UNANSWERABLE.search(sentence):
            return Extracted(cleaned(sentence), "statement")
    told = in_words(last)
    return Extracted(told, "sentence" if told else "none")
