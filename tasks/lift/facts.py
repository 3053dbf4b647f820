"""Numbers of a question that are facts: of bodies, vehicles, money, the calendar, measures, or of who is named in the text."""

import re
from fractions import Fraction

from tasks.lift import nouns
from tasks.tools.numbers import Mention

_BODIES = frozenset("leg wheel side eye wing ear tail finger toe arm horn corner tire paw hoof tentacle antenna season digit suit letter stripe petal "
                    "star inning semester quarter".split())
_CURRENCY = frozenset("bill coin note".split())
_UNITS = (r"(?:hours?|minutes?|days?|weeks?|months?|years?|miles?|kilometers?|meters?|foot|feet|inch(?:es)?|yards?|pounds?|ounces?|grams?|kilograms?|"
          r"tons?|gallons?|quarts?|pints?|cups?|lit(?:er|re)s?|acres?|dozen|century|decade)")
# "a cubic foot of water weighs 62 pounds", "one mile is 1,760 yards", "there are 8 pints in a gallon"
_DEFINES = re.compile(rf"\b(?:an?|one|1|each|every|per)\s+(?:\w+\s+)?{_UNITS}(?:\s+of\s+\w+)?\s+(?:is|equals|weighs|has|holds|contains|=)\s+(?:\w+\s+){{0,2}}$", re.IGNORECASE)
_DEFINED = re.compile(rf"\s*(?:cubic\s|square\s)?{_UNITS}\s+(?:in|to|make|per)\s+(?:an?|one|1|each|every|the)\s+(?:\w+\s+)?{_UNITS}\b", re.IGNORECASE)
_CALENDAR = re.compile(r"[ -]days?[ -](?:month|week|year)|[ -](?:weeks?|quarters?) (?:in|of|a|per|each|every) (?:(?:a|the|that|each|every|one) )?(?:month|year|school)", re.IGNORECASE)
_THE = re.compile(r"\b(?:the|these|those|all|all the|of the|both)\s+$", re.IGNORECASE)


def is_fact(question: str, solution: str, mention: Mention) -> bool:
    """Whether the number must keep its value for the story to stay true."""
    before, after = question[max(0, mention.start - 60):mention.start], question[mention.end:mention.end + 50]
    unit = nouns.unit(question, mention.end)
    if mention.role == "money":
        return unit in _CURRENCY
    if mention.role == "percent":
        return mention.value == 50  # 50 % is also what is left: the steps do not say which they mean
    if re.match(r"[ -](?:dollar|cent) (?:bills?|coins?|notes?)\b|-packs?\b", after):
        return True
    if re.match(r"-(?:points?|pointers?|sided|legged|leaf|petaled|wheel\w*|stor(?:y|ey)|star|digit)\b", after):
        return True
    return (mention.value == Fraction(1, 2) or (unit in _BODIES and mention.value <= 100) or _DEFINES.search(before) is not None
            or _DEFINED.match(after) is not None or _CALENDAR.match(after) is not None or names_them(before, mention)
            or (mention.value == 2 and mention.style in ("word", "digits") and re.search(r"\bboth\b", question + solution, re.IGNORECASE) is not None))


def names_them(before: str, mention: Mention) -> bool:
    """"The three of them", "all four siblings": a count of who is there already."""
    return mention.style in ("word", "digits") and mention.value <= 10 and _THE.search(before) is not None
