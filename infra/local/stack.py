"""PostgreSQL, server and worker, and the keeper that starts again whichever of them is gone."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from subprocess import SubprocessError
from urllib.request import urlopen

from infra.local.postgres import Postgres
from infra.local.process import Process, reap, sweep
from tasks.tools.orchestrator import QUIET, TERSE

STARTUP = 300.0  # seconds for all, when the database has no tables yet and the machine is busy
DEAF = 120.0  # seconds without an answer after which a server that has answered is started anew
MUTE = 600.0  # the same of one that has not answered yet: it may be making its tables
PAUSE = 5.0  # seconds between two starts of the same process
RUNS = 2  # at once in the worker
# Leases of deployments' slots are kept in memory otherwise: a server that is killed would never give a slot free.
LEASES = {"PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem"}


@dataclass(frozen=True)
class Stack:
    """PostgreSQL, server, worker and keeper, whose state lies in `folder`."""

    folder: Path
    port: int

    @classmethod
    def here(cls) -> "Stack":
        """As the environment says."""
        folder = Path(os.environ.get("MATHMILL_LOCAL") or "data/local").absolute()
        return cls(folder, int(os.environ.get("MATHMILL_LOCAL_PORT") or 4200))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def postgres(self) -> Postgres:
        return Postgres(self.folder, self.port + 1)

    def process(self, name: str) -> Process:
        """`server`, `worker` or `keeper`."""
        return Process(self.folder, name)

    def up(self) -> None:
        """Starts the keeper, which starts what is missing. Raises `SystemExit` with the logs' ends if all is not well
        in time, or PostgreSQL is not installed."""
        self.postgres.installed()
        self.folder.mkdir(parents=True, exist_ok=True)
        here = {"MATHMILL_LOCAL": str(self.folder), "MATHMILL_LOCAL_PORT": str(self.port)}
        until = time.monotonic() + STARTUP
        while not all(self.status().values()):
            if not self.process("keeper").pid:  # also if it was only about to end when we came
                self.process("keeper").start(["-m", "infra.local", "keep"], {**os.environ, **here})
            if time.monotonic() > until:
                raise SystemExit(f"not all is well: {self.status()}\n" + self._ends())
            time.sleep(0.3)

    def down(self) -> None:
        """Stops all; a flow run under way is ended and goes on after the next `up`."""
        for name in ("keeper", "worker", "server"):
            self.process(name).stop()
        sweep(self.folder)
        self.postgres.down()

    def status(self) -> dict[str, bool]:
        """Which of them are well."""
        return {"postgres": self.postgres.healthy(), "server": self.answers("ready"),
                **{name: bool(self.process(name).pid) for name in ("worker", "keeper")}}

    def keep(self) -> None:
        """Looks every second, without end, and starts what is gone."""
        started: dict[str, float] = {}
        heard = time.monotonic()
        while True:
            with suppress(SubprocessError, OSError):  # the next look is the next try
                if not self.postgres.healthy():
                    self.postgres.up()
                    print(f"{time.strftime('%F %T')} postgres started", flush=True)
                heard = time.monotonic() if self.answers("health") else heard
                began = started.get("server", 0.0)
                if time.monotonic() > (heard + DEAF if heard > began else began + MUTE):
                    self.process("server").stop()
                self._missing(started)
            reap()
            time.sleep(1.0)

    def answers(self, what: str) -> bool:
        """Whether the server says that it is there (`health`), and its database too (`ready`)."""
        try:
            with urlopen(f"{self.url}/{what}", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, HTTPException):
            return False

    def _missing(self, started: dict[str, float]) -> None:
        """Starts server and worker where they do not run; `started` says when each last was."""
        serve = ["-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self.port)]
        due = {"server": serve}
        if self.answers("ready"):
            due["worker"] = ["-m", "flows", "serve", "--limit", str(RUNS)]
        for name, words in due.items():
            if not self.process(name).pid and time.monotonic() > started.get(name, 0.0) + PAUSE:
                self.process(name).start(words, self._environment(name))
                started[name] = time.monotonic()
                print(f"{time.strftime('%F %T')} {name} started", flush=True)

    def _environment(self, name: str) -> dict[str, str]:
        base = {name: value for name, value in os.environ.items() if name not in TERSE}  # a log is for reading
        base |= {**QUIET, "PREFECT_HOME": str(self.folder / "prefect"), "PREFECT_API_URL": self.url}
        if name == "server":
            base |= {**LEASES, "PREFECT_API_DATABASE_CONNECTION_URL": self.postgres.url}
        return base

    def _ends(self) -> str:
        logs = (self.process(name).log for name in ("keeper", "server", "worker"))
        return "\n".join(f"{log.name}:\n{log.read_text()[-1500:]}" for log in logs if log.exists())
