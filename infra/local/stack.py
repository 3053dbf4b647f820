"""The processes of `infra.local`: started once, known by their pid files, asked how they are, stopped in reverse."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from infra.local.postgres import Postgres
from tasks.tools.orchestrator import QUIET, TERSE

STARTUP = 120.0  # seconds for a server whose database has no tables yet


@dataclass(frozen=True)
class Stack:
    """PostgreSQL, server and worker, whose state lies in `folder`."""

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

    def up(self) -> None:
        """Starts what does not run. Raises `SystemExit` with the end of the log where something does not come up."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.postgres.up()
        if not self.served():
            words = ["-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self.port)]
            self._start("server", words, PREFECT_API_DATABASE_CONNECTION_URL=self.postgres.url)
            self._wait("server", self.served)
        if not self._pid("worker"):
            self._start("worker", ["-m", "flows", "serve", "--limit", "2"])
            self._wait("worker", lambda: bool(self._pid("worker")))

    def down(self) -> None:
        """Stops all; a flow run under way is ended and goes on after the next `up`."""
        for name in ("worker", "server"):
            self._stop(name)
        self.postgres.down()

    def status(self) -> dict[str, bool]:
        """Which of them are well."""
        postgres = (self.folder / "postgres" / "PG_VERSION").exists() and self.postgres.healthy()
        return {"postgres": postgres, "server": self.served(), "worker": bool(self._pid("worker"))}

    def served(self) -> bool:
        """Whether the server answers that it is well."""
        try:
            with urlopen(f"{self.url}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _start(self, name: str, words: list[str], **environment: str) -> None:
        here = {name: value for name, value in os.environ.items() if name not in TERSE}  # a server's log is for reading
        env = {**here, **QUIET, "PREFECT_HOME": str(self.folder / "prefect"), "PREFECT_API_URL": self.url,
               **environment}
        with open(self.folder / f"{name}.log", "a") as log:
            process = subprocess.Popen([sys.executable, *words], env=env, stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=log, start_new_session=True)
        (self.folder / f"{name}.pid").write_text(str(process.pid))

    def _wait(self, name: str, well: Callable[[], bool]) -> None:
        until = time.monotonic() + STARTUP
        while not well():
            if time.monotonic() > until or not self._pid(name):
                raise SystemExit(f"{name} does not come up:\n" + (self.folder / f"{name}.log").read_text()[-2000:])
            time.sleep(0.5)

    def _stop(self, name: str) -> None:
        pid = self._pid(name)
        for sign in (signal.SIGTERM, signal.SIGKILL):
            until = time.monotonic() + 30
            while pid and self._pid(name) and time.monotonic() < until:
                os.killpg(pid, sign)
                time.sleep(0.5)

    def _pid(self, name: str) -> int:
        """The process that was started under this name, 0 if it is gone; a zombie is gone."""
        try:
            pid = int((self.folder / f"{name}.pid").read_text())
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            ours = b"prefect" in (words := Path(f"/proc/{pid}/cmdline").read_bytes()) or b"flows" in words
        except (OSError, ValueError):
            return 0
        return pid if state not in "ZX" and ours else 0
