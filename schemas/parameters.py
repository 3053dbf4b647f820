"""A recipe's parameters, read from its signature: what there is, words into values, and which of them name files.

The command line, Prefect's UI and Python callers all give parameters through `bind`, so they all get the same errors.
"""

import inspect
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from schemas.errors import ParameterError

TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
SECRET = ("token", "secret", "password", "api_key")


class InputFile:
    """Marks a parameter whose text may name a file: `seeds: Annotated[str, InputFile]`. Its content enters the id."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a recipe; `default` is `inspect.Parameter.empty` where it must be given."""

    name: str
    kind: Any
    default: Any
    is_file: bool
    help: str  # the first text in its `Annotated[…]`, "" without

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    @property
    def secret(self) -> bool:
        """Whether its value must never be written down; `max_tokens` is no secret."""
        return any(f"_{word}_" in f"_{self.name.lower()}_" for word in SECRET)


def parameters_of(work: Callable[..., Any]) -> dict[str, Parameter]:
    """The parameters of a function, by name, in order."""
    return {name: _parameter(name, given) for name, given in inspect.signature(work, eval_str=True).parameters.items()}


def bind(known: Mapping[str, Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """A value for every parameter: words are read by type, the rest are defaults.

    Raises `ParameterError` for an unknown name, a missing one, or a value of the wrong kind, with the choices.
    """
    for name in given:
        if name not in known:
            raise ParameterError(f"there is no parameter {name!r}", mend=_choose(name, known))
    for name, parameter in known.items():
        if parameter.required and name not in given:
            raise ParameterError(f"the parameter {name!r} must be given", mend=f"add {name}=…")
    return {name: read(name, given[name], it.kind) if name in given else it.default for name, it in known.items()}


def read(name: str, value: Any, kind: Any) -> Any:
    """`value` as the type `kind`: int, float, bool, str, Path, Literal, list, tuple or an optional of these.

    Text is read (a list is written with commas), anything else is checked. Raises `ParameterError`.
    """
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return read(name, value, parts[0])
    if origin in (Union, types.UnionType):
        return _either(name, value, parts)
    if origin is Literal:
        return _one_of(name, value, parts)
    if isinstance(origin, type) and issubclass(origin, Sequence):
        items = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        if not isinstance(items, list | tuple):
            raise _wrong(name, value, "a list, written with commas")
        return (tuple if origin is tuple else list)(read(name, item, parts[0]) for item in items)
    return _plain(name, value, kind)


def _parameter(name: str, given: inspect.Parameter) -> Parameter:
    kind, *extras = get_args(given.annotation) if get_origin(given.annotation) is Annotated else (given.annotation,)
    is_file = any(extra is InputFile or isinstance(extra, InputFile) for extra in extras)
    said = next((extra for extra in extras if isinstance(extra, str)), "")
    return Parameter(name, kind, given.default, is_file, said)


def _either(name: str, value: Any, parts: Sequence[Any]) -> Any:
    if type(None) in parts and (value is None or (isinstance(value, str) and value.lower() in ("", "none"))):
        return None
    return read(name, value, next(part for part in parts if part is not type(None)))


def _one_of(name: str, value: Any, choices: Sequence[Any]) -> Any:
    for choice in choices:
        if str(value) == str(choice):
            return choice
    raise ParameterError(f"{name} cannot be {value!r}", mend=_choose(str(value), map(str, choices)))


def _plain(name: str, value: Any, kind: Any) -> Any:
    if kind is bool:
        if str(value).lower() not in TRUTH:
            raise _wrong(name, value, "true or false")
        return TRUTH[str(value).lower()]
    if kind in (int, float):
        try:
            return kind(str(value))
        except ValueError:
            raise _wrong(name, value, "a whole number" if kind is int else "a number") from None
    if isinstance(kind, type) and isinstance(value, str):
        return kind(value)
    return str(value) if kind is str and value is not None else value


def _wrong(name: str, value: Any, wanted: str) -> ParameterError:
    return ParameterError(f"{name} is {wanted}, not {value!r}", mend=f"write {name}=… with {wanted}")


def _choose(given: str, known: Iterable[str]) -> str:
    known = list(known)
    close = get_close_matches(given, known, n=1, cutoff=0.5)
    return (f"did you mean {close[0]!r}? " if close else "") + f"there are: {', '.join(known) or 'none'}"
