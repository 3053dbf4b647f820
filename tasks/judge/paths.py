"""Paths to one answer: of solutions with the same equations, the one that reads least like all others (RFT)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from schemas.records import Example, Rejection, reject
from tasks.tools.equations import statements

NAME = "paths"


def distinct(examples: Sequence[Example]) -> Iterator[Example | Rejection]:
    """Each example, or a rejection that names the twin with the same equations."""
    problems: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        problems[example.parents[0]].append(example)
    kept = {number: twin for own in problems.values() for number, twin in _twins(own).items()}
    for example in examples:
        twin = kept[example.id]
        if twin.id == example.id:
            yield example
        else:
            yield reject(example.id, NAME, "same_equations", "another solution of its problem has the same equations",
                         content=example.solution, twin_id=twin.id, twin=twin.solution)


def equations(solution: str) -> tuple[str, ...]:
    """What a solution calculates, in order; a text without equations is its own words."""
    found = sorted(statements(solution), key=lambda one: one.start)
    return tuple(dict.fromkeys(f"{one.left}={one.right}" for one in found)) or (solution,)


def _twins(own: Sequence[Example]) -> dict[str, Example]:
    """For each example of one problem, the one that stands for its equations."""
    alike: dict[tuple[str, ...], list[Example]] = defaultdict(list)
    for example in own:
        alike[equations(example.solution)].append(example)
    found: dict[str, Example] = {}
    for same in alike.values():
        others = [example.solution for example in own if example not in same]
        best = max(same, key=lambda one: (_farness(one.solution, others), one.id)) if len(same) > 1 else same[0]
        found.update((example.id, best) for example in same)
    return found


def _farness(text: str, others: Sequence[str]) -> float:
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(text)  # what stays is prepared once
    total = 0.0
    for other in others:
        matcher.set_seq1(other)
        total += 1 - matcher.quick_ratio()
    return total
