"""The texts of one template for many rows at once: each hole's column is written once, then every text is one format.

The same hole in question, solution and answer (`{n1}`, or `{r1}` in an annotation) shares its column. Gives exactly
what `markup.render` gives row by row; a test holds the two together.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tasks.instantiate.markup import NUMBERS, Choice, Hole, MarkupError, Noun, Piece, fill, pieces_of, tokens
from tasks.tools.arithmetic import Text

Column = Sequence[Any]

WHOLE = {int}
WHOLE_STYLES: dict[str, Callable[[int], str]] = {  # what a style comes to where every number is whole
    "": str, "text": str, "money": str, "frac": str, "mixed": str, ",": "{:,}".format, "money,": "{:,}".format}


class Texts:
    """Some markups, ready to be filled together. Raises MarkupError for markup that cannot be read."""

    def __init__(self, markups: Iterable[str]) -> None:
        self.pieces: dict[str, Piece] = {}  # by their text: {n1:word}
        self.texts: list[tuple[str, list[str]]] = [self._compiled(markup) for markup in markups]

    def _compiled(self, markup: str) -> tuple[str, list[str]]:
        """The text as a format, and the holes that fill it, in order."""
        form: list[str] = []
        keys: list[str] = []
        parts = tokens(markup)
        for part, piece in zip(parts, pieces_of(parts, markup), strict=True):
            if isinstance(piece, str):
                form.append(piece.replace("%", "%%"))
            else:
                keys.append(part)
                self.pieces[part] = piece
                form.append("%s")
        return "".join(form), keys

    def names(self) -> set[str]:
        """Every name that the texts read."""
        found = {piece.name for piece in self.pieces.values() if not isinstance(piece, str)}
        return found | {piece.noun for piece in self.pieces.values() if isinstance(piece, Noun)}

    def run(self, columns: Mapping[str, Column], rows: int, which: Sequence[int]) -> dict[int, list[str]]:
        """For each markup asked for, every row's text. Raises MarkupError for a name or style that does not fit."""
        keys = {key: None for text in which for key in self.texts[text][1]}
        try:
            written = {key: _written(self.pieces[key], columns) for key in keys}
        except KeyError as error:
            raise MarkupError(f"`{error.args[0]}` has no value") from None
        return {text: _filled(*self.texts[text], written, rows) for text in which}


def _filled(form: str, keys: list[str], written: Mapping[str, Column], rows: int) -> list[str]:
    if not keys:
        return [form % ()] * rows
    return [form % row for row in zip(*[written[key] for key in keys], strict=True)]


def _written(piece: Piece, columns: Mapping[str, Column]) -> Column:
    assert not isinstance(piece, str)
    column = columns[piece.name]
    kinds = set(map(type, column))
    if isinstance(piece, Choice) and kinds == WHOLE:
        return [piece.one if value in (1, -1) else piece.many for value in column]
    if isinstance(piece, Hole):
        if kinds == WHOLE:
            return list(map(WHOLE_STYLES.get(piece.style) or _style(piece), column))
        if not (str in kinds or Text in kinds):
            return list(map(_style(piece), column))
        if kinds == {str} and not piece.style:
            return column
    if isinstance(piece, Noun):
        return [fill(piece, {piece.name: value, piece.noun: noun})
                for value, noun in zip(column, columns[piece.noun], strict=True)]
    return [fill(piece, {piece.name: value}) for value in column]


def _style(hole: Hole) -> Callable[[Any], str]:
    style = NUMBERS.get(hole.style)
    if style is None:
        raise MarkupError(f"style `{hole.style}` is not for the number `{hole.name}`")
    return style
