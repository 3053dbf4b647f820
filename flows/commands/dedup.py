"""`mathmill dedup`: repeats and contradictions in anybody's data sets, and the data sets without them."""

from pathlib import Path
from typing import Annotated

import typer


def dedup(
    data: Annotated[list[str], typer.Argument(metavar="FILE…", help="Files, folders of files, runs or Hub ids.")],
    published: Annotated[list[str] | None, typer.Option(
        metavar="DATASET", help="No row may repeat this one, which stays as it is; repeat the flag for more.",
        show_default=False)] = None,
    problem: Annotated[str, typer.Option(metavar="COLUMN", help="Where the problem is; guessed.")] = "",
    answer: Annotated[str, typer.Option(metavar="COLUMN", help="Where the answer is; guessed.")] = "",
    threshold: Annotated[float, typer.Option(
        help="Cosine from which two texts with the same numbers and answer are one problem.")] = 0.75,
    per_family: Annotated[int, typer.Option(
        metavar="K", help="Keep at most so many of one template or wording; 0: all.", min=0)] = 0,
    embedder: Annotated[str, typer.Option(help="A model of sentence-transformers.  [default: all-MiniLM-L6-v2]")] = "",
    out: Annotated[Path | None, typer.Option(
        metavar="DIR", help="The run's folder.  [default: data/runs/dedup/RUN-ID]", show_default=False)] = None,
    write: Annotated[Path | None, typer.Option(
        metavar="KEPT", help="Write the rows that stay, as they were: .jsonl or .parquet.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Find repeats within and across data sets: to the letter, renamed, paraphrased; and answers that contradict.

    A problem with other numbers is no repeat. Each row that goes stands in `distinct.rejected` with its twin, the rule
    and the score. With another --threshold no text is embedded again.
    """
    from flows.commands.repeats import summarize
    from flows.dedup import dedup as flow
    from schemas.manifest import MANIFEST
    from tasks.kept import check_writable, write_kept

    if write:
        check_writable(data, write)
    table = flow.run(out=out, data=data, published=published or [], problem=problem, answer=answer,
                     threshold=threshold, per_family=per_family, embedder=embedder)
    summarize(next(folder for folder in table.path.parents if (folder / MANIFEST).exists()), as_json)
    if write:
        typer.echo(f"{write_kept(data, table, write):,} rows that stay written to {write}", err=True)
