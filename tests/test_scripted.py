"""The scripted teacher over real HTTP, asked by the real client: the protocol, its own prompts, its fault plan."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI

from tasks.prompts import change, paraphrase, persona, program_named, solve, with_tools
from tasks.scripted.faults import Plan, parse
from tasks.scripted.stock import stock
from tasks.tools.answers import check
from tasks.tools.llm.bodies import body
from tasks.tools.llm.endpoint import Teacher

SPOIL = "wrong_answer=0.2,refusal=0.1,truncated=0.1,malformed=0.1"


def started(*flags: str) -> tuple["subprocess.Popen[str]", str]:
    child = subprocess.Popen([sys.executable, "-m", "tasks.scripted", *flags], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    return child, child.stdout.readline().strip()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    child, address = started("--seed", "1")
    yield address
    child.kill()


@pytest.fixture
def client(url: str) -> OpenAI:
    return OpenAI(base_url=url, api_key="none", max_retries=0)


def messages(prompt: Any, **sections: str) -> list[Any]:
    ask = prompt.PROMPT.ask({name.replace("_", " "): text for name, text in sections.items()})
    return [{"role": "system", "content": ask.system}, {"role": "user", "content": ask.turns[0].text}]


def said(client: OpenAI, told: list[Any], **settings: Any) -> list[str]:
    made = client.chat.completions.create(model="scripted", messages=told, **settings)
    assert made.usage is not None
    assert made.usage.total_tokens == made.usage.prompt_tokens + made.usage.completion_tokens > 0
    return [choice.message.content or "" for choice in made.choices]


def test_it_works_what_it_knows_and_what_it_has_rewritten(client: OpenAI) -> None:
    for known in stock().drawn[::400]:
        [text] = said(client, messages(solve, Problem=known.question))
        assert check(text, known.answer, known.question).status == "equal", text
        [told] = said(client, messages(paraphrase, Problem=known.question))
        again = json.loads(told)["problem"]
        assert again != known.question
        [told] = said(client, messages(persona, Problem=again, Person="A baker in Lyon, who likes puzzles."))
        [text] = said(client, messages(solve, Problem=json.loads(told)["problem"]))
        assert check(text, known.answer).status == "equal", text


def test_samples_differ_and_the_same_request_does_not(client: OpenAI) -> None:
    told = messages(change, Problem="What is 3 + 4?", Change="Use other numbers.")
    first = said(client, told, n=4)
    assert len(set(first)) > 1
    assert said(client, told, n=4) == first
    assert said(client, told)[0] == first[0]
    assert said(client, told, temperature=0.1) != first[:1]


def test_programs_and_turns(client: OpenAI) -> None:
    known = next(one for one in stock().drawn if one.answer.isdecimal())
    [text] = said(client, messages(program_named, Problem=known.question))
    assert text.startswith("```python\n")
    told = messages(with_tools, Problem=known.question)
    [first] = said(client, told)
    assert "```python" in first
    told += [{"role": "assistant", "content": first},
             {"role": "user", "content": f"The program printed:\n{known.answer}"}]
    [last] = said(client, told)
    assert last.endswith(f"\\boxed{{{known.answer}}}")


def test_a_schema_that_is_not_ours_is_met(client: OpenAI) -> None:
    schema = {"type": "object", "properties": {"problem": {"type": "string"}, "score": {"type": "integer"},
                                               "kind": {"enum": ["a", "b"]}, "parts": {"type": "array"}}}
    [text] = said(client, [{"role": "user", "content": "Write one."}], response_format={
        "type": "json_schema", "json_schema": {"name": "x", "schema": schema}})
    made = json.loads(text)
    assert stock().find(made["problem"])
    assert isinstance(made["score"], int)
    assert made["kind"] in "ab"


def test_what_is_refused(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        client.chat.completions.create(model="other", messages=[{"role": "user", "content": "x"}])
    with pytest.raises(openai.BadRequestError, match="maximum context length"):
        client.chat.completions.create(model="scripted", messages=[{"role": "user", "content": "x" * 200_000}])


def test_a_key_and_a_rate(client: OpenAI) -> None:
    child, address = started("--key", "right", "--rpm", "2")
    try:
        with pytest.raises(openai.AuthenticationError):
            said(OpenAI(base_url=address, api_key="wrong", max_retries=0), messages(solve, Problem="x"))
        good = OpenAI(base_url=address, api_key="right", max_retries=0)
        raw = good.chat.completions.with_raw_response.create(model="scripted", messages=messages(solve, Problem="x"))
        assert raw.headers["x-ratelimit-remaining-requests"] == "1"
        said(good, messages(solve, Problem="y"))
        with pytest.raises(openai.RateLimitError) as error:
            said(good, messages(solve, Problem="z"))
        assert 0 < float(error.value.response.headers["retry-after"]) <= 60
    finally:
        child.kill()


def test_it_knows_what_it_spoiled() -> None:
    child, address = started("--seed", "3", "--faults", SPOIL)
    try:
        client = OpenAI(base_url=address, api_key="none", max_retries=0)
        wrong = 0
        for known in stock().drawn[:120]:
            [text] = said(client, messages(solve, Problem=known.question))
            wrong += check(text, known.answer, known.question).status != "equal"
        lines = client.with_options(base_url=address.removesuffix("/v1")).get("/scripted/spoiled", cast_to=str)
        kinds = [json.loads(line)["kind"] for line in lines.splitlines()]
        assert set(kinds) == {"wrong_answer", "refusal", "truncated", "malformed"}
        assert wrong <= len(kinds)
        assert 35 <= len(kinds) <= 85  # half of 120, give or take four standard deviations and a bit
    finally:
        child.kill()


def test_transport_faults_are_of_an_attempt() -> None:
    plan = parse("429=0.3,500=0.2,drop=0.1")
    first, second = ([plan.transport(str(key), attempt) for key in range(400)] for attempt in (1, 2))
    assert first != second
    assert 0.45 < sum(map(bool, first)) / 400 < 0.75
    assert Plan().content("x") == Plan().transport("x", 1) == ""
    with pytest.raises(ValueError, match="no fault"):
        parse("earthquake=1")
    with pytest.raises(ValueError, match="between"):
        parse("429=2")


def test_files_and_batches(client: OpenAI) -> None:
    known = stock().drawn[0]
    ask = solve.PROMPT.ask({"Problem": known.question})
    scripted = Teacher("scripted", "http://x", "scripted")
    rows: list[Any] = [{"custom_id": str(number), "method": "POST", "url": "/v1/chat/completions",
             "body": body(scripted, ask)} for number in range(3)]
    rows[2]["body"]["model"] = "other"
    data = "\n".join(map(json.dumps, rows)).encode()
    file = client.files.create(file=("x.jsonl", data), purpose="batch")
    batch = client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
    assert batch.status == "in_progress"
    while (batch := client.batches.retrieve(batch.id)).status == "in_progress":
        time.sleep(0.05)
    assert (batch.status, batch.output_file_id is None, batch.error_file_id is None) == ("completed", False, False)
    done = [json.loads(line) for line in client.files.content(batch.output_file_id or "").text.splitlines()]
    assert sorted(line["custom_id"] for line in done) == ["0", "1"]
    assert known.answer in done[0]["response"]["body"]["choices"][0]["message"]["content"]
    failed = json.loads(client.files.content(batch.error_file_id or "").text)
    assert (failed["custom_id"], failed["response"], failed["error"]["code"]) == ("2", None, "model_not_found")


def test_as_a_child_it_ends_with_its_parent() -> None:
    code = ("from tasks.tools.llm.endpoint import teacher\nimport time\nprint(teacher('scripted').url, flush=True)\n"
            "time.sleep(60)")
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    address = parent.stdout.readline().strip()
    OpenAI(base_url=address, api_key="none").models.list()
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    time.sleep(0.5)
    with pytest.raises(openai.APIConnectionError):
        OpenAI(base_url=address, api_key="none", max_retries=0).models.list()
