"""The nouns that go with numbers: which word a number counts, its singular and plural, and whether it is a measure."""

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from tasks.lift.words import word_set

if TYPE_CHECKING:
    import inflect

MEASURES = word_set(
    "hour minute second day week month year mile kilometer meter centimeter foot inch yard pound ounce gram kilogram "
    "kg km cm mm liter gallon quart pint cup mile degree percent acre ton calorie mph ml lb oz ft tablespoon teaspoon")
# Words after a number that are no noun and end the search for one.
_STOP = word_set(
    "of in and for to from per a an each left on at the is are was were that with than as if or but by he she they it "
    "his her their every who which will would can could has have had does did do so then when while because total "
    "altogether equals after before during into out up down over under about around between through until since there "
    "this these those its our my your him them us we you i be been all both plus minus divided equal means leaves "
    "worth because x not also only still")
# Words that end like a plural and are none.
_NEVER = word_set(
    "dress glass class grass bus gas this its his across less plus times' series species news mathematics always yes "
    "us as is was has does unless besides perhaps address business boss loss mess pass kiss cross")


@cache
def _engine() -> "inflect.engine":
    import inflect  # heavy: half a second

    return inflect.engine()


@lru_cache(maxsize=65536)
def singular(word: str) -> str:
    """The singular of a plural noun, "" where the word is no plural."""
    if word in _NEVER or len(word) < 3 or not word.isalpha():
        return ""
    found = _engine().singular_noun(word)
    return found if isinstance(found, str) and found != word and plural(found) == word else ""


@lru_cache(maxsize=65536)
def plural(word: str) -> str:
    """The plural of a singular noun."""
    return str(_engine().plural_noun(word)) if word else ""


def counted(text: str, end: int) -> tuple[int, int, str] | None:
    """The noun that a number ending at `end` counts ("8 red apples": apples): span, text; None where none is near."""
    match = re.match(r"(?:[ ]+[A-Za-z]+){1,3}", text[end:end + 48])
    if match is None:
        return None
    for word in re.finditer(r"[A-Za-z]+", match.group()):
        lower = word.group().lower()
        if lower in _STOP:
            return None
        if singular(lower):
            return end + word.start(), end + word.end(), word.group()
    return None


def following(text: str, end: int) -> str:
    """The word right after a number ("3-page letter": page), lower case, "" where none follows."""
    match = re.match(r"[ -]([A-Za-z]+)", text[end:end + 24])
    return match.group(1).lower() if match else ""


def unit(text: str, end: int) -> str:
    """What a number counts or measures, in the singular."""
    noun = counted(text, end)
    if noun is not None:
        return singular(noun[2].lower())
    word = following(text, end)
    return "" if word in _STOP else word
