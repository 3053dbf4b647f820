"""First names in a problem that can be swapped: slots of kind name, and the edits that put them into both texts."""

import difflib
import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache

from schemas.records import Slot
from tasks.instantiate import pools

# Names that are words too, or that the calendar, money and maps use.
_WORDS = frozenset("April May June August Will Mark Bill Penny Rich Faith Hope Joy Summer Dawn Grace Christian Jordan Chelsea Paris Sydney "
                   "Florence Victoria Georgia Virginia Carolina Austin Dallas Houston Charlotte Madison Lincoln Jackson Washington Chase "
                   "Mercedes Royce Santa Easter Christmas Troy Kenya India China Chad Israel London Brooklyn Savannah".split())
_TITLE = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|Miss|Aunt|Uncle|Lake|Mount|Saint|St|King|Queen|Farmer|Coach|Captain|President|Professor|Judge)\.?|[a-z]-) $")


@lru_cache(maxsize=1)
def _pool_of() -> dict[str, str]:
    given = tomllib.loads((pools.FOLDER / "given.toml").read_text(encoding="utf-8"))
    female = set(pools.words("name", "female")) | set(given["female"].split())
    male = set(pools.words("name", "male")) | set(given["male"].split())
    return {n: "any" if n in female and n in male else "female" if n in female else "male" for n in female | male}


Edit = tuple[int, int, str]


def people(question: str, solution: str) -> list[tuple[Slot, list[Edit], list[Edit]]]:
    """Each swappable name: its slot, and its edits in question and solution."""
    out: list[tuple[Slot, list[Edit], list[Edit]]] = []
    known = [n for n in dict.fromkeys(re.findall(r"\b[A-Z][a-zà-öø-ÿ]+\b", question)) if n in _pool_of()]
    words = set(re.findall(r"\b[A-Z][a-zà-öø-ÿ]{2,}\b", question + " " + solution))
    for name in dict.fromkeys(re.findall(r"\b[A-Z][a-zà-öø-ÿ]+\b", question)):
        if name not in _pool_of() or name in _WORDS or not _safe(name, question) or not _safe(name, solution, at_least=0):
            continue
        pool = _pool(name, question + " " + solution, alone=len(known) == 1)
        if not pool:
            continue
        if any(other != name and _misspelt(name, other) for other in words):
            continue
        slot_name = f"p{len(out) + 1}"
        first = re.search(rf"\b{name}\b", question)
        assert first is not None
        slot = Slot(slot_name, "name", "", first.start(), first.end(), name, pool=pool)
        out.append((slot, list(_edits(name, slot_name, question)), list(_edits(name, slot_name, solution))))
    return out


def _misspelt(name: str, other: str) -> bool:
    """Whether another word is probably the same name with a slip: left alone it would be a stranger in the story."""
    return difflib.SequenceMatcher(None, name, other).ratio() >= 0.75


def _safe(name: str, text: str, at_least: int = 1) -> bool:
    """The name stands alone everywhere: no title, no surname, no compound, no lower-case twin."""
    if re.search(rf"\b{name.lower()}\b|\b{name}(?:es|s)\b", text):
        return False
    places = list(re.finditer(rf"\b{name}\b", text))
    for place in places:
        before, after = text[max(0, place.start() - 12):place.start()], text[place.end():place.end() + 14]
        if _TITLE.search(before) or re.search(r"[A-Z][a-z]+ $", before) and not re.search(r"(?:^|[.?!\n] )[A-Z][a-z]+ $", text[:place.start()]):
            return False
        if re.match(r"-|'(?!s\b)|’(?!s\b)|&", after) or re.match(r" [A-Z][a-z]", after):
            return False
    return len(places) >= at_least


def _pool(name: str, text: str, alone: bool) -> str:
    """The pool that fits the story's pronouns: any, where none speaks; "" where they leave it open who is meant."""
    he, she = re.search(r"\b(?:he|him|his)\b", text, re.IGNORECASE), re.search(r"\b(?:she|her|hers)\b", text, re.IGNORECASE)
    related = re.search(r"\b(?:boys?|girls?|brother|sister|mother|father|mom|dad|wife|husband|son|daughter|aunt|uncle|king|queen|man|woman|birth|pregnant|"
                        r"men|women|ladies|guy|lady)\b", text, re.IGNORECASE)
    own = _pool_of()[name]
    if not (he or she or related):
        return "any"
    said = "male" if he and not she else "female" if she and not he else ""
    if alone and he and she:
        return ""
    if own == "any":
        return said
    return own if not (alone and said) or said == own else ""


def _edits(name: str, slot: str, text: str) -> Iterator[Edit]:
    for place in re.finditer(rf"\b{name}\b", text):
        yield place.start(), place.end(), f"{{{slot}}}"
