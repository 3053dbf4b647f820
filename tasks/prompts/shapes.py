"""Shapes of answers: JSON schemas as text, closed and complete, as servers with a strict mode want them."""

import json
from typing import Any


def texts(*names: str, **other: Any) -> str:
    """An object of texts by these names, and of whatever `other` properties."""
    properties = {**{name: {"type": "string"} for name in names}, **other}
    return json.dumps(closed(properties))


def closed(properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object that has just these properties."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def many(item: Any) -> dict[str, Any]:
    return {"type": "array", "items": item}


def one_of(*words: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(words)}


TEXT = {"type": "string"}
TRUTH = {"type": "boolean"}
WHOLE = {"type": "integer"}
