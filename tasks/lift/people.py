"""First names in a problem that can be swapped: slots of kind name, and the edits that put them into both texts."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

from schemas.records import Slot
from tasks.instantiate import pools
from tasks.lift.agree import Edit
from tasks.lift.words import word_set

# Names that are words too, or that the calendar, money and maps use.
_WORDS = word_set(
    "April May June August Will Mark Bill Penny Rich Faith Hope Joy Summer Dawn Grace Christian Jordan Chelsea Paris "
    "Sydney Florence Victoria Georgia Virginia Carolina Austin Dallas Houston Charlotte Madison Lincoln Jackson "
    "Washington Chase Mercedes Royce Santa Easter Christmas Troy Kenya India China Chad Israel London Brooklyn "
    "Savannah")
_TITLE = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Miss|Aunt|Uncle|Lake|Mount|Saint|St|King|Queen|Farmer|Coach|Captain|President|Professor"
    r"|Judge)\.?|[a-z]-) $")
_RELATED = re.compile(
    r"\b(?:boys?|girls?|brother|sister|mother|father|mom|dad|wife|husband|son|daughter|aunt|uncle|king|queen|man|woman"
    r"|birth|pregnant|men|women|ladies|guy|lady)\b", re.IGNORECASE)
_HE = re.compile(r"\b(?:he|him|his)\b", re.IGNORECASE)
_SHE = re.compile(r"\b(?:she|her|hers)\b", re.IGNORECASE)
_CAPITALISED = re.compile(r"\b[A-Z][a-zà-öø-ÿ]+\b")
_LIKE = 0.75  # similarity from which another word is taken for the same name with a slip


@dataclass(frozen=True, slots=True)
class Person:
    """A swappable name: its slot and its edits in both texts."""

    slot: Slot
    question: list[Edit]
    solution: list[Edit]


@cache
def _pool_of() -> dict[str, str]:
    """Every known first name with its pool."""
    given = tomllib.loads((pools.FOLDER / "given.toml").read_text(encoding="utf-8"))
    female = set(pools.words("name", "female")) | set(given["female"].split())
    male = set(pools.words("name", "male")) | set(given["male"].split())
    return {n: "any" if n in female and n in male else "female" if n in female else "male" for n in female | male}


def people(question: str, solution: str) -> list[Person]:
    """Each swappable name, in the order of the question."""
    both = question + " " + solution
    known = [n for n in dict.fromkeys(_CAPITALISED.findall(question)) if n in _pool_of()]
    words = {w for w in _CAPITALISED.findall(both) if len(w) > 2}
    out: list[Person] = []
    for name in known:
        if name in _WORDS or not (_stands_alone(name, question) and _stands_alone(name, solution)):
            continue
        pool = _pool(name, both, alone=len(known) == 1)
        if pool and not _misspelt(name, words):
            out.append(_person(f"p{len(out) + 1}", name, pool, question, solution))
    return out


def _person(slot: str, name: str, pool: str, question: str, solution: str) -> Person:
    in_question = list(_edits(name, slot, question))
    start, end, _ = in_question[0]
    return Person(Slot(slot, "name", "", start, end, name, pool=pool), in_question, list(_edits(name, slot, solution)))


def _edits(name: str, slot: str, text: str) -> Iterator[Edit]:
    for place in re.finditer(rf"\b{name}\b", text):
        yield place.start(), place.end(), f"{{{slot}}}"


def _misspelt(name: str, words: Iterable[str]) -> bool:
    """Whether another word is probably the same name with a slip: left alone it would be a stranger in the story."""
    return any(other != name and SequenceMatcher(None, name, other).ratio() >= _LIKE for other in words)


def _stands_alone(name: str, text: str) -> bool:
    """No title, no surname, no compound, no lower-case twin, wherever the name occurs."""
    if re.search(rf"\b{name.lower()}\b|\b{name}(?:es|s)\b", text):
        return False
    return not any(_is_joined(text, place.start(), place.end()) for place in re.finditer(rf"\b{name}\b", text))


def _is_joined(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 12):start], text[end:end + 14]
    first_name = re.search(r"[A-Z][a-z]+ $", before) and not re.search(r"(?:^|[.?!\n] )[A-Z][a-z]+ $", text[:start])
    if _TITLE.search(before) or first_name:
        return True
    return re.match(r"-|'(?!s\b)|’(?!s\b)|&| [A-Z][a-z]", after) is not None


def _pool(name: str, text: str, alone: bool) -> str:
    """The pool that fits the story's pronouns: any, where none speaks; "" where they leave it open who is meant."""
    he, she = _HE.search(text), _SHE.search(text)
    own = _pool_of()[name]
    if not (he or she or _RELATED.search(text)):
        return "any"
    if alone and he and she:
        return ""
    said = "male" if he and not she else "female" if she and not he else ""
    if own == "any":
        return said
    return own if said in ("", own) else ""
