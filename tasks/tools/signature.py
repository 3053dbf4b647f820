"""What a problem's text says apart from its wording: its numbers, and its words without numbers and names.

`tasks/dedup` tells a repeat from a number-only variant by these, `tasks/decontaminate` finds a test item under changed
numbers and names. Numbers are read by `amounts.py`; first names are those of the pools that `tasks/instantiate` draws
from, and, as a fallback, capitalised words inside a sentence.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from tasks.tools.amounts import Amount, amounts, unlatexed
from tasks.tools.files import data_path

# NFKC turns 5² into 52 and 1½ into 11⁄2: raised digits keep their caret and glyph fractions their distance.
_RAISED = {ord(raised): f"^{plain}" for raised, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)}
_LOWERED = {ord(low): f"_{plain}" for low, plain in zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True)}
_GLYPHS = {ord(glyph): f" {unicodedata.normalize('NFKC', glyph).replace('⁄', '/')}" for glyph in "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"}
_QUOTES = dict.fromkeys(map(ord, "‘’‛`´ʼ"), "'") | dict.fromkeys(map(ord, "“”„«»"), '"')
_DASHES = dict.fromkeys(map(ord, "‐‑‒–−"), "-") | {ord("—"): " - "}
_TABLE = _RAISED | _LOWERED | _GLYPHS | _QUOTES | _DASHES

# What ends or joins sentences goes; what computes (+ - * / ^ = < > ( ) | % and the point inside a number) stays.
_PUNCTUATION = re.compile(r"[\"!?;:]|[.,](?!\d)|(?<!\d)[.,](?=\D)|'(?!\w)|(?<!\w)'|\\[,;!]")
_SPACE = re.compile(r"\s+")
_CAPITAL = "[A-Z\u00c0-\u00d6\u00d8-\u00de\u0100-\u024f]"
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December", "Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sep", "Sept", "Oct", "Nov", "Dec")
_CALENDAR = frozenset((*_DAYS, *(f"{day}s" for day in _DAYS), *_MONTHS))
_FIRST_NAME = 0xE000  # private use: survives case folding, becomes a capital letter at the end
_POSSESSIVE = re.compile(r"([\ue000-\uf8ff])'s?(?!\w)")
_LETTERS = {_FIRST_NAME + i: chr(ord("A") + min(i, 25)) for i in range(400)}


@dataclass(frozen=True, slots=True)
class Signature:
    """What `read` finds in one text; all parts are plain text, equal on every machine."""

    plain: str  # the wording: see `plain_text`
    numbers: str  # values in order, minus signs kept: "48 1/2"
    block: str  # values in the order of their digits, ones left out: paraphrases say "a box" for "one box"
    masked: str  # the wording with `#` for numbers and A, B, … for names, in the order in which they appear


def read(text: str) -> Signature:
    """The signature of `text`; about 0.3 ms of processor time for a grade-school problem."""
    text = _unify(text)
    found = amounts(text)
    return Signature(
        plain=_wording(text),
        numbers=" ".join(str(amount.value) for amount in found),
        block=" ".join(sorted(str(amount.value) for amount in found if amount.counts and amount.value != 1)),
        masked=_masked(text, found),
    )


def plain_text(text: str) -> str:
    """`text` by NFKC, case folded, spaces single, sentence punctuation gone; operators and decimal points stay."""
    return _wording(_unify(text))


def key(*parts: str) -> int:
    """A signed 64-bit number, the same on every machine; that two of a million texts share one has odds of 3e-8."""
    digest = blake2b("\x1f".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def nameless(masked: str) -> str:
    """A masked text without its letters: for an embedding, where two texts about A and B are alike for that alone."""
    return " ".join(word for word in masked.split() if not word.isupper())


def numberless(text: str) -> str:
    """The wording with `#` for numbers, names as they are."""
    text = _unify(text)
    return _wording(_replaced(text, [(amount.start, amount.end, "#") for amount in amounts(text)]))


def ngrams(masked: str, n: int) -> Iterator[tuple[str, ...]]:
    """Runs of `n` words of a masked text, numbers and names not counted: "is # years older than A" has four words."""
    words = [word for word in masked.split() if word.islower()]
    return zip(*(words[i:] for i in range(n)), strict=False)


def _unify(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_TABLE))
    return unlatexed(text)


def _wording(text: str) -> str:
    return _SPACE.sub(" ", _PUNCTUATION.sub(" ", text.casefold())).strip()


def _masked(text: str, found: Sequence[Amount]) -> str:
    spans = [(amount.start, amount.end, "#") for amount in found]
    spans += _swaps(text, {amount.start for amount in found})
    masked = _POSSESSIVE.sub(r"\1", _replaced(text, spans))  # "James'" and "Anna's" alike
    return _wording(masked).translate(_LETTERS)


def _replaced(text: str, spans: Sequence[tuple[int, int, str]]) -> str:
    pieces, place = [], 0
    for start, end, mark in sorted(spans):
        if start >= place:
            pieces += [text[place:start], mark]
            place = end
    return "".join((*pieces, text[place:]))


def _swaps(text: str, taken: set[int]) -> Iterator[tuple[int, int, str]]:
    """Where words stand that instantiation may swap, and what stands for them: letters, or a pool's first nouns."""
    names: list[tuple[int, str]] = []
    nouns: dict[str, dict[int, int]] = {}
    known = pools()
    for match in known.pattern.finditer(text):
        word, start = match.group(), match.start()
        if noun := known.nouns.get(word) or known.nouns.get(word.lower()):
            if start not in taken:
                order = nouns.setdefault(noun.pool, {})
                yield start, match.end(), known.words[noun.pool][order.setdefault(noun.place, len(order))][noun.many]
        elif start not in taken and word not in _CALENDAR and not word.isupper() and not word.islower():
            names.append((start, word))
    inside = {word for start, word in names if not _starts_sentence(text, start)}
    letters: dict[str, str] = {}
    for start, word in names:
        if word in known.people or word in inside:
            yield start, start + len(word), letters.setdefault(word, chr(_FIRST_NAME + min(len(letters), 399)))


