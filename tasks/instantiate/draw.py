"""Draws: row i of (seed, template) as a pure function of the three, found for many rows at once, no two rows alike.

All bindings of a template's free number slots are numbered 0 … space-1. A small space is sieved whole, and row i takes
place i of its valid bindings, shuffled by a key made from seed and template. In a large one a keyed permutation (a
Feistel network whose halves are added modulo their size, so that it needs no power of two) gives row i a block of
bindings of its own, tried in order; the first valid one wins. Either way rows are distinct whatever was drawn before,
and a row does not depend on how many are asked for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from math import ceil, isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.instantiate.domains import Domain

Places = NDArray[np.int64]  # numbers of bindings
Mask = NDArray[np.bool_]
Valid = Callable[[Places], Mask]

SIEVED_WHOLE = 4096  # a space this small costs less to sieve whole than to sample
SIEVED_IF_SCARCE = 1 << 19  # up to here it is sieved whole where it holds few valid bindings, so that none is lost
SCARCE = 1024  # valid bindings
SAMPLE = 256  # valid bindings that a sample is to hold
RARE = 1000  # fewer valid ones than one in so many: rows share a sample found once
MOST_SAMPLED = 1 << 20  # bindings looked at for that sample
PROBES = (512, 4096, 1 << 15)  # bindings tried to see how rare valid ones are, until enough are found
ENOUGH = 4.0  # a row's block holds this many valid bindings on average: 98 % of rows find one
WIDEST = 1 << 62  # numbers of bindings stay below this
CAP = 1_000_000  # capacity is not counted further
CHUNK = 1 << 16  # bindings sieved at once
FEW = 1 << 11

MIX = np.uint64(0x9E3779B97F4A7C15)
MULTIPLY = np.uint64(0xD6E8FEB86659FD93)
SHIFT = np.uint64(32)
LOW = np.uint64(33)  # what is left of a mixed number: 31 bits, as many as half of a binding's number needs


def key_of(*parts: object) -> int:
    """A 64-bit key, the same on every machine."""
    return int.from_bytes(blake2b("\\x1f".join(map(str, parts)).encode(), digest_size=8).digest(), "little")


def mixed(numbers: NDArray[np.uint64], key: int) -> NDArray[np.uint64]:
    """31 mixed bits of each number under a key: multiply, fold, multiply, and of that the upper half."""
    return mixed_by(numbers, np.uint64(key & 0xFFFFFFFFFFFFFFFF))


def mixed_by(numbers: NDArray[np.uint64], keys: Any) -> NDArray[np.uint64]:
    """`mixed` for keys that may be an array, broadcast against the numbers."""
    x: NDArray[np.uint64] = numbers * MIX + keys
    x ^= x >> SHIFT
    x *= MULTIPLY
    x >>= LOW
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

    def axes(self) -> list[Places]:
        """Each domain's tops."""
        return [_tops(domain.tops) if domain.tops else
                np.arange(domain.size, dtype=np.int64) * domain.step + domain.first for domain in self.domains]

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
    """A keyed permutation of 0 … size-1, size below 2^62."""

    size: int
    key: int

    def __call__(self, numbers: Places) -> Places:
        places = self._round(numbers)
        # The rounds permute the square around the numbers; one that leaves them goes round again until it is back.
        while (out := places >= self.size).any():
            places[out] = self._round(places[out])
        return places

    def _round(self, numbers: Places) -> Places:
        side = isqrt(self.size - 1) + 1
        right = numbers // side
        left = numbers - right * side
        for turn in range(4):
            left, right = right, _moved(left, right, side, self.key + turn)
        right *= side
        right += left
        return right


def _moved(half: Places, other: Places, size: int, key: int) -> Places:
    """`half` moved by what `other` says: undone by moving back, so the whole is a permutation."""
    moved = mixed(other.view(np.uint64), key).view(np.int64)
    moved += half
    moved %= size
    return moved


@dataclass(frozen=True)
class Drawer:
    """How one template's rows are found: its valid bindings in full, or the length of a row's block."""

    space: int
    valid: Valid
    whole: Places | None  # the valid bindings, where the space was sieved whole or valid ones are rare
    block: int

    @property
    def rows(self) -> int:
        """How many rows there are to ask for; in a large space a few of them find nothing."""
        return len(self.whole) if self.whole is not None else self.space // self.block

    @property
    def capacity(self) -> int:
        """How many distinct draws can safely be promised."""
        return min(CAP, self.rows if self.whole is not None else self.rows * 9 // 10 - 3)

    def places(self, key: int, start: int, count: int) -> Places:
        """The bindings of rows start … start+count-1; -1 for a row without one."""
        rows = np.arange(start, min(start + count, max(self.rows, start)), dtype=np.int64)
        if self.whole is not None:
            found = self.whole[Shuffle(len(self.whole), key)(rows)] if len(rows) else rows
        else:
            found = self._searched(rows, Shuffle(self.space, key))
        return np.concatenate([found, np.full(count - len(rows), -1)]) if len(rows) < count else found

    def _searched(self, rows: Places, shuffle: Shuffle) -> Places:
        found = np.full(len(rows), -1, dtype=np.int64)
        waiting = np.arange(len(rows))
        begin = 0
        # All of few rows' blocks at once, since a call costs more than what it does there; of many rows', bit by bit.
        width = self.block if len(rows) * self.block <= FEW else max(1, ceil(self.block / ENOUGH))
        while len(waiting) and begin < self.block:
            width = min(width, self.block - begin, max(1, CHUNK // len(waiting)))
            tries = rows[waiting, None] * self.block + np.arange(begin, begin + width)
            places = shuffle(tries.ravel())
            valid = self.valid(places).reshape(tries.shape)
            first = valid.argmax(axis=1)
            hit = valid[np.arange(len(waiting)), first]
            found[waiting[hit]] = places.reshape(tries.shape)[hit, first[hit]]
            waiting = waiting[~hit]
            begin, width = begin + width, width * 2
        return found


def drawer(space: int, valid: Valid, all_valid: Callable[[], Places], cost: int = 1) -> Drawer:
    """Looks at a space once, the same way on every machine, and settles how its rows are found.

    `cost` is how many times dearer than usual it is to tell whether a binding is valid: fewer are looked at then.
    """
    if space <= SIEVED_WHOLE // cost:
        return Drawer(space, valid, all_valid().astype(np.int64), 1)
    for probe in PROBES:
        tries = min(probe // cost, space)
        hits = int(_probe(space, valid, tries).sum())
        if hits >= 16:
            break
    if space <= SIEVED_IF_SCARCE // cost and space * hits < SCARCE * tries:
        return Drawer(space, valid, all_valid().astype(np.int64), 1)
    if hits * RARE < tries:
        return Drawer(space, valid, _sampled(space, valid, MOST_SAMPLED // cost), 1)
    return Drawer(space, valid, None, max(1, ceil(ENOUGH * tries / hits)) if hits < tries else 1)


def _sampled(space: int, valid: Valid, most: int) -> Places:
    """Some valid bindings, from a fixed sample of the space: looking for each row's own would take far too long."""
    found: list[Places] = []
    shuffle, chunk = Shuffle(space, 2), min(CHUNK, most)
    for start in range(0, min(most, space), chunk):
        places = shuffle(np.arange(start, min(start + chunk, space), dtype=np.int64))
        found.append(places[valid(places)])
        if sum(map(len, found)) >= SAMPLE:
            break
    return np.sort(np.concatenate(found))


def _probe(space: int, valid: Valid, tries: int) -> Mask:
    return valid(Shuffle(space, 1)(np.arange(tries, dtype=np.int64) * (space // tries)))
