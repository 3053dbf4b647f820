"""Repeats that need no model: the same text, and the same wording with the same numbers and answer.

Works on `tasks.tools.prints.Prints`: arrays of keys, so that a million rows are sorted in seconds and in 100 MB.
`tasks/dedup/meaning.py` goes on with the rows that are left.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from tasks.tools.prints import Keys, Prints
from tasks.tools.twins import Decision, Rows

RULES = ("exact", "same_wording", "same_numbers", "near_duplicate", "per_family", "conflict")
EXACT, WORDING, NUMBERS, NEAR, FAMILY, CONFLICT = range(6)


def settle(prints: Prints, ranked: Rows, open: int | None = None) -> Decision:
    """Drops what repeats an earlier row of `ranked` to the letter, or with only names and things exchanged.

    Only the first `open` rows of the table are dropped, by default all.

    Two draws of one template with the same numbers in the same places are the same problem whatever was exchanged; two
    texts of one wording are that too, without a template to tell.
    """
    decision = Decision.none_yet(len(prints), open)
    _drop_equal(decision, ranked, [prints.wording, prints.answer], EXACT)
    _drop_equal(decision, ranked, [prints.block, prints.mask, prints.order], WORDING)
    drawn = ranked[prints.family[ranked] != 0]
    _drop_equal(decision, drawn, [prints.block, prints.family, prints.order], WORDING)
    return decision


def cap_families(prints: Prints, decision: Decision, ranked: Rows, most: int) -> None:
    """Of each template (where there is none: wording) only the first `most` rows in rank stay; twin is the first."""
    rows = ranked[decision.kept[ranked]]
    family = np.where(prints.family[rows] != 0, prints.family[rows], prints.mask[rows])
    order = np.argsort(family, kind="stable")
    rows, starts = rows[order], starts_of([family[order]])
    sizes = np.diff(np.append(starts, len(rows)))
    surplus = np.arange(len(rows)) - np.repeat(starts, sizes) >= most
    decision.drop(rows[surplus], np.repeat(rows[starts], sizes)[surplus], FAMILY)


def mixed_blocks(prints: Prints, decision: Decision, ranked: Rows) -> Iterator[Rows]:
    """Blocks (same numbers, same answer) of kept rows with more than one wording and template, each in rank order.

    Inside one wording or one template only numbers differ, and a number-only variant is no repeat.
    """
    left = ranked[decision.kept[ranked]]
    left = left[np.argsort(prints.block[left], kind="stable")]
    starts = starts_of([prints.block[left]])
    for rows in np.split(left, starts[1:]) if len(left) else ():
        families = prints.family[rows]
        if len(rows) > 1 and _differ(prints.mask[rows]) and (_differ(families) or not families[0]):
            yield rows


def _differ(keys: Keys) -> bool:
    return bool((keys != keys[0]).any())


def _drop_equal(decision: Decision, ranked: Rows, keys: Sequence[Keys], rule: int) -> None:
    """Of the kept rows that agree in all keys, all but the first in rank are dropped."""
    rows = ranked[decision.kept[ranked]]
    rows = rows[np.lexsort([key[rows] for key in keys])]  # stable: rank order inside a group
    starts = starts_of([key[rows] for key in keys])
    first = np.repeat(rows[starts], np.diff(np.append(starts, len(rows))))
    repeats = rows != first
    decision.drop(rows[repeats], first[repeats], rule)


def starts_of(sorted_keys: Sequence[Keys]) -> Rows:
    """Where a new group begins in arrays sorted alike."""
    if not len(sorted_keys[0]):
        return np.zeros(0, np.int64)
    new = np.any([key[1:] != key[:-1] for key in sorted_keys], axis=0)
    return np.flatnonzero(np.append(True, new))
