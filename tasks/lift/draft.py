"""A template's texts in the making: names for symbols, and the holes that take the place of numbers.

`text` writes the question's slots and the steps into it, `loose` the other numbers of the prose; `assemble` reads it.
"""

import re
from collections.abc import Sequence

from tasks.instantiate.markup import NUMBERS
from tasks.lift.agree import Edit, agree
from tasks.lift.bound import Bound, Unlifted
from tasks.lift.codes import evaluate, narrow, symbols
from tasks.lift.judge import still
from tasks.lift.story import Story
from tasks.tools.numbers import Mention

# Styles of the markup to try on a number, the first that gives its text back being the one.
DIGITS = ("", ",", "money", "money,", "bare", ".2", ".2,", ".1", ".3", "bare.2", "bare.1", "bare.3", "frac")
MONEY = ("money", "money,", ".2", ".2,", "bare.2", "", ",", "bare", ".1")
_STYLES: dict[str, tuple[str, ...]] = {
    "word": ("word", "Word"),
    "fold": ("fold", "Fold", "double", "Double"),
    "fraction": ("frac", "mixed"),
    "mixed": ("mixed", "frac"),
    "part": ("part", "Part", "apart", "Apart", "part-", "Part-", "fourth", "Fourth", "afourth", "Afourth", "fourth-"),
    "dozen": (),
}


def styles_of(mention: Mention) -> Sequence[str]:
    """The styles in which a number that is written like this one can be given back."""
    return _STYLES.get(mention.style, MONEY if mention.role == "money" else DIGITS)


class Draft:
    """Both texts as edits, with the names that the edits use."""

    def __init__(self, story: Story, bound: Bound) -> None:
        self.story, self.bound = story, bound
        used = {s.uses for s in bound.by_place.values() if s.uses} | {second for _, second in bound.ties}
        self.slots = [f"q{i}" for i, m in enumerate(story.mentions) if f"q{i}" in used and not still(m)]
        self.names = {symbol: f"n{n}" for n, symbol in enumerate(self.slots, 1)}  # q3 -> n2, r0 -> r1
        self.names |= {f"r{k}": f"r{k + 1}" for k in range(len(story.steps))}
        self.helpers: dict[str, str] = {}  # code -> x1, for codes that the texts show and no step computes
        self.literal: set[str] = set()  # slots whose text cannot follow a value: they keep the seed's
        self.codes: dict[int, str] = {}  # place in the solution -> what stands there
        self.question: list[Edit] = []
        self.solution: list[Edit] = []

    def slot(self, symbol: str) -> None:
        """Makes a hole of a number of the question, or keeps it where no style gives its text back."""
        mention = self.story.mention(symbol)
        if symbol in self.literal:
            return
        hole = self._hole(symbol, mention.text, styles_of(mention))
        if hole is None:
            self.literal.add(symbol)
            return
        self.question.append((mention.start, mention.end, hole))
        self._agree(self.story.question, self.question, mention.start, mention.end, symbol)

    def replace(self, start: int, end: int, code: str, styles: Sequence[str]) -> None:
        """Makes a hole of a number of the solution that stands for `code`; the first to claim a place has it.

        Raises `Unlifted` (rule: style) for a result that no style gives back.
        """
        if start in self.codes:
            return
        self.codes[start] = code
        if self.constant(code):
            return
        solution = self.story.solution
        if re.match(r"(?:st|nd|rd|th)\b", solution[end:end + 3]):
            end, styles = end + 2, ("ordn",)  # "the 6th floor"
        hole = self._hole(code, solution[start:end], styles)
        if hole is None:
            self._hold(code)
            return
        self.solution.append((start, end, hole))
        if code in self.names:
            self._agree(solution, self.solution, start, end, code)

    def constant(self, code: str) -> bool:
        """Whether the code has one value in every draw."""
        return all(symbol[0] == "q" and symbol not in self.slots for symbol in symbols(code))

    def _hold(self, code: str) -> None:
        """Text that cannot follow a value keeps that value: its slots are not drawn."""
        if any(symbol[0] == "r" for symbol in symbols(code)):
            raise Unlifted("style", f"the solution writes {code} in a way that cannot be written for other values")
        self.literal.update(symbol for symbol in symbols(code) if symbol in self.slots)

    def _hole(self, code: str, text: str, styles: Sequence[str]) -> str | None:
        """The markup that gives the text back from the code's value; None where no style does."""
        number = narrow(evaluate(code, self.story.values))
        style = next((s for s in styles if NUMBERS[s](number) == text), None)
        return None if style is None else f"{{{self._name(code)}{':' if style else ''}{style}}}"

    def _name(self, code: str) -> str:
        return self.names.get(code) or self.helpers.setdefault(code, f"x{len(self.helpers) + 1}")

    def _agree(self, text: str, edits: list[Edit], start: int, end: int, symbol: str) -> None:
        known = self.story.question + " " + self.story.solution
        agree(text, edits, (start, end), self.names[symbol], self.story.values[symbol], known)


def apply(text: str, edits: Sequence[Edit]) -> str:
    """The markup: edits in place, braces of the rest doubled; of two that overlap the first stands."""
    out: list[str] = []
    at = 0
    for start, end, hole in sorted(edits):
        if start >= at:
            out += [_escape(text[at:start]), hole]
            at = end
    return "".join([*out, _escape(text[at:])])


def _escape(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
