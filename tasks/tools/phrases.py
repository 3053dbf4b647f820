"""What runs of words mean to the numbers beside them: operators said aloud, units, things that spoil. For `prose`."""

from functools import lru_cache
from typing import NamedTuple

MAX_UNIT_WORDS = 4  # "3 large stickers + 42"; a longer run of words is a sentence going on
SPOKEN = {"x": "*", "times": "*", "plus": "+", "minus": "-", "multiplied by": "*", "divided by": "/", "of": "of",
          "of the": "of", "of his": "of", "of her": "of", "of their": "of", "of its": "of"}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Behind a number these change its value; a side that holds one is not read.
SCALES = _words("hundred thousand million billion trillion dozen dozens half halves score squared cubed st nd rd th")
# These say that a new clause begins: nothing before them belongs to the equation behind them.
CLAUSES = _words("is are was were has have had gives give gets get makes make equals leaves means costs because so "
                 "which that then")
# Before a number these make it part of something larger, or a name: "5 less than 2 * 4", "on day 1 * 2", "half of 3".
LEANS = _words("than times plus minus mod over multiplied divided squared cubed log ln sin cos tan day days week weeks "
               "month months year years step")
SHARES = _words("half third thirds quarter quarters fourth fourths fifth fifths tenth tenths twice double triple "
                "thrice percent times square root cube")


class Phrase(NamedTuple):
    """What a run of words means to the numbers beside it."""

    said: str  # the operator that it says: "times"
    spoils: bool  # the number before it is not what it seems: "5x", "2 dozen"
    leans: bool  # the number behind it is not: "half of", "day"
    breaks: bool  # it is no unit: a sentence goes on
    unit: str  # its first word, to compare
    cents: bool


def phrase_of(text: str) -> Phrase:
    """What a run of words, without blanks at its ends, means."""
    return _long(text.lower()) if text.count(" ") >= MAX_UNIT_WORDS else _short(text)


def _long(text: str) -> Phrase:
    """A sentence going on: only its ends touch numbers."""
    head, tail = text.split(" ", MAX_UNIT_WORDS)[:MAX_UNIT_WORDS], text.rsplit(" ", 3)[1:]
    broken = head[0] == "and" and not SHARES.isdisjoint(head[1:])
    return Phrase("", broken or head[0] in SCALES or (len(head[0]) == 1 and head[0] != "a"),
                   tail[-1] in LEANS or head[0] == "of" or broken or not SHARES.isdisjoint(tail), True, head[0], False)


@lru_cache(maxsize=50_000)
def _short(text: str) -> Phrase:
    words = text.lower().replace("-", " ").split()
    rest = words[1:] if words[0] == "percent" and len(words) > 1 else words
    said = SPOKEN.get(" ".join(rest)) or SPOKEN.get(words[-1]) or SPOKEN.get(" ".join(words[-2:])) or ""
    said = "" if said == "of" and rest[0] != "of" else said
    first, last = words[0].rstrip("^0123456789²³"), words[-1].rstrip("^0123456789²³")
    letter = (len(first) == 1 and (len(words) == 1 or first != "a")) or (len(last) == 1 and last != "a")
    # "1 and 1/4", "2 and a half"
    broken = words == ["and"] or (words[0] == "and" and not SHARES.isdisjoint(words[1:4]))
    return Phrase(
        said, (letter and not said and "¢" not in text and "°" not in text) or words[0] in SCALES or broken,
        words[-1] in LEANS or words[0] == "of" or broken or not SHARES.isdisjoint(words[-3:]),
        len(words) > MAX_UNIT_WORDS or words[0] == "and" or not CLAUSES.isdisjoint(words), words[0],
        "¢" in text or not {"cent", "cents"}.isdisjoint(words))
