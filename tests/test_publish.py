"""Publishing: the real command, `huggingface_hub` and `datasets` against ScriptedHub, which misbehaves on request."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

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


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedHub]:
    with ScriptedHub(part=20_000) as hub:
        yield hub


@pytest.fixture
def hub(server: ScriptedHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ScriptedHub:
    """The stand-in, empty; this process's `huggingface_hub` talks to it, as a user who may write, and waits for nothing."""
    from huggingface_hub import constants
    from huggingface_hub.utils import _http

    server.settled()
    server.repos.clear()
    server.stored.clear()
    home = tmp_path / "home"
    for name, value in (("ENDPOINT", server.url), ("HF_HUB_OFFLINE", False), ("HF_HUB_DISABLE_XET", True),
                        ("HF_HUB_CACHE", str(home / "hub")), ("HF_TOKEN_PATH", str(home / "token"))):
        monkeypatch.setattr(constants, name, value)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
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


def publish(run: Path, repo: str = "user/set", choice: Choice = Choice(), public: bool = False,
            replacing: bool = False) -> Sent:
    """What the command does, in this process."""
    draft, hub = of_run(run, repo, choice), Hub()
    return send(hub, draft, repository(hub, repo, public), replacing)


def loaded(server: ScriptedHub, folder: Path, repo: str) -> dict[str, list[dict[str, Any]]]:
    """All rows by split, as `datasets` gives them."""
    done = subprocess.run([sys.executable, "-c", LOAD, repo], capture_output=True, text=True, timeout=120, check=False,
                          env={**os.environ, **environment(server, folder)})
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


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A small finished run with a data set of two splits."""
    exported(tmp_path / "run", [example(draw, template) for template in range(12) for draw in range(5)], name="a-set")
    return tmp_path / "run"


def test_a_run_is_read_back_as_it_is(real_run: Path, server: ScriptedHub, tmp_path: Path) -> None:
    server.settled()
    server.repos.clear()
    told = command(server, tmp_path, str(real_run), "--repo", "user/real").stdout
    assert "120 rows are on" in told
    assert "private" in told
    assert server.repos["user/real"].private
    assert [title for _, title, _ in server.repos["user/real"].commits][1].startswith("120 rows, lifted ")
    read = loaded(server, tmp_path, "user/real")
    assert set(read) == {"train", "test"}
    for split, found in read.items():
        assert found == rows(real_run / "dataset" / "data", split)
    table = {row["id"]: row for row in rows(real_run / "clean", "part")}
    assert {row["id"]: row for found in read.values() for row in found} == table
    server.settled()
    again = command(server, tmp_path, str(real_run), "--repo", "user/real")
    assert "nothing was sent" in again.stdout
    assert server.sent == 0
    assert len(server.repos["user/real"].commits) == 2
    assert TOKEN not in told + again.stdout + again.stderr


def test_a_dry_run_talks_to_nobody(run: Path, hub: ScriptedHub, tmp_path: Path) -> None:
    told = command(hub, tmp_path, "run", "--repo", "user/set", "--dry-run", HF_TOKEN="")
    assert hub.log == []
    assert hub.repos == {}
    for name in ("README.md", "manifest.json", "data/train-00000-of-00001.parquet"):
        assert name in told.stdout
    assert "60 rows" in told.stdout
    assert (tmp_path / "run.hub" / "user--set" / "README.md").exists()
    assert told.stdout.count("\n") == 5


def test_files_are_as_the_viewer_wants_them(run: Path, hub: ScriptedHub) -> None:
    publish(run)
    files = hub.repos["user/set"].files
    assert [name for name in files if name.endswith(".parquet")]
    for name, blob in files.items():
        if name.endswith(".parquet"):
            assert blob.lfs
            assert len(blob.data) < 500_000_000
            footer = pq.read_metadata(pa.BufferReader(blob.data))
            for group in range(footer.num_row_groups):
                assert footer.row_group(group).total_byte_size < 100_000_000
                assert all(footer.row_group(group).column(column).has_offset_index
                           for column in range(footer.num_columns))
