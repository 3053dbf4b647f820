"""An endpoint for tests: real HTTP and the OpenAI protocol; what it answers, tests decide.

    with stub(lambda ask: ask.say("4")) as server:
        Engine(teacher(server.url, "m"))

As a program (`python -m tests.stub --latency 0.3`) it prints its URL and serves load: it is a bare protocol, so that it
takes less of the machine than those who are measured.
"""

import argparse
import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Answer:
    """`delay` in seconds; None hangs for ever. `drop` cuts the connection instead of answering."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float | None = 0.0
    drop: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One chat request: its body, and which it is, from 0."""

    body: dict[str, Any]
    number: int
    headers: dict[str, str]

    @property
    def text(self) -> str:
        return str(self.body["messages"][-1]["content"])

    def say(self, *texts: str, finish: str = "stop", tokens: int = 10, prompt: int = 10, delay: float | None = 0.0,
            headers: dict[str, str] | None = None, **message: Any) -> Answer:
        choices = [{"index": i, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
                   for i, text in enumerate(texts)]
        usage = {"prompt_tokens": prompt, "completion_tokens": tokens, "total_tokens": prompt + tokens}
        body = json.dumps({"choices": choices, "usage": usage, "model": "m"}).encode()
        return Answer(200, body, headers or {}, delay)

    def refuse(self, status: int, message: str = "no", code: str = "", delay: float = 0.0, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Answer(status, json.dumps({"error": {"message": message, "code": code}}).encode(), named, delay)


Plan = Callable[[Asked], Answer]


class Stub:
    """A running server: its `url`, and what it has seen. `paid` counts answered chats by their last message."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.url = ""
        self.calls = 0
        self.paid: Counter[str] = Counter()
        self.in_flight = self.most = 0
        self.times: list[float] = []
        self.bodies: list[dict[str, Any]] = []
        self.other: Callable[[str, str, bytes], Answer] | None = None  # method, path, body
        self.remember = True

    def chat(self, content: bytes, headers: dict[str, str]) -> Answer:
        body = json.loads(content)
        self.calls += 1
        if self.remember:
            self.bodies.append(body)
            self.times.append(time.monotonic())
        return self.plan(Asked(body, self.calls - 1, headers))


class _Talk(asyncio.Protocol):
    def __init__(self, server: Stub) -> None:
        self.server, self.buffer = server, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        size = int(headers.get("content-length", 0))
        if len(rest) < size:
            return
        self.buffer = rest[size:]
        method, path, _ = lines[0].split(" ")
        self.serve(method, path, rest[:size], headers)

    def serve(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> None:
        server = self.server
        if path.endswith("/chat/completions"):
            server.in_flight += 1
            server.most = max(server.most, server.in_flight)
            answer = server.chat(content, headers)
            if answer.delay is not None:
                asyncio.get_running_loop().call_later(answer.delay, self.answer, answer, content)
        elif path == "/stats":
            self.answer(Answer(body=json.dumps({"calls": server.calls, "paid": server.paid}).encode()))
        else:
            self.answer(server.other(method, path, content) if server.other else Answer(404))

    def answer(self, answer: Answer, asked: bytes = b"") -> None:
        server = self.server
        if asked:
            server.in_flight -= 1
            if answer.status == 200 and server.remember:  # billed, whether or not the client is still there
                server.paid[json.loads(asked)["messages"][-1]["content"]] += 1
        if answer.drop:
            self.transport.abort()
            return
        lines = [f"HTTP/1.1 {answer.status} X", f"content-length: {len(answer.body)}",
                 "content-type: application/json", *(f"{name}: {value}" for name, value in answer.headers.items())]
        self.transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + answer.body)


@contextmanager
def stub(plan: Plan) -> Iterator[Stub]:
    """Serves from a thread of its own."""
    server, loop, ready = Stub(plan), asyncio.new_event_loop(), threading.Event()

    async def listen() -> None:
        sockets = (await loop.create_server(lambda: _Talk(server), "127.0.0.1", 0, backlog=4096)).sockets
        server.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}/v1"
        ready.set()

    def live() -> None:
        loop.run_until_complete(listen())
        loop.run_forever()

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


def main() -> None:
    """Prints the URL, then serves until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds")
    parser.add_argument("--chars", type=int, default=3000, help="of each answer")
    parser.add_argument("--faults", type=float, default=0.0, help="share of calls answered with --status")
    parser.add_argument("--status", type=int, default=500)
    parser.add_argument("--hang", type=float, default=0.0, help="share of calls never answered")
    parser.add_argument("--forget", action="store_true", help="keep no account of prompts")
    options = parser.parse_args()
    asyncio.run(_serve(options))


async def _serve(options: argparse.Namespace) -> None:
    import random

    chance = random.Random(0)
    good = Asked({}, 0, {}).say("x" * options.chars, tokens=options.chars // 4, delay=options.latency)
    bad = Asked({}, 0, {}).refuse(options.status, "on purpose", delay=options.latency)

    def plan(_asked: Asked) -> Answer:
        drawn = chance.random()
        return bad if drawn < options.faults else Answer(delay=None) if drawn < options.faults + options.hang else good

    server = Stub(plan)
    server.remember = not options.forget
    if options.forget:
        def chat(content: bytes, headers: dict[str, str]) -> Answer:
            server.calls += 1
            return plan(Asked({}, 0, headers))
        server.chat = chat  # type: ignore[method-assign]
    listener = await asyncio.get_running_loop().create_server(lambda: _Talk(server), "127.0.0.1", 0, backlog=4096)
    print(f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1", flush=True)
    with suppress(asyncio.CancelledError):
        await listener.serve_forever()


if __name__ == "__main__":
    main()
