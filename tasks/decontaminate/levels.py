"""The thresholds of decontamination, by name, so that a run can say which it used and a user can move each.

    lenient   the same problem in whatever words; other numbers make another problem
    default   and its template twins, and what shares 13 words in a row with it
    strict    and what comes near to that
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from typing import Any

from schemas.errors import ParameterError

OFF = 2.0  # no cosine and no share reaches it
NGRAM = 13


@dataclass(frozen=True, slots=True)
class Levels:
    """From where a row repeats a test item. All but `ngram` are cosines or shares, 0 to 1; 2 turns a rule off."""

    ngram: int = NGRAM  # words in a row, numbers and names not counted; 0: off
    ngram_share: float = 0.0  # so much of an item's runs must be shared
    alike: float = 0.62  # with numbers and answer an item's, so much of words and signs in common
    alike_other: float = 0.82  # with the numbers, whatever the answer: another question on the same, or no answer known
    same_problem: float = 0.75  # with numbers and answer an item's, wordings this alike are one problem
    same_text: float = 0.65  # or texts as they stand
    rephrased: float = 0.88  # texts as they stand, whatever their numbers
    rephrased_shared: float = 0.82  # where most numbers are shared
    shared: float = 0.75  # of the numbers of both texts are most
    template_twin: float = 0.91  # stories without numbers and names, less crowding
    named_twin: float = 0.87  # stories with their names: they tell stories apart, so less likeness says more
    terse: float = 0.95  # what of the above asks for less asks for this in short texts, which are near to much
    grey: float = 0.05  # so far below its threshold a row is put before a judge, where there is one


LEVELS: Mapping[str, Levels] = {
    "lenient": Levels(ngram=0, alike_other=0.95, rephrased=OFF, template_twin=OFF, named_twin=OFF),
    "default": Levels(),
    "strict": Levels(ngram=10, alike=0.55, alike_other=0.75, same_problem=0.7, same_text=0.6, rephrased=0.85,
                     rephrased_shared=0.78, template_twin=0.88, named_twin=0.84, terse=0.93)}


def levels_of(level: str, moved: Iterable[str] = ()) -> Levels:
    """A level by name with thresholds moved, each `name=value`.

    Raises `ParameterError` for an unknown level or threshold and for a value that is none.
    """
    if level not in LEVELS:
        raise ParameterError(f"there is no level {level!r}", mend=_choose(level, LEVELS))
    found = LEVELS[level]
    for given in moved:
        name, _, value = given.partition("=")
        found = replace(found, **{_known(name): _number(name, value)})
    return found


def _known(name: str) -> str:
    names = [field.name for field in fields(Levels)]
    if name not in names:
        raise ParameterError(f"there is no threshold {name!r}", mend=_choose(name, names))
    return name


def _number(name: str, value: str) -> Any:
    number: int | float
    try:
        number = int(value) if name == "ngram" else float(value)
    except ValueError:
        number = -1
    if not 0 <= number <= (100 if name == "ngram" else OFF):
        wanted = "a whole number of words" if name == "ngram" else "from 0 to 1, or 2 for never"
        raise ParameterError(f"the threshold {name} cannot be {value!r}", mend=f"write {name}=… {wanted}")
    return number


def _choose(given: str, known: Iterable[str]) -> str:
    known = list(known)
    close = get_close_matches(given, known, n=1, cutoff=0.5)
    return (f"did you mean {close[0]!r}? " if close else "") + f"there are: {', '.join(known)}"
