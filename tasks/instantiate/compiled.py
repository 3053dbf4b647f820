"""A template made ready: what it draws from, what it demands, and its texts, each part built when first needed.

Everything runs by columns, one list of values a name over some rows of one template. Row i is a pure function of (seed,
template id, i): numbers by `draw`, words by a hash of seed, template, slot and i.
"""

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from re import compile as regex
from typing import NamedTuple

import numpy as np

from schemas.records import Slot, Template
from tasks.instantiate import pools
from tasks.instantiate.columns import Columns
from tasks.instantiate.domains import WORD_KINDS, Domain, DomainError, domain, number
from tasks.instantiate.draw import WIDEST, Drawer, Mask, Places, Space, drawer, key_of, mixed, mixed_by
from tasks.instantiate.markup import MarkupError
from tasks.instantiate.render import Column, Texts
from tasks.instantiate.sieve import Sieve, Wide, lower
from tasks.tools.expressions import (
    ExpressionError,
    Step,
    Value,
    evaluate,
    parse_program,
    parse_step,
    variables,
)

WORD = regex(r"[^\W\d_]+")
KEPT = 512  # templates ready at once; each holds up to some tens of kilobytes
SLOW = 16  # how many times dearer a binding is where the sieve cannot help
MAX_AXES = 30  # numpy has 32
REDRAWS = 50  # of a word that its problem already holds
Values = dict[str, Value]


class TemplateError(ValueError):
    """A template that cannot be used: its program, conditions, domains or texts do not hold together."""


class Batch(NamedTuple):
    """Some rows of a template: their numbers, and every name's column, the program's among them."""

    numbers: list[int]
    columns: dict[str, Column]


