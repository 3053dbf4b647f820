"""The readings of a worked solution: every combination of its operands' `options` that makes sense of the story.

Among them those count that leave least of what was stated or computed unused: a story's numbers are there to be used,
and a step is taken for the sake of a later one.
"""

import itertools
from math import prod

from tasks.lift.bound import Unlifted
from tasks.lift.evidence import Evidence
from tasks.lift.sources import Reading, Source, ratio_pairs
from tasks.lift.story import Story

MOST_READINGS = 3000
_TOP, _BOTTOM = "numerator(", "denominator("


def readings(options: list[list[Source]], story: Story) -> list[Reading]:
    """Every combination of sources that keeps numerators with their denominators.

    Raises `Unlifted` (rule: readings) for more than `MOST_READINGS`.
    """
    if prod(map(len, options)) > MOST_READINGS:
        options = [[s for s in found if s.kind in ("plain", "result")] or found for found in options]
    if prod(map(len, options)) > MOST_READINGS:
        raise Unlifted("readings", f"more than {MOST_READINGS} ways to bind the operands")
    place = {site.start: n for n, site in enumerate(story.operands)}
    pairs = [(place[a.start], place[b.start]) for step in story.steps for a, b in ratio_pairs(step.left)]
    return [r for r in itertools.product(*options) if all(_halves_agree(r[a], r[b]) for a, b in pairs)]


def _halves_agree(top: Source, bottom: Source) -> bool:
    """A numerator is read only with its own denominator."""
    if top.code.startswith(_TOP):
        return bottom.code == _BOTTOM + top.code.removeprefix(_TOP)
    return not bottom.code.startswith(_BOTTOM) or top.code == "1" or top.kind != "constant"


def fitting(found: list[Reading], story: Story, evidence: Evidence, last: int) -> list[Reading]:
    """The readings that use most of what was stated and computed; of these, the ones that derive least.

    `last` is the step of the answer, which nothing needs to use. Raises `Unlifted` (rule: unbound) for no readings.
    """
    if not found:
        raise Unlifted("unbound", "no reading keeps a numerator with its denominator")

    def used(reading: Reading) -> int:
        return len({s.uses for s in reading if s.uses} - {f"r{last}"})

    def firm(reading: Reading) -> int:
        pairs = zip(story.operands, reading, strict=True)
        return sum(evidence.said(site) for site, source in pairs if source.kind == "constant")

    def derived(reading: Reading) -> int:
        return sum(source.kind == "derived" for source in reading)

    most = max(map(used, found))
    # A constant that the words name ("4 weeks") may stand where a number of the same value would else be put to use.
    fit = [r for r in found if used(r) + firm(r) >= most]
    fewest = min(map(derived, fit))
    return [r for r in fit if derived(r) == fewest]
