"""Something that meets a JSON schema. What is called "problem", "answer", "solution" is that of one known problem."""

import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.scripted.stock import MARKS, Known, Stock

Schema = Mapping[str, Any]
DEEP = 6  # levels, from which on a schema that refers to itself is cut short
WORDS = "as the problem tells"


@dataclass(frozen=True, slots=True)
class _Filler:
    """One answer being filled: the whole schema, for references, and the problem that the answer speaks of."""

    root: Schema
    known: Known
    rng: random.Random

    def fill(self, schema: Schema, name: str = "", depth: int = 0) -> Any:
        schema = self._plain(schema, depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.rng.choice(list(schema["enum"]))
        kind = schema.get("type") or ("object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "null")
        makers = {"object": self._object, "array": self._array, "string": self._string,
                  "integer": self._number, "number": self._number}
        return makers[kind](schema, name, depth) if kind in makers else True if kind == "boolean" else None

    def _plain(self, schema: Any, depth: int) -> Schema:
        """The schema without a reference or a choice on top; deep down, null is chosen where it may be."""
        for _ in range(DEEP):
            if not isinstance(schema, dict):
                return {}  # `true`: anything goes
            if "$ref" in schema:
                found: Any = self.root
                for part in str(schema["$ref"]).removeprefix("#").strip("/").split("/"):
                    found = found.get(part) or {} if part else found
                schema = found
            elif options := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
                null = [one for one in options if one.get("type") == "null"]
                schema = null[0] if null and depth > DEEP else next((one for one in options if one not in null), {})
        return schema if isinstance(schema, dict) else {}

    def _object(self, schema: Schema, _: str, depth: int) -> dict[str, Any]:
        properties, needed = schema.get("properties", {}), schema.get("required", ())
        return {name: self.fill(part, name, depth + 1) for name, part in properties.items()
                if name in needed or depth < DEEP}

    def _array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        least = int(schema.get("minItems", 0))
        count = max(least, 0 if depth > DEEP or schema.get("maxItems") == 0 else 1)
        return [self.fill(schema.get("items") or {"type": "string"}, name, depth + 1) for _ in range(count)]

    def _string(self, schema: Schema, name: str, _: int) -> str:
        text = own(self.known).get(name, WORDS)
        text += " ." * max(0, int(schema.get("minLength", 0)) - len(text))
        return text[:schema["maxLength"]] if "maxLength" in schema else text

    def _number(self, schema: Schema, name: str, _: int) -> int | float:
        wanted = int(self.known.answer) if name == "answer" and re.fullmatch(r"-?\d+", self.known.answer) else 4
        low: float = schema.get("minimum", -math.inf)
        high: float = schema.get("maximum", math.inf)
        if "exclusiveMinimum" in schema:
            low = max(low, math.floor(schema["exclusiveMinimum"]) + 1)
        if "exclusiveMaximum" in schema:
            high = min(high, math.ceil(schema["exclusiveMaximum"]) - 1)
        found = min(max(wanted, low), high)
        return found if schema.get("type") == "number" else math.floor(found)


def own(known: Known) -> dict[str, str]:
    """What properties of these names hold."""
    worked = MARKS.sub("", known.solution.partition("####")[0]).strip()
    return {"problem": known.question, "question": known.question, "answer": known.answer, "solution": worked,
            "final_answer": known.answer, "topic": known.topic.replace("_", " "),
            "topics": known.topic.replace("_", " "),
            "rationale": "1. Choose a topic. 2. Choose numbers that fit."}


def filled(schema: Schema, rng: random.Random, stock: Stock) -> Any:
    """Something that meets the schema; a problem with its answer and solution where there is none."""
    known = rng.choice(stock.drawn)
    if not schema:
        return {name: own(known)[name] for name in ("problem", "answer", "solution")}
    return _Filler(schema, known, rng).fill(schema)
