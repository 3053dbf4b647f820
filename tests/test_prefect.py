"""The same recipe under a real Prefect server: runs, states, retries and progress are there, read back by its API."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from schemas.errors import ToolError
from tasks.tools.orchestrator import QUIET, TERSE, check_server, server_url
from tests.processes import contents, left_of, start

STARTUP = 120.0  # seconds; the first start writes the database's tables


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The API address of a Prefect server that this session starts and stops."""
    home = tmp_path_factory.mktemp("prefect")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    env = {**os.environ, **QUIET, **TERSE, "PREFECT_HOME": str(home), "PREFECT_API_URL": url}
    with open(home / "server.log", "w") as log:
        process = subprocess.Popen([sys.executable, "-m", "prefect", "server", "start", "--port", str(port)], env=env,
                                   stdout=log, stderr=log, start_new_session=True)
    try:
        _wait(url, home / "server.log")
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def _wait(url: str, log: Path) -> None:
    until = time.monotonic() + STARTUP
    while time.monotonic() < until:
        try:
            urlopen(f"{url}/health", timeout=2).close()
        except (URLError, OSError):
            time.sleep(0.3)
        else:
            return
    raise AssertionError(log.read_text()[-2000:])


def toy(url: str, home: Path, folder: Path, *words: str) -> tuple[int, str, str]:
    process = start(["-m", "tests.toy", str(folder), *words], PREFECT_API_URL=url, PREFECT_HOME=str(home))
    out, err = process.communicate(timeout=120)
    assert left_of(process.pid) == []
    return process.returncode, out, err


def ask(url: str, what: str, **body: Any) -> list[dict[str, Any]]:
    request = Request(f"{url}/{what}/filter", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:
        told: list[dict[str, Any]] = json.load(answer)
    return told


def runs_of(url: str, folder: Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The flow run in that folder and its task runs by name, once the server has recorded how all of them ended."""
    until = time.monotonic() + 30
    while True:
        [flow] = [run for run in ask(url, "flow_runs") if run["parameters"].get("out") == str(folder)]
        tasks = ask(url, "task_runs", flow_runs={"id": {"any_": [flow["id"]]}})
        over = all(run["state"]["type"] in ("COMPLETED", "FAILED") for run in [flow, *tasks])
        if (over and tasks) or time.monotonic() > until:
            return flow, {run["name"]: run for run in tasks}
        time.sleep(0.3)


def test_a_run_appears_with_its_name_tasks_states_and_progress(server: str, tmp_path: Path) -> None:
    code, out, err = toy(server, tmp_path, tmp_path / "run", "size=1200", "seed=3")
    assert (code, out) == (0, "solutions 1069 True\n"), err
    flow, tasks = runs_of(server, tmp_path / "run")
    run_id = json.loads((tmp_path / "run" / "run.json").read_text())["run_id"]
    assert flow["name"] == f"toy {run_id}"
    assert flow["parameters"] == {"size": 1200, "seed": 3, "work": 0, "fault": "", "out": str(tmp_path / "run"),
                                  "accepted": 0}
    assert flow["state"]["type"] == "COMPLETED"
    assert sorted((name, run["state"]["type"], run["run_count"]) for name, run in tasks.items()) == [
        (f"toy.{name}", "COMPLETED", 1) for name in ("problems", "seeds", "solutions")]
    artifacts = ask(server, "artifacts", flow_runs={"id": {"any_": [flow["id"]]}})
    progress = {each["key"]: (each["type"], each["data"], (each["description"] or "").split(" in ")[0])
                for each in artifacts}
    assert progress["progress-problems"] == ("progress", 100.0, "problems: 1,187 rows")
    told = {each["task_run_id"] for each in artifacts if each["type"] == "progress"}
    assert told == {run["id"] for run in tasks.values()}
    assert {"funnel-toy", "rejections-toy", "run-toy"} <= progress.keys()


def test_with_and_without_a_server_the_tables_are_the_same(server: str, tmp_path: Path) -> None:
    assert toy(server, tmp_path, tmp_path / "served", "size=1200")[0] == 0
    assert toy("", tmp_path, tmp_path / "plain", "size=1200")[1] == "solutions 1069 False\n"
    assert contents(tmp_path / "served") == contents(tmp_path / "plain")


def test_a_task_that_fails_once_is_tried_again(server: str, tmp_path: Path) -> None:
    code, _, err = toy(server, tmp_path, tmp_path / "run", "size=200", "fault=once")
    assert code == 0, err
    flow, tasks = runs_of(server, tmp_path / "run")
    assert flow["state"]["type"] == "COMPLETED"
    assert (tasks["toy.seeds"]["run_count"], tasks["toy.seeds"]["state"]["type"]) == (2, "COMPLETED")


def test_a_bad_input_is_not_tried_again_and_says_the_same_as_without_a_server(server: str, tmp_path: Path) -> None:
    code, _, err = toy(server, tmp_path, tmp_path / "run", "fault=input")
    assert (code, err.splitlines()[1:]) == (2, ["seeds.jsonl, line 7: a bad line", "  mend: mend the line"])
    flow, tasks = runs_of(server, tmp_path / "run")
    assert flow["state"]["type"] == "FAILED"
    assert (tasks["toy.seeds"]["run_count"], tasks["toy.seeds"]["state"]["type"]) == (1, "FAILED")


def test_a_server_that_is_down_is_one_clear_error(tmp_path: Path) -> None:
    code, _, err = toy("http://127.0.0.1:9/api", tmp_path, tmp_path / "run", "size=200")
    assert code == 2
    assert err.startswith("http://127.0.0.1:9/api: the Prefect server does not answer: ")
    assert len(err.splitlines()) == 2
    assert "unset PREFECT_API_URL" in err
    with pytest.raises(ToolError):
        check_server("no address")


def test_the_server_is_read_from_the_environment_or_the_active_profile(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.delenv("PREFECT_PROFILE", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    assert server_url() == ""
    (tmp_path / "profiles.toml").write_text('active = "ours"\n[profiles.ours]\nPREFECT_API_URL = "http://a/api"\n'
                                            '[profiles.ephemeral]\nPREFECT_SERVER_ALLOW_EPHEMERAL_MODE = "true"\n')
    assert server_url() == "http://a/api"
    monkeypatch.setenv("PREFECT_PROFILE", "ephemeral")
    assert server_url() == ""
    monkeypatch.setenv("PREFECT_API_URL", "http://b/api/")
    assert server_url() == "http://b/api"


def test_nothing_phones_home_unless_the_user_says_so() -> None:
    code = "import os, tasks.tools.orchestrator as o; print(*(os.environ[name] for name in {**o.QUIET, **o.TERSE}))"
    for told, wanted in (({}, "1 false false 1 CRITICAL"), ({"DO_NOT_TRACK": "0"}, "0 false false 1 CRITICAL")):
        bare = {name: value for name, value in os.environ.items() if name not in {**QUIET, **TERSE}}
        out = subprocess.run([sys.executable, "-c", code], env={**bare, **told}, capture_output=True, text=True)
        assert out.stdout.strip() == wanted