@dataclass(frozen=True)
class Compiled:
    """One template, ready to draw, compute and write. Raises TemplateError when it does not hold together."""

    template: Template

    def __post_init__(self) -> None:
        try:
            known = {slot.name for slot in self.template.slots} | {step.name for step in self.steps}
            read = self.texts.names().union(*(step.reads for step in self.conditions))
            given = {slot.name for slot in self.template.slots}
            for step in self.steps:
                if early := step.reads - given:
                    raise TemplateError(f"`{min(early)}` is read by the program before it is known")
                given.add(step.name)
        except (ExpressionError, MarkupError, DomainError) as error:
            raise TemplateError(str(error)) from None
        if missing := sorted(read - known):
            raise TemplateError(f"`{missing[0]}` is neither a slot nor a name of the program")

    @cached_property
    def steps(self) -> list[Step]:
        return parse_program(self.template.program)

    @cached_property
    def conditions(self) -> list[Step]:
        """What must hold, and then what a draw prefers, parsed."""
        return [parse_step(text) for text in (*self.template.conditions, *self.template.preferences)]

    @cached_property
    def slots(self) -> dict[str, Slot]:
        return {slot.name: slot for slot in self.template.slots}

    @cached_property
    def words(self) -> list[Slot]:
        return [slot for slot in self.template.slots if slot.kind in WORD_KINDS]

    @cached_property
    def ties(self) -> dict[str, str]:
        """Slot -> the slot that it copies, from conditions of the exact form `a == b` between two number slots."""
        found: dict[str, str] = {}
        for condition in self.conditions[:len(self.template.conditions)]:
            match condition.tree:
                case ast.Compare(left=ast.Name(id=a), ops=[ast.Eq()], comparators=[ast.Name(id=b)]) if a != b:
                    first, second = _root(a, found), _root(b, found)
                    if {a, b} <= self.slots.keys() and first != second:
                        found[second] = first
        return {name: _root(name, found) for name in found}

    @cached_property
    def domains(self) -> dict[str, Domain]:
        """Every number slot's domain; a tied slot has its partner's."""
        own = {name: self._narrowed(name, domain(slot)) for name, slot in self.slots.items()
               if slot.kind not in WORD_KINDS and name not in self.ties}
        return {slot.name: own[self.ties.get(slot.name, slot.name)] for slot in self.template.slots
                if slot.kind not in WORD_KINDS}

    def _narrowed(self, name: str, wide: Domain) -> Domain:
        """The domain, cut to one number where a condition says which: `n1 == 25`."""
        for condition in self.conditions:
            if condition.reads != {name}:
                continue
            match condition.tree:
                case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
                    sides = [ast.unparse(left), ast.unparse(right)]
                    told = sides[sides[0] == name]
                    if name in sides and not variables(told):
                        value = evaluate(told, {})
                        if isinstance(value, int | Fraction) and wide.place(value) >= 0:
                            return Domain(1, value.denominator, tops=(value.numerator,))
        return wide

    @cached_property
    def program(self) -> Columns:
        return Columns(self.template.program, self.steps)

    @cached_property
    def texts(self) -> Texts:
        """Question, solution, answer."""
        return Texts((self.template.question, self.template.solution, self.template.answer))

    @cached_property
    def sieve(self) -> Sieve | None:
        """The conditions in their fast form; None where they have none, and `_slowly` asks them row by row."""
        try:
            return lower(self.domains, self.steps, [condition.tree for condition in self.conditions])
        except Wide:
            return None

    @cached_property
    def _free(self) -> list[str]:
        return [name for name in self.domains if name not in self.ties]

    @cached_property
    def _space(self) -> Space:
        """The free slots that bindings are numbered by: as many as keep the numbers below `WIDEST`."""
        taken: list[Domain] = []
        size = 1
        for name in self._free:
            size *= self.domains[name].size
            if size > WIDEST:
                break
            taken.append(self.domains[name])
        return Space(tuple(taken))

    @cached_property
    def drawer(self) -> Drawer:
        """How rows are found; looks at the space of bindings once. Raises TemplateError for an empty domain."""
        try:
            with np.errstate(all="ignore"):  # a division by zero is refused by its mask, not by a warning
                return drawer(self._space.size, self._valid, self._all_valid, 1 if self.sieve is not None else SLOW)
        except (DomainError, ExpressionError) as error:
            raise TemplateError(str(error)) from None

    @property
    def capacity(self) -> int:
        """How many distinct draws of numbers can safely be promised, counted to a million."""
        return self.drawer.capacity

    @cached_property
    def _own(self) -> int:
        """The seed's own binding, which a lifted template never draws: that would be the seed again. -1 for none."""
        if self.template.origin != "lifted" or len(self._space.domains) < len(self._free):
            return -1
        return self._space.place([self.domains[name].place(number(self.slots[name].value)) for name in self._free])

    def _tops(self, places: Places) -> dict[str, Places]:
        columns = dict(zip(self._free, self._space.columns(places), strict=False))
        for turn, name in enumerate(self._free[len(columns):]):  # slots past the numbering follow from the number
            size = np.uint64(self.domains[name].size)
            here = (mixed(places.view(np.uint64), key_of("slot", turn)) % size).view(np.int64)
            columns[name] = Space((self.domains[name],)).columns(here)[0]
        return {name: columns[self.ties.get(name, name)] for name in self.domains}

    def _valid(self, places: Places) -> Mask:
        tops = self._tops(places)
        fresh: Mask = places != self._own
        if self.sieve is not None:
            return fresh & self.sieve.keeps(tops)
        return fresh & np.array(self._slowly(self._numbers(tops), len(places)), dtype=np.bool_)

    def _all_valid(self) -> Places:
        """Every valid binding, by arrays of one axis a slot: what reads two slots is computed for pairs only."""
        if self.sieve is None or len(self._space.domains) > MAX_AXES:
            places = np.arange(self._space.size, dtype=np.int64)
            return places[self._valid(places)]
        axes = {name: column.reshape([-1 if name == own else 1 for own in self._free])
                for name, column in zip(self._free, self._space.axes(), strict=True)}
        kept = self.sieve.keeps({name: axes[self.ties.get(name, name)] for name in self.domains})
        found = np.flatnonzero(np.broadcast_to(kept, [domain.size for domain in self._space.domains]))
        return np.asarray(found[found != self._own], dtype=np.int64)

    def _slowly(self, columns: Mapping[str, Column], rows: int) -> list[bool]:
        return [self.broken({name: column[row] for name, column in columns.items()}, preferred=True) is None
                for row in range(rows)]

    def _numbers(self, tops: Mapping[str, Places]) -> dict[str, Column]:
        return {name: self.domains[name].values(column.tolist()) for name, column in tops.items()}

    def broken(self, values: Mapping[str, Value], *, preferred: bool = False) -> str | None:
        """Which condition fails for these slot values, told with the numbers; None when all hold.

        With `preferred`, also what only draws must meet.
        """
        try:
            columns = self.program.run({name: [value] for name, value in values.items()}, 1)
        except ExpressionError as error:
            return f"the program has no result: {error}"
        known = {**values, **{name: column[0] for name, column in columns.items()}}
        texts = [*self.template.conditions, *(self.template.preferences if preferred else ())]
        for text in texts:
            try:
                if evaluate(text, known):
                    continue
                shown = ", ".join(f"{name} = {known[name]}" for name in sorted(variables(text)))
            except ExpressionError as error:
                shown = str(error)
            return f"condition `{text}`: {shown}"
        return None

    def rows(self, seed: int, start: int, count: int) -> Batch:
        """Rows start … start+count-1, those without a draw left out."""
        with np.errstate(all="ignore"):
            places = self.drawer.places(key_of(seed, self.template.id), start, count)
            found = np.flatnonzero(places >= 0)
            columns = self._numbers(self._tops(places[found]))
        numbers = (found + start).tolist()
        return Batch(numbers, self.computed({**columns, **self._words(seed, numbers)}, len(numbers)))

    def take(self, seed: int, count: int, start: int = 0) -> Batch:
        """The first `count` rows that there are from row `start` on; fewer where the template cannot give them."""
        batch = self.rows(seed, start, count)
        asked = start + count
        while len(batch.numbers) < count and asked < self.drawer.rows:
            lack = count - len(batch.numbers)
            more = self.rows(seed, asked, 2 * lack + 8)
            asked += 2 * lack + 8
            batch = Batch(batch.numbers + more.numbers[:lack],
                          {name: [*column, *more.columns[name][:lack]] for name, column in batch.columns.items()})
        return batch

    def computed(self, columns: dict[str, Column], rows: int) -> dict[str, Column]:
        """The slots' columns with the program's beside them. Raises ExpressionError."""
        return {**columns, **self.program.run(columns, rows)}

    def draw(self, seed: int, start: int, count: int) -> list[Values | None]:
        """The slots' values of rows start … start+count-1, None for a row without a draw."""
        batch = self.rows(seed, start, count)
        names = [slot.name for slot in self.template.slots]
        made: list[Values | None] = [None] * count
        for place, row in zip(batch.numbers, zip(*[batch.columns[name] for name in names], strict=True), strict=True):
            made[place - start] = dict(zip(names, row, strict=True))
        return made

    @cached_property
    def _choices(self) -> dict[str, tuple[str, ...]]:
        """Each word slot's words: its pool without those that the texts already hold; its own word without a pool."""
        taken = frozenset(WORD.findall(f"{self.template.question} {self.template.solution}"))
        return {slot.name: pools.free(slot.kind, slot.pool, taken) or (slot.value,) for slot in self.words}

    def _words(self, seed: int, numbers: Sequence[int]) -> dict[str, Column]:
        if not self.words:
            return {}
        keys = [key_of(seed, self.template.id, slot.name) for slot in self.words]
        chosen = mixed_by(np.array(numbers, dtype=np.uint64), np.array(keys, dtype=np.uint64)[:, None])
        columns: dict[str, Column] = {}
        for slot, key, hashes in zip(self.words, keys, chosen, strict=True):
            words = self._choices[slot.name]
            column = [words[place] for place in (hashes % np.uint64(len(words))).tolist()]
            if columns and len(words) > 1:
                _set_apart(column, words, columns.values(), numbers, key)
            columns[slot.name] = column
        return columns


def _set_apart(column: list[str], words: Sequence[str], others: Iterable[Column], numbers: Sequence[int],
               key: int) -> None:
    """Redraws the column's words where their row already holds the word."""
    for place, (word, *taken) in enumerate(zip(column, *others, strict=True)):
        turn = 0
        while word in taken and (turn := turn + 1) < REDRAWS:
            word = words[int(mixed(np.array([numbers[place]], dtype=np.uint64), key + turn)[0]) % len(words)]
        column[place] = word


def _root(name: str, ties: Mapping[str, str]) -> str:
    while name in ties:
        name = ties[name]
    return name


_kept: dict[str, Compiled] = {}


def compiled(template: Template) -> Compiled:
    """The template made ready, kept for this process. Raises TemplateError."""
    found = _kept.get(template.id)
    if found is None or (found.template is not template and found.template != template):
        if len(_kept) >= KEPT:
            _kept.clear()  # shards hold a template's rows together, so an old one is hardly asked for again
        found = _kept[template.id] = Compiled(template)
    return found
