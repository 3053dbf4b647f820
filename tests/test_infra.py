"""`infra.local` from nothing: all comes up, a deployment runs, what is killed comes back, `down` leaves no process."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.process import relatives
from schemas.manifest import verify
from tests.stacks import Stand, postgres_of, stand, words_of

KEY = "sk-seen-by-the-run-alone"


@pytest.fixture(scope="module")
def here() -> Iterator[Stand]:
    with stand() as made:
        subprocess.run([sys.executable, "-c", "from prefect.blocks.system import Secret\n"
                        f"Secret(value={KEY!r}).save('openai-api-key')"], env={**os.environ, **made.env}, check=True)
        made.mathmill("deploy", "lifted", "--size", "40", "--limit", "20", "--secret", "OPENAI_API_KEY")
        yield made


def test_a_deployment_that_is_started_by_hand_runs_in_its_folder_with_its_secret(here: Stand) -> None:
    run_id = here.fire("lifted/mathmill")
    found = list[bytes]()

    def seen() -> bool:
        places = [Path(f"/proc/{pid}/environ") for pid in relatives(here.folder) if b"prefect.engine" in words_of(pid)]
        found.extend(place.read_bytes() for place in places)
        return bool(found)

    here.until(seen, 120, "no process of a run")
    run = here.finished(run_id)
    assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
    assert f"OPENAI_API_KEY={KEY}".encode() in found[0].split(b"\0")
    [folder] = [path for path in (here.folder / "data" / "runs" / "lifted").iterdir() if path.is_dir()]
    assert run["name"] == f"lifted {folder.name}"
    assert verify(folder) == []
    ours = [path for path in here.folder.rglob("*") if path.is_file() and "postgres" not in path.parts]
    assert [path for path in ours if KEY.encode() in path.read_bytes()] == []
    assert KEY not in json.dumps(here.ask("logs/filter", {"limit": 200}))


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
    run_id = here.fire("lifted/mathmill", size=20_000)
    here.until(lambda: here.run(run_id)["state"]["type"] == "RUNNING", 90, "the run never began")
    assert len(relatives(here.folder)) >= 4
    here.stack.down()
    assert not any(here.stack.status().values())
    assert relatives(here.folder) == []
    until = time.monotonic() + 10
    while (left := postgres_of(here.folder)) and time.monotonic() < until:
        time.sleep(0.2)
    assert left == []
