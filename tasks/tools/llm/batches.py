"""Batch endpoints: what is asked is paid through `/v1/files` and `/v1/batches`, and waits in the call store.

A batch only fills the store; whoever asked then finds the answers there as if they had been paid before. What a batch
did not answer because the server failed or its time was up goes into another, a few times. What is left then is asked
one by one, and so are requests that the server does not take, where failures come with its words. Batches stand in the
store from before they are sent, so that after a `kill -9` the same command finds them again.
"""

import asyncio
import hashlib
import time
import zlib
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from schemas.errors import MathmillError, ParameterError, ToolError
from tasks.tools.calls.key import key
from tasks.tools.calls.ledger import Held, Ledger
from tasks.tools.llm.ask import Ask, Turn
from tasks.tools.llm.bodies import PATH, body, choices, most_tokens
from tasks.tools.llm.caller import finished
from tasks.tools.llm.faults import Again, backoff, judge
from tasks.tools.llm.wire import Answer

if TYPE_CHECKING:
    from tasks.tools.llm.engine import Engine

LINES = 50_000  # of a file, and
BYTES = 100_000_000  # half of what servers take
ROUNDS = 3  # of batches, for lines that failed
TRIES = 6  # of one request to the batch endpoint
ENDED = ("completed", "expired", "cancelled", "failed")
SENDING = "sending"  # a batch that may or may not have reached the server

Wanted = dict[bytes, Ask]
Request = Callable[[], Coroutine[Any, Any, Answer]]


def prepay(engine: "Engine", asks: Sequence[Ask], ledger: Ledger) -> None:
    """Have these asks answered in batches, and wait for it. Batches of earlier, interrupted tries are taken up first.

    Raises `ParameterError` for an endpoint without batches, `ToolError` for a batch that is refused or a server that
    does not answer.
    """
    hopeless: set[bytes] = set()
    for _ in range(ROUNDS):
        wanted = _missing(engine, asks, hopeless)
        for name, batch, held in [*_open(engine, wanted), *_new(engine, wanted, ledger)]:
            hopeless |= _collect(engine, name, batch, ledger, held)


def _missing(engine: "Engine", asks: Iterable[Ask], without: set[bytes]) -> Wanted:
    teacher = engine.teacher
    wanted = {key(teacher.family, teacher.model, ask): ask for ask in asks}
    there = _kept(engine, list(wanted)) | without
    return {name: ask for name, ask in wanted.items() if name not in there}


def _kept(engine: "Engine", names: Sequence[bytes]) -> set[bytes]:
    return {name for at in range(0, len(names), 256) for name in engine.store.get(names[at:at + 256])}


Batch = tuple[str, str, dict[bytes, Held]]  # our name, the server's id, what is set aside


def _open(engine: "Engine", wanted: Wanted) -> Iterator[Batch]:
    """Batches that are under way and hold some of what is wanted, which they take out of it."""
    db = engine.store.connection()
    for name, batch, state, asks in db.execute(
            "SELECT name, id, state, asks FROM batches WHERE url = ? AND model = ? AND state NOT IN ('done', 'lost')",
            (engine.teacher.url, engine.teacher.model)).fetchall():
        theirs = _asks(asks)
        if not wanted.keys() & theirs.keys():
            continue
        batch = batch if state != SENDING else _find(engine, name)
        if not batch:  # it never arrived
            db.execute("UPDATE batches SET state = 'lost' WHERE name = ?", (name,))
            continue
        db.execute("UPDATE batches SET state = 'open', id = ? WHERE name = ?", (batch, name))
        for one in theirs:
            wanted.pop(one, None)
        yield name, batch, {}


def _new(engine: "Engine", wanted: Wanted, ledger: Ledger) -> Iterator[Batch]:
    """Files of what is wanted and within the budget, each sent as a batch."""
    held: dict[bytes, Held] = {}
    lines: list[bytes] = []
    size = 0
    for name, ask in wanted.items():
        cost, most = engine.caller.price, most_tokens(ask)
        money = ledger.hold(cost, most, ask.max_tokens, engine.teacher.model, batch=True)
        if money is None:
            continue  # asked one by one at the end, where the budget has the last word
        line = orjson.dumps({"custom_id": name.hex(), "method": "POST", "url": f"/v1{PATH}",
                             "body": body(engine.teacher, ask)}) + b"\n"
        if lines and (len(lines) == LINES or size + len(line) > BYTES):
            yield _sent(engine, {one: wanted[one] for one in held}, lines, held)
            held, lines, size = {}, [], 0
        held[name] = money
        lines.append(line)
        size += len(line)
    if lines:
        yield _sent(engine, {one: wanted[one] for one in held}, lines, held)


def _sent(engine: "Engine", asks: Wanted, lines: list[bytes], held: dict[bytes, Held]) -> Batch:
    name = hashlib.sha256(b"".join(asks) + str(time.time_ns()).encode()).hexdigest()[:32]
    file = orjson.loads(_content(engine, lambda: engine.caller.wire.upload(f"{name}.jsonl", b"".join(lines))))["id"]
    kept = zlib.compress(orjson.dumps({one.hex(): asdict(ask) for one, ask in asks.items()}))
    db = engine.store.connection()
    db.execute("INSERT INTO batches VALUES (?, '', ?, ?, ?, ?, ?)",
               (name, engine.teacher.url, engine.teacher.model, time.time(), SENDING, kept))
    order = {"input_file_id": file, "endpoint": f"/v1{PATH}", "completion_window": "24h",
             "metadata": {"mathmill": name}}
    batch = _ordered(engine, name, orjson.dumps(order))
    db.execute("UPDATE batches SET state = 'open', id = ? WHERE name = ?", (batch, name))
    return name, batch, dict(held)


