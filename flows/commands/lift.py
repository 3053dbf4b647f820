"""`mathmill lift` and `instantiate`: the two middle steps of the main job by themselves."""

from pathlib import Path
from typing import Annotated

import typer

Out = Annotated[Path, typer.Option(metavar="DIR", help="Where the tables go.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print counts as JSON.")]


def lift(
    context: typer.Context,
    seeds: Annotated[str, typer.Argument(metavar="SEEDS", help="Worked problems: a file or a Hub id.")],
    out: Out, as_json: AsJson = False,
) -> None:
    """Make templates of worked problems.

    Writes tables templates/ and templates.rejected/ under --out.

    Columns can be named with --question-column, --solution-column and --answer-column.
    """
    from flows.commands.catalogue import parameters
    from flows.commands.output import report
    from flows.steps import lift as flow

    flow.run(out=out, seeds=seeds, **parameters(context.args))
    report(out, as_json)


def instantiate(
    templates: Annotated[Path, typer.Argument(metavar="TEMPLATES", help="The folder templates/, or a run.")],
    bindings: Annotated[Path, typer.Option(
        metavar="FILE.jsonl", help='Lines {"id": …, "template_id": …, "values": {"slot": "3", …}}.')],
    out: Out, as_json: AsJson = False,
) -> None:
    """Make problems of templates and values that you give.

    Writes tables problems/ and problems.rejected/ under --out.
    """
    from flows.commands.output import report
    from flows.steps import instantiate as flow

    folder = templates / "templates" if (templates / "templates").is_dir() else templates
    flow.run(out=out, templates=str(folder), bindings=str(bindings))
    report(out, as_json)
