"""The OpenAI protocol over HTTP: models, chat completions, files, batches; and which answers were spoiled."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from aiohttp import web

from tasks.scripted.faults import Plan, spoiled
from tasks.scripted.replies import read, reply
from tasks.scripted.stock import Stock

CONTEXT = 32_000  # tokens
HANG = 3_600.0  # seconds that a timed-out call takes
WINDOW = 60.0  # seconds of a rate limit


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
    spoiled: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    recent: list[float] = field(default_factory=list)


Refusal = tuple[int, str, str]  # status, code, message


def application(teacher: Teacher) -> web.Application:
    """The server's routes."""
    app = web.Application(client_max_size=256 << 20)
    handlers = Handlers(teacher)
    app.add_routes([
        web.get("/v1/models", handlers.models), web.post("/v1/chat/completions", handlers.chat),
        web.post("/v1/files", handlers.upload), web.get("/v1/files/{id}", handlers.file),
        web.get("/v1/files/{id}/content", handlers.content), web.post("/v1/batches", handlers.submit),
        web.get("/v1/batches/{id}", handlers.batch), web.post("/v1/batches/{id}/cancel", handlers.cancel),
        web.get("/scripted/spoiled", handlers.report)])
    return app


def completion(teacher: Teacher, body: Mapping[str, Any]) -> dict[str, Any] | Refusal:
    """The answer to a chat request, or why there is none. Depends on the seed and the request alone."""
    if body.get("model") != teacher.model:
        return 404, "model_not_found", f"the model {body.get('model')!r} does not exist; there is {teacher.model}"
    if not body.get("messages"):
        return 400, "invalid_request_error", "messages must not be empty"
    prompt_tokens = sum(_tokens(str(one.get("content", ""))) for one in body["messages"])
    if prompt_tokens + int(body.get("max_tokens") or body.get("max_completion_tokens") or 0) > CONTEXT:
        return 400, "context_length_exceeded", f"this model's maximum context length is {CONTEXT} tokens"
    choices = [_choice(teacher, body, index) for index in range(int(body.get("n") or 1))]
    said = sum(_tokens(one["message"]["content"]) for one in choices)
    return {"id": f"chatcmpl-{_digest(body)[:24]}", "object": "chat.completion", "created": int(time.time()),
            "model": teacher.model, "choices": choices,
            "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": said, "total_tokens": prompt_tokens + said}}


def _choice(teacher: Teacher, body: Mapping[str, Any], index: int) -> dict[str, Any]:
    request, key = read(body), f"{teacher.seed} {_digest(body)} {index}"
    rng = random.Random(key)
    text, known = reply(request, rng, teacher.stock)
    finish, fault = "stop", teacher.plan.content(key)
    if fault:
        text, finish, made = spoiled(fault, text, request, rng, teacher.stock, teacher.plan)
        fault = fault if made else ""
    if fault or not known:
        teacher.spoiled[key] = {"prompt": request.name, "kind": fault or "cannot_solve", "text": text,
                                "problem": request.sections.get("Problem", "")}
    if _tokens(text) > (most := int(body.get("max_tokens") or 1 << 30)):
        text, finish = text[:4 * most], "length"
    return {"index": index, "finish_reason": finish, "logprobs": None,
            "message": {"role": "assistant", "content": text, "refusal": None}}


def _digest(body: Mapping[str, Any]) -> str:
    """Of what a request asks; `n` is left out, so that a sample is the same alone and among others."""
    told = json.dumps({name: value for name, value in body.items() if name != "n"}, sort_keys=True)
    return blake2b(told.encode(), digest_size=16).hexdigest()


def _tokens(text: str) -> int:
    """About as many as a real tokenizer counts."""
    return len(text) // 4 + 1


