"""The command `mathmill`: gathers `flows.commands`, and is the boundary where errors become messages and exit codes.

Nothing heavy is imported here or at the top of a command, so that `--help` comes at once; a test watches over it.
"""

import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from flows.commands.browse import browse
from flows.commands.calls import calls
from flows.commands.compare import compare
from flows.commands.decontaminate import decontaminate
from flows.commands.dedup import dedup
from flows.commands.deploy import deploy
from flows.commands.doctor import doctor
from flows.commands.equal import equal
from flows.commands.export import export
from flows.commands.lift import instantiate, lift
from flows.commands.lineage import lineage
from flows.commands.publish import publish
from flows.commands.query import query
from flows.commands.report import report
from flows.commands.run import ANY_PARAMETER, preview, recipes, run
from flows.commands.schedules import schedules
from flows.commands.select import select
from flows.commands.serve import serve
from flows.commands.test_sets import test_sets
from flows.commands.verify import verify
from flows.commands.verify_run import verify_run
from schemas.errors import MathmillError, StorageError

INTERRUPTED = 130  # 128 + SIGINT, as shells have it
FAULT = 1  # ours, not the user's

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    epilog="A first taste: mathmill preview lifted")


@app.callback()
def settings(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks; MATHMILL_DEBUG=1 does the same.")] = False,
) -> None:
    """Seeds in; new, verified math problems with worked solutions out."""
    if debug:  # by the environment, so that worker processes know it too
        os.environ["MATHMILL_DEBUG"] = "1"


app.command()(recipes)
app.command(context_settings=ANY_PARAMETER)(run)
app.command(context_settings=ANY_PARAMETER)(preview)
app.command(context_settings=ANY_PARAMETER)(lift)
app.command()(instantiate)
app.command()(equal)
app.command()(verify)
app.command()(dedup)
app.command()(decontaminate)
app.command()(query)
app.command()(lineage)
app.command()(compare)
app.command()(select)
app.command("verify-run")(verify_run)
app.command()(report)
app.command()(export)
app.command()(browse)
app.command()(publish)
app.command()(doctor)
app.command(context_settings=ANY_PARAMETER)(deploy)
app.command()(serve)
app.command()(schedules)
app.add_typer(calls, name="calls")
app.add_typer(test_sets, name="test-sets")


def main() -> None:
    """What the console script calls."""
    sys.exit(guarded(app))


def guarded(command: Callable[[], Any]) -> int:
    """Runs a command; whatever goes wrong becomes one message on standard error and an exit code that is not 0."""
    try:
        command()
    except MathmillError as error:
        return _failed(str(error), error.exit_code, error)
    except KeyboardInterrupt:
        return _interrupted()
    except SystemExit as end:  # typer turns Ctrl-C into an exit of its own
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        return _interrupted() if code == INTERRUPTED else code
    except OSError as error:
        return _failed(str(_storage(error)), StorageError.exit_code, error)
    except Exception as error:
        return _failed(f"{type(error).__name__}: {error}\n  this is a fault of mathmill, not yours", FAULT, error)
    return 0


def _storage(error: OSError) -> StorageError:
    return StorageError(error.strerror or str(error), where=str(error.filename or ""),
                        mend="see that there is space and that you may write there, then repeat the command: "
                             "finished shards are kept")


def _interrupted() -> int:
    typer.echo("\nmathmill: interrupted; finished shards are kept, the same command goes on from there", err=True)
    return INTERRUPTED


def _failed(message: str, code: int, error: BaseException) -> int:
    if os.environ.get("MATHMILL_DEBUG"):
        import traceback

        traceback.print_exception(error)
    elif code == FAULT or getattr(error, "__notes__", None):
        message += "\n  the traceback: mathmill --debug …, or MATHMILL_DEBUG=1"
    typer.echo(f"mathmill: {message}", err=True)
    return code
