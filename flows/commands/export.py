"""`mathmill export RUN --view NAME`: a finished run in the shape that a trainer reads."""

from pathlib import Path
from typing import Annotated, Any

import typer


def export(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's folder, or the id of a run under data/runs.")],
    view: Annotated[str, typer.Option(
        metavar="NAME", help="sft, conditioned_sft, tir, dpo, kto, rl, prm or sharegpt.")],
    flavour: Annotated[str, typer.Option(
        metavar="trl|verl", help="Of rl: whose scorer the golds are written for.", show_default=False)] = "",
    out: Annotated[Path | None, typer.Option(
        metavar="DIR", help="The view's folder.  [default: RUN.views/NAME beside the run's folder]",
        show_default=False)] = None,
    with_flagged: Annotated[bool, typer.Option(
        "--with-flagged", help="Keep what a reader flagged in `mathmill browse`.")] = False,
    trainers: Annotated[str, typer.Option(
        metavar="PYTHON", show_default=False,
        help="The python of an environment with trl and verl; MATHMILL_TRAINERS does the same.")] = "",
    pairs: Annotated[int, typer.Option(help="Of dpo: pairs of one problem at most.", min=1)] = 4,
    control: Annotated[str, typer.Option(
        metavar="NAMES", help="Of conditioned_sft: topic, difficulty, solve_rate, steps, answer_kind, mode.")
    ] = "topic,difficulty,steps",
    as_json: Annotated[bool, typer.Option("--json", help="Print what the manifest says.")] = False,
) -> None:
    """Write a view of a finished run for a trainer: Parquet with the run's own split, certified by its own scorer.

    What the reader flagged is left out, and counted.
    """
    import json

    from flows.commands.verify_run import find
    from tasks.views import view_of
    from tasks.views.chat import controls
    from tasks.views.source import source_of
    from tasks.views.view import Choice
    from tasks.views.write import export as write

    shape, choice = view_of(view, flavour), Choice(pairs, controls(control))
    place, facts = write(source_of(find(run).resolve(), with_flagged), shape, out, choice, trainers)
    typer.echo(json.dumps(facts, ensure_ascii=False) if as_json else _told(place, facts))


def _told(place: Path, facts: dict[str, Any]) -> str:
    counts = ", ".join(f"{split['rows']:,} {split['name']}" for split in facts["splits"])
    from tasks.views.certify import MEND

    lines = [f"{facts['view']}: {facts['rows']:,} rows ({counts})"]
    lines += [f"left out, {count:,}: {why}" for why, count in facts["left_out"].items()]
    for trainer, told in facts["certified"].items():
        rows = told["rows"]
        lines.append(f"certified_{trainer}: null, since {told['missing']}; {MEND}" if told["missing"] else
                     f"certified_{trainer}: {rows['accepted']:,} rows accepted, {rows['refused']:,} refused, "
                     f"{rows['not said']:,} not said; of {told['wrong_tried']:,} wrong answers "
                     f"{told['wrong_accepted']:,} accepted")
    near = place.relative_to(Path.cwd()) if place.is_relative_to(Path.cwd()) else place
    return "\n".join([*lines, str(near)])
