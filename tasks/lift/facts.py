"""Numbers of a question that are facts: of bodies, money, calendar and measures, or of who is named in the text."""

import re
from fractions import Fraction

from tasks.lift import nouns
from tasks.lift.words import word_set
from tasks.tools.numbers import Mention

_BODIES = word_set(
    "leg wheel side eye wing ear tail finger toe arm horn corner tire paw hoof tentacle antenna season digit suit "
    "letter stripe petal star inning semester quarter")
_CURRENCY = word_set("bill coin note")
_COINED = re.compile(r"[ -](?:dollar|cent) (?:bills?|coins?|notes?)\b|-packs?\b")
_SHAPED = re.compile(r"-(?:points?|pointers?|sided|legged|leaf|petaled|wheel\w*|stor(?:y|ey)|star|digit)\b")
_UNITS = (r"(?:hours?|minutes?|days?|weeks?|months?|years?|miles?|kilometers?|meters?|foot|feet|inch(?:es)?|yards?"
          r"|pounds?|ounces?|grams?|kilograms?|tons?|gallons?|quarts?|pints?|cups?|lit(?:er|re)s?|acres?|dozen|century|decade)")
# "a cubic foot of water weighs 62 pounds", "one mile is 1,760 yards"
_DEFINES = re.compile(
    rf"\b(?:an?|one|1|each|every|per)\s+(?:\w+\s+)?{_UNITS}(?:\s+of\s+\w+)?"
    r"\s+(?:is|equals|weighs|has|holds|contains|=)\s+(?:\w+\s+){0,2}$", re.IGNORECASE)
# "there are 8 pints in a gallon"
_DEFINED = re.compile(
    rf"\s*(?:cubic\s|square\s)?{_UNITS}\s+(?:in|to|make|per)\s+(?:an?|one|1|each|every|the)\s+(?:\w+\s+)?{_UNITS}\b",
    re.IGNORECASE)
_CALENDAR = re.compile(
    r"[ -]days?[ -](?:month|week|year)|[ -](?:weeks?|quarters?) (?:in|of|a|per|each|every) "
    r"(?:(?:a|the|that|each|every|one) )?(?:month|year|school)", re.IGNORECASE)
_THE = re.compile(r"\b(?:the|these|those|all|all the|of the|both|other|remaining)\s+$", re.IGNORECASE)
_BOTH = re.compile(r"\bboth\b", re.IGNORECASE)


def is_fact(question: str, solution: str, mention: Mention) -> bool:
    """Whether the number must keep its value for the story to stay true."""
    before, after = question[max(0, mention.start - 60):mention.start], question[mention.end:mention.end + 50]
    unit = nouns.unit(question, mention.end)
    if mention.role == "money":
        return unit in _CURRENCY
    if mention.role == "percent":
        return mention.value == 50  # 50 % is also what is left: the steps do not say which they mean
    if any(words.match(after) for words in (_COINED, _SHAPED, _DEFINED, _CALENDAR)) or _DEFINES.search(before):
        return True
    if mention.value == Fraction(1, 2) or (unit in _BODIES and mention.value <= 100):
        return True  # one half, like 50 %, is also the other half
    two = mention.value == 2 and mention.style in ("word", "digits")
    return names_them(before, mention) or (two and _BOTH.search(question + solution) is not None)


def names_them(before: str, mention: Mention) -> bool:
    """"The three of them", "all four siblings": a count of who is there already."""
    return mention.style in ("word", "digits") and mention.value <= 10 and _THE.search(before) is not None
