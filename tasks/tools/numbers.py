"""Read the numbers of an English text: where each stands, its exact value, how it is written and what it does there.

`read_numbers` is used by lifting (to bind a solution's operands to the question) and by deduplication (to tell a
number-only variant from a repeat). It reads digits, thousands, decimals, fractions, mixed numbers, percents, money,
number words, "half", "twice", "a dozen", and marks numbers that only name something (dates, clock times, labels).
What several of them amount to together ("two dozen", "2.5 million") is told by `amounts.py`.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
         "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
WORDS = {w: i for i, w in enumerate(UNITS)} | {w: 10 * i for i, w in enumerate(TENS, 2)}
PARTS = {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
         "eighth": 8, "ninth": 9, "tenth": 10, "twelfth": 12, "twentieth": 20, "hundredth": 100}
FOLDS = {"twice": 2, "double": 2, "doubles": 2, "doubled": 2, "doubling": 2, "thrice": 3, "triple": 3, "triples": 3,
         "tripled": 3, "tripling": 3, "quadruple": 4, "quadruples": 4, "quadrupled": 4, "quintuple": 5}
GLYPHS = {"½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5),
          "⅘": (4, 5), "⅙": (1, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8)}

_UNIT = "|".join(sorted(UNITS[1:], key=len, reverse=True))
_TEN = "|".join(TENS)
_SMALL = rf"(?:(?:{_TEN})(?:[- ](?:{'|'.join(UNITS[1:10])}))?|{_UNIT})"
_PART = "|".join(sorted(PARTS, key=len, reverse=True))
_MONTH = ("January|February|March|April|June|July|August|September|October|November|December|"
          "Jan\\.?|Feb\\.?|Mar\\.?|Apr\\.?|Aug\\.?|Sept?\\.?|Oct\\.?|Nov\\.?|Dec\\.?|May")

_MAGNITUDE = "hundred|thousand|million|billion"
MAGNITUDES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}

_PATTERN = re.compile(
    rf"""(?:
      (?P<date>\b(?:{_MONTH})\ \d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\ \d{{4}})?(?![,.]?\d)
              | \b\d{{1,2}}/\d{{1,2}}/\d{{2,4}}\b)
    | (?P<clock>\b\d{{1,2}}:\d{{2}}(?!\d)(?:\ ?[ap]\.?m\b\.?)?
               | \b\d{{1,2}}\ ?(?:[ap]\.m\.|[ap]m\b|o'clock\b|AM\b|PM\b))
    | (?P<ordn>\b\d+(?:st|nd|rd|th)\b)
    | (?P<glyph>(?:\d+\ ?)?[{''.join(GLYPHS)}])
    | (?P<half>\b(?:{_SMALL}|an?|\d+)\ and\ (?:(?:a|one)[- ](?:half|third|quarter)|three[- ]quarters)\b)
    | (?P<mixed>(?<![\d/.])\b\d+(?:\ |-|\ and\ )\d+/\d+\b(?!/))
    | (?P<fraction>(?<![\d./])\b\d+/\d+\b(?![/\d]|\.\d))
    | (?P<digits>(?<![\w.])(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?(?![\d]) | (?<![\w.])\.\d+ )
    | (?P<wordpart>\b(?:(?:an?|one|{_SMALL})[- ](?:{_PART})s?\b | half\b(?!-(?:hour|time)|[ -](?:a\ )?dozen)|\bhalves\b
                     |\bquarters?\b(?=\ (?:of|as)\b)))
    | (?P<fold>\b(?:{'|'.join(FOLDS)})\b)
    | (?P<dozen>\b(?:an?\ |one\ )?(?:half\ )?(?:a\ )?dozen\b)
    | (?P<big>\b(?:(?:an?|{_SMALL})[- ])?(?:{_MAGNITUDE})
              (?:[- ](?:{_MAGNITUDE})|(?:\ and)?[- ]{_SMALL}(?:[- ](?:{_MAGNITUDE}))*)*\b)
    | (?P<word>\b(?:{_SMALL})\b)
    )""",
    re.VERBOSE | re.IGNORECASE,
)

# Where a number can begin: to try the pattern at these places only is twice as fast as to search with it.
_STARTS = re.compile(rf"(?<!\w)(?:[^\W\d_]+|\.?\d|[{''.join(GLYPHS)}])")
_FIRST = frozenset((*WORDS, *MAGNITUDES, *FOLDS, "a", "an", "half", "halves", "quarter", "quarters", "dozen",
                    *(month.rstrip("\\.?").lower() for month in _MONTH.split("|")), "sep", "sept"))


@dataclass(frozen=True, slots=True)
class Mention:
    """One number in a text: `text == source[start:end]`, without currency or percent signs.

    `style`: digits, comma, decimal, fraction, mixed, word, part, fold, dozen, ordinal, date, clock.
    `role`: money, percent, label (it names a day, an hour, a place in a row; never a quantity), or plain.
    `value` of "20%" is 20; of "half" 1/2; a label's value is its first whole number.
    """

    start: int
    end: int
    value: Fraction
    text: str
    style: str
    role: str


def read_numbers(text: str) -> list[Mention]:
    """Every number of `text`, left to right, spans never overlapping."""
    found = []
    end = 0
    for start in _STARTS.finditer(text):
        place, word = start.start(), start.group()
        if place < end or (word[0].isalpha() and word.lower() not in _FIRST):
            continue
        if match := _PATTERN.match(text, place):
            end = match.end()
            mention = _mention(text, place, match.group(), str(match.lastgroup))
            if mention is not None:
                found.append(mention)
    return found


def _mention(text: str, start: int, raw: str, kind: str) -> Mention | None:
    if kind in ("date", "clock", "ordn"):
        style = "ordinal" if kind == "ordn" else kind
        return Mention(start, start + len(raw), Fraction(re.findall(r"\d+", raw)[0]), raw, style, "label")
    value, style = _value(raw.lower(), kind)
    if value is None:
        return None
    if kind == "wordpart" and style == "word":
        raw = re.split(r"[- ]", raw)[0]
    return Mention(start, start + len(raw), value, raw, style, _role(text, start, start + len(raw), style, value))


def _value(raw: str, kind: str) -> tuple[Fraction | None, str]:
    try:
        match kind:
            case "digits":
                style = "decimal" if "." in raw else "comma" if "," in raw else "digits"
                return Fraction(raw.replace(",", "") if raw[0] != "." else "0" + raw), style
            case "fraction":
                return Fraction(raw), "fraction"
            case "mixed":
                whole, part = re.split(r" and | |-", raw, maxsplit=1)
                return Fraction(whole) + Fraction(part), "mixed"
            case "glyph":
                top, bottom = GLYPHS[raw[-1]]
                return Fraction(raw[:-1].strip() or 0) + Fraction(top, bottom), "mixed"
            case "half":
                whole, _, part = raw.partition(" and ")
                return _words(whole) + _part(part), "mixed"
            case "wordpart":
                part = _part(raw)
                # "ten quarters" counts coins: only what is less than a whole is a part of one.
                return (part, "part") if part < 1 else (_words(re.split(r"[- ]", raw)[0]), "word")
            case "fold":
                return Fraction(FOLDS[raw]), "fold"
            case "dozen":
                return Fraction(6 if "half" in raw else 12), "dozen"
            case _:
                return _words(raw), "word"
    except ZeroDivisionError:
        return None, ""


def _part(raw: str) -> Fraction:
    """"half", "a third", "three-quarters", "two fifths"."""
    *count, part = re.split(r"[- ]", raw)
    bottom = PARTS[part] if part in PARTS else PARTS[part.removesuffix("s")]
    return (_words(" ".join(count)) if count else Fraction(1)) / bottom


def _words(raw: str) -> Fraction:
    total, current = 0, 0
    for word in re.split(r"[- ]", raw):
        if word == "and":
            continue
        if word in ("a", "an"):
            current = 1
        elif word.isdigit():
            current += int(word)
        elif word in WORDS:
            current += WORDS[word]
        elif word == "hundred":
            current = (current or 1) * 100
        else:
            total, current = total + (current or 1) * MAGNITUDES[word], 0
    return Fraction(total + current)


_LABEL_BEFORE = re.compile(
    r"(?:#|\b(?:[Gg]rade|Room|Chapter|Day|Route|[Nn]umber|No\.|Level|Apartment|Section|Step|Row|Bus|Highway|Flight|Version|"
    r"Season|Question|iPhone|Week|Year|Unit|Class|Apt\.?|Type|Phase|Stage|Group|Team|Lane|Gate)\ )$")
_COUNTS = re.compile(
    r"(?:[ -][a-z]+){0,2}[ -](?!was\b|is\b|has\b|does\b|his\b|this\b)[a-z]+s\b"
    r"|[ -](?:people|children|men|women|feet|foot|more|fewer|less|square|cubic|mile|km|kg|\w+-)")
_YEAR_BEFORE = re.compile(r"\b(?:in|since|by|year|of|from|until|during)\ $", re.IGNORECASE)


def _role(text: str, start: int, end: int, style: str, value: Fraction) -> str:
    before, after = text[max(0, start - 14):start], text[end:end + 40]
    if before.endswith(("$", "£", "€")):
        return "money"
    if re.match(r"\ ?%|[ -]?per\ ?cent\b", after):
        return "percent"
    if style != "digits":
        return "plain"
    year = end - start == 4 and 1900 <= value <= 2030 and not _COUNTS.match(after)
    dated = 1500 <= value <= 2100 and _YEAR_BEFORE.search(before) and not re.match(r"\ [a-z]", after)
    return "label" if year or dated or _LABEL_BEFORE.search(before) else "plain"
