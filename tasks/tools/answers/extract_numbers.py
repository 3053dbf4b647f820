"""The quantity that a sentence states as its result."""

import re
from functools import lru_cache

from tasks.tools.answers.extract_lines import BOLD, flat, plain

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d{1,3}(?:\.\d{3})+,\d{1,2}(?!\d)|\d+(?:\.\d+)?|\.\d+)"
_VULGAR = "[¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]"
_FRACTION = r"\\[dt]?frac\s*(?:\{[^{}]*\}|\d)\s*(?:\{[^{}]*\}|\d)"
_ROOT = r"(?:√\s*(?:\([^()]*\)|\d+)|\\sqrt\s*(?:\[\d+\])?\s*(?:\{[^{}]*\}|\d)|sqrt\([^()]*\))"
_PI = r"(?:π|\\pi(?![a-z])|\bpi\b)"
_POWER = r"(?:\s*\^\s*(?:\{[^{}]*\}|\(?-?\d+\)?)|[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+|!)"
_SYMBOL = rf"(?:(?:{_FRACTION}|{_ROOT}|{_PI}){_POWER}?|{_VULGAR})"
_SCIENTIFIC = (r"(?:(?:\s*(?:×|\\times|\*|\\cdot)|\s?[xX](?=\s?10\s*\^))\s*10"
               r"(?:\s*\^\s*(?:\{[^{}]*\}|-?\d+)|[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+))")
_RATIO = rf"(?:\s?/\s?(?:{_NUMBER}|{_ROOT}|{_PI}))"
_MIXED = r"(?:\d+\s+\d+/\d+)"
_PLAIN = rf"(?:{_MIXED}|{_NUMBER}{_SCIENTIFIC}|(?:{_NUMBER}{_POWER}?)(?:\s?[×·*]?\s?{_SYMBOL})*|{_SYMBOL}+){_RATIO}?"
# No letter, digit, dot or ^ before it: "x2", "v1.5", "cm^2" and the tail of a longer number are no quantities.
QUANTITY = re.compile(
    rf"(?<![\w.\\^])(?<!\^\{{)(?P<sign>(?<![\d)}}%])[-−–]\s?(?=[$€£\d.√π\\{_VULGAR[1:-1]}]))?(?:[$€£]\s?)?(?P<inner>-)?"
    rf"(?P<body>{_PLAIN})(?P<percent>\s?\\?%)?(?P<suffix>(?:st|nd|rd|th)\b|-[a-z]{{2,}})?"
)
# What a quantity may begin with; its words ("pi", "sqrt(") are looked for only in texts that have them.
_BEGINS = re.compile(rf"[\d.√π\\$€£\-−–{_VULGAR[1:-1]}]")
_BEGINS_IN_WORDS = re.compile(rf"[\d.√π\\$€£\-−–{_VULGAR[1:-1]}]|s(?=qrt\()|p(?=i\b)")
# What most last sentences are, words around one plain number or a sum and its total, is read at once.
_LAST_NUMBER = (r"\$?(\d{1,3}(?:,\d{3})+(?!,)|\d+(?:\.\d+)?)"
                r"(?: (?!pi\b|[xX]\b|sqrt|percent)[A-Za-z][A-Za-z ,'’-]*)?[.!]?")
_ONLY = re.compile(rf"(?:[A-Za-z ,'’]* (?<!negative )(?<!minus )(?<!mod )(?<!modulo ))?{_LAST_NUMBER}")
_TOTAL = re.compile(rf" ?{_LAST_NUMBER}")
EQUALS = re.compile(r"=(?<![<>!≤≥:]=)(?!=)|≈|\\approx\b|(?<!\w)equals\b")
# "2 × 5! × 5!" left as a product at the end of a sentence.
_PRODUCT = re.compile(rf"(?<![\w.]){_NUMBER}!?(?:\s*(?:[×·*]|\\times|\\cdot)\s*{_NUMBER}!?)+(?=[\s.$]*$)")
_TIMES = re.compile(r"×|·|\*|\\times|\\cdot")
_THAT_IS = re.compile(r"\(\s*(?:i\.e\.|that is|or)[,:]?\s+([^()]*)\)", re.I)
_SO = re.compile(r",\s+so\s+")
_NEGATIVE = re.compile(r"\bnegative\s+(?=[$€£]?[\d.\\√])|(?<=\bis )minus\s+(?=\d)")
_MODULUS = re.compile(r"\s*\(?\s*\\?p?mod(?:ulo\b)?\s*\{?\s*\d+\s*\}?\s*\)?")
# "1/3 ≈ 0.33", "1/3, or about 0.33": what follows the exact value only rounds it.
_ROUNDED = re.compile(
    r"(?:≈|\\approx(?![a-z])|\b(?:or|which is)\s+(?:about|approximately|roughly)\b)\D{0,3}\d*\.\d")
