"""What went wrong with a call, by class: try again, give the row up, or stop the run."""

import asyncio
import random
from time import monotonic
from typing import Any, NamedTuple

import orjson

from schemas.errors import MathmillError, ParameterError, ToolError
from tasks.tools.llm.ask import Failure
from tasks.tools.llm.endpoint import KEYS, OPENAI, Teacher
from tasks.tools.llm.limiter import Limiter, retry_after
from tasks.tools.llm.wire import Answer

TRIES = 12  # of one call against faults of the server
HANGS = 3  # of those may end without any answer in time
FIRST, LONGEST = 0.25, 20.0  # seconds before the first and any later try
QUICK = 10.0  # seconds after which an endpoint that never answered counts as down, even if `patience` is more
CALM = 2.0  # seconds at most, while other calls succeed
STRANGE = 10  # failures in a row from which on calls go out one at a time
HUNG = "no whole answer in"
WORDS = 500  # characters of a server's message that are kept
TOO_LONG = ("context_length", "context length", "maximum context", "context window", "too many tokens", "too long",
            "exceeds the available context", "longer than the maximum")
FILTERED = ("content_filter", "content_policy", "content management policy", "safety system")


class Again(NamedTuple):
    """The call may be tried again: why, and after how many seconds the server said (0: nothing)."""

    words: str
    after: float = 0.0
    limited: bool = False
    hung: bool = False
    lost: bool = False  # the server may have worked, and billed, for nothing


def judge(answer: Answer, teacher: Teacher) -> Again | Failure | MathmillError:
    """What to do about an answer that is none."""
    if answer.status == 0:
        return Again(answer.words, hung=answer.words.startswith(HUNG), lost=answer.sent)
    code, words = _said(answer)
    told = f"{code} {words}".lower()
    if answer.status == 429 and "insufficient_quota" not in told:
        return Again(words, retry_after(answer.headers), limited=True)
    if answer.status in (401, 403, 402) or "insufficient_quota" in told:
        return _no_entry(answer.status, words, teacher)
    if answer.status == 404 or code == "model_not_found":
        return ParameterError(f"{teacher.url} does not serve the model {teacher.model!r}: {words}", where="--teacher",
                              mend="see its /models, and that the URL ends where /chat/completions begins")
    if any(sign in told for sign in TOO_LONG):
        return Failure("too_long", words)
    if any(sign in told for sign in FILTERED):
        return Failure("refused", words)
    if answer.status in (408, 409, 425) or (answer.status >= 500 and "validation error" not in told):
        return Again(words, retry_after(answer.headers))
    if answer.status < 300:
        return Again(f"an answer without choices: {words}")
    return Failure("invalid", words)


def _no_entry(status: int, words: str, teacher: Teacher) -> MathmillError:
    if status in (401, 403):
        names = teacher.key_env or " or ".join(KEYS if teacher.url == OPENAI else KEYS[:1])
        return ParameterError(f"{teacher.name} refuses the API key: {words}", where=teacher.url,
                              mend=f"set {names} in the environment to a key that may use {teacher.model}")
    return ToolError(f"{teacher.name} wants to be paid first: {words}", where=teacher.url,
                     mend="see your account there; what was answered is kept, the same command goes on")


def _said(answer: Answer) -> tuple[str, str]:
    """The code and the words of an error body, in whichever of the usual shapes."""
    try:
        body: Any = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        body = answer.body.decode(errors="replace")
    error = body.get("error", body.get("detail", body)) if isinstance(body, dict) else body
    code, words = "", error
    if isinstance(error, dict):
        code = str(error.get("code") or error.get("type") or "")
        words = error.get("message") or error
    text = words if isinstance(words, str) else orjson.dumps(words).decode()
    return code, f"{answer.status} {' '.join(text.split())[:WORDS]}".strip()


class Health:
    """Whether the endpoint lives: the circuit breaker. One an engine."""

    def __init__(self, teacher: Teacher, limiter: Limiter) -> None:
        self.teacher, self.limiter = teacher, limiter
        self.ever = False  # it answered once
        self.since = 0.0  # of the failures in a row
        self.failures = 0

    def well(self) -> None:
        self.ever, self.failures = True, 0
        self.limiter.succeeded()

    def ill(self, fault: Again) -> MathmillError | None:
        """Another failure in a row; an error when it is time to stop."""
        now = monotonic()
        self.since = now if not self.failures else self.since
        self.failures += 1
        if fault.limited and fault.after:  # a server that names its time is not down
            return None
        patience = self.teacher.patience if self.ever or fault.lost else min(self.teacher.patience, QUICK)
        if self.failures > 2 and now - self.since > patience:
            return ToolError(f"{self.teacher.name} is down: no call was answered for {now - self.since:.0f} seconds, "
                             f"the last with: {fault.words}", where=self.teacher.url,
                             mend="see that it runs; what was answered is kept, the same command goes on from there")
        if self.failures >= max(STRANGE, self.limiter.in_flight) and now > self.limiter.resume_at:
            self.limiter.probe(min(15.0, patience / 10, 0.5 * 2 ** min(10, self.failures - STRANGE)))
        return None


def backoff(tries: int, fault: Again, calm: bool = False) -> float:
    """Seconds to wait before the next try of one call, with jitter: many that failed together must not return so.

    `calm`: other calls succeed, so there is no storm to wait out, and a long wait would only make a long tail.
    """
    if fault.after:
        return min(120.0, fault.after) * random.uniform(1.0, 1.1)
    return (min(CALM, CALM / 20 * 1.5 ** (tries - 1)) if calm else min(LONGEST, FIRST * 2.0 ** (tries - 1))
            ) * random.uniform(0.5, 1.0)


async def rest(tries: int, fault: Again, calm: bool) -> None:
    await asyncio.sleep(backoff(tries, fault, calm))