class Handlers:
    """What is answered on each route."""

    def __init__(self, teacher: Teacher) -> None:
        self.teacher = teacher

    async def models(self, request: web.Request) -> web.Response:
        return self._shut(request) or web.json_response(
            {"object": "list", "data": [{"id": self.teacher.model, "object": "model", "owned_by": "mathmill"}]})

    async def chat(self, request: web.Request) -> web.Response:
        teacher = self.teacher
        if (shut := self._shut(request)) is not None:
            return shut
        body = json.loads(await request.read())
        if teacher.rpm and (late := self._over_rate()):
            return _error((429, "rate_limit_exceeded", "too many requests"), {"retry-after": f"{late:.2f}"})
        digest = _digest(body)
        teacher.attempts[digest] += 1
        fault = teacher.plan.transport(f"{teacher.seed} {digest}", teacher.attempts[digest])
        if fault == "timeout":
            await asyncio.sleep(HANG)
        if teacher.latency:
            await asyncio.sleep(teacher.latency)
        if fault == "drop" and request.transport is not None:
            request.transport.abort()
        if fault in {"429", "500"}:
            return _error((int(fault), "overloaded", "the fault plan says so"), {})
        return self._answered(completion(teacher, body))

    def _answered(self, made: dict[str, Any] | Refusal) -> web.Response:
        if isinstance(made, tuple):
            return _error(made, {})
        limit = self.teacher.rpm
        headers = {"x-ratelimit-limit-requests": str(limit), "x-ratelimit-reset-requests": "1s",
                   "x-ratelimit-remaining-requests": str(limit - len(self.teacher.recent))} if limit else {}
        return web.json_response(made, headers=headers)

    def _over_rate(self) -> float:
        """Seconds until the next request may come; 0 where it may come now."""
        now, recent = time.monotonic(), self.teacher.recent
        while recent and recent[0] < now - WINDOW:
            recent.pop(0)
        if len(recent) >= self.teacher.rpm:
            return recent[0] + WINDOW - now
        recent.append(now)
        return 0.0

    def _shut(self, request: web.Request) -> web.Response | None:
        wanted = self.teacher.key
        if not wanted or request.headers.get("Authorization") == f"Bearer {wanted}":
            return None
        return _error((401, "invalid_api_key", "the API key is not the right one"), {})

    async def report(self, _: web.Request) -> web.Response:
        """JSON lines: every spoiled answer with its kind."""
        lines = [json.dumps({"key": key, **told}, ensure_ascii=False) for key, told in self.teacher.spoiled.items()]
        return web.Response(text="\n".join(lines), content_type="application/jsonl")

    # --- files and batches

    async def upload(self, request: web.Request) -> web.Response:
        if (shut := self._shut(request)) is not None:
            return shut
        form = await request.post()
        sent = form["file"]
        data = sent.file.read() if isinstance(sent, web.FileField) else bytes(str(sent), "utf-8")
        return web.json_response(self._kept(data, str(form.get("purpose", "batch"))))

    def _kept(self, data: bytes, purpose: str) -> dict[str, Any]:
        name = f"file-{len(self.teacher.files):06d}"
        self.teacher.files[name] = data
        return self._told(name, purpose)

    def _told(self, name: str, purpose: str = "batch") -> dict[str, Any]:
        return {"id": name, "object": "file", "bytes": len(self.teacher.files[name]), "created_at": int(time.time()),
                "filename": f"{name}.jsonl", "purpose": purpose, "status": "processed"}

    async def file(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        return web.json_response(self._told(name)) if name in self.teacher.files else _missing(name)

    async def content(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        return web.Response(body=self.teacher.files[name]) if name in self.teacher.files else _missing(name)

    async def submit(self, request: web.Request) -> web.Response:
        """Answers at once; the batch says "in_progress" until it is asked for a second time."""
        told = json.loads(await request.read())
        if told.get("input_file_id") not in self.teacher.files:
            return _missing(str(told.get("input_file_id")))
        done, failed = self._batched(self.teacher.files[told["input_file_id"]])
        name = f"batch_{len(self.teacher.batches):06d}"
        made = {"id": name, "object": "batch", "endpoint": told.get("endpoint", ""), "status": "in_progress",
                "input_file_id": told["input_file_id"], "completion_window": told.get("completion_window", "24h"),
                "created_at": int(time.time()), "output_file_id": None, "error_file_id": None, "errors": None,
                "metadata": told.get("metadata"),
                "request_counts": {"total": len(done) + len(failed), "completed": len(done), "failed": len(failed)}}
        self.teacher.batches[name] = {**made, "_done": done, "_failed": failed}
        return web.json_response(made)

    def _batched(self, data: bytes) -> tuple[list[str], list[str]]:
        done, failed = [], []
        for line in data.decode().splitlines():
            row = json.loads(line)
            made = completion(self.teacher, row["body"])
            digest, share = _digest(row["body"]), self.teacher.plan.transport(f"batch {row['custom_id']}", 1)
            base = {"id": f"batch_req_{digest[:12]}", "custom_id": row["custom_id"]}
            if isinstance(made, tuple) or share:
                code, words = made[1:] if isinstance(made, tuple) else ("server_error", "the fault plan says so")
                failed.append(json.dumps({**base, "response": None, "error": {"code": code, "message": words}}))
            else:
                response = {"status_code": 200, "request_id": digest[:12], "body": made}
                done.append(json.dumps({**base, "response": response, "error": None}))
        return done[::-1], failed  # the protocol keeps no order

    async def batch(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        if (found := self.teacher.batches.get(name)) is None:
            return _missing(name)
        if found["status"] == "in_progress" and not found.pop("_fresh", False) and found.get("_asked"):
            for key, lines in (("output_file_id", found["_done"]), ("error_file_id", found["_failed"])):
                found[key] = self._kept("\n".join(lines).encode(), "batch_output")["id"] if lines else None
            found["status"] = "completed"
        found["_asked"] = True
        return web.json_response({key: value for key, value in found.items() if not key.startswith("_")})

    async def cancel(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        if (found := self.teacher.batches.get(name)) is None:
            return _missing(name)
        found["status"] = "cancelled"
        return web.json_response({key: value for key, value in found.items() if not key.startswith("_")})


def _error(refusal: Refusal, headers: Mapping[str, str]) -> web.Response:
    status, code, message = refusal
    return web.json_response({"error": {"message": message, "type": code, "code": code, "param": None}}, status=status,
                             headers=headers)


def _missing(name: str) -> web.Response:
    return _error((404, "not_found", f"there is no {name}"), {})