# "= 1024 and the last digit is 4": the equation only leads to what is said last.
_CLAUSE = re.compile(r"(?:and|so|thus|hence|therefore) (?:the|its) [^=]*?\bis\b|we (?:get|have|find|obtain)\b")
# "is 7 when x = 2", "is 7, attained at x = 2": where it holds is no part of the answer.
_CONDITION = re.compile(
    r"\$?,?\s*\(?\s*(?:(?:which is )?(?:attained|achieved|reached|obtained|occurring) )?"
    r"(?:when|where|at|for|if) \$?\s*[A-Za-z]\s*=[^=]*$")
_BETWEEN = r"\s*\$?\s*(?:,\s*(?:and\b|or\b)?|and\b|or\b)\s*\$?\s*(?:([A-Za-z])\s*=\s*)?\$?"
_ENDS, _LAST = " .,$*)\\", frozenset("0123456789}%π²³")  # how a text looks that ends in a quantity
_LISTED = re.compile(_BETWEEN)
_LIST_START = re.compile(r"(?:\bis|\bare|=|:)\s*\$?\s*(?:[A-Za-z]\s*=\s*)?\$?$")
_LETTER_TIMES = re.compile(r"(?<=\d)\s?[xX]\s?(?=10)")
_SYMBOLIC = re.compile(r"/|frac|√|sqrt|π|pi")
_WORDS = {word: str(value) for value, word in enumerate(
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
     "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"])}
_IN_WORDS = re.compile(rf"\b(?!one\b)(?:{'|'.join(_WORDS)})\b(?!-| of\b)", re.I)
_REMARK = re.compile(r"(?<=[\w%*})])\s+\([^()]*\)")


def number_in(text: str, problem: str | None, before: str = "") -> str:
    """The quantity that a sentence states as its result; `before` is what the solution worked out ahead of it."""
    if plainly := _at_once(text):
        return plainly
    text = _unconditional(_exact(_signed(plain(text))))
    if text.rstrip(_ENDS)[-1:] in _LAST and (several := _listed(text)):
        return several
    restated = [part for part in _THAT_IS.findall(text) if quantities(part)] if "(" in text else []
    product = _PRODUCT.search(text) if _TIMES.search(text) else None
    equation = _sides(restated[-1] if restated else text)
    if product and not restated:
        return " ".join(product.group().split())
    if len(equation) > 1 or restated:
        said = _CLAUSE.search(equation[-1]) if " is " in equation[-1] or " we " in equation[-1] else None
        after = (said and _preferred(equation[-1][said.end():])) or _preferred(equation[-1])
        if after:
            return spell(after[0])
    part = _SO.split(text)[-1] if ", so" in text else text
    part = _REMARK.sub("", part) if "(" in part else part
    found = quantities(part) or (quantities(text) if part != text else [])
    if len(found) < 2:
        return spell(found[0]) if found else ""
    return spell(_result(found, _values(problem or ""), before))


def _at_once(text: str) -> str:
    """The number in a plain sentence, found without the rules that odd ones need; they would find the same."""
    if only := _ONLY.fullmatch(text):
        return only[1]
    if (at := text.rfind("=")) < 0 or "(" in text or "equals" in text or not text[:at].rstrip()[-1:].isdigit():
        return ""
    total = _TOTAL.fullmatch(text, at + 1)
    return total[1] if total else ""


def _signed(text: str) -> str:
    """The text with a minus for "negative", and without "mod 7"."""
    if "negative" in text or "minus" in text:
        text = _NEGATIVE.sub("-", text)
    return _MODULUS.sub("", text) if "mod" in text else text


