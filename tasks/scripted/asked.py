"""A chat request as the scripted teacher sees it: which of our prompts it is, its sections, the turns since."""

import importlib
import json
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tasks import prompts
from tasks.prompts import Prompt, sections_of

Sections = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Request:
    """What a request comes to: the prompt's name ("" for one that is not ours), its sections, the later turns.

    `structured`: JSON is wanted, by a schema, or as any object where the schema is empty.
    """

    name: str
    sections: Sections
    turns: tuple[str, ...]  # what the user said after the first message
    schema: Mapping[str, Any]
    structured: bool = False


@cache
def by_system() -> dict[str, Prompt]:
    """Our prompts by their system text."""
    names = [module.name for module in pkgutil.iter_modules(prompts.__path__)]
    found = [importlib.import_module(f"tasks.prompts.{name}") for name in names]
    return {one.PROMPT.system.strip(): one.PROMPT for one in found if hasattr(one, "PROMPT")}


def read(body: Mapping[str, Any]) -> Request:
    """A chat request, whose prompt is known by its system text."""
    said = [text_of(one.get("content")) for one in body["messages"] if one.get("role") == "user"]
    systems = [text_of(one.get("content")) for one in body["messages"] if one.get("role") in ("system", "developer")]
    prompt = by_system().get(systems[0].strip()) if systems else None
    schema, wanted = _schema(body), (body.get("response_format") or {}).get("type", "text") != "text"
    if not schema and prompt and prompt.schema:  # a server without schemas has it told in the text
        schema = json.loads(prompt.schema)
    first = said[0] if said else ""
    return Request(prompt.name if prompt else "", sections_of(first) or {"Problem": first}, tuple(said[1:]), schema,
                   wanted or bool(schema))


def text_of(content: Any) -> str:
    """A message's content, which may be a text or a list of parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = body.get("response_format") or {}
    found = (wanted.get("json_schema") or {}).get("schema") or wanted.get("schema") or {}
    return found if isinstance(found, dict) else {}
