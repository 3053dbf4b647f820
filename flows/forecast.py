"""What the whole of a run would cost, from a pilot of a few rows: yield, calls, tokens, dollars, hours, with intervals.

The yield's interval is Wilson's. Those of tokens and dollars come from how much the calls of a step differ, over all of
that step and model in the call store, taken as independent; that a problem needs as many calls as in the pilot is
assumed. Time is that of the calls alone.
"""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any, NamedTuple

from tasks.tools.calls.store import Store
from tasks.tools.rates import Z, wilson


class Estimate(NamedTuple):
    """A sum over the whole run, and the interval in which it should lie."""

    mean: float
    low: float
    high: float


class Forecast(NamedTuple):
    """For `size` problems: how many examples, calls, tokens, dollars (None: no price is known), hours."""

    size: int
    examples: Estimate
    calls: float
    tokens: Estimate
    dollars: Estimate | None
    hours: float


class _Usual(NamedTuple):
    """What a call of a step usually is: mean and variance of tokens and dollars, mean seconds."""

    tokens: float
    tokens_variance: float
    dollars: float | None
    dollars_variance: float
    seconds: float


def forecast(calls: Sequence[Mapping[str, Any]], pilot: int, kept: int, size: int, abreast: int,
             store: Store) -> Forecast:
    """From the asks of a pilot by step and model (see `asked_since`): of `pilot` problems, `kept` became examples."""
    rate, scale = wilson(kept, pilot), size / pilot
    tokens = dollars = tokens_variance = dollars_variance = seconds = count = 0.0
    priced = True
    for row in calls:
        usual, number = _usual(store, row["step"], row["model"]), scale * row["asks"]
        sure = scale * number  # of a mean that was seen `number / scale` times: its error grows with the scale
        count, seconds = count + number, seconds + number * usual.seconds
        tokens, tokens_variance = tokens + number * usual.tokens, tokens_variance + sure * usual.tokens_variance
        priced = priced and usual.dollars is not None
        dollars += number * (usual.dollars or 0.0)
        dollars_variance += sure * usual.dollars_variance
    return Forecast(size, Estimate(size * rate.share, size * rate.low, size * rate.high), count,
                    _around(tokens, tokens_variance), _around(dollars, dollars_variance) if priced else None,
                    seconds / max(1, abreast) / 3600)


def asked_since(record: Mapping[str, Any], moment: float, store: Store) -> list[dict[str, Any]]:
    """How often a run asked since a moment, in seconds of the clock, by step and model: calls paid, and found again.

    Its manifest counts what an earlier try of the same run paid as well.
    """
    store.flush()
    paid = dict(store.connection().execute(
        "SELECT step, count(*) FROM calls WHERE run = ? AND made >= ? GROUP BY step", (record["run_id"], moment)))
    return [{"step": row["step"], "model": row["model"], "asks": row["hits"] + paid.get(row["step"], 0)}
            for row in record.get("notes", {}).get("calls", [])]


def told(found: Forecast) -> str:
    """A forecast in a line or two."""
    low, high = found.examples.low, found.examples.high
    money = "no price is known for this model (data/prices.toml)" if found.dollars is None else (
        f"${found.dollars.mean:,.2f} (${found.dollars.low:,.2f} to ${found.dollars.high:,.2f})")
    return (f"for {found.size:,} problems: {found.examples.mean:,.0f} examples ({low:,.0f} to {high:,.0f}), "
            f"{found.calls:,.0f} calls, {found.tokens.mean:,.0f} tokens ({found.tokens.low:,.0f} to "
            f"{found.tokens.high:,.0f}), {money}, {found.hours:.1f} hours of calls")


def _usual(store: Store, step: str, model: str) -> _Usual:
    tokens, tokens_squared, dollars, dollars_squared, unknown, seconds = store.connection().execute(
        "SELECT avg(t), avg(t * t), avg(cost), avg(cost * cost), sum(cost IS NULL), avg(seconds) FROM (SELECT *, "
        "CAST(prompt_tokens + completion_tokens AS REAL) AS t FROM calls WHERE step = ? AND model = ?)",
        (step, model)).fetchone()
    if tokens is None:
        return _Usual(0.0, 0.0, None, 0.0, 0.0)
    known = dollars is not None and not unknown
    return _Usual(tokens, max(0.0, tokens_squared - tokens ** 2), dollars if known else None,
                  max(0.0, dollars_squared - dollars ** 2) if known else 0.0, seconds)


def _around(mean: float, variance: float) -> Estimate:
    half = Z * sqrt(variance)
    return Estimate(mean, max(0.0, mean - half), mean + half)
