"""Which recipes there are, read from the modules of `flows.recipes`, and what the words of a command line say to one.

There is no registry: a module of that package holds one recipe that bears the module's name.
"""

import pkgutil
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import flows.recipes
from schemas.errors import ParameterError


def names() -> list[str]:
    """All recipes, by name."""
    return sorted(module.name for module in pkgutil.iter_modules(flows.recipes.__path__) if module.name[0] != "_")


def load(name: str) -> Any:
    """The recipe called `name`; an unknown one is a `ParameterError` that lists the known ones."""
    if name not in names():
        close = get_close_matches(name, names(), n=1, cutoff=0.5)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise ParameterError(f"there is no recipe {name!r}", mend=f"{hint}there are: {', '.join(names())}")
    return getattr(import_module(f"flows.recipes.{name}"), name)


def parameters(words: Sequence[str]) -> dict[str, Any]:
    """`size=10 --limit 5 --modes=p1` as names and values; what is repeated makes a list.

    >>> parameters(["size=10", "--answer-column", "gold", "--decontaminate=a.jsonl", "--decontaminate", "b.jsonl"])
    {'size': '10', 'answer_column': 'gold', 'decontaminate': ['a.jsonl', 'b.jsonl']}

    Raises `ParameterError` for a word that is neither, or a flag without a value.
    """
    given: dict[str, list[str]] = {}
    for name, value in _pairs(iter(words)):
        given.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in given.items()}


def _pairs(words: Iterator[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        name, equals, value = word.partition("=")
        if not equals and word.startswith("--"):
            following = next(words, None)
            if following is None:
                raise ParameterError(f"{word} has no value", mend=f"write {word} VALUE")
            value = following
        elif not equals:
            raise ParameterError(f"{word!r} is not of the form key=value", mend="write for example limit=100")
        yield name.removeprefix("--").strip().replace("-", "_"), value
