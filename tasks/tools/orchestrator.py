"""Prefect's one door: `@task` and `@recipe` run the same functions with a Prefect server and without one.

No server configured: the plain functions are called and Prefect is never imported, so the first row comes at once.
With `PREFECT_API_URL` (or a profile that names a server): a recipe is a Prefect flow and its tasks are task runs, with
retries, states and progress artifacts. What running a recipe means stands in `tasks.tools.launch`; here, by whom.
"""

import inspect
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache, cached_property, update_wrapper, wraps
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar, cast, get_args
from urllib.error import HTTPError
from urllib.request import urlopen

from schemas.errors import InputError, MathmillError, ParameterError, RunError, ToolError
from schemas.parameters import Parameter, bind, parameters_of
from schemas.plan import Plan
from tasks.tools import artifacts
from tasks.tools.launch import finished, launch, run_folder

P = ParamSpec("P")
T = TypeVar("T")

RETRIES = 2  # cheap: a task that is tried again finds its finished shards
RETRY_DELAY = 2.0  # seconds
PATIENCE = 5.0  # seconds for a server to answer at all
DOWN = "start it (prefect server start), or unset PREFECT_API_URL to run without one"
FINAL = (InputError, ParameterError, RunError)  # trying again cannot mend these
QUIET = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
         "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false", "HF_HUB_DISABLE_TELEMETRY": "1"}
# Prefect's log goes to its server in full; the terminal has our progress, and one line for an error.
TERSE = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL"}
for _name, _value in {**QUIET, **TERSE}.items():
    os.environ.setdefault(_name, _value)  # before Prefect is imported; whoever set it otherwise is obeyed


def task(work: Callable[P, T]) -> Callable[P, T]:
    """Makes a function from table to table a task: a plain call, or a Prefect task run inside a Prefect flow run."""

    @wraps(work)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        if not in_flow_run():
            return work(*args, **kwargs)
        return _prefect_task(work)(*args, **kwargs)  # type: ignore[no-any-return]

    return call


def recipe(*, summary: str) -> Callable[[Callable[P, T]], "Recipe[P, T]"]:
    """Makes a function that calls tasks a recipe; `summary` is its one line in `mathmill recipes`."""
    return lambda body: Recipe(body, summary)


class Recipe(Generic[P, T]):
    """A recipe: called, it runs like the function that it wraps; `run` takes parameters as words, too."""

    def __init__(self, body: Callable[P, T], summary: str) -> None:
        self.body, self.summary, self.name = body, summary, body.__name__
        update_wrapper(self, body)

    @property
    def parameters(self) -> dict[str, Parameter]:
        """What the recipe can be given, by name."""
        return parameters_of(self.body)

    def plan(self, *, accepted: int = 0, **parameters: Any) -> Plan:
        """What a run with these parameters would be, and its id. Raises `ParameterError`, `InputError`."""
        known = self.parameters
        plan = Plan.of(self.name, known, bind(known, parameters))
        return replace(plan, parameters={**plan.parameters, "accepted": accepted}) if accepted else plan

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        given: dict[str, Any] = dict(inspect.signature(self.body).bind(*args, **kwargs).arguments)
        return self.run(**given)

    def run(self, out: str | Path | None = None, preview: bool = False, *, accepted: int = 0, **parameters: Any) -> T:
        """Run, resume, or find finished the run that these parameters make; returns what the recipe returns.

        `out` is the run's folder, by default `data/runs/<recipe>/<run id>`. A preview is a run in a folder that goes
        when this process ends, and no server hears of it. `accepted` is how many rows the export holds at most
        (0: all). Raises any `MathmillError`.
        """
        values, plan = bind(self.parameters, parameters), self.plan(accepted=accepted, **parameters)
        folder = None if preview else run_folder(plan, out)
        url = "" if preview or in_flow_run() else server_url()
        if not url or (folder and finished(plan, folder) is not None):
            return self._here(values, plan, folder)
        check_server(url)
        return self._served(url, {**values, "out": str(folder), "accepted": accepted})

    @cached_property
    def flow(self) -> Any:
        """The recipe as a Prefect `Flow` (imports Prefect), whose parameters are the recipe's and `out`."""
        def served(out: str | None = None, accepted: int = 0, **given: Any) -> T:
            plan = self.plan(accepted=accepted, **given)
            return self._here(given, plan, run_folder(plan, out))

        def run_name(given: dict[str, Any]) -> str:
            return f"{self.name} {self.plan(**{name: value for name, value in given.items() if name != 'out'}).run_id}"

        return as_flow(served, self.name, self.summary, signature_with(self.body, out=(str | None, None),
                                                                       accepted=(int, 0)), run_name)

    def _here(self, values: dict[str, Any], plan: Plan, folder: Path | None) -> T:
        body = cast(Callable[..., T], self.body)
        result = cast(T, launch(lambda: body(**values), plan, folder))
        if folder and in_flow_run():
            artifacts.show(folder)
        return result

    def _served(self, url: str, parameters: dict[str, Any]) -> T:
        with server_faults(url):
            return cast(T, self.flow(**parameters))


