"""A target in accepted rows: a recipe in rounds of growing size until enough examples pass, trimmed exactly.

A later round asks for more problems and repeats what the earlier ones did; calls to a teacher come out of the call
store then, so that only what is new is paid. What a round made that fell short is removed, its calls are kept.
"""

import shutil
from math import ceil
from pathlib import Path
from typing import Any

from schemas.errors import ParameterError
from schemas.manifest import MANIFEST, read_manifest
from schemas.table import Table
from tasks.tools.orchestrator import Recipe
from tasks.tools.progress import say

ROUNDS = 12
MARGIN, MOST = 1.15, 8.0  # more than the yield so far calls for; growth of one round at most


def in_rounds(flow: Recipe[..., Table[Any]], accepted: int, out: Path | None, values: dict[str, Any]) -> Table[Any]:
    """The last round's result: `accepted` rows, or fewer where the budget or the recipe gives no more.

    Raises `ParameterError` for a target below 1, and what the recipe raises.
    """
    if accepted < 1:
        raise ParameterError(f"accepted is {accepted}", where="--accepted", mend="give a whole number from 1")
    left, size, before = values.get("max_cost", 0.0), values.pop("size", None) or ceil(accepted * MARGIN), -1
    for number in range(1, ROUNDS + 1):
        if left:
            values["max_cost"] = left
        result = flow.run(out=out, accepted=accepted, size=size, **values)
        folder = next(place for place in result.path.parents if (place / MANIFEST).exists())
        got, notes = result.count(), read_manifest(folder).get("notes", {})
        say(f"round {number}: {got:,} of {accepted:,} accepted, from a size of {size:,}")
        spent = sum(row["cost"] or 0.0 for row in notes.get("calls", []))
        out_of_money = notes.get("budget", {}).get("kept_back", 0) > 0
        if got >= accepted or out_of_money or got <= before or number == ROUNDS:
            return result
        left, before = max(left - spent, 1e-9) if left else 0.0, got
        size = ceil(size * min(MOST, max(1.2, MARGIN * accepted / max(got, 1))))
        shutil.rmtree(folder)
    raise AssertionError("the last round returns")
