"""The door to the network: the `openai` client over aiohttp, by its raw post path. One use of it a process and endpoint.

The typed methods cost more than twice the CPU time of the raw path, and the default transport more than three times.
"""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from tasks.tools.llm.endpoint import Teacher

if TYPE_CHECKING:
    from openai import AsyncOpenAI

CONNECT = 30.0  # seconds
SPARE = 16  # connections beyond the calls in flight, for batches and probes


class Answer(NamedTuple):
    """What came over the wire. `status` 0: nothing came, `words` says why; `sent` whether the request may have arrived."""

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
        self._secret = teacher.key()
        self._response = httpx2.Response
        total = teacher.concurrency + SPARE  # None would mean 100
        limits = httpx2.Limits(max_connections=total, max_keepalive_connections=total, keepalive_expiry=60)
        timeout = httpx2.Timeout(teacher.timeout, connect=min(CONNECT, teacher.timeout))
        self._client: AsyncOpenAI = AsyncOpenAI(
            api_key=self._secret, base_url=teacher.url, max_retries=0, timeout=timeout,
            http_client=DefaultAioHttpClient(limits=limits, timeout=timeout))

    async def post(self, path: str, content: bytes, kind: str = "application/json") -> Answer:
        """One request, as it is; no retries."""
        return await self._sent("post", path, content, kind)

    async def get(self, path: str) -> Answer:
        """One request."""
        return await self._sent("get", path, b"", "")

    async def _sent(self, method: str, path: str, content: bytes, kind: str) -> Answer:
        from openai import APIConnectionError, APIStatusError, APITimeoutError

        try:
            if method == "get":
                response = await self._client.get(path, cast_to=self._response)
            else:
                response = await self._client.post(path, content=content, cast_to=self._response,
                                                   options={"headers": {"Content-Type": kind}})
        except APIStatusError as error:
            return Answer(error.status_code, error.response.headers, error.response.content)
        except APITimeoutError:
            return Answer(0, {}, b"", "no answer in time")
        except APIConnectionError as error:
            cause = error.__cause__
            return Answer(0, {}, b"", self.redacted(f"{type(cause).__name__}: {cause}"), not _unsent(cause))
        return Answer(response.status_code, response.headers, response.content)

    def redacted(self, words: str) -> str:
        """Without the key, which servers like to quote."""
        return words.replace(self._secret, "[key]") if len(self._secret) > 4 else words

    async def close(self) -> None:
        await self._client.close()


def _unsent(cause: BaseException | None) -> bool:
    import httpx2

    return isinstance(cause, httpx2.ConnectError)
