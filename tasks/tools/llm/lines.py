"""Between those who ask and the engine's loop: asks in chunks one way, outcomes by number the other."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from schemas.errors import MathmillError
from tasks.tools.calls.layout import Kept
from tasks.tools.calls.ledger import Ledger
from tasks.tools.llm.ask import Ask, Failure, Reply

Outcome = Reply | Failure
CHUNK = 64  # asks that are looked up at once
HASTE = 0.005  # seconds after which a chunk goes even if the source has not filled it
GATHER = 0.002  # seconds in which outcomes come together


class Line:
    """Those who wait for one `ask_all`: outcomes come in any order, by number."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.done: SimpleQueue[tuple[int, Outcome | MathmillError]] = SimpleQueue()
        self.closed = False


@dataclass(slots=True, eq=False)
class Entry:
    """A call that is wanted now, once, by however many."""

    key: bytes
    ask: Ask
    waiting: list[tuple[Line, int]] = field(default_factory=list)
    kept: Kept | None = None

    @property
    def ledger(self) -> Ledger:
        return self.waiting[0][0].ledger


def chunk_of(source: Iterator[Ask]) -> tuple[list[Ask], bool]:
    """The next asks, and whether there are more."""
    chunk, until = [], time.monotonic() + HASTE
    for ask in source:
        chunk.append(ask)
        if len(chunk) == CHUNK or time.monotonic() > until:
            return chunk, True
    return chunk, False


def arrived(line: Line, wait: bool) -> Iterator[tuple[int, Outcome | MathmillError]]:
    with suppress(Empty):
        if wait:
            yield line.done.get()
            time.sleep(GATHER)  # else this thread wakes for each, and takes the interpreter from the loop
        while True:
            yield line.done.get_nowait()
