"""Draws: row i of (seed, template) as a pure function of the three, found for many rows at once, no two rows alike.

All bindings of a template's free number slots are numbered 0 … space-1. A small space is sieved whole, and row i takes
place i of its valid bindings, shuffled by a key made from seed and template. In a large one a keyed permutation (a
Feistel network whose halves are added modulo their sizes, so that it needs no power of two) gives row i a block of
bindings of its own, tried in order; the first valid one wins. Either way rows are distinct whatever was drawn before,
and a row does not depend on how many are asked for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from math import ceil, isqrt

import numpy as np
from numpy.typing import NDArray

from tasks.instantiate.domains import Domain

Places = NDArray[np.int64]  # numbers of bindings
Mask = NDArray[np.bool_]
Valid = Callable[[Places], Mask]

SIEVED_WHOLE = 4096  # a space this small costs less to sieve whole than to sample
SIEVED_IF_RARE = 1 << 17  # up to here it is sieved whole where valid bindings are rare, so that none is lost
PROBE = 512  # bindings tried to see how rare valid ones are
LONG_PROBE = 1 << 16  # tried where the probe found few; a template with none here gives no draws
ENOUGH = 4.0  # a row's block holds this many valid bindings on average: 98 % of rows find one
WIDEST = 1 << 62  # numbers of bindings stay below this
CAP = 1_000_000  # capacity is not counted further
CHUNK = 1 << 16  # bindings sieved at once

MIX = np.uint64(0x9E3779B97F4A7C15)
MULTIPLY = np.uint64(0xD6E8FEB86659FD93)
SHIFT = np.uint64(32)


def key_of(*parts: object) -> int:
    """A 64-bit key, the same on every machine."""
    return int.from_bytes(blake2b("\\x1f".join(map(str, parts)).encode(), digest_size=8).digest(), "little")


def mixed(numbers: NDArray[np.uint64], key: int) -> NDArray[np.uint64]:
    """64 well-mixed bits of each number under a key (xor-multiply rounds after Degski's 64-bit mixer)."""
    x = numbers * MIX + np.uint64(key)
    x ^= x >> SHIFT
    x *= MULTIPLY
    x ^= x >> SHIFT
    x *= MULTIPLY
    x ^= x >> SHIFT
    return x


@dataclass(frozen=True)
class Space:
    """The bindings of some domains, numbered: the last domain runs fastest."""

    domains: tuple[Domain, ...]

    @property
    def size(self) -> int:
        size = 1
        for domain in self.domains:
            size *= domain.size
        return size

    def columns(self, places: Places) -> list[Places]:
        """Each domain's tops at these places."""
        columns: list[Places] = []
        rest = places
        for domain in reversed(self.domains):
            here = rest
            if domain is not self.domains[0]:
                rest = here // domain.size
                here = here - rest * domain.size
            if domain.tops:
                columns.append(_tops(domain.tops)[here])
            else:
                columns.append(here * domain.step + domain.first if domain.step != 1 else here + domain.first)
        columns.reverse()
        return columns

    def place(self, places: Sequence[int]) -> int:
        """The number of one binding, from each domain's own place; -1 where one of them is outside."""
        number = 0
        for domain, place in zip(self.domains, places, strict=True):
            if place < 0:
                return -1
            number = number * domain.size + place
        return number


@lru_cache(maxsize=4096)
def _tops(tops: tuple[int, ...]) -> Places:
    return np.array(tops, dtype=np.int64)


@dataclass(frozen=True)
class Shuffle:
    """A keyed permutation of 0 … size-1, a few numbers beyond which are marked as none (-1)."""

    size: int
    key: int

    def __call__(self, numbers: Places) -> Places:
        left_size = isqrt(self.size - 1) + 1
        right_size = -(-self.size // left_size)
        right, left = numbers // left_size, numbers % left_size
        for turn in range(2):
            left = _turned(left, right, left_size, self.key + 2 * turn)
            right = _turned(right, left, right_size, self.key + 2 * turn + 1)
        places = right * left_size + left
        return np.where(places < self.size, places, -1)


def _turned(half: Places, other: Places, size: int, key: int) -> Places:
    """`half` moved by what `other` says: undone by moving back, so the whole is a permutation."""
    moved = mixed(other.view(np.uint64), key & 0xFFFFFFFFFFFFFFFF) % np.uint64(size)
    return (half + moved.view(np.int64)) % size


@dataclass(frozen=True)
class Drawer:
    """How one template's rows are found: its valid bindings in full, or the length of a row's block."""

    space: int
    valid: Valid
    whole: NDArray[np.int32] | None  # the valid bindings, where the space was sieved whole
    block: int

    @property
    def rows(self) -> int:
        """How many rows there are to ask for; in a large space a few of them find nothing."""
        return len(self.whole) if self.whole is not None else self.space // self.block if self.block else 0

    @property
    def capacity(self) -> int:
        """How many distinct draws can safely be promised."""
        return min(CAP, self.rows if self.whole is not None else self.rows * 9 // 10 - 3)

    def places(self, key: int, start: int, count: int) -> Places:
        """The bindings of rows start … start+count-1; -1 for a row without one."""
        rows = np.arange(start, min(start + count, max(self.rows, start)), dtype=np.int64)
        if self.whole is not None:
            found = self.whole[_shuffled(len(self.whole), key)[rows]].astype(np.int64) if len(rows) else rows
        else:
            found = self._searched(rows, Shuffle(self.space, key))
        return np.concatenate([found, np.full(count - len(rows), -1)]) if len(rows) < count else found

    def _searched(self, rows: Places, shuffle: Shuffle) -> Places:
        found = np.full(len(rows), -1, dtype=np.int64)
        waiting = np.arange(len(rows))
        begin, width = 0, max(1, ceil(self.block / ENOUGH))
        while len(waiting) and begin < self.block:
            width = min(width, self.block - begin, max(1, CHUNK // len(waiting)))
            tries = rows[waiting, None] * self.block + np.arange(begin, begin + width)
            places = shuffle(tries.ravel())
            valid = (self.valid(places) & (places >= 0)).reshape(tries.shape)
            first = valid.argmax(axis=1)
            hit = valid[np.arange(len(waiting)), first]
            found[waiting[hit]] = places.reshape(tries.shape)[hit, first[hit]]
            waiting = waiting[~hit]
            begin, width = begin + width, width * 2
        return found


@lru_cache(maxsize=64)
def _shuffled(size: int, key: int) -> Places:
    return np.argsort(mixed(np.arange(size, dtype=np.uint64), key), kind="stable")


def drawer(space: int, valid: Valid, cost: int = 1) -> Drawer:
    """Looks at a space once, the same way on every machine, and settles how its rows are found.

    `cost` is how many times dearer than usual it is to tell whether a binding is valid: fewer are looked at then.
    """
    if space <= SIEVED_WHOLE // cost:
        return Drawer(space, valid, _sieved(space, valid), 1)
    for tries in (PROBE // cost, min(LONG_PROBE // cost, space)):
        hits = int(_probe(space, valid, tries).sum())
        if hits >= 16:
            break
    if space <= SIEVED_IF_RARE // cost and hits * 8 < tries:
        return Drawer(space, valid, _sieved(space, valid), 1)
    if not hits:
        return Drawer(space, valid, None, 0)
    return Drawer(space, valid, None, max(1, ceil(ENOUGH * tries / hits)) if hits < tries else 1)


def _probe(space: int, valid: Valid, tries: int) -> Mask:
    places = Shuffle(space, 1)(np.arange(tries, dtype=np.int64) * (space // tries))
    return valid(places) & (places >= 0)


def _sieved(space: int, valid: Valid) -> NDArray[np.int32]:
    parts = [np.arange(start, min(start + CHUNK, space), dtype=np.int64) for start in range(0, space, CHUNK)]
    return np.concatenate([part[valid(part)].astype(np.int32) for part in parts])  # spaces sieved whole are small
