"""What the numbers of a text amount to, for comparing texts: spellings of one amount have one value.

`numbers.py` finds numbers one by one, with what a template needs to know; here neighbours are put together ("two
dozen", "2.5 million", "a dozen and a half") and LaTeX is read. Decisions, all so that both tellings of a problem agree:

    percent     25% is 1/4, as "a quarter" is: tellings change one for the other
    money       "$3.50" is 7/2, and so are "350 cents"
    clock       hours and parts of an hour, in the half of the day that is named: "5:30 p.m." is 35/2
    date        its day and its year; the month is a word
    ratio       "3:2" and "3 to 2" are 3 and 2
    place       "5th" and "fifth" are 5; of the first three only the order counts, they come and go with the wording
    exponent    counts; a subscript and a Roman numeral do not
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from tasks.tools.numbers import MAGNITUDES, Mention, read_numbers

_PLACES = {"fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11,
           "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16, "seventeenth": 17,
           "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30, "hundredth": 100}
_PLACE = re.compile(rf"\b(?:{'|'.join(_PLACES)})\b", re.IGNORECASE)
_FEW = 3  # places up to this one are told in many ways: "the second day", "the next day"
_DIGITS = re.compile(r"\d+")
_RATIO = re.compile(r"\b(?:ratio|proportion)\b[^.?!]*$", re.IGNORECASE)
_CENTS = re.compile(r"[ -]?(?:cents?\b|¢)", re.IGNORECASE)
_CLOCK = re.compile(r"(\d+)(?::(\d+))? ?(?:([ap])\.?m|o'clock)?", re.IGNORECASE)
_AFTERNOON = re.compile(r"[ .]*(?:in the (?:afternoon|evening)|at night)", re.IGNORECASE)
_MINUS = re.compile(r"(?P<before>\S*?)(?P<wide>\s?)-(?P<apart>\s?)[$£€]?$")
_OPERAND = re.compile(r"(?:(?<![A-Za-z])[A-Za-z]|[)\]}|])$")  # what a minus takes from: x, 5x, f(x), x^{2}
_SAID = re.compile(r"\bnegative $|(?<![\w)\]}|] )\bminus $", re.IGNORECASE)
_BELOW = re.compile(r" (?:°C?|degrees)?[ \w]{0,12}below (?:zero|freezing)\b", re.IGNORECASE)

_FRACTION = re.compile(r"(\d)?\s*\\[dt]?frac\s*(?:\{\s*(\d+)\s*\}|(\d))\s*(?:\{\s*(\d+)\s*\}|(\d))")
_GROUPED = re.compile(r"(?<=\d)(?:\{,\}|\\[,!;:]|,\\!)(?=\d{3}(?!\d))")
_LOOKS = re.compile(r"\\(?:left|right|displaystyle|[()\[\]]|[,;:!])(?![A-Za-z])|\\(?:text|mathrm|textbf|mbox)\s*(?=\{)")
_SIGNED = re.compile(r"\\([$%#&_])")
_COMMAND = re.compile(r"(\\[A-Za-z]+)(?=\d)")


@dataclass(frozen=True, slots=True)
class Amount:
    """One amount: `text[start:end]`; `counts` is false for a place that another telling may leave out."""

    start: int
    end: int
    value: Fraction
    counts: bool = True


def unlatexed(text: str) -> str:
    """LaTeX's spellings of numbers as plain ones: `1{,}200` is 1200, `3\\frac12` is 3 1/2, `\\$5` is $5."""
    if "\\" not in text and "{," not in text:
        return text
    text = _FRACTION.sub(_plain_fraction, _GROUPED.sub("", text))
    return _COMMAND.sub(r"\1 ", _SIGNED.sub(r"\1", _LOOKS.sub(" ", text)))


def amounts(text: str) -> list[Amount]:
    """All amounts of a text, left to right, spans never overlapping."""
    found: list[Amount] = []
    last: Mention | None = None
    for mention in _placed(text):
        if text.startswith("_{", mention.start - 2):
            continue
        joined = _joined(text, last, found[-1], mention) if last and found else None
        if joined:
            found[-1] = joined
        elif mention.style == "date" or (mention.style == "clock" and _RATIO.search(text, 0, mention.start)):
            found += [Amount(mention.start + part.start(), mention.start + part.end(), Fraction(part.group()))
                      for part in _DIGITS.finditer(mention.text)]
        else:
            found.append(_alone(text, mention))
        last = mention
    return found


