"""deploy, schedules and what a worker mends, against a real Prefect server; what goes wrong is one clear message."""

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.conftest import ROOT, mathmill_in
from tests.test_prefect import ask, server  # noqa: F401  (a fixture)

DOWN = "http://127.0.0.1:9/api"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that deployments of this file work in."""
    return tmp_path_factory.mktemp("deployed")


@pytest.fixture(scope="module")
def deployed(server: str, place: Path) -> dict[str, Any]:  # noqa: F811
    """`lifted` each night at three, as the server knows it."""
    done = mathmill_in(place, "deploy", "lifted", "--cron", "0 3 * * *", "--timezone", "Europe/Vienna", "--size", "50",
                       "--modes", "p1", PREFECT_API_URL=server)
    assert done.stdout == "lifted/mathmill: 0 3 * * *\n"
    return named(server, "lifted/mathmill")


def named(url: str, name: str) -> dict[str, Any]:
    with urlopen(f"{url}/deployments/name/{name}", timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def post(url: str, what: str, **body: Any) -> dict[str, Any]:
    request = Request(f"{url}/{what}", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def test_a_deployment_has_its_schedule_its_values_and_its_place(deployed: dict[str, Any], place: Path) -> None:
    assert deployed["entrypoint"] == "flows.schedule.lifted"
    assert deployed["parameters"] == {"size": 50, "modes": ["p1"]}
    [schedule] = deployed["schedules"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("0 3 * * *", "Europe/Vienna")
    assert deployed["path"] == deployed["job_variables"]["working_dir"] == str(place)
    assert deployed["concurrency_options"]["collision_strategy"] == "ENQUEUE"
    assert not [name for name in deployed["job_variables"]["env"] if "KEY" in name or "TOKEN" in name]


def test_the_form_knows_every_parameter_by_type_default_and_help(deployed: dict[str, Any]) -> None:
    form = deployed["parameter_openapi_schema"]["properties"]
    assert {"size", "seed", "seeds", "modes", "isolation", "accepted", "into"} <= form.keys()
    assert "out" not in form
    for name, kind in (("size", "integer"), ("planted", "number"), ("seeds", "string"), ("modes", "array")):
        assert form[name]["type"] == kind, name
    assert form["size"]["default"] == 1000
    assert [name for name, field in form.items() if not field.get("description")] == []
    assert deployed["enforce_parameter_schema"]


def test_deployed_again_it_has_the_new_schedule_alone(
        deployed: dict[str, Any], server: str, place: Path) -> None:  # noqa: F811
    mathmill_in(place, "deploy", "lifted", "--cron", "30 4 * * 1", PREFECT_API_URL=server)
    again = named(server, "lifted/mathmill")
    assert again["id"] == deployed["id"]
    assert [each["schedule"]["cron"] for each in again["schedules"]] == ["30 4 * * 1"]
    assert again["parameters"] == {}
    shown = mathmill_in(place, "schedules", PREFECT_API_URL=server).stdout
    assert "lifted/mathmill" in shown
    assert "30 4 * * 1" in shown


@pytest.mark.parametrize(("words", "says", "mend"), [
    (["lifted", "--cron", "every night"], "--cron: 'every night' is no schedule", "five fields"),
    (["lifted", "--cron", "0 3 * * *", "--timezone", "Mars/Base"], "Mars/Base", "Europe/Vienna"),
    (["lifed"], "there is no recipe 'lifed'", "did you mean 'lifted'?"),
    (["lifted", "--sice", "3"], "there is no parameter 'sice'", "did you mean 'size'?"),
    (["lifted", "--size", "many"], "size is a whole number, not 'many'", "size=…"),
    (["lifted", "--size", "0"], "size is 0", "from 1"),
    (["lifted", "--seeds", "mine.jsonl"], "mine.jsonl: there is no such file", "--seeds"),
    (["lifted", "--into", "sets/a"], "--into: a data set that grows needs a target", "--accepted N"),
    (["lifted", "--folder", "nowhere"], "nowhere: there is no such folder", "--folder"),
])
def test_what_is_wrong_is_said_at_once_and_nothing_is_deployed(
        server: str, tmp_path: Path, words: list[str], says: str, mend: str) -> None:  # noqa: F811
    done = mathmill_in(tmp_path, "deploy", *words, "--as", "wrong", check=False, PREFECT_API_URL=server)
    assert done.returncode == 2, done.stderr
    first, second = done.stderr.splitlines()
    assert says in first
    assert mend in second
    assert "wrong" not in [each["name"] for each in ask(server, "deployments")]


def test_a_secret_is_named_in_the_deployment_and_kept_in_its_block(
        server: str, place: Path) -> None:  # noqa: F811
    words = ["deploy", "lifted", "--as", "secret", "--secret", "OPENAI_API_KEY"]
    missing = mathmill_in(place, *words, check=False, PREFECT_API_URL=server)
    assert (missing.returncode, missing.stderr.splitlines()[0]) == (
        2, "mathmill: OPENAI_API_KEY: there is no Secret block 'openai-api-key' on the server")
    subprocess.run([sys.executable, "-c", "from prefect.blocks.system import Secret\n"
                    "Secret(value='sk-never-seen').save('openai-api-key')"],
                   env={**os.environ, "PREFECT_API_URL": server}, check=True, timeout=120)
    done = mathmill_in(place, *words, PREFECT_API_URL=server)
    told = json.dumps(named(server, "lifted/secret"))
    assert '"OPENAI_API_KEY": "{{ prefect.blocks.secret.openai-api-key }}"' in told
    assert "sk-never-seen" not in told + done.stdout + done.stderr


def test_prefect_yaml_deploys_by_dotted_module(
        deployed: dict[str, Any], server: str, tmp_path: Path) -> None:  # noqa: F811
    assert deployed["work_pool_name"] == "mathmill"
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file",
               str(ROOT / "infra" / "prefect.yaml")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=240,
                   env={**os.environ, "PREFECT_API_URL": server, "PREFECT_HOME": str(tmp_path),
                        "MATHMILL_FOLDER": str(tmp_path)})
    nightly = named(server, "lifted/nightly")
    assert nightly["pull_steps"] == [{"prefect.deployments.steps.set_working_directory": {"directory": str(tmp_path)}}]
    assert nightly["entrypoint"] == "flows.schedule.lifted"
    assert nightly["parameters"] == {"size": 20000, "into": "data/sets/nightly", "accepted": 100000}
    assert nightly["parameter_openapi_schema"]["properties"]["size"]["type"] == "integer"
    assert nightly["tags"] == ["mathmill"]


@pytest.mark.parametrize("words", [["deploy", "lifted"], ["schedules"], ["serve"]], ids=lambda words: str(words[0]))
def test_no_server_and_a_server_that_is_down(tmp_path: Path, words: list[str]) -> None:
    none = mathmill_in(tmp_path, *words, check=False, PREFECT_HOME=str(tmp_path))
    assert none.stderr == ("mathmill: PREFECT_API_URL: schedules need a Prefect server, and none is configured\n"
                           "  mend: python -m infra.local up, then export the PREFECT_API_URL that it prints\n")
    down = mathmill_in(tmp_path, *words, check=False, PREFECT_API_URL=DOWN)
    assert down.stderr.startswith(f"mathmill: {DOWN}: the Prefect server does not answer: ")
    assert [none.returncode, down.returncode, len(down.stderr.splitlines())] == [2, 2, 2]


def test_a_server_that_fails_is_one_clear_message(tmp_path: Path) -> None:
    class Failing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404 if self.path == "/api/health" else 500)

        do_POST = do_GET

    with ThreadingHTTPServer(("127.0.0.1", 0), Failing) as failing:
        Thread(target=failing.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{failing.server_port}/api"
        done = mathmill_in(tmp_path, "schedules", check=False, PREFECT_API_URL=url)
        failing.shutdown()
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(f"mathmill: {url}: the Prefect server failed: Server error '500")
    assert len(done.stderr.splitlines()) == 2


MEND = """
import json, sys, time
from urllib.request import Request, urlopen
from tasks.tools import mending

