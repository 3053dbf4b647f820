"""Prompts: each file holds one under its own name, renders and reads back, asks for a shape that strict modes take."""

import importlib
import json
import pkgutil
from typing import Any

import pytest

from tasks import prompts
from tasks.prompts import Prompt, sections_of
from tasks.prompts.shapes import TEXT, closed, many, texts

NAMES = sorted(module.name for module in pkgutil.iter_modules(prompts.__path__) if module.name != "shapes")
ALL = [importlib.import_module(f"tasks.prompts.{name}").PROMPT for name in NAMES]


def complete(schema: Any) -> bool:
    """Whether each object closes its properties and wants them all."""
    if isinstance(schema, list):
        return all(map(complete, schema))
    if not isinstance(schema, dict):
        return True
    own = schema.get("type") != "object" or (
        schema["additionalProperties"] is False and set(schema["required"]) == set(schema["properties"]))
    return own and all(map(complete, schema.values()))


def test_there_is_something_to_check() -> None:
    assert len(ALL) > 30


@pytest.mark.parametrize(("name", "prompt"), list(zip(NAMES, ALL, strict=True)), ids=NAMES)
def test_a_prompt_is_what_its_file_says(name: str, prompt: Prompt) -> None:
    assert prompt.name == name
    assert 200 < len(prompt.system) < 2_000
    assert prompt.sections
    assert 0 <= prompt.temperature <= 1


@pytest.mark.parametrize("prompt", ALL, ids=NAMES)
def test_a_prompt_renders_and_reads_back(prompt: Prompt) -> None:
    filled = {section: f"Text of {section},\nin two lines." for section in prompt.sections}
    ask = prompt.ask(filled, sample=3)
    assert sections_of(ask.turns[0].text) == filled
    assert (ask.system, ask.tag, ask.sample, ask.schema) == (prompt.system, prompt.name, 3, prompt.schema)
    with pytest.raises(ValueError, match="takes the sections"):
        prompt.ask({**filled, "Else": "x"})
    with pytest.raises(ValueError, match="takes the sections"):
        prompt.ask({})


@pytest.mark.parametrize("prompt", [one for one in ALL if one.schema], ids=lambda one: one.name)
def test_a_shape_is_closed_and_complete(prompt: Prompt) -> None:
    schema = json.loads(prompt.schema)
    assert schema["type"] == "object"
    assert schema["properties"]
    assert complete(schema)


@pytest.mark.parametrize("prompt", [one for one in ALL if not one.schema], ids=lambda one: one.name)
def test_free_text_ends_in_a_box_or_is_a_program(prompt: Prompt) -> None:
    assert ("\\boxed{}" in prompt.system) != prompt.name.startswith("program_")


def test_systems_and_hashes_are_unique() -> None:
    assert len({one.system for one in ALL}) == len(ALL)
    assert len({one.hash for one in ALL}) == len(ALL)


def test_the_hash_hangs_on_every_word_and_on_no_row() -> None:
    one = Prompt("a", "Do it.", ("Problem",), texts("problem"))
    assert one.hash == "66ad06ad81f00515"  # kept, so that old runs can be compared
    others = [Prompt("b", "Do it.", ("Problem",), one.schema), Prompt("a", "Do it!", ("Problem",), one.schema),
              Prompt("a", "Do it.", ("Facts",), one.schema), Prompt("a", "Do it.", ("Problem",))]
    assert len({one.hash, *(other.hash for other in others)}) == 5
    assert one.hash == Prompt("a", "Do it.", ("Problem",), texts("problem"), temperature=0.1).hash


def test_shapes_nest() -> None:
    made = json.loads(texts("a", b=many(closed({"c": TEXT}))))
    assert complete(made)
    assert made["required"] == ["a", "b"]
