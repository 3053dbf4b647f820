"""From words of the command line to a flow's parameters: `key=value`, by the types in the flow's signature."""

import inspect
import types
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin

from flows.commands.catalogue import choose
from schemas.errors import ParameterError

TRUE, FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


def assignments(words: Iterable[str]) -> dict[str, str]:
    """`["size=10", …]` → `{"size": "10"}`; `ParameterError` for a word without `=` or a name given twice."""
    given: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not name:
            raise ParameterError(f"{word!r} is not of the form key=value", mend="write for example size=100")
        if name in given:
            raise ParameterError(f"{name!r} is given twice", mend="give it once")
        given[name] = value
    return given


def bind(known: Mapping[str, inspect.Parameter], given: Mapping[str, object]) -> dict[str, Any]:
    """`given` as values for the flow; text is read by the parameter's type, the rest passes as it is."""
    for name in given:
        if name not in known:
            raise ParameterError(f"this recipe has no parameter {name!r}", mend=choose(name, known))
    return {name: read(name, value, known[name].annotation) if isinstance(value, str) else value
            for name, value in given.items()}


def read(name: str, text: str, wanted: Any) -> Any:
    """`text` as a value of the type `wanted`; a list is written with commas.

    >>> read("size", "1_000", int), read("modes", "p1,noop", list[str]), read("limit", "none", int | None)
    (1000, ['p1', 'noop'], None)
    """
    origin, parts = get_origin(wanted), get_args(wanted)
    if origin in (Union, types.UnionType):
        return _of_any(name, text, parts)
    if origin is Literal:
        return _of_choices(name, text, parts)
    if isinstance(origin, type) and issubclass(origin, Collection):
        items = [read(name, item.strip(), parts[0]) for item in text.split(",") if item.strip()]
        return tuple(items) if issubclass(origin, tuple) else items
    return _plain(name, text, wanted)


def _of_any(name: str, text: str, parts: Sequence[Any]) -> Any:
    if type(None) in parts and text.lower() in ("none", ""):
        return None
    return read(name, text, next(part for part in parts if part is not type(None)))


def _of_choices(name: str, text: str, choices: Sequence[Any]) -> Any:
    if text not in map(str, choices):
        raise ParameterError(f"{name} cannot be {text!r}", mend=choose(text, map(str, choices)))
    return next(choice for choice in choices if str(choice) == text)


def _plain(name: str, text: str, wanted: Any) -> Any:
    if wanted is bool:
        if text.lower() not in TRUE | FALSE:
            raise ParameterError(f"{name} is true or false, not {text!r}", mend=f"{name}=true")
        return text.lower() in TRUE
    if wanted in (int, float):
        try:
            return wanted(text)
        except ValueError:
            kind = "a whole number" if wanted is int else "a number"
            raise ParameterError(f"{name} is {kind}, not {text!r}", mend=f"write for example {name}=10") from None
    return wanted(text) if isinstance(wanted, type) and wanted is not str else text
