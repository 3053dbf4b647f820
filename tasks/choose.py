"""Which of many examples to take: bands, caps, quotas, a mix; the same choice whatever the order of the rows.

    mix      mode:base=3, mode:p1=1            three of the first for one of the second; nothing else
    quota    topic*difficulty=100              100 of every pair of values that occurs
             topic:percent*difficulty:4=200    200 of this one; where only such are given, nothing else

Rows are taken in rounds over families, so that a choice is spread as widely as it can be, and from the scarcest cell
first, since a cap that a plentiful cell used up may have been a scarce one's only hope. It is greedy: where caps,
quotas and mix pull at the same rows, a better choice may exist. What could not be filled is told.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from schemas.errors import ParameterError
from schemas.records import Example

COLUMNS = ("topic", "difficulty", "mode", "recipe", "source", "licence", "answer_kind", "gold_level")
EVERY = ""  # in a quota: any value


@dataclass(frozen=True, slots=True)
class Share:
    """`topic:percent*difficulty:4=200`: columns, the value of each (or `EVERY`), and the number behind the sign."""

    columns: tuple[str, ...]
    values: tuple[str, ...]
    amount: float

    @property
    def exact(self) -> bool:
        return EVERY not in self.values

    def cell(self, row: Example) -> str | None:
        """The name of the cell that a row lies in; None where it is no cell of these."""
        own = [str(getattr(row, column)) for column in self.columns]
        if any(want not in (EVERY, have) for want, have in zip(self.values, own, strict=True)):
            return None
        return "*".join(f"{column}:{value}" for column, value in zip(self.columns, own, strict=True))


@dataclass(frozen=True, slots=True)
class Wish:
    """All that is asked of a choice; 0 and () ask nothing."""

    size: int = 0
    mix: tuple[Share, ...] = ()
    quotas: tuple[Share, ...] = ()
    per_family: int = 0
    per_seed: int = 0
    seed: int = 0


@dataclass(slots=True)
class Choice:
    """What was chosen: ids; why each other row was not; and, of cells and parts, what was wanted and what was had."""

    taken: set[str] = field(default_factory=set)
    why: dict[str, str] = field(default_factory=dict)  # a rule by id
    wanted: dict[str, int] = field(default_factory=dict)
    had: Counter[str] = field(default_factory=Counter)

    def unfilled(self) -> dict[str, dict[str, int]]:
        """Cells and parts that came out short."""
        return {name: {"wanted": wanted, "had": self.had[name]} for name, wanted in sorted(self.wanted.items())
                if self.had[name] < wanted}


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    family: str
    seed: str
    cell: str | None
    part: str | None
    rank: int


def share(text: str, flag: str) -> Share:
    """A mix's part or a quota, read. Raises `ParameterError`."""
    named, sign, number = text.rpartition("=")
    pairs = [part.partition(":") for part in named.split("*")]
    columns = tuple(pair[0].strip() for pair in pairs)
    if not sign or not number.strip().replace(".", "", 1).isdigit() or not set(columns) <= set(COLUMNS):
        raise ParameterError(f"cannot read {text!r}", where=flag,
                             mend=f"write column:value=number, or for a quota also column*column=number; columns are "
                                  f"{', '.join(COLUMNS)}")
    return Share(columns, tuple(pair[2].strip() for pair in pairs), float(number))


def choose(rows: Iterable[Example], wish: Wish) -> Choice:
    """The choice. Rows that no cell or part wants are told apart from those that a cap kept out."""
    choice = Choice()
    able = list(_able(_ranked(rows, wish), choice))
    full = _targets(able, wish, choice)
    ordered = _scarce_first(able, wish, choice)
    held: Counter[str] = Counter()
    _take(ordered, wish, choice, held)
    if len(choice.taken) < wish.size:  # caps left a cell short of its level: others may make up for it
        choice.wanted |= full
        _take([row for row in ordered if choice.why.get(row.id) == "quota_full"], wish, choice, held)
    if wish.size:
        choice.wanted["size"], choice.had["size"] = wish.size, len(choice.taken)
    return choice


def _scarce_first(rows: Sequence[_Row], wish: Wish, choice: Choice) -> list[_Row]:
    supply = Counter((row.cell, row.part) for row in rows)
    scarce = {key: min((count / max(choice.wanted[name], 1) for name in key if name in choice.wanted), default=0.0)
              for key, count in supply.items()}
    return sorted(rows, key=lambda row: (scarce[row.cell, row.part], row.rank, _hash(wish.seed, row.id)))


def _take(rows: Iterable[_Row], wish: Wish, choice: Choice, held: Counter[str]) -> None:
    for row in rows:
        if rule := _objection(row, wish, choice, held):
            choice.why[row.id] = rule
            continue
        choice.why.pop(row.id, None)
        choice.taken.add(row.id)
        held.update((f"family {row.family}", f"seed {row.seed}"))
        choice.had.update(name for name in (row.cell, row.part) if name)