@contextmanager
def server_faults(url: str) -> Iterator[None]:
    """What Prefect's client raises while it talks to its server becomes a `ToolError`."""
    try:
        yield
    except MathmillError:
        raise
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("httpx", "httpcore", "prefect"):
            raise
        told = str(error).partition("\n")[0]
        raise ToolError(f"the Prefect server failed: {told}", where=url, mend=DOWN) from error


def in_flow_run() -> bool:
    """Whether a Prefect flow run is under way here; asks without importing Prefect."""
    context = sys.modules.get("prefect.context")
    return context is not None and context.FlowRunContext.get() is not None


def server_url() -> str:
    """The Prefect server that this user configured, by environment or active profile; "" if none."""
    if "PREFECT_API_URL" in os.environ:
        return os.environ["PREFECT_API_URL"].rstrip("/")
    home = Path(os.environ.get("PREFECT_HOME") or Path.home() / ".prefect")
    profiles = Path(os.environ.get("PREFECT_PROFILES_PATH") or home / "profiles.toml")
    with suppress(OSError, ValueError):
        told = tomllib.loads(profiles.read_text())
        profile = told.get("profiles", {}).get(os.environ.get("PREFECT_PROFILE") or told.get("active"), {})
        return str(profile.get("PREFECT_API_URL", "")).rstrip("/")
    return ""


def check_server(url: str) -> None:
    """Raises `ToolError` if nothing answers at `url`. Any answer will do: Prefect itself reports the rest."""
    try:
        urlopen(f"{url}/health", timeout=PATIENCE).close()
    except HTTPError:
        return
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise ToolError(f"the Prefect server does not answer: {reason}", where=url, mend=DOWN) from None


class Gauge:
    """A progress artifact of the current Prefect run; without one it does nothing."""

    def __init__(self, name: str) -> None:
        self.name, self.artifact, self.works = name, None, in_flow_run()

    def show(self, share: float, text: str) -> None:
        """Set the artifact to `share` (0 to 1). A server that refuses is told nothing more: progress is no result."""
        if not self.works:
            return
        from prefect import artifacts as made_by

        try:
            if self.artifact is None:
                key = "progress-" + re.sub("[^a-z0-9]+", "-", self.name.lower()).strip("-")
                made: Any = made_by.create_progress_artifact(share * 100, key=key, description=f"{self.name}: {text}")
                self.artifact = made
            else:
                made_by.update_progress_artifact(self.artifact, share * 100, description=f"{self.name}: {text}")
        except Exception as error:
            self.works = False
            print(f"{self.name}: no more progress artifacts ({type(error).__name__})", file=sys.stderr)


def as_flow(work: Callable[..., Any], name: str, summary: str, signature: inspect.Signature,
            run_name: Callable[[dict[str, Any]], str]) -> Any:
    """`work` as a Prefect flow with that signature; `run_name` makes a run's name from its parameters."""
    import prefect
    from prefect.runtime import flow_run

    def served(**given: Any) -> Any:
        print(f"this run on the server: {flow_run.ui_url}", file=sys.stderr)
        return work(**given)

    served.__signature__, served.__name__ = signature, name  # type: ignore[attr-defined]
    notes = [(each.name, get_args(each.annotation)) for each in signature.parameters.values()]
    told = [f"    {name}: {next((part for part in parts if isinstance(part, str)), '')}" for name, parts in notes]
    served.__doc__ = "\n".join([summary, "", "Args:", *told])  # Prefect's form reads its help from here
    decorate: Any = prefect.flow
    return decorate(name=name, description=summary, flow_run_name=lambda: run_name(dict(flow_run.parameters)),
                    persist_result=False)(served)


def signature_with(body: Callable[..., Any], **more: tuple[Any, Any]) -> inspect.Signature:
    """A function's signature with parameters more, each told by annotation and default."""
    signature = inspect.signature(body, eval_str=True)
    added = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
             for name, (kind, default) in more.items()]
    return signature.replace(parameters=[*signature.parameters.values(), *added])


@cache
def _prefect_task(work: Callable[..., Any]) -> Any:
    import prefect
    from prefect.cache_policies import NO_CACHE

    name, decorate = _task_name(work), cast(Any, prefect.task)
    # Tables are cheap to pass and lie on disk already: nothing is hashed, cached or stored by Prefect.
    return decorate(name=name, task_run_name=name, retries=RETRIES, retry_delay_seconds=RETRY_DELAY,
                    retry_condition_fn=_worth_retrying, persist_result=False, cache_policy=NO_CACHE)(work)


def _task_name(work: Callable[..., Any]) -> str:
    parts = work.__module__.split(".")
    return f"{parts[1] if parts[0] == 'tasks' and len(parts) > 1 else parts[-1]}.{work.__name__}"


def _worth_retrying(task: Any, task_run: Any, state: Any) -> bool:
    return not isinstance(state.result(raise_on_failure=False), FINAL)
