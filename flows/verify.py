"""Any data set verified, for `mathmill verify`."""

from typing import Annotated

from flows.parameters import Planted
from schemas.parameters import InputFile
from schemas.records import Verdict
from schemas.table import Table
from tasks.tools.orchestrator import recipe
from tasks.verify import dataset
from tasks.verify.judge import Method

Data = Annotated[str, InputFile, "what to verify: a file, a folder of files, or a Hub id"]
Column = Annotated[str, "which column of it holds this; empty: guessed"]
Group = Annotated[str, "which column names the problem; empty: rows of the same problem text belong together"]
Licence = Annotated[str, "licence of the data, where its source does not say"]
Methods = Annotated[tuple[Method, ...], "only these; empty: all that apply to a row"]


@recipe(summary="Verdicts on any data set, and the error rate of the verifier itself.")
def verify(data: Data, problem: Column = "", solution: Column = "", answer: Column = "", group: Group = "",
           licence: Licence = "", methods: Methods = (), planted: Planted = 0.01) -> Table[Verdict]:
    """Claims -> verdicts -> agreements -> votes; beside them planted cases, which measure the verifier."""
    claims = dataset.claims(data, problem=problem, solution=solution, answer=answer, group=group, licence=licence)
    verdicts = dataset.verdicts(claims, methods=methods)
    agreements = dataset.agreements(claims, verdicts)
    votes = dataset.votes(agreements, methods=methods)
    dataset.cases(claims, share=planted)
    return dataset.summed(verdicts, votes)
