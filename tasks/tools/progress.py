"""How far a step is: a bar with rate and ETA in a terminal, plain lines elsewhere, an artifact under Prefect."""

import sys
from time import monotonic
from types import TracebackType


class Progress:
    def __init__(self, name: str, shards: int, rows: int = 0, resumed: int = 0) -> None:
        self.name, self.shards, self.rows, self.resumed = name, shards, rows, resumed
        self.since = monotonic()

    def __enter__(self) -> "Progress":
        return self

    def add(self, kept: int, rejected: int) -> None:
        self.rows += kept + rejected

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        print(f"{self.name}: {self.rows:,} rows in {monotonic() - self.since:.1f} s", file=sys.stderr)
