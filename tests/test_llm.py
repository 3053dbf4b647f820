"""The engine against a stub over real HTTP: order, faults, structure, and that no call is paid twice."""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.errors import MathmillError, ParameterError, ToolError
from tasks.tools.calls.ledger import Ledger
from tasks.tools.calls.store import Store
from tasks.tools.llm import Ask, Failure, Reply, Teacher, Turn, teacher
from tasks.tools.llm.engine import Engine
from tasks.tools.llm.limiter import Limiter
from tests.stub import Answer, Asked, Plan, Stub, stub

SCHEMA = json.dumps({"type": "object", "properties": {"answer": {"type": "integer"}}, "required": ["answer"],
                     "additionalProperties": False})
SECRET = "sk-very-secret-0123456789"


def asks(count: int, system: str = "s", **settings: object) -> list[Ask]:
    return [Ask(system, (Turn("user", f"q{i}"),), **settings) for i in range(count)]  # type: ignore[arg-type]


def echo(asked: Asked) -> Answer:
    return asked.say(*[f"a {asked.text}"] * asked.body.get("n", 1))


@contextmanager
def serving(plan: Plan, folder: Path, **settings: object) -> Iterator[tuple[Engine, Stub]]:
    """An engine with a store of its own, on a stub."""
    with stub(plan) as server:
        calls = Store(folder / "calls.sqlite")
        model, settings = str(settings.pop("model", "m")), {"concurrency": 16, "timeout": 5.0, **settings}
        made = Engine(teacher(server.url, model, **settings), calls)
        try:
            yield made, server
        finally:
            made.close()
            calls.close()


def texts(outcomes: Iterator[Reply | Failure]) -> list[str]:
    return [outcome.text if isinstance(outcome, Reply) else outcome.kind for outcome in outcomes]


# --- order and flow


def test_answers_come_in_order_whatever_order_they_end_in(tmp_path: Path) -> None:
    def plan(asked: Asked) -> Answer:
        return asked.say(f"a {asked.text}", delay=random.uniform(0, 0.05))

    with serving(plan, tmp_path) as (engine, server):
        assert texts(engine.ask_all(asks(300))) == [f"a q{i}" for i in range(300)]
        assert server.calls == 300
        assert 8 <= server.most <= 16


def test_asks_are_read_only_a_window_ahead(tmp_path: Path) -> None:
    read = 0

    def source() -> Iterator[Ask]:
        nonlocal read
        for ask in asks(2000):
            read += 1
            yield ask

    with serving(echo, tmp_path, concurrency=4) as (engine, _):
        outcomes = engine.ask_all(source())
        next(outcomes)
        time.sleep(0.3)
        assert read <= 8 * 4 + 3 * 64
        outcomes.close()


def test_an_engine_serves_several_threads_under_one_limit(tmp_path: Path) -> None:
    with serving(lambda asked: asked.say("a", delay=0.02), tmp_path, concurrency=5) as (engine, server):
        found: dict[int, list[str]] = {}

        def work(number: int) -> None:
            found[number] = texts(engine.ask_all(asks(30, f"system {number}")))

        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [len(answers) for answers in found.values()] == [30] * 4
        assert server.most == 5


def test_those_who_leave_early_stop_what_was_not_sent(tmp_path: Path) -> None:
    with serving(lambda asked: asked.say("a", delay=0.1), tmp_path, concurrency=4) as (engine, server):
        outcomes = engine.ask_all(asks(500))
        next(outcomes)
        outcomes.close()
        time.sleep(0.3)
        assert server.calls <= 12


# --- paid once


def test_calls_in_flight_are_shared_and_finished_ones_kept(tmp_path: Path) -> None:
    with serving(lambda asked: asked.say("a", delay=0.05), tmp_path) as (engine, server):
        same = asks(1) * 40
        outcomes = [outcome for outcome in engine.ask_all(same) if isinstance(outcome, Reply)]
        assert server.calls == 1
        assert [outcome.cached for outcome in outcomes] == [False] + [True] * 39
        assert texts(engine.ask_all(same)) == ["a"] * 40
        assert server.calls == 1


