"""Who gives how many: a size spread evenly over templates, none asked for more than it has, and cut into draws.

Water-filling: every template gives as many as the others, or all that it has. What does not divide evenly goes to
templates spread over the whole table, so that a small run is as mixed as a large one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.records import Rejection, Template, reject, stable_id
from tasks.instantiate.compiled import Compiled, TemplateError
from tasks.tools.each import SHARD


@dataclass(frozen=True, slots=True)
class Quota:
    """`count` draws of one template, the first that there are from row `start` on."""

    id: str
    parents: list[str]
    template_id: str
    start: int
    count: int


@dataclass(frozen=True, slots=True)
class Capacity:
    """What one template can give: distinct draws, and the rows that they are spread over."""

    id: str
    parents: list[str]
    template_id: str
    draws: int
    rows: int


def capacity_of(template: Template) -> Capacity | Rejection:
    """What a template can give; one that gives nothing is turned down with its reason."""
    try:
        ready = Compiled(template)
        if ready.capacity > 0:
            return Capacity(stable_id("capacity", template.id), [template.id], template.id, ready.capacity,
                            ready.drawer.rows)
        rule, reason = "no_draw", "no values in its domains satisfy its conditions"
    except TemplateError as error:
        rule, reason = "bad_template", str(error)
    return reject(template.id, "capacities", rule, reason, content=template.question)


def shares(capacities: Sequence[int], size: int) -> list[int]:
    """How many each gives: as even as capacities allow, `size` in all, or everything where that is less."""
    level = _level(capacities, min(size, sum(capacities)))
    given = [min(capacity, level) for capacity in capacities]
    rest = min(size, sum(capacities)) - sum(given)
    open_places = [place for place, capacity in enumerate(capacities) if capacity > level]
    for turn, place in enumerate(open_places):
        given[place] += (turn + 1) * rest // len(open_places) - turn * rest // len(open_places)
    return given


def _level(capacities: Sequence[int], size: int) -> int:
    """The highest level at which all, cut to it, give no more than `size`."""
    low, high = 0, max(capacities, default=0)
    while low < high:
        middle = (low + high + 1) // 2
        if sum(min(capacity, middle) for capacity in capacities) <= size:
            low = middle
        else:
            high = middle - 1
    return low


def cut(found: Sequence[Capacity], size: int) -> list[Quota]:
    """The draws asked of each template, none longer than a shard, so that a shard's memory is bounded.

    A template's later parts start where its rows surely hold the earlier ones: rows are spread in proportion.
    """
    quotas: list[Quota] = []
    for capacity, share in zip(found, shares([capacity.draws for capacity in found], size), strict=True):
        parts = max(1, -(-share // SHARD))
        for part in range(parts):
            start, end = share * part // parts, share * (part + 1) // parts
            row = start * capacity.rows // capacity.draws
            quotas.append(Quota(stable_id("quota", capacity.template_id, row), [capacity.template_id],
                                capacity.template_id, row, end - start))
    return quotas


def in_shard(quotas: Sequence[Quota]) -> int:
    """How many quotas make a shard of about `SHARD` problems."""
    total = sum(quota.count for quota in quotas)
    return max(1, len(quotas) * SHARD // total) if total else SHARD
