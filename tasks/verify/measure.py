"""What verdicts come to: counts, first examples of what failed, votes, and the verifier's own error rates."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from schemas.errors import ParameterError
from schemas.records import Planted, Rejection
from schemas.run import current_run
from schemas.table import Table
from tasks.tools.each import each
from tasks.tools.rates import Rate, noted, wilson
from tasks.tools.warehouse import Warehouse
from tasks.verify.planted import STEP

LEAST = 50  # rows that are doubled even in a small source: a handful of cases measures nothing
SHOWN = 12  # kinds of reasons that a summary names

COUNTS = "SELECT method, status, count(*) FROM verdicts GROUP BY ALL ORDER BY ALL"
# A reason's kind is its words before the first name or number; of each kind one is shown.
REASONS = """
    WITH told AS (SELECT method, status, reason, solution_id,
                         trim(regexp_extract(reason, '^[^:;,0-9]*')) AS kind FROM verdicts WHERE reason <> ''),
         kinds AS (SELECT method, status, kind, count(*) AS rows, min(reason || chr(31) || solution_id) AS first
                   FROM told GROUP BY ALL ORDER BY status, rows DESC, method, kind LIMIT {shown})
    SELECT k.method, k.status, k.kind, k.rows, split_part(k.first, chr(31), 1), c.source, c.line
    FROM kinds k LEFT JOIN claims c ON c.id = split_part(k.first, chr(31), 2)
    ORDER BY k.status, k.rows DESC, k.method, k.kind"""
VOTES = """
    SELECT count(*), coalesce(sum(len(parents)), 0), count(*) FILTER (share > 0.5),
           count(*) FILTER (low > 0.5), count(*) FILTER (winner = ''), coalesce(avg(margin), 0),
           count(*) FILTER (gold = 'equal'), count(*) FILTER (gold = 'different'), count(*) FILTER (len(rivals) > 0)
    FROM agreements"""
VOTE_NAMES = ("problems", "attempts", "majority", "clear_majority", "tie", "mean_margin", "winner_is_reference",
              "winner_is_not_reference", "references_differ")


def summary(warehouse: Warehouse) -> dict[str, Any]:
    """Counts by method and status, kinds of reasons with an example each, and what the votes came to."""
    counts: dict[str, dict[str, int]] = {}
    for method, status, rows in warehouse.ask(COUNTS).rows:
        counts.setdefault(method, {})[status] = rows
    names = ("method", "status", "kind", "rows", "example", "source", "line")
    reasons = [dict(zip(names, row, strict=True)) for row in warehouse.ask(REASONS.format(shown=SHOWN)).rows]
    [votes] = warehouse.ask(VOTES).rows
    return {"verdicts": counts, "reasons": reasons, "agreement": dict(zip(VOTE_NAMES, votes, strict=True))}


def plant(work: Callable[..., Iterator[Planted | Rejection]], *sources: Table[Any],
          expected: Callable[..., int], share: float) -> Table[Planted]:
    """The table `planted` of a run and its error rates, whatever verifier is under test.

    `work` and `expected` are given the share to double: `share` of the first source, and `LEAST` rows if it has them.
    """
    if not 0 <= share <= 1:
        raise ParameterError(f"{share} is no share", where="planted", mend="give a number from 0 to 1")
    taken = min(1.0, max(share, LEAST / max(sources[0].count(), 1))) if share else 0.0
    made: Table[Planted] = each(partial(work, share=taken), *sources, into=Planted, name=STEP,
                                expected=partial(expected, share=taken))
    current_run().note(STEP, {"share": taken, **error_rates(made.rows())})
    return made


def error_rates(cases: Iterable[Planted]) -> dict[str, Any]:
    """False accepts among planted wrong answers, false rejects among right ones, and how many stayed undecided.

    A rate counts the verdicts given: an undecided case is neither a right one nor a wrong one.
    """
    found = Counter((case.truth, case.how, case.status) for case in cases)
    return {"cases": found.total(),
            "false_accept": noted(_rate(found, "different", "passed")),
            "false_reject": noted(_rate(found, "equal", "failed")),
            "undecided": sum(count for (_, _, status), count in found.items() if status == "unknown"),
            "by_how": [{"truth": truth, "how": how, "status": status, "cases": count}
                       for (truth, how, status), count in sorted(found.items())]}


def _rate(found: Counter[tuple[str, str, str]], truth: str, wrong: str) -> Rate:
    decided = {status: sum(count for (t, _, s), count in found.items() if (t, s) == (truth, status))
               for status in ("passed", "failed")}
    return wilson(decided[wrong], sum(decided.values()))
