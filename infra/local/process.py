"""A background process of `infra.local`, known by its pid file: any command can ask for it, stop it, adopt it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

STACK = "MATHMILL_STACK"  # in the environment of all that a stack starts, and of all that these start in turn
GRACE = 20.0  # seconds for a process to end by itself


@dataclass(frozen=True)
class Process:
    """A Python program called `name`; its log and pid file lie in `folder`."""

    folder: Path
    name: str

    @property
    def pid(self) -> int:
        """0 if it is gone. A zombie is gone, and another process that bears its number by now is not it."""
        with suppress(OSError, ValueError):
            pid, born = map(int, self._pid_file.read_text().split())
            return pid if _born(pid) == born else 0
        return 0

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def start(self, words: Sequence[str], environment: Mapping[str, str]) -> None:
        """`python words…`, away from this terminal; its output goes to the log."""
        with open(self.log, "a") as log:
            made = subprocess.Popen([sys.executable, *words], env={**environment, STACK: str(self.folder)},
                                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self._pid_file.write_text(f"{made.pid} {_born(made.pid)}")

    def stop(self) -> None:
        """Asked to end, then ended."""
        _end([self.pid])
        self._pid_file.unlink(missing_ok=True)

    @property
    def _pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid"


def sweep(folder: Path) -> None:
    """Ends whatever the stack in `folder` started that still runs: flow runs, and what a killed keeper left."""
    while found := relatives(folder):
        _end(found)


def relatives(folder: Path) -> list[int]:
    """Processes that were started by the stack in `folder`, by it or by its children."""
    mark, found = f"{STACK}={folder}".encode(), []
    for place in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            if (pid := int(place.name)) != os.getpid() and mark in (place / "environ").read_bytes().split(b"\0"):
                found += [pid] if _born(pid) else []
    return found


def reap() -> None:
    """Takes leave of children that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _end(pids: Sequence[int]) -> None:
    alive = {pid: born for pid in pids if (born := _born(pid))}
    for sign in (signal.SIGTERM, signal.SIGKILL):
        for pid in alive:
            with suppress(OSError):
                os.kill(pid, sign)
        until = time.monotonic() + GRACE
        while alive and time.monotonic() < until:
            time.sleep(0.1)
            reap()
            alive = {pid: born for pid, born in alive.items() if _born(pid) == born}


def _born(pid: int) -> int:
    """When the process was started, in ticks since the machine was; 0 if it is gone."""
    with suppress(OSError):
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return 0 if state in "ZX" else int(fields[18])
    return 0