def _exact(text: str) -> str:
    """The text up to the exact value that what follows only rounds."""
    hinted = "≈" in text or "approx" in text or "about" in text or "roughly" in text
    found = _ROUNDED.search(text) if hinted else None
    before = text[: found.start()].rstrip(" ,($") if found else ""
    told = quantities(before)[-1:]
    return before if told and told[0].end() == len(before) and _SYMBOLIC.search(told[0]["body"]) else text


def _unconditional(text: str) -> str:
    """The text up to the quantity that what follows only sets a condition for."""
    hinted = "=" in text and any(word in text for word in (" when ", " at ", "(at ", " where ", " for ", " if "))
    found = _CONDITION.search(text) if hinted else None
    told = quantities(text[: found.start()])[-1:] if found else []
    return text[: told[0].end()] if found and told and told[0].end() == found.start() else text


def _listed(text: str) -> str:
    """The list that a text ends in: "the roots are 2 and 3", "x = 2 or x = 3"; its last number is no answer.

    Where the number of its members was said before a colon, that is the answer: "there are 3 of them: 1, 2, 3".
    """
    found = quantities(text)
    if len(found) < 2 or re.search(r"\w", text[found[-1].end() :]):
        return ""
    start = len(found) - 1
    while start and _LISTED.fullmatch(text, found[start - 1].end(), found[start].start()):
        start -= 1
    if start == len(found) - 1 or not _LIST_START.search(text[: found[start].start()]):
        return ""
    if start and _key(found[start - 1]) == str(len(found) - start) and ":" in text[: found[start].start()]:
        return spell(found[start - 1])
    return ", ".join(map(spell, found[start:]))


def _sides(text: str) -> list[str]:
    """The parts of a text between its equals signs."""
    has = "=" in text or "≈" in text or "equals" in text or "\\approx" in text
    return EQUALS.split(text) if has else [text]


def quantities(text: str) -> list[re.Match[str]]:
    """The quantities in a text. Trying the pattern where one can begin is far quicker than to search for it."""
    found: list[re.Match[str]] = []
    end = 0
    for mark in (_BEGINS_IN_WORDS if "pi" in text or "sqrt" in text else _BEGINS).finditer(text):
        if mark.start() >= end and (one := QUANTITY.match(text, mark.start())):
            found.append(one)
            end = one.end()
    return found


def _preferred(text: str) -> list[re.Match[str]]:
    """The quantities in a text; ordinals and "8-hour" only where it has no others."""
    found = quantities(text)
    return [one for one in found if not one["suffix"]] or found


@lru_cache(maxsize=1024)
def _values(problem: str) -> frozenset[str]:
    """The quantities of a problem, for comparison; its solutions tend to come one after the other."""
    return frozenset(map(_key, quantities(plain(problem))))


def _computed(text: str) -> str:
    """The value of the last equation in a text."""
    sides = _sides(plain(flat(text)))
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


def spell(found: re.Match[str]) -> str:
    """A quantity as text: its sign, its value and its percent sign."""
    sign = "-" if found["sign"] or found["inner"] else ""
    percent = "%" if found["percent"] else ""
    body = found["body"].strip()
    if "x" in body or "X" in body:
        body = _LETTER_TIMES.sub("×", body)
    elif "," in body and "." in body.partition(",")[0]:  # 1.234,56
        body = body.replace(".", "").replace(",", ".")
    return f"{sign}{body}{percent}"


def _key(found: re.Match[str]) -> str:
    """A quantity's spelling without what is not its value: "$1,200.00" is "1200"."""
    return re.sub(r"\.0+(?!\d)", "", spell(found).replace(",", ""))


def emphasised(text: str) -> str:
    """The last bold part that holds a quantity."""
    if "**" not in text and "\\" not in text:
        return ""
    parts = [first or second for first, second in BOLD.findall(text)]
    parts = [part for part in parts if quantities(part) and not part.rstrip().endswith(":")]
    return parts[-1] if parts else ""


def in_words(text: str) -> str:
    """The number that a whole sentence without digits spells, where it is the only one; "one" is too often none."""
    found = _IN_WORDS.findall(text)
    return _WORDS[found[0].lower()] if len(found) == 1 and text.rstrip(" *")[-1:] in {".", "!"} else ""
