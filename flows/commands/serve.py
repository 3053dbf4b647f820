"""`mathmill serve`: a worker that runs what is on a schedule, until it is stopped."""

from typing import Annotated

import typer

Limit = Annotated[int, typer.Option(min=1, help="How many runs at once.")]


def serve(limit: Limit = 1) -> None:
    """Run what `mathmill deploy` put on a schedule, on this machine, until Ctrl-C."""
    from tasks.tools import deployments

    deployments.needed_server()
    deployments.prepare()
    deployments.work(limit)
