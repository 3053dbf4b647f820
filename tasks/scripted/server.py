"""The OpenAI protocol over HTTP: models, chat completions, files, batches; and which answers were spoiled."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from tasks.scripted.batches import Batches
from tasks.scripted.completions import Refusal, Teacher, attempt, completion, digest_of

HANG = 3_600.0  # seconds that a timed-out call takes
WINDOW = 60.0  # seconds of a rate limit
LARGEST = 256 << 20  # bytes of a request: more than a batch file may have

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(teacher: Teacher) -> web.Application:
    """The server's routes."""
    app = web.Application(client_max_size=LARGEST, middlewares=[_guard(teacher.key)])
    handlers, batches = Handlers(teacher), Batches(teacher)
    app.add_routes([
        web.get("/v1/models", handlers.models), web.get("/v1/models/{id}", handlers.model),
        web.post("/v1/chat/completions", handlers.chat), web.get("/scripted/spoiled", handlers.report),
        *batches.routes()])
    return app


def _guard(key: str) -> Any:
    """Wrong keys, and errors in the protocol's own words."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if key and request.path.startswith("/v1/") and request.headers.get("Authorization") != f"Bearer {key}":
            return error(Refusal(401, "invalid_api_key", "Incorrect API key provided."))
        try:
            return await handler(request)
        except orjson.JSONDecodeError as wrong:
            return error(Refusal(400, "invalid_json", f"The request is not JSON: {wrong}"))
        except web.HTTPException as wrong:
            return error(Refusal(wrong.status, "not_found" if wrong.status == 404 else "invalid_request",
                                 f"{request.method} {request.path}: {wrong.reason}"))

    return guard


class Handlers:
    """Models, chat, and the report."""

    def __init__(self, teacher: Teacher) -> None:
        self.teacher = teacher

    def _model(self) -> dict[str, Any]:
        return {"id": self.teacher.model, "object": "model", "created": 0, "owned_by": "mathmill"}

    async def models(self, _: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [self._model()]})

    async def model(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        return web.json_response(self._model()) if name == self.teacher.model else error(
            Refusal(404, "model_not_found", f"The model {name!r} does not exist."))

    async def chat(self, request: web.Request) -> web.Response:
        teacher, limits = self.teacher, dict[str, str]()
        body = orjson.loads(await request.read())
        if teacher.rpm:
            late, limits = self._counted()
            if late:
                return error(Refusal(429, "rate_limit_exceeded", "Rate limit reached for requests."),
                             {**limits, "retry-after": f"{late:.2f}"})
        digest = digest_of(body)
        fault = attempt(teacher, digest)
        if fault == "timeout":
            await asyncio.sleep(HANG)
        if teacher.latency:
            await asyncio.sleep(teacher.latency)
        if fault == "drop" and request.transport is not None:
            request.transport.abort()
        if fault in ("429", "500"):
            return error(Refusal(int(fault), "overloaded", "The fault plan says so."), limits)
        made = completion(teacher, body, digest)
        return error(made, limits) if isinstance(made, Refusal) else web.Response(
            body=orjson.dumps(made), content_type="application/json", headers=limits)

    def _counted(self) -> tuple[float, dict[str, str]]:
        """Counts a request: seconds until it may come, 0 where it may come now, and what the headers say."""
        now, recent, rpm = time.monotonic(), self.teacher.recent, self.teacher.rpm
        while recent and recent[0] < now - WINDOW:
            recent.popleft()
        late = recent[0] + WINDOW - now if len(recent) >= rpm else 0.0
        if not late:
            recent.append(now)
        return late, {"x-ratelimit-limit-requests": str(rpm), "x-ratelimit-remaining-requests": str(rpm - len(recent)),
                      "x-ratelimit-reset-requests": f"{recent[0] + WINDOW - now:.3f}s"}

    async def report(self, _: web.Request) -> web.Response:
        """JSON lines: every spoiled answer with what was done to it; `kind` is what was done last."""
        lines = [orjson.dumps({"key": key, "kind": one.kinds[-1], **one._asdict()})
                 for key, one in self.teacher.spoiled.items()]
        return web.Response(body=b"\n".join(lines), content_type="application/jsonl")


def error(refusal: Refusal, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(body=orjson.dumps(refusal.body), status=refusal.status, content_type="application/json",
                        headers=headers)
