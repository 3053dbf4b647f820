"""Words to draw from: first names of many cultures, countable things by class, places; read from `data/pools` once.

A class of objects holds things that may stand for one another in any story of that class. Lists are sorted nowhere:
their order is the file's, so a draw is the same on every machine.
"""

import tomllib
from functools import lru_cache

from tasks.tools.files import data_path

FOLDER = data_path("pools")


@lru_cache(maxsize=1)
def _files() -> dict[str, dict[str, tuple[str, ...]]]:
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for kind in ("name", "object", "place"):
        read = tomllib.loads((FOLDER / f"{kind}s.toml").read_text(encoding="utf-8"))
        found[kind] = {pool: tuple(dict.fromkeys(words)) for pool, words in read.items()}
    found["name"]["any"] = tuple(dict.fromkeys(found["name"]["female"] + found["name"]["male"]))
    return found


@lru_cache(maxsize=256)
def words(kind: str, pool: str) -> tuple[str, ...]:
    """The words of a pool; none where there is no such pool, and a slot then keeps its own word."""
    return _files()[kind].get(pool, ())


@lru_cache(maxsize=256)
def members(kind: str, pool: str) -> frozenset[str]:
    """The pool's words as they stand in a text: for objects, singulars and plurals."""
    return frozenset(form for entry in words(kind, pool) for form in entry.split("|"))


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """Every first name in the pools."""
    return members("name", "any")


@lru_cache(maxsize=1)
def classes() -> dict[str, tuple[str, str]]:
    """For each object, by singular and by plural: its class and its entry "singular|plural"."""
    return {form: (pool, entry) for pool, entries in _files()["object"].items() for entry in entries
            for form in entry.split("|")}


def free(kind: str, pool: str, taken: frozenset[str]) -> tuple[str, ...]:
    """The pool without words that `taken` holds in any form."""
    if members(kind, pool).isdisjoint(taken):
        return words(kind, pool)
    return tuple(entry for entry in words(kind, pool) if taken.isdisjoint(entry.split("|")))
