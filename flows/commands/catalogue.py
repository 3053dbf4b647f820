"""Which recipes there are, and which parameters each takes, read from the modules of `flows.recipes` themselves.

There is no registry: a module of that package holds one flow that bears the module's name.
"""

import inspect
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import flows.recipes
from schemas.errors import ParameterError

Flow = Callable[..., Any]


def names() -> list[str]:
    """All recipes, by name."""
    return sorted(module.name for module in pkgutil.iter_modules(flows.recipes.__path__) if module.name[0] != "_")


def load(name: str) -> Flow:
    """The flow called `name`; an unknown one is a `ParameterError` that lists the known ones."""
    if name not in names():
        raise ParameterError(f"there is no recipe {name!r}", mend=choose(name, names()))
    flow: Flow = getattr(import_module(f"flows.recipes.{name}"), name)
    return flow


def summary(name: str) -> str:
    """The first line of what the recipe says of itself."""
    return (load(name).__doc__ or "").strip().partition("\n")[0]


def choose(given: str, known: Iterable[str]) -> str:
    """How to mend a wrong word: the nearest known one, and all of them."""
    known = list(known)
    close = get_close_matches(given, known, n=1, cutoff=0.5)
    return (f"did you mean {close[0]!r}? " if close else "") + f"there are: {', '.join(known) or 'none'}"


def parameters(flow: Flow) -> Mapping[str, inspect.Parameter]:
    """What the flow can be given by name, with types resolved."""
    return inspect.signature(flow, eval_str=True).parameters
