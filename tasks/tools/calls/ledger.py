"""The money of a run: what calls cost by step and model, and a limit that is never passed.

Before a call goes out, the most that it can cost is set aside; when it ends, what it did cost is booked. So however
calls overlap, spent + set aside stays within the limit. Calls whose end nobody saw (a cut connection) may be billed by
the server: against the limit they count in full as `lost`.
"""

import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from schemas.errors import ParameterError, RunError
from schemas.run import Run, current_run
from tasks.tools.calls.layout import Call
from tasks.tools.calls.prices import Price, prices_path
from tasks.tools.calls.store import Store


@dataclass(slots=True)
class Row:
    """Counts of one step and model. `calls` were paid, `hits` were in the store; `cost` in dollars, nan if unknown."""

    calls: int = 0
    hits: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Held:
    """What is set aside for one call."""

    tokens: int
    dollars: float


class Ledger:
    """Accounts of one run, shared by all its engines; safe to use from any thread."""

    def __init__(self, recipe: str = "", run: str = "", *, max_dollars: float = 0, max_tokens: int = 0) -> None:
        """Limits of 0 are none."""
        self.recipe, self.run = recipe, run
        self.max_dollars, self.max_tokens = max_dollars, max_tokens
        self.rows: dict[tuple[str, str], Row] = {}  # by step and model
        self.lost = self.held = Held(0, 0.0)
        self.refused = 0  # asks that the limit kept back
        self.open = 0  # calls that something is set aside for
        self._lock = threading.RLock()

    def limit(self, *, dollars: float = 0, tokens: int = 0) -> None:
        """Set the limits; 0 is none. What was spent before counts. Raises `ParameterError` for one below 0."""
        if dollars < 0 or tokens < 0:
            raise ParameterError("a budget is not below zero", where="--max-cost", mend="give 0 for none")
        self.max_dollars, self.max_tokens = dollars, tokens

    @property
    def dollars(self) -> float:
        """Spent for sure; nan where some price is unknown."""
        return sum(row.cost for row in self.rows.values())

    @property
    def tokens(self) -> int:
        """Paid for, prompt and completion."""
        return sum(row.prompt_tokens + row.completion_tokens for row in self.rows.values())

    def hold(self, price: Price, prompt_tokens: int, completion_tokens: int, model: str = "",
             batch: bool = False) -> Held | None:
        """Set aside the most that a call can cost; None if that is not within the limit now.

        Raises `ParameterError` where dollars are limited and the model has no price.
        """
        if self.max_dollars and not price.known:
            raise ParameterError(f"{model or 'the model'} has no price, so a budget in dollars cannot be kept",
                                 where=str(prices_path()), mend="add its price there, or limit tokens instead")
        wanted = Held(prompt_tokens + completion_tokens,
                      price.of(prompt_tokens, completion_tokens, batch) if self.max_dollars else 0.0)
        with self._lock:
            tokens = self.tokens + self.lost.tokens + self.held.tokens + wanted.tokens
            dollars = self.dollars + self.lost.dollars + self.held.dollars + wanted.dollars
            if (self.max_tokens and tokens > self.max_tokens) or (self.max_dollars and dollars > self.max_dollars):
                return None
            self.held = _plus(self.held, wanted)
            self.open += 1
        return wanted

    def settle(self, held: Held | None, calls: Iterable[Call]) -> None:
        """Book what was paid in place of what was set aside, if anything was."""
        with self._lock:
            if held is not None:
                self.release(held)
            for call in calls:
                row = self.rows.setdefault((call.step, call.model), Row())
                row.calls += 1
                row.prompt_tokens += call.prompt_tokens
                row.completion_tokens += call.completion_tokens
                row.cost += call.cost

    def release(self, held: Held, lost: bool = False) -> None:
        """The call was not paid; or, where it is `lost`, nobody knows."""
        with self._lock:
            self.held = _plus(self.held, held, -1)
            self.open -= 1
            if lost:
                self.lost = _plus(self.lost, held)
            if not self.open:
                self.held = Held(0, 0.0)  # what rounding left

    def hit(self, step: str, model: str, count: int = 1) -> None:
        """Calls that were in the store."""
        with self._lock:
            self.rows.setdefault((step, model), Row()).hits += count

    def table(self) -> list[dict[str, Any]]:
        """A row a step and model, as JSON has it: an unknown cost is null."""
        with self._lock:
            rows = [{"step": step, "model": model, **asdict(row)} for (step, model), row in sorted(self.rows.items())]
        return [{**row, "cost": None if row["cost"] != row["cost"] else round(row["cost"], 9)} for row in rows]

    def note(self, run: Run) -> None:
        """Write the accounts into the run's manifest, as the notes `calls` and `budget`."""
        with self._lock, suppress(RunError):  # a process that only borrowed the run leaves that to its owner
            run.note("calls", self.table())
            if self.max_dollars or self.max_tokens or self.lost.tokens:
                run.note("budget", {"max_dollars": self.max_dollars, "max_tokens": self.max_tokens,
                                    "lost_tokens": self.lost.tokens, "kept_back": self.refused})


def _plus(one: Held, other: Held, sign: int = 1) -> Held:
    return Held(one.tokens + sign * other.tokens, one.dollars + sign * other.dollars)


_BY_RUN: dict[str, Ledger] = {}
_OPENING = threading.Lock()


def of_run(store: Store) -> Ledger | None:
    """The ledger of the open run, or None outside of one. What an earlier, interrupted try paid stands in it."""
    with suppress(RunError):
        run = current_run()
        with _OPENING:
            if str(run.folder) not in _BY_RUN:
                _BY_RUN[str(run.folder)] = _reopened(run, store)
                run.resources.callback(_BY_RUN.pop, str(run.folder), None)
            return _BY_RUN[str(run.folder)]
    return None


def _reopened(run: Run, store: Store) -> Ledger:
    ledger = Ledger(run.recipe, run.id)
    store.flush()
    for step, model, calls, prompt, completion, cost, unknown in store.connection().execute(
            "SELECT step, model, count(*), sum(prompt_tokens), sum(completion_tokens), sum(cost), "
            "sum(cost IS NULL) FROM calls WHERE run = ? GROUP BY step, model", (run.id,)):
        ledger.rows[step, model] = Row(calls, 0, prompt, completion, float("nan") if unknown else cost)
    noted: Mapping[str, Any] = run.record.get("notes", {}).get("budget", {})
    ledger.lost = Held(noted.get("lost_tokens", 0), 0.0)
    return ledger
