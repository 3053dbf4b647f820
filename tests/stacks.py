"""A stack of `infra.local` for tests: on ports of its own, in a folder that goes, asked by the server's plain HTTP."""

import json
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from infra.local.process import relatives
from infra.local.stack import Stack
from tests.conftest import Done, mathmill_in

OVER = ("COMPLETED", "FAILED", "CANCELLED")
KINDS = ("flow", "worker", "server", "postgres", "machine")


class Stand:
    """A stack, and the words to ask and disturb it."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.folder = stack, stack.folder
        self.env = {"PREFECT_API_URL": stack.url, "MATHMILL_WORKERS": "2", "PREFECT_HOME": str(self.folder / "client")}

    def mathmill(self, *words: str, **options: Any) -> Done:
        """The command, in the stack's folder, with its server."""
        return mathmill_in(self.folder, *words, **{**self.env, **options})

    def ask(self, what: str, body: Any = None) -> Any:
        """GET, or POST with a body."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.stack.url}/{what}", data, {"Content-Type": "application/json"})
        with urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def deployment(self, name: str) -> dict[str, Any]:
        """By `flow/name`."""
        found: dict[str, Any] = self.ask(f"deployments/name/{name}")
        return found

    def fire(self, name: str, **parameters: Any) -> str:
        """Starts a deployment once; the flow run's id."""
        asked = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
        return str(self.ask(f"deployments/{self.deployment(name)['id']}/create_flow_run", asked)["id"])

    def run(self, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask(f"flow_runs/{run_id}")
        return found

    def finished(self, run_id: str, seconds: float = 300) -> dict[str, Any]:
        """The run, once it is over for good."""
        self.until(lambda: self.run(run_id)["state"]["type"] in OVER, seconds, f"run {run_id} never ended")
        return self.run(run_id)

    def states(self, run_id: str) -> list[str]:
        """The names of all states that a run went through."""
        states = self.ask(f"flow_run_states/?flow_run_id={run_id}")
        return [state["name"] for state in sorted(states, key=lambda state: str(state["timestamp"]))]

    def artifacts(self, run_id: str) -> dict[str, dict[str, Any]]:
        """The newest artifacts of a run, by key."""
        found = self.ask("artifacts/filter", {"flow_runs": {"id": {"any_": [run_id]}}, "limit": 200})
        return {each["key"]: each for each in sorted(found, key=lambda each: str(each["created"]))}

    def kill(self, kind: str) -> bool:
        """kill -9 of what `kind` says, `machine` being all of them at once; whether there was something to kill."""
        pids = [self.stack.process(kind).pid] if kind in ("server", "worker") else []
        if kind == "flow":
            pids = [pid for pid in relatives(self.folder) if b"prefect.engine" in words_of(pid)]
        if kind == "machine":
            pids = relatives(self.folder)
        if kind in ("postgres", "machine"):
            with suppress(OSError, ValueError):
                pids.append(int((self.stack.postgres.data / "postmaster.pid").read_text().splitlines()[0]))
        for pid in filter(None, pids):
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        return any(pids)

    def until(self, true: Callable[[], bool], seconds: float, what: str) -> None:
        """Waits; a server that does not answer is no answer yet."""
        until = time.monotonic() + seconds
        while True:
            with suppress(OSError, ValueError):
                if true():
                    return
            assert time.monotonic() < until, f"{what}\n{self.logs()}"
            time.sleep(0.5)

    def logs(self) -> str:
        """The ends of all logs."""
        return "\n".join(f"--- {log.name}\n{log.read_text()[-2000:]}" for log in sorted(self.folder.glob("*.log")))


@contextmanager
def stand(folder: Path | None = None) -> Iterator[Stand]:
    """A stack that is up; skips where PostgreSQL is not installed. Everything is gone afterwards."""
    if not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    place = folder or Path(tempfile.mkdtemp(prefix="mathmill-stack-", dir="/var/tmp"))
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o755)  # the user postgres walks through it
    stack = Stack(place, _port())
    try:
        stack.up()
        yield Stand(stack)
    finally:
        stack.down()
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)


def postgres_of(folder: Path) -> list[int]:
    """Processes of the database in `folder` that live."""
    data = str(folder / "postgres").encode()
    found = [int(place.name) for place in Path("/proc").iterdir() if place.name.isdecimal()]
    return [pid for pid in found if data in words_of(pid)]


def words_of(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def _port() -> int:
    """A free port whose follower is free, too."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            with suppress(OSError):
                two.bind(("127.0.0.1", one.getsockname()[1] + 1))
                return int(one.getsockname()[1])