def _placed(text: str) -> list[Mention]:
    """Numbers and, unlike in `read_numbers`, places in words."""
    mentions = read_numbers(text)
    places = [Mention(place.start(), place.end(), Fraction(_PLACES[place.group().lower()]), place.group(), "ordinal",
                      "label") for place in _PLACE.finditer(text)] if "th" in text else []
    taken = {at for mention in mentions for at in range(mention.start, mention.end)} if places else set()
    free = [place for place in places if place.start not in taken]
    return sorted((*mentions, *free), key=lambda mention: mention.start) if free else mentions


def _joined(text: str, last: Mention, before: Amount, mention: Mention) -> Amount | None:
    """The amount that a number is together with the one before it; None: it stands for itself."""
    gap, word = text[last.end:mention.start], mention.text.lower()
    if last.style in ("date", "clock", "ordinal") or before.end != last.end:
        return None
    if gap in (" ", "-") and (word in ("dozen", "a dozen") or word.removeprefix("a ") in MAGNITUDES):
        return Amount(before.start, mention.end, before.value * mention.value)
    if gap == " and " and last.style == "dozen" and mention.style == "part":
        return Amount(before.start, mention.end, before.value * (1 + mention.value))
    thousands = gap == " " and last.style == mention.style == "digits" and len(mention.text) == 3 and (
        before.value >= 1 and len(last.text) <= 3 and not text.startswith("-", mention.end))
    return Amount(before.start, mention.end, before.value * 1000 + mention.value) if thousands else None


def _alone(text: str, mention: Mention) -> Amount:
    start, end, value = mention.start, mention.end, mention.value
    if mention.style == "clock":
        return Amount(start, end, _hour(text, mention))
    if mention.style == "ordinal":
        return Amount(start, end, value, value > _FEW)
    if text[end:end + 1] in ("k", "K") and not text[end + 1:end + 2].isalnum() and mention.style != "word":
        return Amount(start, end + 1, 1000 * value)
    if mention.role == "percent":
        return Amount(start, end, value / 100)
    if cents := _CENTS.match(text, end):
        value, end = value / 100, end if cents[0][-1] != "¢" else cents.end()
    if value and _is_negative(text, start, end):
        value = -value
    return Amount(start, end, value)


def _hour(text: str, mention: Mention) -> Fraction:
    clock = _CLOCK.match(mention.text)
    if not clock:
        return mention.value
    hour = Fraction(int(clock[1])) + Fraction(int(clock[2] or 0), 60)
    later = (clock[3] or "").lower() == "p" or (not clock[3] and _AFTERNOON.match(text, mention.end) is not None)
    if later and hour < 12:
        return hour + 12
    return hour - 12 if (clock[3] or "").lower() == "a" and hour >= 12 else hour


def _is_negative(text: str, start: int, end: int) -> bool:
    """After a minus: "x^2 - 3x" is below zero, "(-3, 2)" too; not "4-inch", "3-5 days" or what follows a dash."""
    before = text[max(0, start - 12):start]
    if "-" in before[-3:] and (minus := _MINUS.search(before)):
        return _takes(*minus.groups())
    if before.endswith(("ive ", "nus ")) and _SAID.search(before):
        return True
    return "below" in text and _BELOW.match(text, end) is not None


def _takes(before: str, wide: str, apart: str) -> bool:
    """Whether a "-" is a minus, by the word before it and the blanks on either side."""
    if _OPERAND.search(before) or before.endswith(("=", "<", ">", "+", "*", "/", "^", ",", "(", "[", "{", ":")):
        return bool(wide or not apart)
    if before[-1:].isdigit():
        return bool(wide)
    return not apart and bool(wide or not before)


def _plain_fraction(found: re.Match[str]) -> str:
    whole, top, bottom = found[1] or "", found[2] or found[3], found[4] or found[5]
    return f"{whole} {top}/{bottom} "


def values(text: str) -> Iterator[Fraction]:
    """The amounts of a text alone, in order."""
    return (amount.value for amount in amounts(unlatexed(text)))