def told(state):
    body = json.dumps({"state": {"type": state, "message": "gone"}, "force": True}).encode()
    urlopen(Request(sys.argv[1] + "/set_state", body, {"Content-Type": "application/json"})).close()

def shown(mender):
    lines = [line for line in mender.look() if line.startswith("mended")]
    print(*lines or ["nothing"], flush=True)

mender = mending.Mender()
mending.SETTLED = 1000
told("CRASHED"); shown(mender)
mending.SETTLED = mending.SILENCE = mending.UNSTARTED = 0
shown(mender)
told("PENDING"); shown(mender); shown(mender)
told("RUNNING"); mender.look(); time.sleep(0.1); shown(mender); shown(mender)
told("CRASHED"); shown(mender); shown(mender)
told("CRASHED"); shown(mender)
told("COMPLETED"); shown(mender)
"""


def test_a_run_that_lost_its_process_goes_on_three_times_and_then_has_failed(
        deployed: dict[str, Any], server: str) -> None:  # noqa: F811
    made = post(server, f"deployments/{deployed['id']}/create_flow_run", name="mended", state={"type": "SCHEDULED"})
    done = subprocess.run([sys.executable, "-c", MEND, f"{server}/flow_runs/{made['id']}"], text=True, cwd=ROOT,
                          env={**os.environ, "PREFECT_API_URL": server}, capture_output=True, check=True, timeout=120)
    assert [line.removeprefix("mended: ") for line in done.stdout.splitlines()] == [
        "nothing",  # a crash is believed a little later
        "AwaitingRetry: crashed (gone); restart 1 of 3",
        "Crashed: no process came of it in 0 seconds",
        "AwaitingRetry: crashed (no process came of it in 0 seconds); restart 2 of 3",
        "Crashed: no sign of life for 0 seconds: its process is gone",
        "AwaitingRetry: crashed (no sign of life for 0 seconds: its process is gone); restart 3 of 3",
        "Failed: it crashed 4 times, and mathmill starts a crashed run 3 times again at most; see the worker's log, "
        "then choose Retry: it goes on where it stopped",
        "nothing",
        "AwaitingRetry: crashed (gone); restart 1 of 3",  # somebody wanted it again
        "nothing",
    ]
