"""How far a step is: a bar with rate and ETA in a terminal, plain lines elsewhere, an artifact under Prefect."""

import sys
from contextlib import ExitStack
from time import monotonic
from types import TracebackType
from typing import Any

from tasks.tools.orchestrator import Gauge

EVERY = 5.0  # seconds between plain lines, and between messages to a Prefect server


class Progress:
    """Follows one step. `shards` is 0 where nobody knows how many; `resumed` of them were there before."""

    def __init__(self, name: str, shards: int, resumed: int = 0) -> None:
        self.name, self.shards, self.resumed = name, shards, resumed
        self.done, self.kept, self.rejected = resumed, 0, 0
        self.bar: Any = None
        self.gauge = Gauge(name)
        self.since = self.told = monotonic()
        self.stack = ExitStack()

    def __enter__(self) -> "Progress":
        if sys.stderr.isatty():
            self.bar = self.stack.enter_context(_bar())
            self.job = self.bar.add_task(self.name, total=self.shards or None, completed=self.done, told="")
        elif self.shards:
            say(f"{self.name}: {_many(self.shards, 'shard')}{self._before()}")
        return self

    def add(self, kept: int, rejected: int) -> None:
        """One more shard is finished, with so many rows."""
        self.done, self.kept, self.rejected = self.done + 1, self.kept + kept, self.rejected + rejected
        if self.bar is not None:
            self.bar.update(self.job, completed=self.done, told=self._rows())
        if monotonic() - self.told < EVERY:
            return
        self.told = monotonic()
        if self.bar is None and self.done != self.shards:  # the last line says it all
            say(f"{self.name}: {self._rows()}{self._left()}")
        if self.shards:
            self.gauge.show(self.done / self.shards, self._rows())

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stack.close()
        if error is None:
            say(f"{self.name}: {self.kept:,} kept, {self.rejected:,} rejected; {self._rows()}{self._before()}")
            self.gauge.show(1.0, self._rows())

    def _rows(self) -> str:
        rows, seconds = self.kept + self.rejected, monotonic() - self.since
        return f"{_many(rows, 'row')} in {seconds:.1f} s, {rows / max(seconds, 1e-3):,.0f}/s"

    def _left(self) -> str:
        made = self.done - self.resumed
        if not self.shards or not made:
            return ""
        left = (monotonic() - self.since) / made * (self.shards - self.done)
        return f"; {self.done} of {_many(self.shards, 'shard')}, about {left:,.0f} s left"

    def _before(self) -> str:
        return f"; {_many(self.resumed, 'shard')} finished before" if self.resumed else ""


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    return Bar(TextColumn("{task.description:12}"), BarColumn(), MofNCompleteColumn(),
               TextColumn("{task.fields[told]}"), TimeRemainingColumn(), console=Console(stderr=True), transient=True)


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def say(line: str) -> None:
    """A line for people, on standard error."""
    print(line, file=sys.stderr, flush=True)
