"""Any data sets without repeats, within and across them, for `mathmill dedup`."""

from typing import Annotated

from flows.parameters import Embedder, PerFamily
from schemas.parameters import InputFile
from schemas.records import Example
from schemas.table import Table
from tasks import dedup as deduplication
from tasks import intake
from tasks.tools.orchestrator import recipe

Data = Annotated[tuple[str, ...], InputFile, "what to look through: files, folders of files, runs, Hub ids"]
Published = Annotated[tuple[str, ...], InputFile, "data sets that no row may repeat, and that stay as they are"]
Column = Annotated[str, "which column of the data holds this; empty: guessed"]
Threshold = Annotated[float, "cosine from which two texts with the same numbers and answer are one problem"]


@recipe(summary="Any data sets without repeats, and the answers in which they contradict each other.")
def dedup(data: Data, published: Published = (), problem: Column = "", answer: Column = "",
          threshold: Threshold = deduplication.THRESHOLD, per_family: PerFamily = 0,
          embedder: Embedder = "") -> Table[Example]:
    """Rows -> distinct ones; each other one is a rejection that names its twin. Beside them the table `conflicts`."""
    examples = intake.examples(data, problem=problem, answer=answer)
    return deduplication.by_meaning(examples, embedder=embedder, threshold=threshold, per_family=per_family,
                                    published=published)
