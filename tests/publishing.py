"""What the tests of publishing share: ScriptedHub as fixtures, the real command and clients against it, and checks."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest

from schemas.errors import MathmillError, ToolError
from schemas.records import Example, stable_id
from tasks.publish.draft import Choice, of_run
from tasks.publish.send import Sent, repository, send
from tasks.tools import hub_writer
from tasks.tools.hub_writer import Hub
from tests.conftest import Done, mathmill_in
from tests.fake_hub import TOKEN, ScriptedHub
from tests.test_export import example, exported

LOAD = """
import datasets, json, sys
found = datasets.load_dataset(sys.argv[1])
print(json.dumps({name: list(split) for name, split in found.items()}))
"""
NOTHING = Choice()


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedHub]:
    with ScriptedHub(part=20_000) as hub:
        yield hub


@pytest.fixture
def hub(server: ScriptedHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ScriptedHub:
    """The stand-in, empty. This process's `huggingface_hub` talks to it, as a user who may write, and never waits."""
    from huggingface_hub import constants
    from huggingface_hub.utils import _http

    server.settled()
    server.repos.clear()
    server.stored.clear()
    home = tmp_path / "home"
    for name, value in (("ENDPOINT", server.url), ("HF_HUB_OFFLINE", False), ("HF_HUB_DISABLE_XET", True),
                        ("HUGGINGFACE_CO_URL_TEMPLATE", server.url + "/{repo_id}/resolve/{revision}/{filename}"),
                        ("HF_HUB_CACHE", str(home / "hub")), ("HF_TOKEN_PATH", str(home / "token"))):
        monkeypatch.setattr(constants, name, value)
    for name, value in (("HF_TOKEN", TOKEN), ("HF_ENDPOINT", server.url), ("HF_HUB_OFFLINE", "0")):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(hub_writer, "pause", lambda seconds: None)
    monkeypatch.setattr(_http, "time", SimpleNamespace(sleep=lambda seconds: None))
    _http.close_session()
    return server


def environment(server: ScriptedHub, folder: Path, **more: str) -> dict[str, str]:
    """What a process of its own needs to find the stand-in."""
    return {"HF_ENDPOINT": server.url, "HF_TOKEN": TOKEN, "HF_HOME": str(folder / "home"), "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1", **more}


def command(server: ScriptedHub, folder: Path, *words: str, check: bool = True, **more: str) -> Done:
    return mathmill_in(folder, "publish", *words, check=check, **environment(server, folder, **more))


def publish(run: Path, repo: str = "user/set", choice: Choice = NOTHING, public: bool = False,
            replacing: bool = False) -> Sent:
    """What the command does, in this process."""
    draft, hub = of_run(run, repo, choice), Hub()
    return send(hub, draft, repository(hub, repo, public), replacing)


def loaded(server: ScriptedHub, folder: Path, repo: str, **more: str) -> dict[str, list[dict[str, Any]]]:
    """All rows by split, as `datasets` gives them."""
    done = subprocess.run([sys.executable, "-c", LOAD, repo], capture_output=True, text=True, timeout=120, check=False,
                          env={**os.environ, **environment(server, folder, **more)})
    assert done.returncode == 0, done.stderr
    read: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    return read


def rows(folder: Path, split: str) -> list[dict[str, Any]]:
    return [row for path in sorted(folder.glob(f"{split}*.parquet")) for row in pq.read_table(path).to_pylist()]


def holds(hub: ScriptedHub, folder: Path, repo: str = "user/set") -> None:
    """The repository has each file of the draft, byte for byte, and none besides but git's own."""
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    there = {name: blob.data for name, blob in hub.repos[repo].files.items() if name != ".gitattributes"}
    assert sorted(there) == sorted(files)
    assert there == files
    assert not any(TOKEN.encode() in data for data in there.values())


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A small finished run with a data set of two splits."""
    exported(tmp_path / "run", [drawn(draw, template) for template in range(12) for draw in range(5)], name="a-set")
    return tmp_path / "run"


def drawn(draw: int, template: int) -> Example:
    """An example with parents of its own."""
    return example(draw, template, parents=[stable_id("problem", draw, template)])


def failed(call: Callable[[], Any], kind: type[MathmillError] = ToolError) -> str:
    """The one message of a call that fails; the token is not in it, nor in what led to it."""
    with pytest.raises(kind) as caught:
        call()
    error: BaseException | None = caught.value
    told = str(error)
    assert told.count("mend:") == 1
    while error is not None:
        assert TOKEN not in f"{error} {error!r}"
        error = error.__cause__
    return told
