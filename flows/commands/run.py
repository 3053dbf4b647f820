"""`mathmill recipes`, `run` and `preview`: which recipes there are, and one of them at work."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

# A recipe's own signature declares its parameters, so they are not declared here once more: what typer does not know
# arrives in `context.args`.
ANY_PARAMETER = {"allow_extra_args": True, "ignore_unknown_options": True}

SHOWN = 5  # records of a preview
# What a preview asks for where nobody said: twice the records, as some may be rejected, of a few seeds or of one level
# of the families, because a template costs some milliseconds before its first draw.
PILOT = 20  # problems of a preview with a teacher
FEW = {"size": 2 * SHOWN, "limit": 40, "difficulty": (3,)}

Recipe = Annotated[str, typer.Argument(metavar="RECIPE", help="One of `mathmill recipes`.", show_default=False)]
Size = Annotated[int | None, typer.Option(help="How many problems to make.", show_default=False)]
Seed = Annotated[int | None, typer.Option(help="Which draws: the same seed, the same tables.", show_default=False)]
Out = Annotated[Path | None, typer.Option(
    metavar="DIR", help="The run's folder.  [default: data/runs/RECIPE/RUN-ID]", show_default=False)]

Accepted = Annotated[int | None, typer.Option(
    help="Go on in rounds until so many examples are accepted, and export exactly these.", show_default=False)]
Batch = Annotated[bool, typer.Option("--batch", help="Ask the teacher through its batch endpoint: cheaper, slower.")]
Concurrency = Annotated[int | None, typer.Option(
    help="Calls in flight at a teacher, at most.  [default: 64]", show_default=False)]
Runner = Annotated[str, typer.Option(
    help="Who runs the shards: processes (of this machine), dask, or a class by its dotted name.  [default: processes]",
    show_default=False)]
WorkersAt = Annotated[str, typer.Option(
    metavar="ADDRESS", help="Run the shards on the workers of this Dask scheduler, such as tcp://host:8786.",
    show_default=False)]


def recipes(
    recipe: Annotated[str | None, typer.Argument(help="Show this one's parameters.", show_default=False)] = None,
) -> None:
    """List the recipes; with a name, its parameters."""
    from flows.commands import catalogue
    from flows.commands.output import show_parameters

    if recipe:
        return show_parameters(catalogue.load(recipe).parameters)
    width = max(map(len, catalogue.names()))
    for name in catalogue.names():
        typer.echo(f"{name:<{width}}  {catalogue.load(name).summary}")
    return None


def run(context: typer.Context, recipe: Recipe, size: Size = None, seed: Seed = None, out: Out = None,
        accepted: Accepted = None, batch: Batch = False, concurrency: Concurrency = None, runner: Runner = "",
        workers_at: WorkersAt = "") -> None:
    """Run a recipe, or resume a run that was broken off.

    Every parameter of the recipe (`mathmill recipes RECIPE` lists them) can be given as --name VALUE or name=value.
    """
    from flows.commands.output import report
    from schemas.manifest import MANIFEST

    # How a teacher is asked and who runs the shards change no row, so they go round the recipe and its run id.
    if batch:
        os.environ["MATHMILL_BATCH"] = "1"
    if concurrency is not None:
        os.environ["MATHMILL_CONCURRENCY"] = str(concurrency)
    if runner:
        os.environ["MATHMILL_RUNNER"] = runner
    if workers_at:
        os.environ["MATHMILL_WORKERS_AT"] = workers_at
    flow, values = prepared(context, recipe, {"size": size, "seed": seed})
    if accepted is not None:
        from flows.rounds import in_rounds

        result = in_rounds(flow, accepted, out, values)
    else:
        result = flow.run(out=out, **values)
    report(next(folder for folder in result.path.parents if (folder / MANIFEST).exists()))


def preview(context: typer.Context, recipe: Recipe, seed: Seed = None) -> None:
    """Show five finished records of a recipe, and write nothing.

    Takes the recipe's parameters as `mathmill run` does. With a teacher it also forecasts the whole: cost, yield, time.
    """
    from itertools import islice
    from time import time

    from flows.commands.output import show_examples

    flow, values = prepared(context, recipe, {"seed": seed})
    few = {name: value for name, value in FEW.items() if name in flow.parameters}
    if "teacher" not in flow.parameters:
        return show_examples(islice(flow.run(preview=True, **{**few, **values}).rows(), SHOWN))
    size = int(values.pop("size", flow.parameters["size"].default))
    since = time()
    made = flow.run(preview=True, **{**few, "size": PILOT, **values})
    show_examples(islice(made.rows(), SHOWN))
    return _show_forecast(made, since, size, values)


def _show_forecast(made: Any, since: float, size: int, values: dict[str, Any]) -> None:
    """What a pilot says of the whole."""
    from flows.forecast import asked_since, forecast, told
    from schemas.manifest import MANIFEST, read_manifest
    from tasks.tools.calls.store import store
    from tasks.tools.llm import teacher

    folder = next(place for place in made.path.parents if (place / MANIFEST).exists())
    calls = asked_since(read_manifest(folder), since, store())
    abreast = teacher(values["teacher"], values.get("model", "")).concurrency
    typer.echo(told(forecast(calls, PILOT, made.count(), size, abreast, store())))


def prepared(context: typer.Context, recipe: str, flags: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The recipe and what it was given; a flag and a `key=value` word may not name the same parameter."""
    from flows.commands import catalogue
    from schemas.errors import ParameterError

    flow = catalogue.load(recipe)
    given = {name: value for name, value in flags.items() if value is not None}
    for name, value in catalogue.parameters(context.args).items():
        if name in given:
            raise ParameterError(f"{name!r} is given twice", mend=f"give it once, as --{name} or as {name}=…")
        given[name] = value
    _check_early(flow, given)
    return flow, given


def _check_early(flow: Any, given: dict[str, Any]) -> None:
    """What a task would find out only when its turn comes, after minutes of work under a run id that is then of no use.

    Raises `ParameterError` and `InputError`.
    """
    from schemas.errors import InputError, ParameterError
    from schemas.parameters import bind
    from tasks.export import NAME
    from tasks.tools.files import ENDINGS

    values = bind(flow.parameters, given)
    if values["size"] < 1:
        raise ParameterError(f"size is {values['size']}", mend="give a whole number from 1")
    if not NAME.fullmatch(values.get("name", "x")):
        raise ParameterError(f"{values['name']!r} cannot be the name of a data set", mend="write name or owner/name")
    named = [(name, value) for name, parameter in flow.parameters.items() if parameter.is_file for value in (
        values[name] if isinstance(values[name], list | tuple) else [values[name]])]
    for name, value in named:
        path = Path(value.partition("=")[2] or value)  # test sets may be given as name=path
        if path.name.endswith((*ENDINGS, ".gz", ".toml")) and not path.exists():
            raise InputError("there is no such file", where=str(path), mend=f"check --{name.replace('_', '-')}")
