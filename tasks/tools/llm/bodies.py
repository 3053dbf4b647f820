"""Requests and answers as servers write them, in each dialect; and answers as we keep them.

A kept answer is `{"message": {…}, "finish": "stop"}`: the server's own message, whole, whatever else it holds.
"""

import re
from typing import Any, NamedTuple

import orjson

from tasks.tools.llm.ask import Ask
from tasks.tools.llm.endpoint import Teacher

PATH = "/chat/completions"
THOUGHT = re.compile(r"\s*<think>(.*?)(?:</think>|\Z)\s*", re.DOTALL)
SAMPLES = 16  # asked for at once with `n`: a failure repeats them all
OVERHEAD = 16  # tokens that a server adds to a turn, at most
TELL_SCHEMA = "\n\nAnswer with one JSON object that meets this JSON schema, and with nothing else:\n"


class Said(NamedTuple):
    """An answer read: reasoning apart. `refusal` holds the server's words where it is one."""

    text: str
    reasoning: str
    finish: str
    refusal: str


class Choices(NamedTuple):
    """What a response body holds: kept answers, and tokens."""

    answers: list[dict[str, Any]]
    prompt_tokens: int
    completion_tokens: int


def samples_at_once(teacher: Teacher) -> int:
    return SAMPLES if teacher.dialect in ("openai", "server") else 1


def body(teacher: Teacher, ask: Ask, n: int = 1) -> dict[str, Any]:
    """The request; the system text first and the same for all rows, so that servers can share its cache."""
    messages = [{"role": "system", "content": ask.system}] if ask.system else []
    messages += [{"role": turn.role, "content": turn.text} for turn in ask.turns]
    made: dict[str, Any] = {"model": teacher.model, "messages": messages, "temperature": ask.temperature}
    made["max_completion_tokens" if teacher.dialect == "openai" else "max_tokens"] = ask.max_tokens
    if ask.top_p != 1:
        made["top_p"] = ask.top_p
    if ask.stop:
        made["stop"] = list(ask.stop)
    if ask.seed is not None:
        made["seed"] = ask.seed + (ask.sample if n == 1 else 0)  # samples of one seed must differ
    if n > 1:
        made["n"] = n
    if ask.schema:
        _ask_for(made, teacher, ask)
    return made


def _ask_for(made: dict[str, Any], teacher: Teacher, ask: Ask) -> None:
    schema = orjson.loads(ask.schema)
    if teacher.dialect == "llamacpp":
        made["response_format"] = {"type": "json_object", "schema": schema}
    elif teacher.dialect == "plain":
        made["messages"][-1]["content"] += TELL_SCHEMA + ask.schema
    else:
        made["response_format"] = {"type": "json_schema", "json_schema": {
            "name": ask.schema_name or "answer", "strict": _strict(schema), "schema": schema}}


def _strict(schema: Any) -> bool:
    """Whether every object closes its properties and wants them all, as strict mode does."""
    if isinstance(schema, list):
        return all(map(_strict, schema))
    if not isinstance(schema, dict):
        return True
    closed = "properties" not in schema or (
        schema.get("additionalProperties") is False and set(schema["properties"]) == set(schema.get("required", ())))
    return closed and all(map(_strict, schema.values()))


def most_tokens(ask: Ask) -> int:
    """More than a prompt can have: no tokenizer makes more tokens than bytes."""
    texts = [ask.system, ask.schema, *(turn.text for turn in ask.turns)]
    return sum(len(text.encode()) for text in texts) + OVERHEAD * (len(ask.turns) + 2) + (
        len(TELL_SCHEMA) if ask.schema else 0)


def choices(content: bytes) -> Choices | None:
    """What a response holds; None if it is no completion."""
    try:
        held = orjson.loads(content)
        answers = [{"message": choice["message"], "finish": choice.get("finish_reason") or "stop"}
                   for choice in held["choices"]]
        usage = held.get("usage") or {}
        return Choices(answers, int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0)) \
            if answers else None
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None


def read(answer: dict[str, Any]) -> Said:
    """A kept answer, with what the model thought kept apart from what it said."""
    message = answer["message"]
    text, reasoning = _text(message.get("content")), _text(message.get("reasoning_content") or message.get("reasoning"))
    if "<think>" in text and (found := THOUGHT.match(text)):
        reasoning, text = "\n".join(filter(None, (reasoning, found[1].strip()))), text[found.end():]
    elif "</think>" in text:  # templates that open the thought in the prompt
        thought, _, text = text.partition("</think>")
        reasoning, text = "\n".join(filter(None, (reasoning, thought.strip()))), text.lstrip()
    refusal = _text(message.get("refusal")) or ("content_filter" if answer["finish"] == "content_filter" else "")
    return Said(text, reasoning, answer["finish"], refusal)


def _text(content: Any) -> str:
    """Content as text; some servers send a list of parts."""
    if isinstance(content, list):
        return "".join(_text(part.get("text")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""
