"""How sure a share is: counts as rates with their 95 % Wilson intervals."""

from collections.abc import Mapping
from math import sqrt
from typing import Any, NamedTuple

Z = 1.959964  # standard deviations that leave 5 % outside


class Rate(NamedTuple):
    """`hits` of `trials`, their share, and the interval in which the true share lies."""

    hits: int
    trials: int
    share: float
    low: float
    high: float

    def __str__(self) -> str:
        if not self.trials:
            return "not measured"
        return f"{self.hits:,} of {self.trials:,}, {self.share:.2%} (95 % interval {self.low:.2%} to {self.high:.2%})"


def wilson(hits: int, trials: int) -> Rate:
    """The rate of `hits` in `trials`; with no trial it can be anything.

    >>> print(wilson(1, 100))
    1 of 100, 1.00% (95 % interval 0.18% to 5.45%)
    """
    if not trials:
        return Rate(0, 0, 0.0, 0.0, 1.0)
    share, square = hits / trials, Z * Z / trials
    middle = share + square / 2
    half = Z * sqrt(share * (1 - share) / trials + square / trials / 4)
    low = 0.0 if not hits else (middle - half) / (1 + square)
    high = 1.0 if hits == trials else (middle + half) / (1 + square)
    return Rate(hits, trials, share, low, high)


def noted(rate: Rate) -> dict[str, float]:
    """A rate of wrong verdicts as run.json holds it."""
    return {"wrong": rate.hits, "cases": rate.trials, "share": rate.share, "low": rate.low, "high": rate.high}


def errors(planted: Mapping[str, Any]) -> str:
    """A verifier's own error rates in one sentence, from what a run noted of its planted cases; "" where none were."""
    if not planted.get("cases"):
        return ""
    accepts, rejects = (Rate(*planted[name].values()) for name in ("false_accept", "false_reject"))
    return (f"{planted['cases']:,} planted cases: false accepts {accepts}; false rejects {rejects}; "
            f"undecided {planted['undecided']:,}")
