"""The answer in a sentence or line that is known to state it: a number, a letter, a word or an expression."""

import re

from tasks.tools.answers.extract_boxes import valued
from tasks.tools.answers.extract_lines import MATH, cleaned, plain
from tasks.tools.answers.extract_numbers import EQUALS, QUANTITY, emphasised, number_in, spell

_COPULA = re.compile(
    r"\b(?:is|are|equals|be|was|were|get|gives|have|has)\b:?(?!.*\b(?:is|are|equals|be|was|were)\b)", re.S
)
_SEVERAL = re.compile(r"\d\W*(?:,\s|\band\b|\bor\b|;|&)\W*\d|\\begin\{")
_WORD = re.compile(r"(?<![\\{A-Za-z])(?!and\b|or\b)[A-Za-z]{2,}")
_CONNECTIVE = re.compile(r"^(?:Thus|So|Therefore|Hence|Then|Finally|Conclusion|In conclusion)\b[,:]?\s*", re.I)
_OPTIONS = re.compile(r"((?:\b\w+, )*\b\w+),? or (\w+)")
_CHOICE = re.compile(r"\(([A-J])\)|\\text(?:bf)?\{\s*([A-J])\s*\}|\b([B-HJ])\b|\b(A|I)\b(?!\s+[a-z])")
_MONEY = re.compile(r"\d[\w ,.]*\s")  # what stands between the dollars of "$5 or $6"
_LEADING = re.compile(r"(?:at|exactly|just|simply|about|approximately|equal to|given by|thus|therefore|then)\s+")
_LINK = re.compile(r"\s*(?:,\s*(?:and\b|or\b)?|and\b|or\b)\s*")
_LINKED = re.compile(r"[A-Za-z]\s*=[^=]+(?:,|\bor\b|\band\b)\}?(?:\\q?quad|\\[,; ]|\s)*[A-Za-z]\s*=")
_NAMED = re.compile(r"\s*([A-Za-z])\s*(?:=|\\?[<>]|\\[lg]eq?(?![a-z])|\\in(?![a-z]))")
_EQUATION = re.compile(r"\bequation\b", re.I)
_OPERATION = re.compile(r"[A-Za-z]\s*(?:[-+^*]|\\cdot)|\d\s*[a-z](?![a-z])")
_PLAIN_NUMBER = re.compile(r"\s*-?\d+\s*")
_CLOCK = re.compile(r"(?<![\d:])\d{1,2}:\d{2}(?![\d:])(?:\s*[ap]\.?m\b\.?)?", re.I)
_JOINED = re.compile(r"(?<!\\)\$|\\[()\[\]]")  # where two formulas look like one
_YES_NO = re.compile(r"\W*(yes|no|true|false)\b(?![a-z-])", re.I)


def reading(payload: str, problem: str | None, kind: str, solution: str = "") -> str:
    """The answer in a piece of text that is known to state it."""
    if kind == "choice":
        return _choice(payload) or lettered(cleaned(payload))
    if kind == "text":
        return _said(payload, problem)
    if kind == "number":
        if (alone := _alone(payload)) is not None:
            return alone
        bare = cleaned(payload)
        # "2 or 3", a tuple or a matrix is an answer of several parts: its last number alone would be another answer.
        if _SEVERAL.search(bare) and not _WORD.search(bare) and not EQUALS.search(bare):
            return bare
        before = solution[: solution.rfind(payload)]
        return number_in(emphasised(payload) or payload, problem, before) or cleaned(payload)
    formula = _formula(payload, problem)
    # A sentence is no expression: where the kind is unknown its number is the better reading.
    wordy = not kind and len(re.findall(r"(?<![\\{A-Za-z])[A-Za-z]{3,}", formula)) > 3
    return (number_in(payload, problem) if wordy else "") or formula


def _alone(payload: str) -> str | None:
    """The formula that is all of a text: as in a box, it says more than its last number."""
    text = payload.strip(" *_.:")
    whole = MATH.fullmatch(text) if text[:1] in {"$", "\\"} else None
    inner = next((part for part in whole.groups() if part is not None), "") if whole else ""
    return valued(inner, "number").rstrip(".") if inner.strip() and not _JOINED.search(inner) else None


def _choice(text: str) -> str:
    """The letter of the option that a text names last."""
    letters = [next(part for part in one if part) for one in _CHOICE.findall(plain(text))]
    return letters[-1] if letters else ""


def lettered(text: str) -> str:
    """The letter of an option in capitals."""
    return text.upper() if re.fullmatch("[a-j]", text) else text


def _said(text: str, problem: str | None) -> str:
    """A word answer: yes or no, the short text itself, or the one name in a sentence that the problem offers."""
    verdict = _YES_NO.match(text)
    if verdict:
        return str(verdict.group(1))
    text = cleaned(text).strip("\"'“”")
    if len(text.split()) <= 2:
        return text
    offered = _options(problem or "")
    options: list[str] = [word for word in re.findall(r"\w+", text) if word in offered]
    if options:
        return options[-1]
    text = _CONNECTIVE.sub("", text)
    for name in re.finditer(r"\b[A-Z][a-z]+(?:(?:, and|,| and) [A-Z][a-z]+)*", plain(text)):
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
    return _LEADING.sub("", cleaned(text[found[-1].end() :])) or text if found else text


def _formula(text: str, problem: str | None) -> str:
    """The expression that a sentence ends in."""
    math, bare = _last_formulas(text), cleaned(text)
    if math and len(bare) > len(math):
        bare = math.strip().rstrip(".")
    if EQUALS.search(bare) and not _is_equation(bare, problem):
        bare = EQUALS.split(bare)[-1].strip()
    elif not math:
        clock = _CLOCK.findall(bare)
        bare = clock[-1] if clock else _after_copula(bare)
    return _without_unit(cleaned(bare))


def _last_formulas(text: str) -> str:
    """The last formula of a text, with those before it that only "and", "or" or a comma parts from it."""
    found = [one for one in MATH.finditer(text) if not _MONEY.fullmatch(_inside(one))]
    if not found:
        return ""
    parts, start = [_inside(found[-1])], found[-1].start()
    for one in reversed(found[:-1]):
        link = _LINK.fullmatch(text, one.end(), start)
        if not link or not _alike(_inside(one), parts[0]):
            break
        parts.insert(0, _inside(one).rstrip(" ,.;") + (" or " if "or" in link[0] else ", "))
        start = one.start()
    return "".join(parts)


def _inside(formula: re.Match[str]) -> str:
    return next((part for part in formula.groups() if part), "")


def _alike(one: str, other: str) -> bool:
    """Whether two formulas can be answers of one list: both bare, or both about the same unknown."""
    names = [found[1] if (found := _NAMED.match(part)) else "" for part in (one, other)]
    return names[0] == names[1] and ("=" in one) == ("=" in other)


def _is_equation(text: str, problem: str | None) -> bool:
    """Whether a text with an equals sign is to be kept: several, or one that is itself what is asked for."""
    if problem and _EQUATION.search(problem):
        return True
    sides = EQUALS.split(text)
    if _LINKED.search(text):
        return True
    return len(sides) == 2 and bool(_OPERATION.search(sides[0]) and _PLAIN_NUMBER.fullmatch(sides[1]))


def _without_unit(text: str) -> str:
    """A quantity without the words that follow it."""
    found = QUANTITY.match(text)
    rest = text[found.end() :] if found else ""
    if found and not found["suffix"] and re.fullmatch(r"\s+[A-Za-z]{2}[A-Za-z ,.'-]*", rest):
        return spell(found)
    return text
