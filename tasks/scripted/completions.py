"""Chat completions without HTTP: a request's answer, or why there is none, and the record of what was spoiled."""

import random
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from tasks.scripted.asked import Request, read, text_of
from tasks.scripted.faults import Plan, spoil
from tasks.scripted.replies import reply
from tasks.scripted.stock import Stock

CONTEXT = 32_000  # tokens
CHOICES = 128  # of one request


class Refusal(NamedTuple):
    """Why a request is not answered."""

    status: int
    code: str
    message: str

    @property
    def body(self) -> dict[str, Any]:
        kind = self.code if self.status in (401, 404, 429, 500) else "invalid_request_error"
        return {"error": {"message": self.message, "type": kind, "code": self.code, "param": None}}


class Spoiled(NamedTuple):
    """An answer that is not what it should be: `kinds` in the order in which they were done to it."""

    kinds: tuple[str, ...]  # faults of the plan, before them "cannot_solve" or "misled"
    prompt: str
    problem: str
    text: str


@dataclass(slots=True)
class Teacher:
    """Everything that the handlers share. `latency` in seconds, `rpm` requests a minute (0: no limit)."""

    stock: Stock
    plan: Plan
    seed: int = 0
    latency: float = 0.0
    rpm: int = 0
    key: str = ""
    model: str = "scripted"
    attempts: Counter[str] = field(default_factory=Counter)
    spoiled: dict[str, Spoiled] = field(default_factory=dict)
    recent: deque[float] = field(default_factory=deque)


def digest_of(body: Any) -> str:
    """Of what a request asks; `n` is left out, so that a sample is the same alone and among others."""
    asked = {name: value for name, value in body.items() if name != "n"} if isinstance(body, dict) else body
    told = orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)
    return blake2b(told, digest_size=16).hexdigest()


def attempt(teacher: Teacher, digest: str) -> str:
    """The transport fault of this attempt at a request, "" for none."""
    if not teacher.plan.shaky:
        return ""  # and nothing is kept: a load test's memory stays flat
    teacher.attempts[digest] += 1
    return teacher.plan.transport(f"{teacher.seed} {digest}", teacher.attempts[digest])


def completion(teacher: Teacher, body: Mapping[str, Any], digest: str) -> dict[str, Any] | Refusal:
    """The answer to a chat request, or why there is none. Depends on the seed and the request alone."""
    if (refusal := _refused(teacher, body)) is not None:
        return refusal
    told = sum(_tokens(text_of(one.get("content"))) for one in body["messages"])
    most = int(body.get("max_completion_tokens") or body.get("max_tokens") or 0)
    if told + most > CONTEXT:
        return Refusal(400, "context_length_exceeded", f"This model's maximum context length is {CONTEXT} tokens. "
                       f"However, you requested {told + most} tokens ({told} in the messages, {most} in the "
                       "completion).")
    request, stop = read(body), body.get("stop") or ()
    stops = [stop] if isinstance(stop, str) else list(stop)
    choices = [_choice(teacher, request, f"{teacher.seed} {digest} {index}", index, most, stops)
               for index in range(int(body.get("n") or 1))]
    said = sum(_tokens(one["message"]["content"]) for one in choices)
    return {"id": f"chatcmpl-{digest[:24]}", "object": "chat.completion", "created": int(time.time()),
            "model": teacher.model, "choices": choices,
            "usage": {"prompt_tokens": told, "completion_tokens": said, "total_tokens": told + said}}


def _refused(teacher: Teacher, body: Any) -> Refusal | None:
    if not isinstance(body, dict):
        return Refusal(400, "invalid_request", "the request must be an object")
    if body.get("model") != teacher.model:
        return Refusal(404, "model_not_found",
                       f"The model {body.get('model')!r} does not exist; there is {teacher.model!r}.")
    messages, n = body.get("messages"), body.get("n") or 1
    if not isinstance(messages, list) or not messages or not all(isinstance(one, dict) for one in messages):
        return Refusal(400, "invalid_messages", "messages must be a list of at least one message")
    if not isinstance(n, int) or not 1 <= n <= CHOICES:
        return Refusal(400, "invalid_n", f"n must be from 1 to {CHOICES}")
    if any(not isinstance(body.get(name) or 1, int) for name in ("max_tokens", "max_completion_tokens")):
        return Refusal(400, "invalid_max_tokens", "max_tokens must be a whole number")
    wanted = body.get("response_format") or {}
    if not isinstance(wanted, dict) or not isinstance(wanted.get("json_schema") or {}, dict):
        return Refusal(400, "invalid_response_format", "response_format must be an object")
    if not isinstance(body.get("stop") or "", str | list):
        return Refusal(400, "invalid_stop", "stop must be a text or a list of texts")
    if body.get("stream"):
        return Refusal(400, "unsupported_stream", "this server does not stream")
    return None


def _choice(teacher: Teacher, request: Request, key: str, index: int, most: int,
            stops: Sequence[str]) -> dict[str, Any]:
    rng = random.Random(key)
    text, wrong = reply(request, rng, teacher.stock)
    problem = request.sections.get("Problem", "")
    faults = teacher.plan.content(key, f"{teacher.seed} {problem}")
    text, finish, kinds = spoil(faults, text, request, rng, teacher.stock, teacher.plan)
    kinds = (wrong, *kinds) if wrong else kinds
    for stop in stops:
        text = text.partition(stop)[0]
    if most and _tokens(text) > most:
        text, finish = text[:4 * most - 1], "length"
    if kinds:
        teacher.spoiled[key] = Spoiled(kinds, request.name, problem, text)
    return {"index": index, "finish_reason": finish, "logprobs": None,
            "message": {"role": "assistant", "content": text, "refusal": None}}


def _tokens(text: str) -> int:
    """About as many as a real tokenizer counts."""
    return len(text) // 4 + 1
