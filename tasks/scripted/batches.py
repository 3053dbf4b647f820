"""Files and batches of the protocol, kept in memory. A batch is worked off beside other requests.

validating -> in_progress -> completed; or failed, expired by plan, cancelling -> cancelled. Half of the lines are
worked off at once, the rest once somebody has looked: what expires or is cancelled before has half of its answers.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson
from aiohttp import web

from tasks.scripted.completions import Refusal, Teacher, attempt, completion, digest_of

URL = "/v1/chat/completions"
AT_ONCE = 50  # lines, then other requests have a turn
DAY = 86_400  # seconds: the window that a batch is told
PAGE = 20  # batches of a list, unless told


@dataclass(slots=True)
class File:
    """What was sent, or what a batch gave."""

    id: str
    data: bytes
    purpose: str
    filename: str
    made: int = field(default_factory=lambda: int(time.time()))

    def told(self) -> dict[str, Any]:
        return {"id": self.id, "object": "file", "bytes": len(self.data), "created_at": self.made,
                "filename": self.filename, "purpose": self.purpose, "status": "processed"}


@dataclass(slots=True)
class Batch:
    """What clients are told of it, and its lines: asked, answered, failed. `ends_early`: half of them suffice."""

    told: dict[str, Any]
    asked: list[dict[str, Any]]
    expires: bool
    ends_early: bool
    done: list[bytes] = field(default_factory=list)
    failed: list[bytes] = field(default_factory=list)
    worked: bool = False
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Batches:
    """The routes under `/v1/files` and `/v1/batches`."""

    def __init__(self, teacher: Teacher) -> None:
        self.teacher = teacher
        self.files: dict[str, File] = {}
        self.batches: dict[str, Batch] = {}
        self.sent: Counter[str] = Counter()  # how often the same lines came

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/files", self.upload), web.get("/v1/files", self.list_files),
                web.get("/v1/files/{id}", self.file), web.delete("/v1/files/{id}", self.delete),
                web.get("/v1/files/{id}/content", self.content), web.post("/v1/batches", self.submit),
                web.get("/v1/batches", self.list_batches), web.get("/v1/batches/{id}", self.batch),
                web.post("/v1/batches/{id}/cancel", self.cancel)]

    async def upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        if (sent := form.get("file")) is None:
            raise web.HTTPBadRequest(reason="the form has no file")
        data, name = (sent.file.read(), sent.filename) if isinstance(sent, web.FileField) else (
            str(sent).encode(), "file.jsonl")
        return web.json_response(self._kept(data, str(form.get("purpose", "batch")), name).told())

    def _kept(self, data: bytes, purpose: str, filename: str) -> File:
        made = File(f"file-{len(self.files):06d}", data, purpose, filename)
        self.files[made.id] = made
        return made

    async def list_files(self, _: web.Request) -> web.Response:
        return web.json_response({"object": "list", "has_more": False,
                                  "data": [one.told() for one in self.files.values() if one.purpose]})

    def _file(self, request: web.Request) -> File:
        found = self.files.get(request.match_info["id"])
        if found is None or not found.purpose:
            raise web.HTTPNotFound(reason="no such file")
        return found

    async def file(self, request: web.Request) -> web.Response:
        return web.json_response(self._file(request).told())

    async def content(self, request: web.Request) -> web.Response:
        return web.Response(body=self._file(request).data)

    async def delete(self, request: web.Request) -> web.Response:
        """The bytes go; the place stays, so that no later file has the same id."""
        found = self._file(request)
        found.data, found.purpose = b"", ""
        return web.json_response({"id": found.id, "object": "file", "deleted": True})

    # --- batches

    async def submit(self, request: web.Request) -> web.Response:
        order = orjson.loads(await request.read())
        if not isinstance(order, dict):
            raise web.HTTPBadRequest(reason="the order is no object")
        file = self.files.get(str(order.get("input_file_id")))
        if file is None or not file.purpose:
            raise web.HTTPNotFound(reason="no such file")
        asked, errors = read_lines(file.data)
        name, now = f"batch_{len(self.batches):06d}", int(time.time())
        told = {"id": name, "object": "batch", "endpoint": order.get("endpoint", URL), "input_file_id": file.id,
                "status": "failed" if errors else "validating", "completion_window": "24h", "created_at": now,
                "expires_at": now + DAY, "output_file_id": None, "error_file_id": None,
                "metadata": order.get("metadata"), "errors": {"object": "list", "data": errors} if errors else None,
                "request_counts": {"total": len(asked), "completed": 0, "failed": 0}}
        expires = not errors and self._expires(file.data)
        held = self.batches[name] = Batch(told, asked, expires, ends_early=expires)
        if not errors:
            held.task = asyncio.create_task(self._work(held))
        return web.json_response(told)

    def _expires(self, data: bytes) -> bool:
        """By content and attempt: the same lines sent again may be done in time."""
        lines = blake2b(data, digest_size=16).hexdigest()
        self.sent[lines] += 1
        return self.teacher.plan.drawn("batch_expired", f"{self.teacher.seed} {lines} {self.sent[lines]}")

    async def _work(self, held: Batch) -> None:
        half = len(held.asked) // 2
        for number, row in enumerate(held.asked):
            if number == half:
                await held.looked.wait()
            if number >= half and held.ends_early:
                break
            try:
                answered, line = self._answered(row)
            except Exception as wrong:  # as the web server makes a 500 of it; else the batch would never end
                answered, line = False, lost(row, "server_error", repr(wrong))
            (held.done if answered else held.failed).append(line)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        held.worked = True

    def _answered(self, row: Mapping[str, Any]) -> tuple[bool, bytes]:
        body = row["body"]
        digest = digest_of(body)
        if attempt(self.teacher, digest):  # whatever kind: a batch has no connection of its own to lose
            return False, lost(row, "server_error", "The fault plan says so.")
        made = completion(self.teacher, body, digest)
        status, said = (made.status, made.body) if isinstance(made, Refusal) else (200, made)
        return status == 200, orjson.dumps({
            "id": f"batch_req_{digest[:12]}", "custom_id": row["custom_id"], "error": None,
            "response": {"status_code": status, "request_id": digest[:12], "body": said}})

    def _looked_at(self, held: Batch) -> dict[str, Any]:
        """What is told of a batch: it moves on as it is looked at, so that clients must wait for it."""
        told = held.told
        held.looked.set()
        if told["status"] == "validating":
            told["status"] = "in_progress"
        elif told["status"] == "in_progress" and held.worked:
            self._end(held, "expired" if held.expires else "completed")
        elif told["status"] == "cancelling" and held.worked:
            self._end(held, "cancelled")
        told["request_counts"].update(completed=len(held.done), failed=len(held.failed))
        return told

    def _end(self, held: Batch, status: str) -> None:
        if status == "expired":
            held.failed += [lost(row, "batch_expired", "This request could not be executed before the completion "
                                 "window expired.") for row in held.asked[len(held.done) + len(held.failed):]]
        for key, lines in (("output_file_id", held.done[::-1]), ("error_file_id", held.failed)):  # no order is kept
            if lines:
                held.told[key] = self._kept(b"\n".join(lines), "batch_output", f"{held.told['id']}.jsonl").id
        held.told.update({"status": status, f"{status}_at": int(time.time())})
        held.asked = []

    def _batch(self, request: web.Request) -> Batch:
        if (found := self.batches.get(request.match_info["id"])) is None:
            raise web.HTTPNotFound(reason="no such batch")
        return found

    async def batch(self, request: web.Request) -> web.Response:
        return web.json_response(self._looked_at(self._batch(request)))

    async def list_batches(self, request: web.Request) -> web.Response:
        """The latest first, from behind `after`."""
        every = list(self.batches)[::-1]
        after, wanted = request.query.get("after", ""), request.query.get("limit", "")
        if after and after not in self.batches:
            raise web.HTTPNotFound(reason="no such batch")
        rest, limit = every[every.index(after) + 1:] if after else every, int(wanted) if wanted.isdecimal() else PAGE
        page = [self.batches[name].told for name in rest[:limit]]
        return web.json_response({"object": "list", "data": page, "has_more": len(rest) > limit,
                                  "first_id": page[0]["id"] if page else None,
                                  "last_id": page[-1]["id"] if page else None})

    async def cancel(self, request: web.Request) -> web.Response:
        held = self._batch(request)
        if held.told["status"] not in ("validating", "in_progress"):
            raise web.HTTPConflict(reason=f"the batch is {held.told['status']}")
        held.ends_early, held.told["status"] = True, "cancelling"
        held.looked.set()
        return web.json_response(held.told)


def read_lines(data: bytes) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The requests of a batch file, and what is wrong with it."""
    rows, errors, seen = list[dict[str, Any]](), list[dict[str, Any]](), set[str]()
    for number, line in enumerate(data.splitlines(), 1):
        try:
            row = orjson.loads(line)
            name, url = row["custom_id"], row["url"]
            wrong = ("duplicate_custom_id" if name in seen else "invalid_url" if url != URL
                     else "" if isinstance(row["body"], dict) else "invalid_body")
        except (orjson.JSONDecodeError, KeyError, TypeError):
            row, name, wrong = {}, "", "invalid_json_line"
        seen.add(name)
        rows.append(row)
        if wrong:
            errors.append({"code": wrong, "line": number, "message": f"line {number}: {wrong}", "param": None})
    if not rows:
        errors.append({"code": "empty_file", "line": None, "message": "the file holds no request", "param": None})
    return rows, errors


def lost(row: Mapping[str, Any], code: str, message: str) -> bytes:
    """The line of a request that was not answered."""
    return orjson.dumps({"id": f"batch_req_{row['custom_id']}", "custom_id": row["custom_id"], "response": None,
                         "error": {"code": code, "message": message}})