def _ranked(rows: Iterable[Example], wish: Wish) -> list[_Row]:
    """Each row with its round: the first of every family, then the second of every one, …"""
    made, count = [], Counter[str]()
    keys = [(row.template_id or row.id, _hash(wish.seed, row.id), row.id, row.seed_id, _cell(row, wish.quotas),
             _cell(row, wish.mix)) for row in rows]  # not the rows: a million texts are gigabytes
    for family, _, name, seed, cell, part in sorted(keys, key=lambda key: key[:3]):
        made.append(_Row(name, family, seed, cell, part, count[family]))
        count[family] += 1
    return made


def _cell(row: Example, shares: Sequence[Share]) -> str | None:
    """The cell of the most exact share that wants this row; "" where nothing is asked."""
    cells = [cell for one in sorted(shares, key=lambda one: not one.exact) if (cell := one.cell(row))]
    return cells[0] if cells else None if shares else ""


def _able(rows: Iterable[_Row], choice: Choice) -> Iterable[_Row]:
    for row in rows:
        if row.cell is None or row.part is None:
            choice.why[row.id] = "no_quota" if row.cell is None else "not_in_mix"
        else:
            yield row


def _targets(rows: Sequence[_Row], wish: Wish, choice: Choice) -> dict[str, int]:
    """How many of each cell and part are wanted: quotas evened to fit the size, the mix made whole.

    Gives back the quotas as they were asked for.
    """
    cells = Counter(row.cell for row in rows if row.cell)
    quota = {"*".join(f"{c}:{v}" for c, v in zip(one.columns, one.values, strict=True)): int(one.amount)
             for one in wish.quotas if one.exact}
    for cell in cells:
        open_one = next((one for one in wish.quotas if not one.exact and _fits(one, str(cell))), None)
        quota.setdefault(str(cell), int(open_one.amount) if open_one else 0)
    choice.wanted |= _level(quota, cells, wish.size) if wish.size else quota
    total = wish.size or min((_most(one, wish, rows) for one in wish.mix), default=0)
    choice.wanted |= _portions(wish.mix, int(total))
    return quota


def _fits(one: Share, cell: str) -> bool:
    pairs = [part.partition(":") for part in cell.split("*")]
    return [pair[0] for pair in pairs] == list(one.columns) and all(
        want in (EVERY, pair[2]) for want, pair in zip(one.values, pairs, strict=True))


def _level(quota: Mapping[str, int], supply: Mapping[Any, int], size: int) -> dict[str, int]:
    """Quotas cut to one level so that what can be had of them comes to `size`; where all fit, as they are."""
    def total(level: int) -> int:
        return sum(min(level, most, supply.get(cell, 0)) for cell, most in quota.items())

    highest = max(quota.values(), default=0)
    if total(highest) <= size:
        return dict(quota)
    level = bisect_left(range(highest), size, key=total)
    cut = {cell: min(most, level) for cell, most in quota.items()}
    spare = total(level) - size
    for cell in sorted(cell for cell in cut if cut[cell] == level and supply.get(cell, 0) >= level)[:spare]:
        cut[cell] -= 1
    return cut


def _most(part: Share, wish: Wish, rows: Sequence[_Row]) -> float:
    """The largest size of which this part of the mix could be filled."""
    name = _name(part)
    whole = sum(one.amount for one in wish.mix)
    return sum(row.part == name for row in rows) * whole / part.amount if part.amount else float("inf")


def _portions(mix: Sequence[Share], total: int) -> dict[str, int]:
    """Whole numbers that come to `total`, as near to the ratio as can be."""
    whole = sum(one.amount for one in mix) or 1.0
    exact = {_name(one): total * one.amount / whole for one in mix}
    found = {name: int(value) for name, value in exact.items()}
    rest = total - sum(found.values()) if mix else 0
    for name in sorted(exact, key=lambda name: (found[name] - exact[name], name))[:rest]:
        found[name] += 1
    return found


def _name(one: Share) -> str:
    return "*".join(f"{column}:{value}" for column, value in zip(one.columns, one.values, strict=True))


def _objection(row: _Row, wish: Wish, choice: Choice, held: Mapping[str, int]) -> str:
    """The rule that keeps a row out; "" for none."""
    if row.cell and choice.had[row.cell] >= choice.wanted[row.cell]:
        return "quota_full"
    if row.part and choice.had[row.part] >= choice.wanted[row.part]:
        return "mix_full"
    if wish.per_family and held[f"family {row.family}"] >= wish.per_family:
        return "per_family"
    if wish.per_seed and row.seed and held[f"seed {row.seed}"] >= wish.per_seed:
        return "per_seed"
    return "surplus" if wish.size and len(choice.taken) >= wish.size else ""


def _hash(seed: int, name: str) -> bytes:
    return blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