def _starts_sentence(text: str, start: int) -> bool:
    before = text[max(0, start - 6):start].rstrip(" \"'($)]\n\t")
    return not before or before[-1] in ".!?:;" or "\n" in text[start - 1:start]


@dataclass(frozen=True, slots=True)
class Noun:
    """Where a countable noun stands in its pool, and whether this is its plural."""

    pool: str
    place: int
    many: int


@dataclass(frozen=True, slots=True)
class Pools:
    """The words of `data/pools` that instantiation swaps."""

    people: frozenset[str]
    nouns: dict[str, Noun]
    words: dict[str, list[tuple[str, str]]]
    pattern: re.Pattern[str]  # any word that may be one of them, or a name


@lru_cache(maxsize=1)
def pools() -> Pools:
    """People of `names.toml` (drawn) and `given.toml` (known), "singular|plural" of `objects.toml`, places."""
    files = {kind: tomllib.loads(data_path("pools", f"{kind}.toml").read_text(encoding="utf-8"))
             for kind in ("names", "given", "objects", "places")}
    people = {name for names in files["names"].values() for name in names}
    people.update(name for names in files["given"].values() for name in names.split())
    words = {pool: [(one, many or one) for one, _, many in (entry.partition("|") for entry in entries)]
             for kind in ("objects", "places") for pool, entries in files[kind].items()}
    nouns = {form: Noun(pool, place, many) for pool, forms in words.items()
             for place, (one, several) in enumerate(forms) for many, form in ((1, several), (0, one))}
    # Only words of several parts are spelt out: one alternative for each noun would make the search ten times slower.
    parted = sorted((form for form in nouns if not form.isalpha()), key=lambda form: (-len(form), form))
    pattern = "|".join((*map(re.escape, parted), rf"(?:{_CAPITAL}|[a-z]{{2}})[^\W\d_]+(?:-[^\W\d_]+)*"))
    return Pools(frozenset(people), nouns, words, re.compile(rf"(?<![\w'^_\\])(?:{pattern})(?!\w)"))
