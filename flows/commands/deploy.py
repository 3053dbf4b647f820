"""`mathmill deploy`: a recipe on a schedule, as a Prefect deployment by dotted module."""

import os
from contextlib import chdir
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.run import Recipe, prepared

Cron = Annotated[str, typer.Option(help='When, as cron has it: "0 3 * * *". Without it: when somebody starts it.')]
Zone = Annotated[str, typer.Option("--timezone", help="The schedule's time zone.")]
Label = Annotated[str, typer.Option("--as", help="The deployment's name; two of one recipe need two.")]
Into = Annotated[str, typer.Option(help="Folder of a data set that grows: only what is new to it is added.")]
Accepted = Annotated[int, typer.Option(help="Accepted rows of a run; with --into, of the data set in all.")]
Folder = Annotated[Path | None, typer.Option(
    help="Where the worker runs it.  [default: the current folder]", show_default=False)]

Secret = Annotated[list[str], typer.Option(
    help="A key that the run needs, from the server's Secret block of that name: OPENAI_API_KEY from openai-api-key.",
    show_default=False)]

SECRETS = ("OPENAI_API_KEY", "MATHMILL_API_KEY", "HF_TOKEN")
CARRIED = ("MATHMILL_RUNS", "MATHMILL_CALLS", "MATHMILL_WORKERS", "MATHMILL_RUNNER",
           "MATHMILL_WORKERS_AT")  # never a key


def deploy(context: typer.Context, recipe: Recipe, cron: Cron = "", timezone: Zone = "UTC", label: Label = "mathmill",
           into: Into = "", accepted: Accepted = 0, folder: Folder = None, secret: Secret = []) -> None:  # noqa: B006
    """Put a recipe on a schedule, or change the schedule that it has.

    Every parameter of the recipe can be given as --name VALUE or name=value. `mathmill serve` does the work.
    """
    from schemas.errors import InputError, ParameterError
    from schemas.parameters import bind
    from tasks.tools import deployments
    from tasks.tools.orchestrator import QUIET

    place = (folder or Path.cwd()).absolute()
    if not place.is_dir():
        raise InputError("there is no such folder", where=str(place), mend="make it, or give another --folder")
    if into and accepted < 1:
        raise ParameterError("a data set that grows needs a target", where="--into", mend="give --accepted N")
    with chdir(place):  # a file is given as the worker will see it
        flow, given = prepared(context, recipe, {})
    bound = bind(flow.parameters, given)
    if hidden := [name for name in given if flow.parameters[name].secret]:
        raise ParameterError("a secret does not belong in a schedule, which everybody can read", where=hidden[0],
                             mend="put it into the worker's environment, or give --secret")
    if unknown := [name for name in secret if name not in SECRETS]:
        raise ParameterError(f"mathmill reads no secret {unknown[0]!r}", where="--secret",
                             mend=f"there are: {', '.join(SECRETS)}")
    values = {name: bound[name] for name in given}
    if into or accepted:
        values |= {"into": into, "accepted": accepted}
    environment = {**QUIET, "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(deployments.HEARTBEAT),
                   **{name: os.environ[name] for name in CARRIED if name in os.environ}}
    deployments.deploy(recipe, f"flows.schedule.{recipe}", label, cron=cron, timezone=timezone, parameters=values,
                       folder=str(place), environment=environment, secrets=secret)
    typer.echo(f"{recipe}/{label}: {cron or 'no schedule; start it in the UI, or prefect deployment run'}")
