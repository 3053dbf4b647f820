"""The call store, its command, the ledger, and batches: what is kept, why calls missed, and what survives `kill -9`."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import InputError, MathmillError, ParameterError, StorageError
from schemas.manifest import read_manifest
from schemas.plan import Plan
from schemas.run import open_run
from tasks.tools.calls import queries
from tasks.tools.calls.key import changed, key, prints
from tasks.tools.calls.layout import Call
from tasks.tools.calls.ledger import Ledger
from tasks.tools.calls.prices import price
from tasks.tools.calls.store import Store, calls_path
from tasks.tools.llm import Ask, Failure, Reply, Turn, teacher  # noqa: F401
from tasks.tools.llm.engine import Engine
from tests.conftest import ROOT, Command
from tests.stub import Answer, Asked, Stub, stub
from tests.test_llm import asks, echo, serving, texts

ASK = Ask("s", (Turn("user", "q"),))


def call(ask: Ask, text: str = "a", run: str = "r", cost: float = 0.5) -> Call:
    return Call(key("f", "m", ask), "f", "m", ask.tag, "recipe", run, 0.1, 10, 20, cost, prints("f", "m", ask),
                ask.system, {"turns": [[turn.role, turn.text] for turn in ask.turns], "temperature": 0.7,
                             "sample": ask.sample}, {"message": {"content": text}, "finish": "stop"})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    held = Store(tmp_path / "calls.sqlite")
    yield held
    held.close()


# --- keys


@pytest.mark.parametrize(("change", "field"), [
    ({"system": "t"}, "system"), ({"turns": (Turn("assistant", "q"),)}, "turns"), ({"temperature": 0.1}, "temperature"),
    ({"top_p": 0.9}, "top_p"), ({"max_tokens": 5}, "max_tokens"), ({"stop": ("x",)}, "stop"),
    ({"schema": "{}"}, "schema"), ({"seed": 1}, "seed"), ({"sample": 1}, "sample")])
def test_every_part_of_a_request_is_in_its_key(change: dict[str, Any], field: str) -> None:
    other = replace(ASK, **change)
    assert key("f", "m", other) != key("f", "m", ASK)
    assert changed(prints("f", "m", other), prints("f", "m", ASK)) == (field,)


def test_family_and_model_are_in_the_key_and_the_step_is_not() -> None:
    assert len({key("f", "m", ASK), key("g", "m", ASK), key("f", "n", ASK)}) == 3
    assert key("f", "m", replace(ASK, tag="step")) == key("f", "m", ASK)
    assert key("f", "m", replace(ASK, temperature=1)) == key("f", "m", replace(ASK, temperature=1.0))


def test_keys_stay_as_they_are() -> None:
    """Another key for the same request would mean paying all again."""
    assert key("f", "m", ASK).hex()[:16] == "3c5a46c41cedfb81"


# --- the store


def test_what_is_put_is_there_at_once_and_later(store: Store) -> None:
    store.put(call(ASK))
    assert store.get([key("f", "m", ASK)])[key("f", "m", ASK)].answer["message"] == {"content": "a"}
    store.flush()
    other = Store(store.path)
    assert other.get([key("f", "m", ASK), b"x"]).keys() == {key("f", "m", ASK)}
    other.close()


def test_several_processes_write_one_store(tmp_path: Path) -> None:
    script = ("import sys; from pathlib import Path; from tests.test_calls import *\n"
              "held = Store(Path(sys.argv[1]))\n"
              "for i in range(500): held.put(call(Ask(sys.argv[2], (Turn('user', f'q{i}'),))))\n"
              "held.close()")
    children = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "c.sqlite"), f"s{i}"], cwd=ROOT)
                for i in range(3)]
    assert [child.wait(120) for child in children] == [0, 0, 0]
    held = Store(tmp_path / "c.sqlite")
    assert [row.calls for row in queries.summary(held)] == [1500]
    held.close()


def test_a_store_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "calls.sqlite").write_bytes(b"no database " * 1000)
    with pytest.raises(StorageError, match="call store cannot be used"):
        Store(tmp_path / "calls.sqlite")
    with pytest.raises(StorageError):
        Store(Path("/proc/calls.sqlite"))


def test_a_newer_layout_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "calls.sqlite") as db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(StorageError, match="newer mathmill"):
        Store(tmp_path / "calls.sqlite")


@pytest.mark.parametrize("moment", [0.3, 0.7])
def test_kill_9_loses_no_more_than_was_in_flight(moment: float, tmp_path: Path) -> None:
    """The real thing: a client of 20 calls at once is killed, and another pays the rest."""
    script = ("import sys; from pathlib import Path; from tests.test_calls import *\n"
              "engine = Engine(teacher(sys.argv[1], 'm', concurrency=20), Store(Path(sys.argv[2])))\n"
              "print('ready', flush=True)\n"
              "print(sum(isinstance(reply, Reply) for reply in engine.ask_all(asks(600))))")
    with stub(lambda asked: asked.say("a", delay=0.02)) as server:
        words = [sys.executable, "-c", script, server.url, str(tmp_path / "calls.sqlite")]
        with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(moment)
            child.send_signal(signal.SIGKILL)
        time.sleep(0.2)
        before = sum(server.paid.values())
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
        assert done.stdout.split()[-1] == "600"
        assert before < 600
        assert sum(server.paid.values()) - 600 <= 20


# --- looking into it


def test_why_calls_were_paid(store: Store) -> None:
    rows = [Ask("s", (Turn("user", f"q{i}"),), tag="solve") for i in range(10)]
    for run, ask in [*(("one", row) for row in rows), *(("two", replace(row, temperature=0.1)) for row in rows[:4]),
                     ("two", replace(rows[5], turns=(Turn("user", "edited"),))),
                     ("two", replace(rows[0], tag="judge", seed=5)), ("two", replace(rows[7], system="t", seed=1))]:
        store.put(call(ask, run=run))
        store.flush()
    reasons = {(reason.step, reason.changed): reason.calls for reason in queries.why(store)}
    assert reasons == {("solve", "temperature"): 4, ("solve", "turns: the row is new or edited"): 1,
                       ("solve", "system, seed"): 1, ("judge", "all: the first calls of this step"): 1}
    assert [reason.changed for reason in queries.why(store, "one")] == ["all: the first calls of this step"]
    with pytest.raises(ParameterError, match="no call of the run"):
        queries.why(store, "three")


def test_the_summary_counts_calls_hits_and_money(store: Store) -> None:
    for i in range(3):
        store.put(call(replace(ASK, sample=i, tag="a")))
    store.put(call(replace(ASK, sample=9, tag="b"), cost=float("nan")))
    store.hit(("r", "recipe", "a", "m"), 5)
    store.flush()
    first, second = queries.summary(store)
    assert (first.step, first.calls, first.hits, first.prompt_tokens, first.cost) == ("a", 3, 5, 30, 1.5)
    assert (second.step, second.hits, second.cost) == ("b", 0, None)


def test_the_command_shows_exports_and_prunes(mathmill: Command, tmp_path: Path) -> None:
    assert "no call was kept yet" in mathmill("calls", check=False).stderr
    held = Store(tmp_path / "data" / "calls.sqlite")
    held.put(call(replace(ASK, tag="solve"), text="<think>hm</think>4"))
    held.close()
    assert "solve" in mathmill("calls").stdout
    assert json.loads(mathmill("calls", "--json").stdout)[0]["calls"] == 1
    assert "first calls" in mathmill("calls", "why").stdout
    mathmill("calls", "export", "out.jsonl")
    row = json.loads((tmp_path / "out.jsonl").read_text())
    assert (row["system"], json.loads(row["turns"]), row["text"]) == ("s", [["user", "q"]], "4")
    mathmill("calls", "export", "out.parquet")
    assert (tmp_path / "out.parquet").stat().st_size > 0
    assert "do not know how" in mathmill("calls", "export", "out.csv", check=False).stderr
    assert "say which" in mathmill("calls", "prune", check=False).stderr
    assert "0 calls" in mathmill("calls", "prune", "--older-than", "1").stdout
    assert "1 calls" in mathmill("calls", "prune", "--model", "m").stdout
    assert json.loads(mathmill("calls", "--json").stdout) == []


# --- money


def test_prices_are_found_by_name_and_by_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "prices.toml"
    path.write_text('["a*"]\ninput=1\noutput=2\n["ab*"]\ninput=3\noutput=4\nbatch=0.5\n["abc"]\ninput=5\noutput=6\n')
    monkeypatch.setenv("MATHMILL_PRICES", str(path))
    assert [price(model).input for model in ("a1", "ab1", "abc", "abcd")] == [1, 3, 5, 3]
    assert price("ab1").of(1_000_000, 1_000_000) == 7
    assert price("ab1").of(1_000_000, 1_000_000, batch=True) == 3.5
    assert not price("zzz").known


@pytest.mark.parametrize("text", ["[x", '["a"]\ninput = -1\noutput = 2', '["a"]\ncost = 3', '["a"]\ninput = "x"'])
def test_prices_that_cannot_be_read_are_named(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "prices.toml").write_text(text)
    monkeypatch.setenv("MATHMILL_PRICES", str(tmp_path / "prices.toml"))
    with pytest.raises(InputError, match="prices cannot be read"):
        price("a")


def test_the_prices_that_ship_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MATHMILL_PRICES", raising=False)
    assert price("gpt-4o-mini-2024-07-18").input < price("gpt-4o").input


def test_a_ledger_without_calls_in_flight_holds_nothing() -> None:
    ledger, chance, held = Ledger(max_tokens=1000), random.Random(0), []
    for _ in range(2000):
        if held and chance.random() < 0.5:
            money = held.pop(chance.randrange(len(held)))
            ledger.release(money) if chance.random() < 0.9 else ledger.settle(money, [])
        elif (money := ledger.hold(price("m"), chance.randint(1, 100), 50)) is not None:
            held.append(money)
        assert 0 <= ledger.held.tokens <= 1000
    for money in held:
        ledger.release(money)
    assert ledger.held.tokens == 0


def test_a_run_keeps_its_accounts_and_goes_on_with_them(tmp_path: Path) -> None:
    plan = Plan("recipe", {"seed": 0})
    with serving(lambda asked: asked.say("a", tokens=5), tmp_path) as (engine, server):
        with open_run(tmp_path / "run", plan):
            list(engine.ask_all([replace(ask, tag="solve") for ask in asks(10)]))
        noted = read_manifest(tmp_path / "run")["notes"]["calls"]
        assert noted == [{"step": "solve", "model": "m", "calls": 10, "hits": 0, "prompt_tokens": 100,
                          "completion_tokens": 50, "cost": None}]
        with open_run(tmp_path / "run", plan):
            list(engine.ask_all([replace(ask, tag="solve") for ask in asks(12)]))
        (noted,) = read_manifest(tmp_path / "run")["notes"]["calls"]
        assert (noted["calls"], noted["hits"], server.calls) == (12, 10, 12)


# --- batches


Line = Callable[[dict[str, Any], int], Answer | None]


class Batches:
    """`/files` and `/batches` of a stub; `line` answers a request of a batch, `end` how batches end."""

    def __init__(self, line: Line, polls: int = 1) -> None:
        self.line, self.polls = line, polls
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.looked = 0
        self.paid = 0
        self.broken = 0  # answers to an order that get lost

    def __call__(self, method: str, path: str, content: bytes) -> Answer:
        path = path.removeprefix("/v1").partition("?")[0]
        if path == "/files":
            lines = [line for line in content.splitlines() if line.startswith(b'{"custom_id"')]
            return self.made(self.files, "file", b"\n".join(lines))
        if path.startswith("/files/"):
            return Answer(body=self.files[path.split("/")[2]])
        if path == "/batches" and method == "POST":
            order = json.loads(content)
            answer = self.made(self.batches, "batch", {**order, "status": "in_progress", "polls": self.polls})
            if self.broken:
                self.broken -= 1
                return Answer(drop=True)
            return answer
        if path == "/batches":
            return Answer(body=json.dumps({"data": list(self.batches.values()), "has_more": False}).encode())
        return self.look(self.batches[path.split("/")[2]])

    def made(self, where: dict[str, Any], kind: str, value: Any) -> Answer:
        name = f"{kind}{len(where)}"
        where[name] = {**value, "id": name} if isinstance(value, dict) else value
        return Answer(body=json.dumps({"id": name}).encode())

    def look(self, batch: dict[str, Any]) -> Answer:
        self.looked += 1
        batch["polls"] -= 1
        if batch["polls"] < 0 and batch["status"] == "in_progress":
            self.finish(batch)
        return Answer(body=json.dumps(batch).encode())

    def finish(self, batch: dict[str, Any]) -> None:
        out, bad = [], []
        for number, text in enumerate(self.files[batch["input_file_id"]].splitlines()):
            line = json.loads(text)
            answer = self.line(line["body"], number)
            told = {"custom_id": line["custom_id"], "response": None, "error": {"code": "batch_expired"}}
            if answer:
                told["response"] = {"status_code": answer.status, "body": json.loads(answer.body)}
                self.paid += answer.status == 200
            (out if answer and answer.status == 200 else bad).append(json.dumps(told))
        random.Random(0).shuffle(out)
        batch.update(status="expired" if any("null" in line for line in bad) else "completed")
        for name, lines in (("output_file_id", out), ("error_file_id", bad)):
            if lines:
                self.files[f"{batch['id']}-{name}"] = "\n".join(lines).encode()
                batch[name] = f"{batch['id']}-{name}"


@contextmanager
def batching(line: Line, folder: Path) -> Iterator[tuple[Engine, Stub, Batches]]:
    with serving(echo, folder, batch=True, poll=0.05) as (engine, server):
        server.other = batches = Batches(line)
        yield engine, server, batches


def good(body: dict[str, Any], number: int = 0) -> Answer:
    return echo(Asked(body, number, {}))


def test_a_batch_answers_all_and_is_paid_once(tmp_path: Path) -> None:
    with batching(good, tmp_path) as (engine, server, batches):
        for _ in range(2):
            assert texts(engine.ask_all(asks(30))) == [f"a q{i}" for i in range(30)]
        assert (server.calls, len(batches.batches), batches.paid) == (0, 1, 30)
        assert engine.ledger.rows["", "m"].calls == 30


def test_what_an_expired_batch_left_goes_into_another(tmp_path: Path) -> None:
    def line(body: dict[str, Any], number: int) -> Answer | None:
        return good(body) if number < 10 else None

    with batching(line, tmp_path) as (engine, server, batches):
        assert texts(engine.ask_all(asks(25))) == [f"a q{i}" for i in range(25)]
        assert (server.calls, len(batches.batches), batches.paid) == (0, 3, 25)


def test_requests_that_the_server_does_not_take_come_with_its_words(tmp_path: Path) -> None:
    def line(body: dict[str, Any], number: int) -> Answer | None:
        asked = Asked(body, number, {})
        return asked.refuse(400, "too hot") if asked.text == "q3" else good(body)

    with batching(line, tmp_path) as (engine, server, batches):
        server.plan = lambda asked: asked.refuse(400, "too hot")
        outcomes = list(engine.ask_all(asks(5)))
        assert outcomes[3] == Failure("invalid", "400 too hot")
        assert sum(isinstance(outcome, Reply) for outcome in outcomes) == 4
        assert (server.calls, len(batches.batches)) == (1, 1)


def test_a_batch_outlives_the_process_that_sent_it(tmp_path: Path) -> None:
    with stub(echo) as server:
        server.other = batches = Batches(good, polls=10**9)
        script = ("import sys; from pathlib import Path; from tests.test_calls import *\n"
                  "made = teacher(sys.argv[1], 'm', batch=True, poll=0.05)\n"
                  "list(Engine(made, Store(Path(sys.argv[2]))).ask_all(asks(20)))")
        words = [sys.executable, "-c", script, server.url, str(tmp_path / "calls.sqlite")]
        with subprocess.Popen(words, cwd=ROOT) as child:
            until = time.monotonic() + 60
            while batches.looked < 3 and time.monotonic() < until:
                time.sleep(0.05)
            child.send_signal(signal.SIGKILL)
        for batch in batches.batches.values():
            batch["polls"] = 1
        subprocess.run(words, cwd=ROOT, check=True, timeout=60)
        assert (len(batches.batches), batches.paid, server.calls) == (1, 20, 0)


def test_an_order_whose_answer_was_lost_is_not_given_twice(tmp_path: Path) -> None:
    with batching(good, tmp_path) as (engine, _, batches):
        batches.broken = 1
        assert len(texts(engine.ask_all(asks(5)))) == 5
        assert len(batches.batches) == 1


def test_a_batch_keeps_within_the_budget(tmp_path: Path) -> None:
    ledger = Ledger(max_tokens=2000)
    with batching(good, tmp_path) as (engine, server, batches):
        kinds = texts(engine.ask_all(asks(200, max_tokens=100), ledger=ledger))
        assert batches.paid + server.calls == 200 - kinds.count("budget")
        assert ledger.tokens <= 2000
        assert batches.paid >= 10


def test_an_endpoint_without_batches_is_named(tmp_path: Path) -> None:
    with serving(echo, tmp_path, batch=True) as (engine, _), pytest.raises(MathmillError, match="has no batches"):
        list(engine.ask_all(asks(3)))


def test_the_store_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATHMILL_CALLS", "/tmp/elsewhere.sqlite")
    assert calls_path() == Path("/tmp/elsewhere.sqlite")
    monkeypatch.delenv("MATHMILL_CALLS")
    assert calls_path() == Path(os.getcwd()) / "data" / "calls.sqlite"


