"""Who runs the shards of a step: this machine's processes, or others by the dotted name of their class.

`MATHMILL_RUNNER` names a runner (`processes`, `dask`, or `package.module.Class`), `MATHMILL_WORKERS_AT` the address of
a scheduler that has workers on other machines; an address alone means Dask. The tables are the same whoever made them.
"""

import importlib
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar, cast

from schemas.errors import ParameterError
from schemas.run import Run

T = TypeVar("T")

RUNNERS = {"processes": "tasks.tools.workers.Workers", "dask": "tasks.tools.cluster.Dask"}


class Runner(Protocol):
    """What runs shards. A class of these is called with the number of workers wanted here, and the run.

    It may have a static method `check()`, called before a run starts, that raises a `MathmillError` if it cannot work.
    """

    def map(self, job: Callable[[int], T], numbers: Iterable[int], name: str) -> Iterator[T]:
        """`job(number)` for every number, in the order in which they end; a job may be begun more than once."""
        ...

    def close(self) -> None:
        """Gives back what it holds; the next `map` may take it again."""
        ...


def chosen() -> str:
    """The runner's dotted name."""
    name = os.environ.get("MATHMILL_RUNNER", "") or ("dask" if address() else "processes")
    return RUNNERS.get(name, name)


def address() -> str:
    """Where the scheduler is that was named, such as tcp://host:8786; "" if none was."""
    return os.environ.get("MATHMILL_WORKERS_AT", "")


def is_local() -> bool:
    """Whether shards run in this machine's worker processes, as they do where nobody said otherwise."""
    return chosen() == RUNNERS["processes"]


def runner_class() -> Callable[[int, Run], Runner]:
    """The class that runs shards, after its own check. Raises `ParameterError` for a name that leads to none."""
    name = chosen()
    module, _, kind = name.rpartition(".")
    known = f"one of {', '.join(RUNNERS)}, or the dotted name of a class"
    try:
        found = getattr(importlib.import_module(module), kind)
    except (ImportError, AttributeError, ValueError) as error:
        raise ParameterError(f"there is no runner {name!r}: {error}", where="--runner, MATHMILL_RUNNER",
                             mend=known) from None
    if not all(callable(getattr(found, method, None)) for method in ("map", "close")):
        raise ParameterError(f"{name!r} is no runner: it has no `map` and `close`", where="--runner, MATHMILL_RUNNER",
                             mend=known)
    getattr(found, "check", lambda: None)()
    return cast(Callable[[int, Run], Runner], found)