@pytest.mark.parametrize(("change", "paid"), [
    (lambda rows: rows, 0),
    (lambda rows: [*rows[:3], replace(rows[3], turns=(Turn("user", "edited"),)), *rows[4:]], 1),
    (lambda rows: [replace(row, system="t") for row in rows], 20),
    (lambda rows: [*rows, Ask("s", (Turn("user", "new"),))], 1),
    (lambda rows: [replace(row, temperature=0.1) for row in rows], 20),
    (lambda rows: [replace(row, tag="another step") for row in rows], 0),
    (lambda rows: rows[::-1], 0),
])
def test_only_what_changed_is_paid(change: Callable[[list[Ask]], list[Ask]], paid: int, tmp_path: Path) -> None:
    with serving(echo, tmp_path) as (engine, server):
        list(engine.ask_all(asks(20)))
        rows = change(asks(20))
        assert texts(engine.ask_all(rows)) == [f"a {row.turns[0].text}" for row in rows]
        assert server.calls == 20 + paid


def test_samples_of_one_prompt_go_in_one_request(tmp_path: Path) -> None:
    def plan(asked: Asked) -> Answer:
        return asked.say(*(f"{asked.text} {i}" for i in range(asked.body.get("n", 1))), tokens=100)

    rows = [replace(ask, sample=sample) for ask in asks(5) for sample in range(8)]
    with serving(plan, tmp_path) as (engine, server):
        assert texts(engine.ask_all(rows)) == [f"q{i} {j}" for i in range(5) for j in range(8)]
        assert server.calls == 5
        assert engine.ledger.tokens == 5 * 110
        more = [replace(rows[0], sample=sample) for sample in range(10)]
        assert len(texts(engine.ask_all(more))) == 10
        assert server.bodies[-1]["n"] == 2


def test_a_server_that_gives_one_answer_for_n_is_asked_again(tmp_path: Path) -> None:
    with serving(lambda asked: asked.say(f"number {asked.number}"), tmp_path) as (engine, server):
        rows = [replace(asks(1)[0], sample=sample) for sample in range(4)]
        assert len(set(texts(engine.ask_all(rows)))) == 4
        assert server.calls == 4


# --- faults


def faulty(share: float, fault: Callable[[Asked], Answer]) -> Plan:
    chance = random.Random(1)
    return lambda asked: fault(asked) if chance.random() < share else echo(asked)


@pytest.mark.parametrize("fault", [
    lambda asked: asked.refuse(500),
    lambda asked: asked.refuse(429),
    lambda asked: asked.refuse(429, retry_after="0.05"),
    lambda asked: asked.refuse(503, retry_after_ms="30"),
    lambda asked: Answer(drop=True),
    lambda asked: Answer(body=b"<html>gateway</html>"),
    lambda asked: Answer(body=b'{"error": {"message": "overloaded"}}'),
], ids=["500", "429", "429 with a time", "503 with a time", "dropped", "no JSON", "an error in 200"])
def test_no_row_is_lost_to_faults(fault: Callable[[Asked], Answer], tmp_path: Path) -> None:
    with serving(faulty(0.2, fault), tmp_path) as (engine, server):
        assert texts(engine.ask_all(asks(200))) == [f"a q{i}" for i in range(200)]
        assert set(server.paid.values()) == {1} or fault(Asked({}, 0, {})).status == 200
        assert engine.caller.limiter.allowed > 8


def test_a_call_that_hangs_is_cut_and_made_again(tmp_path: Path) -> None:
    hung = set()

    def plan(asked: Asked) -> Answer:
        if asked.text in ("q3", "q7") and asked.text not in hung:
            hung.add(asked.text)
            return Answer(delay=None)
        return echo(asked)

    with serving(plan, tmp_path, timeout=0.5) as (engine, _):
        since = time.monotonic()
        assert texts(engine.ask_all(asks(20))) == [f"a q{i}" for i in range(20)]
        assert time.monotonic() - since < 4


