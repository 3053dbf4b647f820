"""Prompts, one file each: a system text, the sections that the user text is made of, and what shape the answer has."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tasks.tools.llm.ask import Ask, Turn

HEADING = "## "


@dataclass(frozen=True, slots=True)
class Prompt:
    """`name` is unique; `sections` are the headings of the user text, in order, all of which must be filled.

    The system text is the same for all rows, so that servers can share its cache. `schema` is a JSON schema as text,
    "" where free text is wanted. The other fields are how it is sampled by default.
    """

    name: str
    system: str
    sections: tuple[str, ...]
    schema: str = ""
    temperature: float = 0.7
    top_p: float = 1.0
    max_tokens: int = 2048

    def ask(self, sections: Mapping[str, str], **settings: Any) -> Ask:
        """The request for one row. Raises `ValueError` for a section that is unknown or missing."""
        if set(sections) != set(self.sections):
            raise ValueError(f"prompt {self.name} takes the sections {self.sections}, not {tuple(sections)}")
        text = "\n\n".join(f"{HEADING}{name}\n{sections[name].strip()}" for name in self.sections)
        ask = Ask(self.system, (Turn("user", text),), self.temperature, self.top_p, self.max_tokens,
                  schema=self.schema, schema_name=self.name if self.schema else "", tag=self.name)
        return replace(ask, **settings)

    @property
    def hash(self) -> str:
        """Of everything but the row: what a record keeps as `prompt_hash`."""
        told = "\x1f".join([self.name, self.system, *self.sections, self.schema])
        return hashlib.blake2b(told.encode(), digest_size=8).hexdigest()


def sections_of(text: str) -> dict[str, str]:
    """The sections of a user text: the reverse of `Prompt.ask`, for those who must read a request."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith(HEADING):
            found[line.removeprefix(HEADING).strip()] = []
        elif found:
            next(reversed(found.values())).append(line)
    return {name: "\n".join(lines).strip() for name, lines in found.items()}
