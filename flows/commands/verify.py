"""`mathmill verify`: verdicts on anybody's data set, and a summary of them for a person."""

from pathlib import Path
from typing import Annotated

import typer


def verify(
    data: Annotated[str, typer.Argument(metavar="FILE_OR_DATASET", help="A file, a folder of files, or a Hub id.")],
    problem: Annotated[str, typer.Option(metavar="COLUMN", help="Where the problem is; guessed.")] = "",
    solution: Annotated[str, typer.Option(metavar="COLUMN", help="Where the solutions are; guessed.")] = "",
    answer: Annotated[str, typer.Option(metavar="COLUMN", help="Where the reference answer is; guessed.")] = "",
    group: Annotated[str, typer.Option(
        metavar="COLUMN", help="Rows of the same value attempt one problem; else those of the same text.")] = "",
    method: Annotated[list[str] | None, typer.Option(
        metavar="METHOD", help="Only this one; may be repeated. by_answer, by_step, by_code, by_agreement, gold_audit",
        show_default=False)] = None,
    planted: Annotated[float, typer.Option(help="Share of rows doubled with cases whose truth is known.")] = 0.01,
    out: Annotated[Path | None, typer.Option(
        metavar="DIR", help="The run's folder.  [default: data/runs/verify/RUN-ID]", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Verify a data set: its solutions by answer, step, code and agreement, and its references.

    JSONL, JSON, CSV, TSV or Parquet; plain columns, lists of solutions, or chat messages.
    """
    from flows.commands.summary import summarize
    from flows.verify import verify as flow
    from schemas.manifest import MANIFEST

    table = flow.run(out=out, data=data, problem=problem, solution=solution, answer=answer, group=group,
                     methods=method or [], planted=planted)
    summarize(next(folder for folder in table.path.parents if (folder / MANIFEST).exists()), as_json)
