"""A new data set chosen from what is there, for `mathmill select`."""

from typing import Annotated

from flows.parameters import Draws, Name
from schemas.parameters import InputFile
from schemas.records import Example
from schemas.table import Table
from tasks import export
from tasks import select as selection
from tasks.tools.orchestrator import recipe

Sources = Annotated[tuple[str, ...], InputFile, "runs, data sets, or Parquet files"]
Most = Annotated[int, "how many rows; 0: all that may go"]
Mix = Annotated[tuple[str, ...], "parts in a ratio: mode:base=3,mode:p1=1"]
Quotas = Annotated[tuple[str, ...], "rows wanted of a cell: topic*difficulty=100, or topic:percent*difficulty:4=200"]
Band = Annotated[str, "only problems with a measured solve rate in this band: 0.2-0.8"]
Cap = Annotated[int, "at most so many rows of one; 0: no limit"]


@recipe(summary="A data set chosen from others: mixes, quotas, bands, caps, spread over families.")
def select(sources: Sources, size: Most = 0, mix: Mix = (), quota: Quotas = (), solve_rate: Band = "",
           per_family: Cap = 0, per_seed: Cap = 0, seed: Draws = 0,
           name: Name = "mathmill-selection") -> Table[Example]:
    """Examples of all sources -> those in the band -> those chosen -> data set."""
    candidates = selection.candidates(sources, solve_rate=solve_rate)
    chosen = selection.chosen(candidates, size=size, mix=mix, quotas=quota, per_family=per_family, per_seed=per_seed,
                              seed=seed)
    return export.parquet(chosen, name=name)
