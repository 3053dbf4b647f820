"""What a run sends back: its pipes and the word on how it ended, each up to its limit, as an `Outcome`."""

import json
import os
import select
import socket
from collections.abc import Sequence
from signal import SIGKILL, SIGSYS, SIGXCPU
from time import monotonic
from typing import Any

from tasks.tools.jail.outcome import Level, Limits, Outcome, Status

GRACE = 3.0  # seconds past the deadline after which the fork server itself is taken for dead
NOISE = 16  # how many times the limit standard error may be, before it stops a program: a SyntaxError echoes its line
OUT_OF_MEMORY = 86
# The kernel stops a program by sampled ticks, and tells exact times: 0.88 s were seen of a limit of 1 s, under load.
SAMPLED = 0.75
FULL = ("OSError: [Errno 27]", "OSError: [Errno 28]")  # a file's limit, the limit of all


class Collector:
    """Reads a run's pipes and the zygote's word, each up to its limit."""

    def __init__(self, control: socket.socket, level: Level, limits: Limits, pipes: Sequence[int]) -> None:
        self.control, self.level, self.limits = control, level, limits
        self.names = dict(zip(pipes, ("stdout", "stderr", "value"), strict=True))
        self.most = {"stdout": limits.output, "stderr": limits.output * NOISE, "value": limits.value}
        self.kept = {name: bytearray() for name in self.most}
        self.over: set[str] = set()

    def outcome(self) -> Outcome:
        """Waits for the end. Raises `OSError` where the zygote dies or hangs."""
        reply = self._ended()
        for fd in self.names:
            while self.names[fd] not in self.over and self._read(fd):  # at "none" a writer may be left
                pass
        if not reply.get("began", True):
            raise OSError("the program could not be started")
        stderr = _ends(bytes(self.kept["stderr"]), self.limits.output)
        hit, status = self._status(reply)
        if len(self.kept["stderr"]) > self.limits.output:
            hit = tuple(sorted({*hit, "stderr"}))
        if status == "error" and (stderr.strip().splitlines() or [""])[-1].startswith(FULL):
            hit = (*hit, "scratch")
        value = self.kept["value"].decode("utf-8", "replace")
        return Outcome(status, self.kept["stdout"][:self.limits.output].decode("utf-8", "replace"), stderr,
                       value or None, reply["cpu"], reply["wall"], hit, self.level)

    def _ended(self) -> dict[str, Any]:
        waiter, until, stopped = select.poll(), monotonic() + self.limits.wall + GRACE, False
        for fd in (self.control.fileno(), *self.names):
            waiter.register(fd, select.POLLIN)
        while (left := until - monotonic()) > 0:
            for fd, _ in waiter.poll(left * 1000):
                if fd == self.control.fileno():
                    if not (told := self.control.recv(65536)):
                        raise OSError("the fork server died")
                    reply: dict[str, Any] = json.loads(told)
                    return reply
                if not self._read(fd):
                    waiter.unregister(fd)
            if self.over and not stopped:
                self.control.send(b'{"cancel": true}')
                stopped = True
        raise OSError("the fork server hangs")

    def _read(self, fd: int) -> bool:
        """Whether there was something; what exceeds the limit is dropped."""
        try:
            data = os.read(fd, 65536)
        except BlockingIOError:
            return False
        name = self.names[fd]
        room = self.most[name] - len(self.kept[name])
        self.kept[name] += data[:max(0, room)]
        if len(data) > room:
            self.over.add(name)
        return bool(data)

    def _status(self, reply: dict[str, Any]) -> tuple[tuple[str, ...], Status]:
        code, killed = reply["code"], reply["ended"] == "signal"
        hit = tuple(sorted(self.over))
        if self.over:
            return hit, "output_limit"
        if reply["late"]:
            return ("wall",), "timeout"
        if killed and (code == SIGXCPU or (code == SIGKILL and reply["cpu"] >= SAMPLED * self.limits.cpu)):
            return ("cpu",), "timeout"
        if killed:
            return (), {SIGSYS: "violation", SIGKILL: "killed"}.get(code, "crash")  # type: ignore[return-value]
        if code == OUT_OF_MEMORY:
            return ("memory",), "memory"
        return (), "ok" if code == 0 else "error"


def _ends(text: bytes, most: int) -> str:
    """The head and the tail of a text that is too long."""
    if len(text) > most:
        text = text[:most // 2] + b"\n...\n" + text[-most // 2:]
    return text.decode("utf-8", "replace")
