"""`infra.local` from nothing: all comes up, a schedule fires, what is killed comes back, `down` leaves no process."""

import json
import os
import time
from collections.abc import Iterator

import pytest

from infra.local.process import relatives
from schemas.manifest import verify
from tests.stacks import Stand, postgres_of, stand

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(scope="module")
def here() -> Iterator[Stand]:
    with stand() as made:
        made.mathmill("deploy", "lifted", "--size", "40", "--limit", "20", "--cron", "* * * * *")
        made.mathmill("deploy", "lifted", "--size", "40", "--as", "by-hand")
        yield made


def test_a_schedule_of_every_minute_fires_and_its_run_shows_its_artifacts(here: Stand) -> None:
    deployment = here.deployment("lifted/mathmill")
    asked = {"deployments": {"id": {"any_": [deployment["id"]]}}, "sort": "EXPECTED_START_TIME_ASC",
             "flow_runs": {"state": {"type": {"any_": ["COMPLETED", "FAILED"]}}}}
    here.until(lambda: bool(here.ask("flow_runs/filter", asked)), 150, "the schedule never fired")
    run = here.ask("flow_runs/filter", asked)[0]
    assert run["auto_scheduled"]
    assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
    [folder] = (here.folder / "data" / "runs" / "lifted").iterdir()
    assert run["name"] == f"lifted {folder.name}"
    assert verify(folder) == []
    artifacts = here.artifacts(run["id"])
    assert {"progress-problems", "funnel-lifted", "rejections-lifted", "run-lifted"} <= artifacts.keys()
    assert folder.as_uri() in artifacts["run-lifted"]["data"]
    assert "samples" in json.loads(artifacts["rejections-lifted"]["data"])[0]


@pytest.mark.parametrize("part", ["worker", "server", "postgres"])
def test_what_is_killed_comes_back_by_itself(here: Stand, part: str) -> None:
    before = here.stack.process(part).pid if part != "postgres" else 0
    assert here.kill(part)
    here.until(lambda: all(here.stack.status().values()) and (
        part == "postgres" or here.stack.process(part).pid not in (0, before)), 90, f"{part} never came back")


def test_up_where_all_is_up_starts_nothing(here: Stand) -> None:
    parts = [here.stack.process(name).pid for name in ("keeper", "server", "worker")]
    here.stack.up()
    assert [here.stack.process(name).pid for name in ("keeper", "server", "worker")] == parts


def test_a_number_that_another_process_bears_by_now_is_not_taken_for_ours(here: Stand) -> None:
    other = here.stack.process("other")
    (here.folder / "other.pid").write_text(f"{os.getpid()} 1")
    assert other.pid == 0
    other.stop()
    assert not (here.folder / "other.pid").exists()


def test_down_leaves_no_process_not_even_of_a_run_under_way(here: Stand) -> None:
    run_id = here.fire("lifted/by-hand", size=20_000)
    here.until(lambda: here.run(run_id)["state"]["type"] == "RUNNING", 90, "the run never began")
    assert len(relatives(here.folder)) >= 4
    here.stack.down()
    assert not any(here.stack.status().values())
    assert relatives(here.folder) == []
    until = time.monotonic() + 10
    while (left := postgres_of(here.folder)) and time.monotonic() < until:
        time.sleep(0.2)
    assert left == []
