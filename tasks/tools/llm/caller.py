"""One request to its end: its turn, its money, tries again in place, and the call kept. Lives in the engine's loop."""

import asyncio
from collections.abc import Iterator, Sequence
from time import monotonic

import orjson

from schemas.errors import MathmillError
from tasks.tools.calls.key import fields, prints
from tasks.tools.calls.layout import Call, Kept
from tasks.tools.calls.ledger import Held, Ledger
from tasks.tools.calls.prices import Price, price
from tasks.tools.calls.store import Store
from tasks.tools.llm.ask import Ask, Failure
from tasks.tools.llm.bodies import PATH, Choices, body, choices, most_tokens, samples_at_once
from tasks.tools.llm.endpoint import Teacher
from tasks.tools.llm.faults import HANGS, HUNG, STRANGE, TRIES, Again, Health, judge, rest
from tasks.tools.llm.limiter import Limiter
from tasks.tools.llm.wire import Answer, Wire

POLL = 0.01  # seconds between looks at a budget that others may give back
NO_BUDGET = Failure("budget", "the budget of this run is used up")


class Caller:
    """Pays for calls. Make it in the loop where it is used."""

    def __init__(self, teacher: Teacher, store: Store) -> None:
        """Raises `ParameterError` where a key is wanted and there is none."""
        self.teacher, self.store = teacher, store
        self.wire = Wire(teacher)
        self.limiter = Limiter(teacher.concurrency, teacher.requests_per_minute, teacher.tokens_per_minute)
        self.health = Health(teacher, self.limiter)
        self.price = price(teacher.model)
        self.fatal: MathmillError | None = None  # what stops all
        self.samples = samples_at_once(teacher)
        self.sent = 0  # requests, tries again among them
        self._turn = asyncio.Lock()  # at a scarce budget, first come, first served

    async def pay(self, asks: Sequence[Ask], keys: Sequence[bytes], ledger: Ledger) -> list[Kept | Failure]:
        """Answers to asks that differ in nothing but `sample`, in one request: to the first of them, or to all.

        Raises `MathmillError` to stop all.
        """
        cost = self.price
        most = most_tokens(asks[0]), asks[0].max_tokens * len(asks)
        held = await self._hold(ledger, cost, *most)
        if held is None:
            ledger.refused += len(asks)
            return [NO_BUDGET] * len(asks)
        content = orjson.dumps(body(self.teacher, asks[0], len(asks)))
        weight = len(content) / 4 + most[1]  # as servers guess tokens before they answer
        tries = hangs = 0
        try:
            while True:
                got = await self._try(content, weight, asks, keys, ledger, held)
                if isinstance(got, list):
                    held = None
                    return got
                if isinstance(got, Failure):
                    return [got] * len(asks)
                tries, hangs = tries + (not got.limited), hangs + got.hung
                if got.lost:
                    ledger.release(held, lost=True)
                    held = await self._hold(ledger, cost, *most)
                    if held is None:
                        return [NO_BUDGET] * len(asks)
                if tries >= TRIES or hangs >= HANGS:
                    return [Failure("gave_up", got.words)] * len(asks)
                await rest(max(1, tries), got, self.health.failures < STRANGE)
        finally:
            if held is not None:
                ledger.release(held)

    async def _try(self, content: bytes, weight: float, asks: Sequence[Ask], keys: Sequence[bytes], ledger: Ledger,
                   held: Held) -> list[Kept | Failure] | Failure | Again:
        await self.limiter.enter(weight)
        try:
            if self.fatal:
                raise self.fatal
            since = monotonic()
            answer = await self._sent(content)
            made = choices(answer.body) if 200 <= answer.status < 300 else None
            if made:
                self.health.well()
                self.limiter.headers(answer.headers)
                # The call counts as in flight until it is in the file: no more than `concurrency` can be lost.
                return await self._keep(made, asks, keys, ledger, held, monotonic() - since)
        finally:
            self.limiter.leave()
        return self._judged(answer)

    def _judged(self, answer: Answer) -> Again | Failure:
        fault = judge(answer, self.teacher)
        if isinstance(fault, MathmillError):
            raise fault
        if isinstance(fault, Again):
            if fault.limited:
                self.limiter.headers(answer.headers)
                self.limiter.limited(fault.after)
            if stop := self.health.ill(fault):
                raise stop
        return fault

    async def _sent(self, content: bytes) -> Answer:
        self.sent += 1
        try:
            async with asyncio.timeout(self.teacher.timeout):  # a server that sends a byte now and then hangs too
                return await self.wire.post(PATH, content)
        except TimeoutError:
            return Answer(0, {}, b"", f"{HUNG} {self.teacher.timeout:g} seconds")

    async def _hold(self, ledger: Ledger, cost: Price, prompt: int, completion: int) -> Held | None:
        """Sets money aside; while other calls may still give some back, waits. None when the budget is used up."""
        async with self._turn:
            while True:
                alone = ledger.open == 0
                if (held := ledger.hold(cost, prompt, completion, self.teacher.model)) or alone:
                    return held
                if self.fatal:
                    raise self.fatal
                await asyncio.sleep(POLL)

    async def _keep(self, made: Choices, asks: Sequence[Ask], keys: Sequence[bytes], ledger: Ledger, held: Held,
                    seconds: float) -> list[Kept | Failure]:
        calls = list(finished(self.teacher, made, asks, keys, ledger, self.price, seconds))
        if len(calls) < len(asks):
            self.samples = 1  # the server does not know `n`
        ledger.settle(held, calls)
        loop = asyncio.get_running_loop()
        kept = loop.create_future()
        for call in calls:  # they are written in order: when the last is in the file, all are
            self.store.put(call, (lambda: loop.call_soon_threadsafe(_done, kept)) if call is calls[-1] else None)
        await kept
        return [Kept(call.answer, call.prompt_tokens, call.completion_tokens, call.cost) for call in calls]


def _done(kept: "asyncio.Future[None]") -> None:
    if not kept.done():
        kept.set_result(None)


def finished(teacher: Teacher, made: Choices, asks: Sequence[Ask], keys: Sequence[bytes], ledger: Ledger,
             cost: Price, seconds: float = 0.0, batch: bool = False) -> Iterator[Call]:
    """The calls that a response makes. The prompt is paid with the first sample, the rest by length."""
    done = 0
    weights = [max(1, len(orjson.dumps(answer["message"]))) for answer in made.answers[:len(asks)]]
    for at, (ask, key, answer) in enumerate(zip(asks, keys, made.answers, strict=False)):
        prompt = made.prompt_tokens if at == 0 else 0
        upto = made.completion_tokens * sum(weights[:at + 1]) // sum(weights)
        request = fields(teacher.family, teacher.model, ask)
        del request["system"]  # kept once for all
        yield Call(key, teacher.family, teacher.model, ask.tag, ledger.recipe, ledger.run, seconds, prompt, upto - done,
                   cost.of(prompt, upto - done, batch), prints(teacher.family, teacher.model, ask), ask.system,
                   request, answer)
        done = upto
