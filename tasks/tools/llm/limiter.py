"""How hard an endpoint is used: requests and tokens a minute, calls in flight, pauses. One limiter an endpoint.

A 429 that comes alone is noise: only that call waits. Only when a good part of the recent calls meet one, all pause for
as long as the server says and fewer go out at once, down to a floor; each success brings some of it back. Lives in one
event loop and needs no locks.
"""

import asyncio
import random
import re
from collections import deque
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import monotonic, time

RECENT = 64  # outcomes that are looked at
CORRELATED = 0.4  # share of 429 among them from which on it is no noise: 20 % at random come to that once in 10,000
FEW = 4  # in a row and nothing else are no noise either
CUT = 0.7  # what is left of the calls in flight after a correlated 429
FLOOR = 1 / 16  # of the concurrency asked for
BURST = 5.0  # seconds of a rate that may go out at once
LONGEST = 120.0  # seconds; no server's word makes us wait longer in one piece
DURATION = re.compile(r"([\d.]+)(ms|s|m|h|d)")
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Bucket:
    """A rate, in units a minute; 0 is no limit until a header sets one."""

    def __init__(self, per_minute: float, now: float) -> None:
        self.fixed = per_minute > 0
        self.rate = per_minute / 60
        self.level, self.at = self.cap, now

    @property
    def cap(self) -> float:
        return max(1.0, self.rate * BURST)

    def wait(self, amount: float, now: float) -> float:
        """Seconds until `amount` may go out; more than the bucket holds goes when it is full, and leaves a debt."""
        if not self.rate:
            return 0.0
        self.level, self.at = min(self.cap, self.level + (now - self.at) * self.rate), now
        return max(0.0, (min(amount, self.cap) - self.level) / self.rate)

    def take(self, amount: float) -> None:
        if self.rate:
            self.level -= amount

    def told(self, limit: float, remaining: float, now: float) -> None:
        """What the server's headers say: its limit a minute where none was given, and what is left of it."""
        if not self.fixed and limit > 0:
            if not self.rate:
                self.level, self.at = limit, now
            self.rate = limit / 60
        if self.rate:
            self.level = min(self.level, remaining)


class Limiter:
    """Lets calls out; `enter` before, `leave` after each."""

    def __init__(self, concurrency: int, requests_per_minute: float = 0, tokens_per_minute: float = 0) -> None:
        now = monotonic()
        self.ceiling, self.allowed = concurrency, float(concurrency)
        self.floor = max(1.0, min(4.0, concurrency), concurrency * FLOOR)
        self.requests, self.tokens = Bucket(requests_per_minute, now), Bucket(tokens_per_minute, now)
        self.in_flight = 0
        self.resume_at = 0.0
        self.pauses = 0
        self._probing = False
        self._recent: deque[bool] = deque(maxlen=RECENT)
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, tokens: float) -> None:
        """Waits for its turn, in the order of asking."""
        if not self._waiting and self._delay(tokens) == 0:
            self._take(tokens)
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((tokens, turn))
        self._wake()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """A call ended, however."""
        self.in_flight -= 1
        self._wake()

    def succeeded(self) -> None:
        """A call was answered: a little more may go out at once."""
        self._recent.append(False)
        self._probing = False
        if self.allowed < self.ceiling:
            self.allowed = min(self.ceiling, self.allowed + max(1.0, self.ceiling / 50) / self.allowed)

    def limited(self, retry_after: float) -> None:
        """A call met 429: noise, or a reason for all to pause for `retry_after` seconds (0: none named)."""
        self._recent.append(True)
        hits, of = sum(self._recent), len(self._recent)
        if (of >= RECENT // 2 and hits / of >= CORRELATED) or hits == of >= FEW:
            self._recent.clear()
            self.allowed = max(self.floor, self.allowed * CUT)
            self.pause(min(LONGEST, retry_after or random.uniform(0.5, 1.5)))

    def pause(self, seconds: float) -> None:
        """Nothing goes out for so long."""
        self.pauses += 1
        self.resume_at = max(self.resume_at, monotonic() + seconds)

    def probe(self, seconds: float) -> None:
        """The endpoint seems down: after a pause one call at a time goes out, until one succeeds."""
        self._probing = True
        self.pause(seconds)

    def headers(self, headers: Mapping[str, str]) -> None:
        """Takes in `x-ratelimit-*`."""
        now = monotonic()
        for bucket, what in ((self.requests, "requests"), (self.tokens, "tokens")):
            limit, left = headers.get(f"x-ratelimit-limit-{what}"), headers.get(f"x-ratelimit-remaining-{what}")
            if limit and left:
                try:
                    bucket.told(float(limit), float(left), now)
                except ValueError:
                    continue  # some gateways write words there

    def _delay(self, tokens: float) -> float:
        """Seconds until a call of so many tokens may go; inf: when another has ended."""
        if self.in_flight >= (1 if self._probing else int(self.allowed)):
            return float("inf")
        now = monotonic()
        return max(self.resume_at - now, self.requests.wait(1, now), self.tokens.wait(tokens, now), 0.0)

    def _take(self, tokens: float) -> None:
        self.in_flight += 1
        self.requests.take(1)
        self.tokens.take(tokens)

    def _wake(self) -> None:
        while self._waiting:
            tokens, turn = self._waiting[0]
            if turn.done():
                self._waiting.popleft()
                continue
            delay = self._delay(tokens)
            if delay > 0:
                if delay != float("inf") and self._timer is None:
                    self._timer = asyncio.get_running_loop().call_later(delay, self._tick)
                return
            self._waiting.popleft()
            self._take(tokens)
            turn.set_result(None)

    def _tick(self) -> None:
        self._timer = None
        self._wake()


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that the server asks to wait: Retry-After-Ms, Retry-After (seconds or a date); 0 if it says nothing."""
    try:
        if value := headers.get("retry-after-ms"):
            return max(0.0, float(value) / 1000)
        value = headers.get("retry-after") or ""
        if value.replace(".", "", 1).isdecimal():
            return float(value)
        if value:
            date = parsedate_to_datetime(value)
            return max(0.0, date.timestamp() - time())
    except (ValueError, TypeError):
        pass
    return 0.0


def duration(text: str) -> float:
    """Seconds of what `x-ratelimit-reset-*` hold.

    >>> duration("1m2s"), duration("6ms"), duration("0.5")
    (62.0, 0.006, 0.5)
    """
    parts = DURATION.findall(text)
    return sum((float(value) * UNITS[unit] for value, unit in parts), 0.0) if parts else float(text)
