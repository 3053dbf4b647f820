"""The markup of a template's texts: what may stand in braces, and the plain way to fill one text.

    {x}            value of slot or program name x: digits when whole, else the decimal of at most 6 places, else a/b
    {x:style}      , .1 .2 .3 money word frac mixed fold double ord ordn pct text part (one third, three quarters),
                   apart (a third), fourth, afourth (three fourths, a fourth), part- (one-third); Word, Fold, … with a
                   capital; bare and bare.2 (.5 and .50, no leading zero); a comma after .2 or money groups thousands:
                   {x:money,}
    {x?one|many}   "one" where |x| is 1, else "many"
    {x:a} {o1:a}   "a" or "an", as fits the number (spoken) or the word; {x:A} with a capital
    {p1} {p1:poss} a name, its possessive; {o1:one} {o1:many} {o1:One} {o1:Many} an object, "singular|plural"
    {x#o1}         the noun of o1 that agrees with number x
    {{ }}          literal braces. Nothing nests.

`parse` gives the pieces, `render` fills one text from one dict of values. `tasks.instantiate.render` does the same for
many rows at once.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from tasks.instantiate import english
from tasks.tools.arithmetic import Number, Text, plain


class MarkupError(ValueError):
    """A text whose markup cannot be read, or names what is not there; says where."""


@dataclass(frozen=True, slots=True)
class Hole:
    """{name} or {name:style}."""

    name: str
    style: str


@dataclass(frozen=True, slots=True)
class Choice:
    """{name?one|many}."""

    name: str
    one: str
    many: str


@dataclass(frozen=True, slots=True)
class Noun:
    """{name#noun}."""

    name: str
    noun: str


Piece = str | Hole | Choice | Noun
Value = Number | str


def _part(hyphen: bool, article: bool, fourth: bool) -> Callable[[Number], str]:
    def style(value: Number) -> str:
        text = english.part(value, article=article, fourth=fourth)
        # "one-third" but "a third": an article never takes the hyphen.
        return text.replace(" ", "-") if hyphen and not text.startswith(("a ", "an ")) else text
    return style


NUMBER_STYLES: dict[str, Callable[[Number], str]] = {
    "": plain, "text": plain, ",": english.comma, "word": english.word, "money": english.money,
    "money,": partial(english.money, commas=True), "frac": lambda value: str(value), "mixed": english.mixed,
    "fold": english.fold, "double": english.double, "bare": english.bare, "ord": english.ordinal,
    "ordn": english.ordinal_digits, "pct": lambda value: plain(value * 100),
    "a": lambda value: "an" if english.an(plain(value)) else "a",
    **{f".{places}": partial(english.fixed, places=places) for places in (1, 2, 3, 4, 5, 6)},
    **{f"bare.{places}": partial(english.bare, places=places) for places in (1, 2, 3)},
    **{f".{places},": partial(english.fixed, places=places, commas=True) for places in (1, 2, 3, 4, 5, 6)},
    **{article + name + hyphen: _part(hyphen == "-", article == "a", name == "fourth")
       for article in ("", "a") for name in ("part", "fourth") for hyphen in ("", "-")},
}


def _one(text: str) -> str:
    return text.partition("|")[0]


def _many(text: str) -> str:
    return text.partition("|")[2] or text


WORD_STYLES: dict[str, Callable[[str], str]] = {
    "": str, "text": str, "poss": english.possessive, "one": _one, "many": _many,
    "a": lambda text: "an" if english.an(text) else "a",
}


def _capital(style: Callable[..., str]) -> Callable[..., str]:
    return lambda value: english.upper_first(style(value))


def _with_capitals(styles: dict[str, Callable[..., str]]) -> dict[str, Callable[..., str]]:
    return styles | {name.capitalize(): _capital(style) for name, style in styles.items() if name[:1].isalpha()}


NUMBERS = _with_capitals(dict(NUMBER_STYLES))
WORDS = _with_capitals(dict(WORD_STYLES))
STYLES = frozenset(NUMBERS) | frozenset(WORDS)

TOKEN = re.compile(r"(\{\{|\}\}|\{[^{}]*\}|[{}])")  # a doubled brace, a hole, a stray brace
HOLE = re.compile(r"\{(?P<name>[A-Za-z]\w*)"  # then one of `:style`, `?one|many`, `#noun`
                  r"(?::(?P<style>[^|?#:]*)|\?(?P<one>[^|]*)\|(?P<many>[^|]*)|#(?P<noun>[A-Za-z]\w*))?\}")


def tokens(markup: str) -> list[str]:
    """The text cut at its holes and braces: literal, token, literal, token, …, literal."""
    return TOKEN.split(markup)


@lru_cache(maxsize=1 << 14)  # templates share most of their holes: {n1}, {r2}
def piece(token: str) -> Piece:
    """What one token says. Raises MarkupError, without the place, for a stray brace or an unknown style."""
    if token in ("{{", "}}"):
        return token[0]
    found = HOLE.fullmatch(token)
    if not found:
        raise MarkupError(f"a stray `{token}`")
    name, style = found["name"], found["style"] or ""
    if found["noun"]:
        return Noun(name, found["noun"])
    if found["one"] is not None:
        return Choice(name, found["one"], found["many"])
    if style not in STYLES:
        raise MarkupError(f"no style `{style}` for `{name}`")
    return Hole(name, style)


def pieces_of(parts: Sequence[str], markup: str) -> list[Piece]:
    """The pieces of `tokens(markup)`, empty literals among them. Raises MarkupError with the place."""
    made: list[Piece] = []
    try:
        for place, part in enumerate(parts):
            made.append(piece(part) if place % 2 else part)
    except MarkupError as error:
        where = sum(map(len, parts[:len(made)]))
        raise MarkupError(f"{error} at {_where(markup, where)}") from None
    return made


def parse(markup: str) -> list[Piece]:
    """The pieces of a text, literal ones as `str`. Raises MarkupError for a stray brace or an unknown style."""
    joined: list[Piece] = []
    for one in pieces_of(tokens(markup), markup):
        if isinstance(one, str) and joined and isinstance(joined[-1], str):
            joined[-1] += one
        elif one != "":
            joined.append(one)
    return joined


def _where(markup: str, place: int) -> str:
    return f"character {place + 1}, `{markup[max(0, place - 15):place + 25]}`"


def names(markup: str) -> set[str]:
    """Every name that a text reads."""
    found: set[str] = set()
    for piece in parse(markup):
        if not isinstance(piece, str):
            found.add(piece.name)
        if isinstance(piece, Noun):
            found.add(piece.noun)
    return found


def fill(piece: Piece, values: Mapping[str, Value]) -> str:
    """One piece's text. Raises KeyError for a name without a value, MarkupError for a style of the wrong kind."""
    if isinstance(piece, str):
        return piece
    value = values[piece.name]
    if isinstance(piece, Hole):
        return styled(value, piece)
    if isinstance(value, str):
        raise MarkupError(f"`{piece.name}` is a word where a number agrees")
    if isinstance(piece, Choice):
        return piece.one if abs(value) == 1 else piece.many
    return (_one if abs(value) == 1 else _many)(str(values[piece.noun]))


def styled(value: Value, hole: Hole) -> str:
    """A value in its hole's style."""
    styles: Mapping[str, Callable[..., str]] = WORDS if isinstance(value, str) else NUMBERS
    style = styles.get(hole.style)
    if isinstance(value, Text) and hole.style in NUMBERS:  # an expression, set, … has one form only
        return str(value)
    if style is None:
        kind = "word" if isinstance(value, str) else "number"
        raise MarkupError(f"style `{hole.style}` is not for the {kind} `{hole.name}`")
    return style(value)


def render(markup: str, values: Mapping[str, Value]) -> str:
    """The text for one row of values. Raises MarkupError, with the place, for a name or style that does not fit."""
    parts = tokens(markup)
    made: list[str] = []
    for one in pieces_of(parts, markup):
        try:
            made.append(fill(one, values))
        except (MarkupError, KeyError) as error:
            told = error if isinstance(error, MarkupError) else f"`{error.args[0]}` has no value"
            raise MarkupError(f"{told} at {_where(markup, sum(map(len, parts[:len(made)])))}") from None
    return "".join(made)