def test_a_call_that_always_fails_is_given_up_with_the_servers_words(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.tools.llm.caller.TRIES", 3)
    with serving(lambda asked: asked.refuse(500, "out of memory") if asked.text == "q1" else echo(asked),
                 tmp_path) as (engine, server):
        kinds = list(engine.ask_all(asks(3)))
        assert kinds[1] == Failure("gave_up", "500 out of memory")
        assert server.calls == 2 + 3


@pytest.mark.parametrize(("answer", "kind"), [
    (lambda asked: asked.refuse(400, "maximum context length is 8192 tokens", "context_length_exceeded"), "too_long"),
    (lambda asked: asked.refuse(400, "blocked", "content_filter"), "refused"),
    (lambda asked: asked.refuse(400, "temperature must be below 2"), "invalid"),
    (lambda asked: asked.refuse(422, "bad field"), "invalid"),
    (lambda asked: asked.say("", finish="length"), "empty"),
    (lambda asked: asked.say("", refusal="I cannot help with that"), "refused"),
    (lambda asked: asked.say("part", finish="content_filter"), "refused"),
    (lambda asked: asked.say("<think>only thoughts"), "empty"),
])
def test_a_row_that_cannot_be_answered_fails_alone(answer: Plan, kind: str, tmp_path: Path) -> None:
    with serving(lambda asked: answer(asked) if asked.text == "q1" else echo(asked), tmp_path) as (engine, server):
        first, failure, last = engine.ask_all(asks(3))
        assert isinstance(first, Reply)
        assert isinstance(last, Reply)
        assert isinstance(failure, Failure)
        assert failure.kind == kind
        assert failure.words
        assert server.calls == 3


@pytest.mark.parametrize(("answer", "says"), [
    (lambda asked: asked.refuse(401, f"Incorrect API key provided: {SECRET}"), "refuses the API key"),
    (lambda asked: asked.refuse(404, "no such model: m", "model_not_found"), "does not serve the model 'm'"),
    (lambda asked: asked.refuse(429, "You exceeded your current quota", "insufficient_quota"), "wants to be paid"),
])
def test_what_every_row_would_meet_stops_the_run_with_one_message(
        answer: Plan, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATHMILL_API_KEY", SECRET)
    good = 5
    with serving(lambda asked: echo(asked) if asked.number < good else answer(asked), tmp_path,
                 concurrency=1) as (engine, server):
        with pytest.raises(MathmillError, match=says) as caught:
            list(engine.ask_all(asks(50)))
        assert SECRET not in str(caught.value)
        assert "mend" in str(caught.value)
        assert server.calls < 10
        good = 1000
        assert texts(engine.ask_all(asks(50))) == [f"a q{i}" for i in range(50)]  # mended: it goes on from there
        assert set(server.paid.values()) == {1}


def test_an_endpoint_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.tools.llm.faults.QUICK", 0.5)
    engine = Engine(teacher("http://127.0.0.1:9/v1", "m"), Store(tmp_path / "calls.sqlite"))
    with pytest.raises(ToolError, match=r"127\.0\.0\.1:9 is down"):
        list(engine.ask_all(asks(200)))
    engine.close()


def test_an_endpoint_that_goes_down_stops_the_run_and_is_not_hammered(tmp_path: Path) -> None:
    down = False
    with serving(lambda asked: asked.refuse(503) if down else echo(asked), tmp_path, patience=2.0) as (engine, server):
        list(engine.ask_all(asks(50)))
        down, before = True, server.calls
        with pytest.raises(ToolError, match="is down"):
            list(engine.ask_all(asks(500)))
        assert server.calls - before < 120
        down = False
        assert len(texts(engine.ask_all(asks(100)))) == 100
        assert set(server.paid.values()) == {1}


def test_an_endpoint_that_comes_back_is_used_again(tmp_path: Path) -> None:
    until = time.monotonic() + 1.5
    with serving(lambda asked: asked.refuse(503) if time.monotonic() < until else echo(asked), tmp_path,
                 patience=20.0) as (engine, _):
        assert texts(engine.ask_all(asks(100))) == [f"a q{i}" for i in range(100)]


# --- limits


def test_correlated_429s_pause_all_and_lower_what_is_in_flight() -> None:
    limiter = Limiter(100)
    for _ in range(30):
        limiter.limited(1.0)
    assert limiter.pauses == 7
    assert limiter.floor <= limiter.allowed < 20


@pytest.mark.parametrize("share", [0.05, 0.1])
def test_429s_at_random_are_noise(share: float) -> None:
    limiter, chance = Limiter(100), random.Random(2)
    for _ in range(20_000):
        limiter.limited(1.0) if chance.random() < share else limiter.succeeded()
    assert limiter.pauses == 0
    assert limiter.allowed == 100


def test_a_rate_is_kept(tmp_path: Path) -> None:
    with serving(echo, tmp_path, requests_per_minute=600) as (engine, server):
        list(engine.ask_all(asks(80)))
        took = server.times[-1] - server.times[0]
        assert 2.0 < took < 5.0  # 50 at once, then ten a second


def test_the_servers_rate_headers_are_obeyed(tmp_path: Path) -> None:
    """A server of 20 requests a second that answers 429 to all beyond."""
    since, served = time.monotonic(), 0

    def plan(asked: Asked) -> Answer:
        nonlocal served
        left = 20 + (time.monotonic() - since) * 20 - served
        if left < 1:
            return asked.refuse(429, retry_after="1")
        served += 1
        return asked.say("a", headers={"x-ratelimit-limit-requests": "1200",
                                       "x-ratelimit-remaining-requests": str(int(left - 1))})

    with serving(plan, tmp_path) as (engine, server):
        assert texts(engine.ask_all(asks(80))) == ["a"] * 80
        assert server.calls < 80 + 30


# --- structure


@pytest.mark.parametrize("said", [
    '{"answer": 4}', ' {"answer": 4}\n', '```json\n{"answer": 4}\n```', 'Here it is: {"answer": 4}. Good luck!',
    '<think>hm {"answer": 5}</think>\n{"answer": 4}'])
def test_data_is_found_in_what_models_say(said: str, tmp_path: Path) -> None:
    with serving(lambda asked: asked.say(said), tmp_path) as (engine, _):
        reply = engine.ask(asks(1, schema=SCHEMA, schema_name="one")[0])
        assert isinstance(reply, Reply)
        assert reply.data == {"answer": 4}


def test_an_answer_that_does_not_fit_is_corrected_and_each_turn_kept(tmp_path: Path) -> None:
    said = ["four", '{"answer": "four"}', '{"answer": 4}']
    with serving(lambda asked: asked.say(said[asked.number]), tmp_path) as (engine, server):
        ask = asks(1, schema=SCHEMA, schema_name="one")[0]
        reply = engine.ask(ask)
        assert isinstance(reply, Reply)
        assert reply.data == {"answer": 4}
        assert reply.completion_tokens == 30
        assert [len(body["messages"]) for body in server.bodies] == [2, 4, 6]
        assert "'four' is not of type 'integer'" in server.bodies[2]["messages"][-1]["content"]
        again = engine.ask(ask)
        assert isinstance(again, Reply)
        assert again.data == reply.data
        assert server.calls == 3


def test_corrections_end(tmp_path: Path) -> None:
    with serving(lambda asked: asked.say("never"), tmp_path) as (engine, server):
        failure = engine.ask(asks(1, schema=SCHEMA)[0])
        assert isinstance(failure, Failure)
        assert failure.kind == "schema"
        assert "never" in failure.words
        assert server.calls == 3
        assert engine.ask(asks(1, schema=SCHEMA)[0]) == failure
        assert server.calls == 3


@pytest.mark.parametrize(("prefix", "wants"), [
    ("", {"type": "json_schema"}), ("openai+", {"type": "json_schema"}), ("llamacpp+", {"type": "json_object"}),
    ("plain+", None)])
def test_each_dialect_is_asked_in_its_way(prefix: str, wants: dict[str, str] | None, tmp_path: Path) -> None:
    with stub(lambda asked: asked.say('{"answer": 4}')) as server:
        engine = Engine(teacher(prefix + server.url, "m"), Store(tmp_path / "calls.sqlite"))
        list(engine.ask_all([replace(asks(1, schema=SCHEMA)[0], sample=sample) for sample in (0, 1)]))
        body = server.bodies[0]
        assert body.get("response_format", {}).get("type") == (wants or {}).get("type")
        assert (SCHEMA in body["messages"][-1]["content"]) == (wants is None)
        assert ("max_completion_tokens" in body) == (prefix == "openai+")
        assert ("n" in body) == (prefix in ("", "openai+"))
        engine.close()


@pytest.mark.parametrize("message", [
    {"content": "4", "reasoning_content": "two and two"}, {"content": "<think>two and two</think>\n4"},
    {"content": "two and two</think>4"}, {"content": "4", "reasoning": "two and two"}])
def test_reasoning_is_kept_apart(message: dict[str, str], tmp_path: Path) -> None:
    with serving(lambda asked: asked.say("", **message), tmp_path) as (engine, _):
        reply = engine.ask(asks(1)[0])
        assert isinstance(reply, Reply)
        assert (reply.text, reply.reasoning) == ("4", "two and two")


# --- teachers and secrets


@pytest.mark.parametrize(("name", "model", "says"), [
    ("nonsense", "m", "no teacher"), ("http://u:p@host/v1", "m", "password"), ("http://host/v1", "", "no model"),
    ("openai", "", "no model"), ("ftp://host", "m", "no teacher")])
def test_teachers_that_cannot_be_are_refused(name: str, model: str, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        teacher(name, model)


def test_how_hard_a_teacher_is_used_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATHMILL_CONCURRENCY", "7")
    monkeypatch.setenv("MATHMILL_BATCH", "1")
    made = teacher("http://host/v1", "m")
    assert (made.concurrency, made.batch, made.requests_per_minute) == (7, True, 0)
    assert teacher("http://host/v1", "m", concurrency=9).concurrency == 9, "what is told is stronger"
    monkeypatch.setenv("MATHMILL_RPM", "many")
    with pytest.raises(ParameterError, match="'many' is no number"):
        teacher("http://host/v1", "m")


def test_openai_wants_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MATHMILL_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ParameterError, match="wants an API key"):
        teacher("openai", "gpt").key()
    assert Teacher("x", "http://x", "m").key()
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    assert teacher("openai", "gpt").key() == SECRET
    assert teacher("http://elsewhere/v1", "m").key() != SECRET


def test_no_secret_comes_to_disk_or_into_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATHMILL_API_KEY", SECRET)

    def plan(asked: Asked) -> Answer:
        assert asked.headers["authorization"] == f"Bearer {SECRET}"
        return asked.say(f"your key is {SECRET}") if asked.text == "q0" else asked.refuse(400, f"bad {SECRET}")

    with serving(plan, tmp_path) as (engine, _):
        reply, failure = engine.ask_all(asks(2))
        assert SECRET not in f"{reply}{failure}"
        assert "[key]" in str(failure)
        assert SECRET not in repr(engine.teacher)
    assert all(SECRET.encode() not in path.read_bytes() for path in tmp_path.iterdir())


# --- money


def price(model: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "prices.toml").write_text(f'["{model}"]\ninput = 100.0\noutput = 1000.0\n')
    monkeypatch.setenv("MATHMILL_PRICES", str(folder / "prices.toml"))


@pytest.mark.parametrize("seed", range(50))
def test_a_budget_is_never_passed(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the server bills, answered and cut calls alike, in any interleaving."""
    price("m", tmp_path, monkeypatch)
    chance, billed = random.Random(seed), [0.0]
    monkeypatch.setattr("tasks.tools.llm.faults.CALM", 0.1)

    def plan(asked: Asked) -> Answer:
        fate = chance.random()
        if fate < 0.1:
            return asked.refuse(500, delay=chance.uniform(0, 0.01))
        prompt = sum(len(message["content"]) for message in asked.body["messages"])
        tokens = chance.randint(1, asked.body["max_tokens"])
        billed[0] += (prompt * 100 + tokens * 1000) / 1e6
        if fate < 0.15:
            return Answer(drop=True, delay=chance.uniform(0, 0.01))
        return asked.say("a", prompt=prompt, tokens=tokens, delay=chance.uniform(0, 0.01))

    limit = chance.uniform(0.05, 1.0)
    ledger = Ledger()
    ledger.limit(dollars=limit)
    with serving(plan, tmp_path, concurrency=chance.randint(1, 30)) as (engine, _):
        kinds = texts(engine.ask_all(asks(60, max_tokens=chance.randint(5, 50)), ledger=ledger))
        assert len(kinds) == 60
        assert billed[0] <= limit
        assert ledger.dollars <= billed[0] + 1e-9
        assert ledger.open == 0
        assert ledger.held.dollars == 0
        if "budget" in kinds:  # no more than two calls' worth is left over
            assert limit - ledger.dollars - ledger.lost.dollars <= 2 * (60 * 100 + 50 * 1000) / 1e6


def test_a_budget_in_dollars_wants_a_price(tmp_path: Path) -> None:
    ledger = Ledger(max_dollars=1.0)
    with serving(echo, tmp_path, model="unheard-of") as (engine, server):
        with pytest.raises(ParameterError, match="unheard-of has no price"):
            list(engine.ask_all(asks(5), ledger=ledger))
        assert server.calls == 0
        assert len(list(engine.ask_all(asks(5), ledger=Ledger(max_tokens=100_000)))) == 5


def test_a_budget_in_tokens_keeps_what_is_left_back(tmp_path: Path) -> None:
    ledger = Ledger(max_tokens=400)
    with serving(lambda asked: asked.say("a", tokens=50, prompt=10), tmp_path, concurrency=4) as (engine, server):
        kinds = texts(engine.ask_all(asks(20, max_tokens=50), ledger=ledger))
        assert kinds.count("budget") == 20 - server.calls
        assert ledger.tokens == server.calls * 60 <= 400
        assert server.calls >= 5
        assert texts(engine.ask_all(asks(20, max_tokens=50), ledger=ledger)) == kinds  # what was paid is served
