"""The scripted teacher over real HTTP, asked by the real client: the protocol, its own prompts, its fault plan."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, Literal

import jsonschema
import openai
import pytest
from aiohttp import web
from openai import OpenAI

from tasks.prompts import change, mend_program, paraphrase, persona, program_named, solve, with_tools
from tasks.scripted.__main__ import questions
from tasks.scripted.answers.shaped import filled
from tasks.scripted.completions import Teacher
from tasks.scripted.faults import CONTENT, Plan, parse
from tasks.scripted.replies import REPLIES, SOLVING, by_system
from tasks.scripted.server import application
from tasks.scripted.stock import stock
from tasks.tools.answers import check
from tasks.tools.calls.store import Store
from tasks.tools.llm import Reply, teacher
from tasks.tools.llm.batches import _find
from tasks.tools.llm.engine import Engine

SPOIL = "wrong_answer=0.2,refusal=0.1,truncated=0.1,malformed=0.1"
CHAT: Literal["/v1/chat/completions"] = "/v1/chat/completions"
TEXT = {"type": "string"}


@contextmanager
def served(plan: str = "", items: tuple[str, ...] = (), **settings: Any) -> Iterator[OpenAI]:
    """A client of a server in this process, which has the stock already."""
    addresses: SimpleQueue[str] = SimpleQueue()
    loop = asyncio.new_event_loop()

    async def listen() -> None:
        runner = web.AppRunner(application(Teacher(stock(), parse(plan, items), **settings)), shutdown_timeout=0.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        addresses.put(f"http://127.0.0.1:{runner.addresses[0][1]}/v1")

    def serve() -> None:
        loop.run_until_complete(listen())
        loop.run_forever()

    thread = Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield OpenAI(base_url=addresses.get(timeout=60), api_key="right", max_retries=0)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


def started(*flags: str) -> tuple["subprocess.Popen[str]", str]:
    child = subprocess.Popen([sys.executable, "-m", "tasks.scripted", *flags], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    return child, child.stdout.readline().strip()


@pytest.fixture(scope="module")
def client() -> Iterator[OpenAI]:
    """Of the program as users start it."""
    child, address = started("--seed", "1", "--key", "right")
    yield OpenAI(base_url=address, api_key="right", max_retries=0)
    child.kill()
    child.communicate()


def messages(prompt: Any, **sections: str) -> list[Any]:
    ask = prompt.PROMPT.ask({name.replace("_", " "): text for name, text in sections.items()})
    return [{"role": "system", "content": ask.system}, {"role": "user", "content": ask.turns[0].text}]


def said(client: OpenAI, told: list[Any], **settings: Any) -> list[str]:
    made = client.chat.completions.create(model="scripted", messages=told, **settings)
    assert made.usage is not None
    assert made.usage.total_tokens == made.usage.prompt_tokens + made.usage.completion_tokens > 0
    return [choice.message.content or "" for choice in made.choices]


def spoiled(client: OpenAI) -> list[dict[str, Any]]:
    root = client.with_options(base_url=str(client.base_url).removesuffix("/v1/"))
    lines = root.get("/scripted/spoiled", cast_to=str)
    return [json.loads(line) for line in lines.splitlines()]


# --- answers


def test_it_works_what_it_knows_and_what_it_has_rewritten(client: OpenAI) -> None:
    for known in stock().drawn[::4000]:
        [text] = said(client, messages(solve, Problem=known.question))
        assert check(text, known.answer, known.question).status == "equal", text
        [told] = said(client, messages(paraphrase, Problem=known.question))
        again = json.loads(told)["problem"]
        assert again != known.question
        [told] = said(client, messages(persona, Problem=again, Person="A baker in Lyon, who likes puzzles."))
        [text] = said(client, messages(solve, Problem=json.loads(told)["problem"]))
        assert check(text, known.answer).status == "equal", text


def test_what_it_writes_is_new_and_known() -> None:
    made = [REPLIES["change"]({}, random.Random(number), stock())["problem"] for number in range(2000)]
    assert len(set(made)) > 1800  # of 21,839 problems 1,911 different ones are to be expected
    assert all(map(stock().find, made))


def test_every_prompt_is_taught() -> None:
    assert {prompt.name for prompt in by_system().values()} == {*REPLIES, *SOLVING}


def test_samples_differ_and_the_same_request_does_not(client: OpenAI) -> None:
    told = messages(change, Problem="What is 3 + 4?", Change="Use other numbers.")
    first = said(client, told, n=4)
    assert len(set(first)) > 1
    with served(seed=1) as fresh:
        said(fresh, messages(change, Problem="Something else.", Change="Anything."))
        assert said(fresh, told)[0] == first[0]
        assert said(fresh, told, n=4) == first
    with served(seed=2) as other:
        assert said(other, told, n=4) != first
    assert said(client, told, temperature=0.1) != first[:1]


def test_programs_and_turns(client: OpenAI) -> None:
    several = [one for one in stock().drawn[::97] if one.answer.isdecimal()]
    for known in several[:20]:
        [text] = said(client, messages(program_named, Problem=known.question))
        code = text.removeprefix("```python\n").removesuffix("\n```")
        assert subprocess.check_output([sys.executable, "-Ic", code], text=True).strip() == known.answer
    told = messages(with_tools, Problem=known.question)
    [first] = said(client, told)
    assert "```python" in first
    told += [{"role": "assistant", "content": first},
             {"role": "user", "content": f"The program printed:\n{known.answer}"}]
    [last] = said(client, told)
    assert last.endswith(f"\\boxed{{{known.answer}}}")


def test_a_program_is_mended() -> None:
    seed = stock().seeds[0]
    made = REPLIES["generalise"]({"Problem": seed.question, "Solution": seed.solution}, random.Random(0), stock())
    sections = {"Problem": made["question"].replace("{{", "{").replace("}}", "}"), "Program": "answer = 1",
                "What happened": "it comes to 1"}
    assert REPLIES[mend_program.PROMPT.name](sections, random.Random(0), stock())["program"] == made["program"] != ""


@pytest.mark.parametrize("schema", [
    {"type": "object", "properties": {"problem": TEXT, "score": {"type": "integer", "minimum": 7}, "kind": {
        "enum": ["a", "b"]}, "parts": {"type": "array", "items": TEXT, "minItems": 3}}, "required": ["kind", "parts"]},
    {"type": "object", "properties": {"answer": {"type": ["number", "null"], "exclusiveMaximum": 3}, "x": {"const": 9},
                                      "y": {"anyOf": [{"type": "null"}, {"type": "boolean"}]}}, "required": ["x", "y"]},
    {"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "required": ["left", "name"], "properties": {
        "name": {"type": "string", "minLength": 30, "maxLength": 40},
        "left": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]}}}}},
])
def test_a_schema_that_is_not_ours_is_met(schema: dict[str, Any]) -> None:
    for number in range(20):
        jsonschema.validate(filled(schema, random.Random(number), stock()), schema)


def test_structured_answers_without_our_prompts(client: OpenAI) -> None:
    told = [{"role": "user", "content": "Write one."}]
    schema = {"type": "object", "properties": {"problem": TEXT, "answer": TEXT}, "required": ["problem", "answer"]}
    for wanted in ({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}, {"type": "json_object"},
                   {"type": "json_object", "schema": schema}):
        [text] = said(client, told, response_format=wanted)
        known = stock().find(json.loads(text)["problem"])
        assert known
        assert known.answer == json.loads(text)["answer"]


# --- the protocol


def test_what_is_refused(client: OpenAI) -> None:
    short: list[Any] = [{"role": "user", "content": "x"}]
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        client.chat.completions.create(model="other", messages=short)
    with pytest.raises(openai.BadRequestError, match="maximum context length") as error:
        client.chat.completions.create(model="scripted", messages=[{"role": "user", "content": "x" * 200_000}])
    assert error.value.code == "context_length_exceeded"
    bad: list[dict[str, Any]] = [
        {"n": 0.5}, {"n": 1000}, {"stream": True}, {"messages": []}, {"extra_body": {"stop": 5}}]
    for settings in bad:
        with pytest.raises(openai.BadRequestError):
            client.chat.completions.create(**{"model": "scripted", "messages": short, **settings})
    with pytest.raises(openai.BadRequestError, match="not JSON"):
        client.post("/chat/completions", content=b"{", cast_to=object)
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("other")
    assert [one.id for one in client.models.list()] == [client.models.retrieve("scripted").id] == ["scripted"]


def test_lengths_and_stops(client: OpenAI) -> None:
    told = messages(solve, Problem=stock().drawn[0].question)
    made = client.chat.completions.create(model="scripted", messages=told, max_completion_tokens=5)
    assert (made.choices[0].finish_reason, made.usage and made.usage.completion_tokens) == ("length", 5)
    [whole] = said(client, told)
    assert said(client, told, stop="\\boxed") == [whole.partition("\\boxed")[0]]


def test_a_key_and_a_rate() -> None:
    with served(key="right", rpm=2) as client:
        wrong = client.with_options(api_key="wrong")
        for ask in (lambda: said(wrong, messages(solve, Problem="x")), wrong.models.list, wrong.batches.list,
                    lambda: wrong.files.content("file-000000")):
            with pytest.raises(openai.AuthenticationError):
                ask()
        raw = client.chat.completions.with_raw_response.create(model="scripted", messages=messages(solve, Problem="x"))
        assert raw.headers["x-ratelimit-limit-requests"] == "2"
        assert raw.headers["x-ratelimit-remaining-requests"] == "1"
        assert 50 < float(raw.headers["x-ratelimit-reset-requests"].removesuffix("s")) <= 60
        said(client, messages(solve, Problem="y"))
        with pytest.raises(openai.RateLimitError) as error:
            said(client, messages(solve, Problem="z"))
        assert 0 < float(error.value.response.headers["retry-after"]) <= 60


# --- faults


def test_it_knows_what_it_spoiled() -> None:
    with served(SPOIL, seed=3) as client:
        some = stock().drawn[:960:8]
        texts = {known.question: said(client, messages(solve, Problem=known.question))[0] for known in some}
        told = {row["problem"]: row for row in spoiled(client)}
    wrong = {known.question for known in some if check(texts[known.question], known.answer).status != "equal"}
    assert wrong - set(told) == set(), "what is not reported is right"
    assert {kind for row in told.values() for kind in row["kinds"]} == {
        "wrong_answer", "refusal", "truncated", "malformed"}
    assert all(texts[question] == row["text"] for question, row in told.items())
    assert all(row["kind"] == row["kinds"][-1] for row in told.values())
    assert 28 <= len(told) <= 72  # 120 times 1 - 0.8 * 0.9^3 is 50, give or take four standard deviations
    certain = {row["problem"] for row in told.values() if {"refusal", "wrong_answer"} & set(row["kinds"])}
    assert certain <= wrong


def test_what_it_cannot_solve_it_answers_wrongly_and_says_so() -> None:
    with served() as client:
        texts = said(client, messages(solve, Problem="How many primes lie between 3 and 4810?"), n=8)
        assert all("\\boxed{" in text for text in texts)
        assert len(set(texts)) > 2, "or a vote would take it for true"
        assert [row["kinds"] for row in spoiled(client)] == [["cannot_solve"]] * 8


def test_a_shared_error_is_the_same_in_all_samples() -> None:
    some = [one for one in stock().drawn[::97] if one.answer.isdecimal()][:40]
    with served("shared_error=0.5") as client:
        for prompt in (solve, program_named):
            samples = [said(client, messages(prompt, Problem=known.question), n=4) for known in some]
        answers = [[subprocess.check_output([sys.executable, "-Ic", text.removeprefix("```python").removesuffix("```")],
                                            text=True).strip() for text in texts[:2]] for texts in samples[:12]]
        told = {row["problem"] for row in spoiled(client)}
        rows = spoiled(client)
    assert 8 < len(told) < 32
    assert len(rows) == 8 * len(told), "all four samples, of both prompts"
    assert all(first == second for first, second in answers)
    assert [first == known.answer for (first, _), known in zip(answers, some, strict=False)] == [
        known.question not in told for known in some[:12]]


def test_it_believes_what_a_program_printed() -> None:
    known = next(one for one in stock().drawn if one.answer.isdecimal())
    told = messages(with_tools, Problem=known.question)
    with served("wrong_answer=1") as client:
        [first] = said(client, told)
    with served() as client:
        code = first.partition("```python\n")[2].removesuffix("\n```")
        printed = subprocess.check_output([sys.executable, "-Ic", code], text=True)
        assert printed.strip() != known.answer
        told += [{"role": "assistant", "content": first},
                 {"role": "user", "content": f"The program printed:\n{printed}Check the results."}]
        assert said(client, told)[0].endswith(f"\\boxed{{{printed.strip()}}}")
        assert [row["kinds"] for row in spoiled(client)] == [["misled"]]


def test_faults_in_problems_and_code(tmp_path: Path) -> None:
    (tmp_path / "test.jsonl").write_text('{"question": "The test item?"}\n')
    items = questions(str(tmp_path / "test.jsonl"))
    with served("test_item=1,hostile_code=1,wrong_step=1", items) as client:
        [text] = said(client, messages(change, Problem="x", Change="y"))
        assert json.loads(text) == {"problem": "The test item?"}
        [code] = said(client, messages(with_tools, Problem=stock().drawn[0].question))
        assert "/etc/passwd" in code
        said(client, messages(solve, Problem=stock().seeds[0].question))
        assert [row["kinds"] for row in spoiled(client)] == [["test_item"], ["hostile_code"], ["wrong_step"]]


def test_content_faults_are_independent_and_stay() -> None:
    plan = parse("wrong_answer=0.3,truncated=0.2")
    drawn = [plan.content(str(key)) for key in range(4000)]
    assert drawn == [plan.content(str(key)) for key in range(4000)]
    counts = Counter(kind for kinds in drawn for kind in kinds)
    assert 1085 < counts["wrong_answer"] < 1315  # four standard deviations of 1,200, of 800, of 240
    assert 700 < counts["truncated"] < 900
    assert 180 < drawn.count(("wrong_answer", "truncated")) < 300
    assert Plan().content("x") == ()


def test_transport_faults_are_of_an_attempt() -> None:
    plan = parse("429=0.3,500=0.2,drop=0.1")
    first, second = ([plan.transport(str(key), attempt) for key in range(400)] for attempt in (1, 2))
    assert first != second
    assert 0.5 < sum(map(bool, first)) / 400 < 0.7
    assert Plan().transport("x", 1) == ""


def test_transport_faults_over_http() -> None:
    raised: Counter[str] = Counter()
    with served("429=0.2,500=0.2,drop=0.2,timeout=0.2") as client:
        for _ in range(40):
            try:
                said(client.with_options(timeout=0.3), messages(solve, Problem="x"))
                raised["none"] += 1
            except openai.OpenAIError as error:
                raised[type(error).__name__] += 1
    assert set(raised) == {"none", "RateLimitError", "InternalServerError", "APIConnectionError", "APITimeoutError"}


@pytest.mark.parametrize(("plan", "words"), [
    ("earthquake=1", "no fault"), ("429=2", "between"), ("500=0.6,drop=0.6", "exceed"), ("refusal=", "wants a share"),
    ("test_item=0.1", "--test-items")])
def test_a_plan_that_makes_no_sense_is_refused(plan: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(plan)


def test_all_content_faults_can_be_told_apart() -> None:
    assert set(parse(",".join(f"{kind}=0.5" for kind in CONTENT), ("x",)).shares) == set(CONTENT)


# --- files and batches


def lines_of(*questions: str) -> list[dict[str, Any]]:
    bodies = [{"model": "scripted", "messages": messages(solve, Problem=one)} for one in questions]
    return [{"custom_id": str(number), "method": "POST", "url": CHAT, "body": one} for number, one in enumerate(bodies)]


def sent(client: OpenAI, rows: list[dict[str, Any]], **metadata: str) -> Any:
    file = client.files.create(file=("x.jsonl", "\n".join(map(json.dumps, rows)).encode()), purpose="batch")
    return client.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h", metadata=metadata)


def ended(client: OpenAI, batch: Any) -> Any:
    seen = [batch.status]
    while batch.status in ("validating", "in_progress", "cancelling"):
        batch = client.batches.retrieve(batch.id)
        seen.append(batch.status)
    assert batch.status == "failed" or len(set(seen)) > 1, "a client must have waited"
    return batch


def lines(client: OpenAI, file: str | None) -> dict[str, Any]:
    rows = map(json.loads, client.files.content(file).text.splitlines()) if file else ()
    return {row["custom_id"]: row for row in rows}


def test_a_batch_answers_as_single_requests_do(client: OpenAI) -> None:
    some = [known.question for known in stock().drawn[:4]]
    rows = lines_of(*some)
    rows[3]["body"]["model"] = "other"
    batch = ended(client, sent(client, rows))
    done, failed = lines(client, batch.output_file_id), lines(client, batch.error_file_id)
    assert (batch.status, batch.request_counts.total, batch.request_counts.failed) == ("completed", 4, 1)
    assert {name: row["response"]["body"]["choices"][0]["message"]["content"] for name, row in done.items()} == {
        str(number): said(client, messages(solve, Problem=one))[0] for number, one in enumerate(some[:3])}
    assert list(done) != sorted(done), "the protocol keeps no order"
    [refused] = failed.values()
    assert (refused["custom_id"], refused["response"]["status_code"], refused["error"]) == ("3", 404, None)
    assert refused["response"]["body"]["error"]["code"] == "model_not_found"


def test_batches_are_listed_page_by_page() -> None:
    with served() as client:
        made = [sent(client, lines_of("x"), mathmill=str(number)).id for number in range(5)]
        assert [one.id for one in client.batches.list(limit=2)] == made[::-1]
        assert next(iter(client.batches.list(limit=1))).metadata == {"mathmill": "4"}


def test_files_come_and_go() -> None:
    with served() as client:
        file = client.files.create(file=("x.jsonl", b"{}"), purpose="batch")
        assert (file.bytes, file.filename, file.purpose) == (2, "x.jsonl", "batch")
        assert client.files.retrieve(file.id) == file
        assert client.files.delete(file.id).deleted
        for ask in (client.files.retrieve, client.files.content, client.files.delete):
            with pytest.raises(openai.NotFoundError, match="no such file"):
                ask(file.id)
        with pytest.raises(openai.NotFoundError):
            client.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h")
        assert client.files.create(file=("y.jsonl", b"{}"), purpose="batch").id != file.id


def test_an_expired_batch_has_half_of_its_answers() -> None:
    with served("batch_expired=1") as client:
        batch = ended(client, sent(client, lines_of(*"abcdef")))
        done, failed = lines(client, batch.output_file_id), lines(client, batch.error_file_id)
    assert (batch.status, sorted(done), sorted(failed)) == ("expired", ["0", "1", "2"], ["3", "4", "5"])
    assert {(row["response"], row["error"]["code"]) for row in failed.values()} == {(None, "batch_expired")}


def test_a_batch_sent_again_may_be_in_time() -> None:
    with served("batch_expired=0.5") as client:
        found = Counter(ended(client, sent(client, lines_of("x"))).status for _ in range(20))
    assert set(found) == {"expired", "completed"}


def test_a_batch_that_is_cancelled_keeps_what_it_has() -> None:
    with served() as client:
        batch = sent(client, lines_of(*map(str, range(9))))
        assert client.batches.cancel(batch.id).status == "cancelling"
        batch = ended(client, batch)
        assert (batch.status, batch.request_counts.completed, batch.error_file_id) == ("cancelled", 4, None)
        assert len(lines(client, batch.output_file_id)) == 4
        with pytest.raises(openai.ConflictError):
            client.batches.cancel(batch.id)


@pytest.mark.parametrize(("rows", "code"), [
    ([], "empty_file"), ([{"custom_id": "1"}], "invalid_json_line"), (lines_of("x") * 2, "duplicate_custom_id"),
    ([{**lines_of("x")[0], "url": "/v1/embeddings"}], "invalid_url")])
def test_a_file_that_is_no_batch_fails(client: OpenAI, rows: list[dict[str, Any]], code: str) -> None:
    batch = sent(client, rows)
    assert batch.status == "failed"
    assert batch.errors.data[0].code == code


def test_lines_may_be_lost_on_the_way() -> None:
    with served("500=0.5") as client:
        batch = ended(client, sent(client, lines_of(*map(str, range(40)))))
        failed = lines(client, batch.error_file_id)
    assert 5 < len(failed) < 35
    assert {row["error"]["code"] for row in failed.values()} == {"server_error"}


# --- with our own engine


@pytest.mark.parametrize("plan", ["", "batch_expired=0.5,500=0.2"])
def test_the_engine_has_its_answers_by_batches(plan: str, tmp_path: Path) -> None:
    some = stock().drawn[:30]
    with served(plan) as client, asking(client, tmp_path, batch=True, poll=0.01) as engine:
        outcomes = list(engine.ask_all(solve.PROMPT.ask({"Problem": known.question}) for known in some))
        assert len(list(client.batches.list())) == 1 or plan
    answers = [outcome.text for outcome in outcomes if isinstance(outcome, Reply)]
    assert all(check(text, known.answer).status == "equal" for text, known in zip(answers, some, strict=True))


def test_a_batch_under_way_is_found_by_its_name(tmp_path: Path) -> None:
    """What an engine looks for when the answer to its order was lost: the list must have its metadata."""
    with served() as client, asking(client, tmp_path, batch=True, poll=0.01) as engine:
        for number in range(130):
            sent(client, lines_of("x"), mathmill=str(number))
        assert _find(engine, "3") == "batch_000003"
        assert _find(engine, "200") == ""


def test_the_engine_loses_no_row_to_faults(tmp_path: Path) -> None:
    with served("429=0.1,500=0.1,drop=0.05") as client, asking(client, tmp_path) as engine:
        outcomes = list(engine.ask_all(solve.PROMPT.ask({"Problem": str(number)}) for number in range(60)))
    assert [type(outcome) for outcome in outcomes] == [Reply] * 60


@contextmanager
def asking(client: OpenAI, folder: Path, **settings: Any) -> Iterator[Engine]:
    store = Store(folder / "calls.sqlite")
    made = Engine(teacher(str(client.base_url).rstrip("/"), "scripted", **settings), store)
    try:
        yield made
    finally:
        made.close()
        store.close()


# --- how it ends


def test_it_ends_when_its_pipe_is_closed() -> None:
    child, address = started()
    OpenAI(base_url=address, api_key="none").models.list()
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(5) == 0


@pytest.mark.parametrize("start", [
    "from tasks.tools.llm.endpoint import teacher; print(teacher('scripted').url, flush=True)",
    "import subprocess, sys; subprocess.Popen([sys.executable, '-m', 'tasks.scripted'], stdin=subprocess.DEVNULL)"])
def test_it_ends_with_its_parent(start: str) -> None:
    parent = subprocess.Popen([sys.executable, "-c", f"{start}; import time; time.sleep(60)"], stdout=subprocess.PIPE,
                              text=True)
    assert parent.stdout is not None
    address = parent.stdout.readline().strip()
    OpenAI(base_url=address, api_key="none").models.list()
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    time.sleep(1)
    with pytest.raises(openai.APIConnectionError):
        OpenAI(base_url=address, api_key="none", max_retries=0).models.list()
