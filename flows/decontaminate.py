"""Any data set without what test sets hold, for `mathmill decontaminate`; and an old run checked against a new one."""

from typing import Annotated, Literal

from flows.parameters import Embedder, MaxCost, Model
from schemas.parameters import InputFile
from schemas.records import Example
from schemas.table import Table
from tasks import decontaminate as decontamination
from tasks import intake
from tasks.tools import llm
from tasks.tools.orchestrator import recipe

Data = Annotated[tuple[str, ...], InputFile, "what to clean: files, folders of files, runs, Hub ids"]
Against = Annotated[tuple[str, ...], InputFile, "test sets: files, Hub ids, or names of mathmill test-sets list"]
Column = Annotated[str, "which column of the data holds this; empty: guessed"]
Level = Annotated[Literal["lenient", "default", "strict"], "which set of thresholds"]
Thresholds = Annotated[tuple[str, ...], "single thresholds moved: rephrased=0.9"]
Judge = Annotated[str, "who rules on rows a little below a threshold: scripted, openai, or a URL; empty: nobody"]
Recheck = Annotated[str, InputFile, "instead of data: a finished run whose rows are checked; it is not touched"]


@recipe(summary="Any data set without what test sets hold of it.")
def decontaminate(data: Data = (), against: Against = (), problem: Column = "", answer: Column = "",
                  level: Level = "default", thresholds: Thresholds = (), embedder: Embedder = "",
                  recheck: Recheck = "", judge: Judge = "", model: Model = "",
                  max_cost: MaxCost = 0.0) -> Table[Example]:
    """Rows -> those that repeat no test item; the others are rejections that show the item."""
    read = decontamination.rechecked(recheck) if recheck else data
    examples = intake.examples(read, problem=problem, answer=answer)
    clean = decontamination.against(examples, test_sets=against, embedder=embedder, level=level, thresholds=thresholds,
                                    judge=llm.teacher(judge, model) if judge else None)
    return decontamination.flagged(clean)
