"""How long the present verdict may still take, and which tier it came to: known to all tiers, passed through none."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic


class Undecided(ValueError):
    """The value cannot be had cheaply or at all."""


class TooLarge(Undecided):
    """Larger than anything here may be: no slower tier is asked."""


@dataclass(slots=True)
class Budget:
    """`until` is in seconds of `monotonic`; `tier` the slowest one that was asked."""

    until: float
    tier: str = "parsed"

    def left(self) -> float:
        """Seconds left. Raises `TooLarge` where there are none."""
        if (seconds := self.until - monotonic()) <= 0:
            raise TooLarge("time ran out")
        return seconds


_NOW: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextmanager
def spending(seconds: float) -> Iterator[Budget]:
    """A budget for what runs inside."""
    budget = Budget(monotonic() + seconds)
    token = _NOW.set(budget)
    try:
        yield budget
    finally:
        _NOW.reset(token)


def present() -> Budget:
    """The budget of the verdict that is being made; without one, the default of two seconds from now."""
    return _NOW.get() or Budget(monotonic() + 2)
