"""The door to the network: the `openai` client over aiohttp.

The client makes the first request to a path, by its raw post path; those that follow are that request with another
body, sent through the client's own transport: making each anew costs more CPU time than all that the engine does.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from tasks.tools.llm.endpoint import NO_KEY, Teacher

if TYPE_CHECKING:
    import httpx2
    from openai._types import RequestOptions

CONNECT = 30.0  # seconds
# The idempotency key is not sent; without one the client draws a random one for every call.
JSON: "RequestOptions" = {"headers": {"Content-Type": "application/json"}, "idempotency_key": "-"}
SPARE = 16  # connections beyond the calls in flight, for batches and probes


class Answer(NamedTuple):
    """What came. `status` 0: nothing did, `words` says why, and `sent` whether the request may have arrived."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    words: str = ""
    sent: bool = True


class Wire:
    """A client of one endpoint; lives in one event loop. Never raises for what the server or the network does."""

    def __init__(self, teacher: Teacher) -> None:
        """Raises `ParameterError` where a key is wanted and there is none."""
        # Here, because the import takes a second.
        import httpx2
        from openai import AsyncOpenAI, DefaultAioHttpClient

        for name in ("openai", "httpx2", "httpcore2", "aiohttp"):  # their debug logs hold headers and bodies
            logging.getLogger(name).setLevel(logging.WARNING)
        key = teacher.key()
        self._secret = key.encode() if key != NO_KEY else b"\0"
        self._response = httpx2.Response
        total = teacher.concurrency + SPARE  # None would mean 100
        limits = httpx2.Limits(max_connections=total, max_keepalive_connections=total, keepalive_expiry=60)
        timeout = httpx2.Timeout(None, connect=min(CONNECT, teacher.timeout))  # the engine cuts calls that hang
        self._http = DefaultAioHttpClient(limits=limits, timeout=timeout)
        self._client = AsyncOpenAI(api_key=key, base_url=teacher.url, max_retries=0, timeout=timeout,
                                   http_client=self._http)
        self._first: dict[str, httpx2.Request] = {}  # by path

    async def post(self, path: str, content: bytes) -> Answer:
        """One request of JSON, as it is; no retries."""
        if first := self._first.get(path):
            return await self._answer(self._http.send(_like(first, content)))
        return await self._answer(self._client.post(path, content=content, cast_to=self._response, options=JSON), path)

    async def get(self, path: str) -> Answer:
        """One request."""
        return await self._answer(self._client.get(path, cast_to=self._response))

    async def upload(self, name: str, content: bytes) -> Answer:
        """One file for a batch."""
        raw = self._client.files.with_raw_response.create(file=(name, content, "application/jsonl"), purpose="batch")

        async def sent() -> "httpx2.Response":
            return (await raw).http_response

        return await self._answer(sent())

    async def _answer(self, request: "Awaitable[httpx2.Response]", path: str = "") -> Answer:
        from httpx2 import RequestError
        from openai import APIConnectionError, APIStatusError

        try:
            response = await request
        except APIStatusError as error:
            return Answer(error.status_code, error.response.headers, self._clean(error.response.content))
        except (APIConnectionError, RequestError) as error:  # timeouts too
            return _unanswered(error, self._clean)
        if path:
            self._first[path] = response.request
        return Answer(response.status_code, response.headers, self._clean(response.content))

    def _clean(self, words: bytes) -> bytes:
        """Without the key, which servers like to quote: it comes no further than this door."""
        return words.replace(self._secret, b"[key]") if self._secret in words else words

    async def close(self) -> None:
        await self._client.close()


def _like(first: "httpx2.Request", content: bytes) -> "httpx2.Request":
    import httpx2

    headers = [(name, value) for name, value in first.headers.raw if name.lower() != b"content-length"]
    return httpx2.Request("POST", first.url, headers=headers, content=content, extensions=first.extensions)


def _unanswered(error: BaseException, clean: Callable[[bytes], bytes]) -> Answer:
    """By what lies at the root: the transport calls all of it a timeout."""
    import aiohttp

    root, sent = error, True
    while root.__cause__:
        root = root.__cause__
        sent = sent and not isinstance(root, aiohttp.ClientConnectorError)
    return Answer(0, {}, b"", clean(f"{type(root).__name__}: {root}".encode()).decode(), sent)
