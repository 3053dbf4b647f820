"""`mathmill decontaminate`: which rows of anybody's data set repeat a test item, and the data set without them."""

from pathlib import Path
from typing import Annotated

import typer


def decontaminate(
    data: Annotated[list[str] | None, typer.Argument(
        metavar="FILE…", help="Files, folders of files, runs or Hub ids.", show_default=False)] = None,
    against: Annotated[list[str] | None, typer.Option(
        metavar="TESTSET", help="A file, a Hub id (owner/name:config@split) or a name of: mathmill test-sets list. "
        "Each may be NAME=…; repeat it for more.", show_default=False)] = None,
    recheck: Annotated[str, typer.Option(
        metavar="RUN", help="Instead of FILE: a finished run, which is read and not touched.")] = "",
    level: Annotated[str, typer.Option(help="lenient: the same problem; default: and its template twins; strict.")] =
    "default",
    moved: Annotated[list[str] | None, typer.Option(
        "--set", metavar="NAME=VALUE", help="A threshold moved, for example rephrased=0.9; may be repeated.",
        show_default=False)] = None,
    problem: Annotated[str, typer.Option(metavar="COLUMN", help="Where the problem is; guessed.")] = "",
    answer: Annotated[str, typer.Option(metavar="COLUMN", help="Where the answer is; guessed.")] = "",
    embedder: Annotated[str, typer.Option(help="A model of sentence-transformers.  [default: all-MiniLM-L6-v2]")] = "",
    judge: Annotated[str, typer.Option(
        metavar="TEACHER", help="Who rules on rows a little below a threshold: openai, or a server's URL.")] = "",
    model: Annotated[str, typer.Option(help="The model that the judge's server is asked for.")] = "",
    max_cost: Annotated[float, typer.Option(help="Dollars that the judge may cost; 0: no limit.", min=0)] = 0.0,
    out: Annotated[Path | None, typer.Option(
        metavar="DIR", help="The run's folder.  [default: data/runs/decontaminate/RUN-ID]", show_default=False)] = None,
    write: Annotated[Path | None, typer.Option(
        metavar="KEPT", help="Write the rows that may stay, as they were: .jsonl or .parquet.",
        show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Keep test sets out of a data set: the same problem, rephrased, a template twin, words in a row.

    All flagged rows stand in the run's `clean.rejected`, each with its test item; the others in `clean`.
    """
    from flows.commands.contamination import summarize
    from flows.decontaminate import decontaminate as flow
    from schemas.errors import ParameterError
    from schemas.manifest import MANIFEST
    from tasks.decontaminate.items import sources
    from tasks.kept import check_writable, write_kept

    read = [recheck] if recheck else data or []
    if not read or (recheck and data):
        raise ParameterError("give either files or --recheck RUN", mend="mathmill decontaminate FILE --against TESTSET")
    if not against:
        raise ParameterError("no test set was given", mend="--against TESTSET; the usual ones: mathmill test-sets list")
    if write:
        check_writable(read, write)
    # A short name means another place once its texts are fetched: the run is named by the place.
    places = [given if Path(given).exists() else source.given
              for given, source in zip(against, sources(against), strict=True)]
    table = flow.run(out=out, data=[] if recheck else read, recheck=recheck, against=places, level=level,
                     thresholds=moved or [], problem=problem, answer=answer, embedder=embedder,
                     judge=judge, model=model, max_cost=max_cost)
    summarize(next(folder for folder in table.path.parents if (folder / MANIFEST).exists()), as_json)
    if write:
        typer.echo(f"{write_kept(read, table, write):,} rows that may stay written to {write}", err=True)
