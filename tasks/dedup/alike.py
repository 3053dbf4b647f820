"""How alike two texts with the same numbers and answer must be to tell one problem; works on masked texts.

An embedding knows what a text is about and little else, so it is asked for more where a text gives it less to go by:

    words, two numbers and more   the threshold
    words, at most one number     `FEW`: a cosine tells topics apart there, not problems
    one formula told twice        as for words
    two formulas                  `FORMULA`, and the words around them must not be the same: "x ln x" is no "ln x"

And where all words stay but one, which is exchanged for its opposite, or two numbers, exchanged for each other, the
texts are two problems, alike as they are. Numbers that moved along with their words are no exchange.
"""

import re
from collections import Counter
from difflib import SequenceMatcher
from functools import lru_cache

FEW = 0.9
FORMULA = 0.95
NEVER = 2.0
SAME_WORDS = 0.8  # of the longer text's words in the other: from here one was made from the other
MOVED = 3  # words that stand elsewhere: with fewer, no sentence was moved

_LETTER = r"(?<![a-z])[a-z](?!['a-z]|-[a-z]{2})"  # neither a word nor the first part of "t-shirt"
_RUN = re.compile(rf"(?:\\[a-z]+|{_LETTER}|[#$&+\-*/^_=<>()|{{}}\[\]]|\s)+")
_HEAD = re.compile(r"(?<![^\s$])[a-z](?: ?\([a-z]\))? ?= ?(?=\S*[a-z\\])|(?<=\$)-")  # "y = " of "y = x^2", "$n$-"
_SYMBOL = re.compile(r"\\[a-z]+|[a-z#+\-*/^=<>|]")
_TELLING = re.compile(r"\\(?!circ|pi)|[\^=<>+|]|(?<![a-z])[b-hj-z] ?[-*/(#]|[-*/#] ?[b-hj-z](?![a-z])")
_LOOKS = frozenset(f"\\{name}" for name in (
    "left", "right", "cdot", "times", "mathbf", "mathrm", "mathit", "text", "vec", "displaystyle", "quad", "qquad",
    "begin", "end", "dfrac", "circ", "degree", "ldots", "dots"))
_OPPOSITES = (
    "odd even", "positive negative", "maximum minimum", "largest smallest", "greatest least", "greatest smallest",
    "most least", "more fewer", "more less", "older younger", "taller shorter", "longer shorter", "faster slower",
    "before after", "above below", "inside outside", "with without", "increas decreas", "gain los", "fill empt",
    "buy sell", "bought sold", "add subtract", "enter leav", "rise fall", "heads tails", "prime composite",
    "perimeter area", "area volume", "radius diameter", "mean median", "mean mode", "median mode", "sum product",
    "sum difference", "first last", "north south", "east west", "north east", "convex concave", "left right")
_PAIRS = tuple((first, second) for first, second in map(str.split, _OPPOSITES))


@lru_cache(maxsize=1 << 16)  # draws of templates share few wordings
def needed(one: str, other: str, numbers: int, threshold: float, *, in_order: bool = True) -> float:
    """The cosine from which two masked texts tell one problem; `NEVER` where none will do.

    They have so many numbers but ones, `in_order` or not.
    """
    mine, theirs = _formulas(one), _formulas(other)
    altered = mine != theirs and bool(mine) and bool(theirs)
    if (altered or _opposed(one, other)) and _made_from(one, other):
        return NEVER
    if not in_order and _exchanged(one.split(), other.split()):
        return NEVER
    if altered:
        return max(FORMULA, threshold)
    if numbers <= 1:
        return max(FEW, threshold)
    return threshold


@lru_cache(maxsize=4096)
def _formulas(masked: str) -> frozenset[tuple[str, int]]:
    """The symbols of all formulas and how often each stands there, numbers and brackets apart."""
    runs = " ".join(run for run in _RUN.findall(masked) if len(run) > 2 and _TELLING.search(run))
    return frozenset(Counter(symbol for symbol in _SYMBOL.findall(_HEAD.sub("", runs))
                             if symbol != "#" and symbol not in _LOOKS).items())


def _made_from(one: str, other: str) -> bool:
    """Whether the words, formulas apart, are the same but for a few."""
    left, right = _RUN.sub(" ", one).split(), _RUN.sub(" ", other).split()
    blocks = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) >= SAME_WORDS * max(len(left), len(right))


def _exchanged(one: list[str], other: list[str]) -> bool:
    """Whether the words are the same and stand where they stood, so that it is numbers that changed places."""
    if (Counter(one) & Counter(other)).total() < SAME_WORDS * max(len(one), len(other)):
        return False
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    stood = Counter(word for block in blocks for word in one[block.a:block.a + block.size])
    return ((Counter(one) & Counter(other)) - stood).total() < MOVED


def _opposed(one: str, other: str) -> bool:
    """Whether a word that one text has more often is answered by its opposite in the other."""
    mine, theirs = Counter(one.split()), Counter(other.split())
    lost, won = mine - theirs, theirs - mine
    return any(_has(lost, word) and _has(won, opposite) for pair in _PAIRS for word, opposite in (pair, pair[::-1]))


def _has(words: Counter[str], stem: str) -> bool:
    return any(word.startswith(stem) for word in words)