def _ordered(engine: "Engine", name: str, order: bytes) -> str:
    """The id of a new batch. A request whose answer is lost may have made one, so before each other try we look."""
    for number in range(1, TRIES + 1):
        answer = _done(engine, lambda: engine.caller.wire.post("/batches", order))
        if 200 <= answer.status < 300:
            return str(orjson.loads(answer.body)["id"])
        _wait(engine, answer, number)
        if found := _find(engine, name):
            return found
    raise AssertionError


def _find(engine: "Engine", name: str) -> str:
    """The server's id of a batch of ours, "" if it has none."""
    after = ""
    while True:
        page = _asked(engine, f"/batches?limit=100{f'&after={after}' if after else ''}")
        for batch in page.get("data", ()):
            if (batch.get("metadata") or {}).get("mathmill") == name:
                return str(batch["id"])
        if not page.get("has_more") or not page["data"]:
            return ""
        after = page["data"][-1]["id"]


def _collect(engine: "Engine", name: str, batch: str, ledger: Ledger, held: dict[bytes, Held]) -> set[bytes]:
    """Waits for a batch and keeps what it answered; the keys of requests that the server will never take."""
    db = engine.store.connection()
    while (told := _asked(engine, f"/batches/{batch}"))["status"] not in ENDED:
        time.sleep(engine.teacher.poll)
    (packed,) = db.execute("SELECT asks FROM batches WHERE name = ?", (name,)).fetchone()
    asks, hopeless = _asks(packed), set()
    there = _kept(engine, list(asks))  # of a try that was killed while it collected
    for one, status, answer in _lines(engine, told):
        if one not in asks or one in there:
            continue
        if 400 <= status < 500 and status not in (408, 409, 429):
            hopeless.add(one)
        elif status == 200 and (made := choices(answer)):
            cost = engine.caller.price
            calls = list(finished(engine.teacher, made, [asks[one]], [one], ledger, cost, batch=True))
            ledger.settle(held.pop(one, None), calls)
            engine.store.put(calls[0])
    for money in held.values():
        ledger.release(money)
    engine.store.flush()
    db.execute("UPDATE batches SET state = 'done' WHERE name = ?", (name,))
    if told["status"] == "failed":
        errors = [str(error.get("message")) for error in (told.get("errors") or {}).get("data", ())]
        raise ToolError(f"the batch {batch} was refused: {'; '.join(errors[:3]) or 'no reason given'}",
                        where=engine.teacher.url, mend="ask without batches to see which request it does not take")
    return hopeless


def _lines(engine: "Engine", told: dict[str, Any]) -> Iterator[tuple[bytes, int, bytes]]:
    """Keys, statuses and bodies of what became of a batch, in whatever order they stand; status 0: it was not tried."""
    for file in filter(None, (told.get("output_file_id"), told.get("error_file_id"))):
        for line in _content(engine, partial(engine.caller.wire.get, f"/files/{file}/content")).splitlines():
            held = orjson.loads(line)
            response = held.get("response") or {}
            yield bytes.fromhex(held["custom_id"]), response.get("status_code") or 0, orjson.dumps(response.get("body"))


def _asks(packed: bytes) -> Wanted:
    held = orjson.loads(zlib.decompress(packed))
    return {bytes.fromhex(name): Ask(**{**ask, "turns": tuple(Turn(**turn) for turn in ask["turns"]),
                                        "stop": tuple(ask["stop"])}) for name, ask in held.items()}


def _asked(engine: "Engine", path: str) -> dict[str, Any]:
    held: dict[str, Any] = orjson.loads(_content(engine, lambda: engine.caller.wire.get(path)))
    return held


def _content(engine: "Engine", request: Request) -> bytes:
    """What one request gives, tried again where that may help."""
    for number in range(1, TRIES + 1):
        answer = _done(engine, request)
        if 200 <= answer.status < 300:
            return answer.body
        _wait(engine, answer, number)
    raise AssertionError


def _wait(engine: "Engine", answer: Answer, number: int) -> None:
    """Before another try; raises where there is none."""
    if answer.status in (404, 405, 501):
        raise ParameterError(f"{engine.teacher.name} has no batches", where=engine.teacher.url,
                             mend="leave the batch flag out")
    fault = judge(answer, engine.teacher)
    if isinstance(fault, MathmillError):
        raise fault
    if not isinstance(fault, Again) or number == TRIES:
        raise ToolError(f"the batch endpoint does not answer: {fault.words}", where=engine.teacher.url,
                        mend="batches that were sent go on there; the same command finds them again")
    time.sleep(backoff(number, fault))


def _done(engine: "Engine", request: Request) -> Answer:
    return asyncio.run_coroutine_threadsafe(request(), engine.loop).result()
