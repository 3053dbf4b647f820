"""The engine against a server of other people, for the protocol alone: llama.cpp's with a tiny model of random weights.

The server comes from the wheel in `../shared/tools` into a virtual environment of its own, once a machine.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tasks.tools.calls.store import Store
from tasks.tools.llm import Ask, Failure, Reply, Turn, teacher
from tasks.tools.llm.engine import Engine

TOOLS = Path(__file__).parents[2] / "shared" / "tools"
PLACE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "mathmill" / "llama"
NEEDS = ("llama-cpp-python[server]==0.3.36", "gguf", "numpy")
SCHEMA = json.dumps({"type": "object", "properties": {"answer": {"type": "integer"}}, "required": ["answer"],
                     "additionalProperties": False})


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the real server listens."""
    if not list(TOOLS.glob("wheels/llama_cpp_python*.whl")):
        pytest.skip(f"{TOOLS} holds no wheel of llama-cpp-python, which takes a quarter of an hour to build")
    model = tmp_path_factory.mktemp("llama") / "tiny.gguf"
    python = _python()
    subprocess.run([python, TOOLS / "tiny_gguf.py", model], check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [python, "-m", "llama_cpp.server", "--model", model, "--port", str(port), "--n_ctx", "512"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            yield _awaited(f"http://127.0.0.1:{port}/v1", server)
        finally:
            server.kill()


def _python() -> Path:
    python = PLACE / "bin" / "python"
    if not (PLACE / ".ready").exists():
        subprocess.run([sys.executable, "-m", "venv", PLACE], check=True)
        pip = subprocess.run([python, "-m", "pip", "install", "-q", "--only-binary", "llama-cpp-python", "--find-links",
                              TOOLS / "wheels", *NEEDS], capture_output=True, text=True, check=False)
        if pip.returncode:
            pytest.skip(f"llama.cpp's server cannot be installed: {pip.stderr[-300:]}")
        (PLACE / ".ready").touch()
    return python


def _awaited(url: str, server: "subprocess.Popen[bytes]") -> str:
    for _ in range(300):
        assert server.poll() is None, "the server ended"
        try:
            with urlopen(f"{url}/models"):
                return url
        except URLError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


def _outcomes(url: str, folder: Path, asks: list[Ask]) -> list[Reply | Failure]:
    engine = Engine(teacher(f"llamacpp+{url}", "tiny", concurrency=8), Store(folder / "calls.sqlite"))
    try:
        return list(engine.ask_all(asks))
    finally:
        engine.close()


def test_texts_samples_and_usage(url: str, tmp_path: Path) -> None:
    asks = [Ask("s", (Turn("user", f"q{i}"),), sample=sample, max_tokens=16) for i in range(8) for sample in range(2)]
    replies = [outcome for outcome in _outcomes(url, tmp_path, asks) if isinstance(outcome, Reply)]
    assert len(replies) == 16
    assert all(reply.prompt_tokens + reply.completion_tokens > 0 for reply in replies)
    assert len({reply.text for reply in replies}) > 8, "samples differ"
    kept = _outcomes("http://127.0.0.1:9/v1", tmp_path, asks)  # no server is needed any more
    assert [one[:2] for one in kept] == [one[:2] for one in replies]
    assert all(isinstance(one, Reply) and one.cached for one in kept)


def test_a_schema_is_met_by_random_weights(url: str, tmp_path: Path) -> None:
    outcomes = _outcomes(url, tmp_path, [Ask("s", (Turn("user", f"q{i}"),), schema=SCHEMA, max_tokens=64)
                                         for i in range(4)])
    met = [outcome for outcome in outcomes if isinstance(outcome, Reply)]
    assert met, outcomes
    assert all(isinstance(outcome.data["answer"], int) for outcome in met if outcome.data)


def test_a_text_that_is_too_long_fails_alone(url: str, tmp_path: Path) -> None:
    long, short = _outcomes(url, tmp_path, [Ask("s", (Turn("user", "long " * 2000),), max_tokens=8),
                                            Ask("s", (Turn("user", "short"),), max_tokens=8)])
    assert isinstance(long, Failure)
    assert long.words
    assert isinstance(short, Reply)
