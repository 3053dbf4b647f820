"""The host's side of a jail: start the zygote, hand it programs, collect what comes out, try again where it breaks."""

import fcntl
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from signal import SIGKILL, SIGSYS, SIGXCPU
from threading import Lock
from time import monotonic
from types import TracebackType
from typing import Any, Literal

from schemas.errors import ParameterError
from tasks.tools.jail.layout import ROOT, environment, plan
from tasks.tools.jail.outcome import IsolationUnavailable, Level, Limits, Outcome, Status, Tier

TRIES = 3  # of a program whose zygote dies
RECYCLE = 10_000  # programs of one zygote
BOOT = 60.0  # seconds
GRACE = 3.0  # seconds past the deadline after which the zygote itself is taken for dead
NOISE = 16  # how many times the limit standard error may be, before it stops a program: a SyntaxError echoes its line
OUT_OF_MEMORY = 86
SEALS = fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


class Jail:
    """One fork server at one isolation level; safe to use from several threads, one program at a time.

    `level` "auto" takes the highest that this machine offers and raises `IsolationUnavailable` where it offers none;
    "none" runs programs with this user's rights and asks for `i_trust_this_code`. `tier` "light" holds the standard
    library, "sympy" also sympy, started quickly; "heavy" sympy and numpy, warmed up; "full" also scipy and networkx.
    `modules` are dotted names of files of ours that the fork server imports.
    """

    def __init__(self, level: Level | Literal["auto"] = "auto", *, tier: Tier = "heavy", limits: Limits | None = None,
                 modules: Sequence[str] = (), i_trust_this_code: bool = False) -> None:
        if level == "none" and not i_trust_this_code:
            raise ParameterError('level "none" runs a model\'s code with your rights',
                                 mend='leave the level at "auto", or say i_trust_this_code=True')
        self.level: Level = _best() if level == "auto" else level
        self.tier, self.limits, self.modules = tier, limits or Limits(), tuple(modules)
        self._lock, self._owner, self._served = Lock(), os.getpid(), 0
        self._zygote: _Zygote | None = _Zygote(self.level, tier, self.modules)

    def __enter__(self) -> "Jail":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def run(self, code: str, *, inputs: bytes | None = None, limits: Limits | None = None) -> Outcome:
        """Run a program in a process of its own. `inputs` reach it as the text `INPUTS`. Never raises for a program.

        Where the fork server dies it is started again, and the program tried `TRIES` times in all.
        """
        if os.getpid() != self._owner:
            raise RuntimeError("a jail belongs to the process that made it: make one in this process")
        with self._lock:
            found = _internal(self.level)
            for _ in range(TRIES):
                found = self._tried(code, inputs, limits or self.limits)
                if found.status != "internal":
                    break
            return found

    def close(self) -> None:
        """End the fork server and what it runs."""
        zygote, self._zygote = self._zygote, None
        if zygote is not None and os.getpid() == self._owner:
            zygote.close()

    @property
    def pid(self) -> int | None:
        """Of the outermost process of the jail, for those who watch it; None where none runs."""
        return self._zygote.process.pid if self._zygote else None

    def _tried(self, code: str, inputs: bytes | None, limits: Limits) -> Outcome:
        if self._zygote is None or self._served >= RECYCLE:
            self.close()
            self._zygote, self._served = _Zygote(self.level, self.tier, self.modules), 0
        self._served += 1
        try:
            return self._zygote.run(code.encode("utf-8", "surrogatepass"), inputs, limits)
        except (OSError, ValueError, KeyError) as error:
            self.close()
            return _internal(self.level, f"{type(error).__name__}: {error}")


def _best() -> Level:
    from tasks.tools.jail.probing import best_level

    return best_level()


def _internal(level: Level, why: str = "") -> Outcome:
    return Outcome("internal", "", why, None, 0.0, 0.0, (), level)


class _Zygote:
    """A running fork server. Raises `IsolationUnavailable` where the machine refuses it."""

    def __init__(self, level: Level, tier: Tier, modules: Sequence[str]) -> None:
        self.level: Level = level
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.empty = os.memfd_create("stdin", os.MFD_CLOEXEC)
        anchor = tempfile.mkdtemp(prefix="mathmill-jail-")
        try:
            told = json.dumps(plan(level, tier, modules, theirs.fileno(), anchor))
            launcher = str(ROOT / "tasks/tools/jailed/launcher.py")
            self.process = subprocess.Popen(
                [os.path.realpath(sys.executable), "-I", "-S", "-B", launcher, told],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
                env=environment(), pass_fds=(theirs.fileno(),), start_new_session=True)
            theirs.close()
            self._wait_until_ready()
        finally:
            with suppress(OSError):
                os.rmdir(anchor)

    def run(self, code: bytes, inputs: bytes | None, limits: Limits) -> Outcome:
        """Raises `OSError` or `ValueError` where the fork server breaks."""
        with ExitStack() as opened:
            def keep(fd: int) -> int:
                opened.callback(os.close, fd)
                return fd

            texts = [keep(_sealed(text)) for text in ((code,) if inputs is None else (code, inputs))]
            ours, handed = [], []
            for _ in range(3):
                reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
                os.set_blocking(writer, True)
                ours.append(keep(reader))
                handed.append(writer)
            try:
                request = {name: getattr(limits, name) for name in ("wall", "cpu", "memory", "scratch", "value")}
                request["scratch"] = limits.scratch if _mentions_files(code) else 0
                socket.send_fds(self.control, [json.dumps(request).encode()], [
                    texts[0], self.empty, *handed, *texts[1:]])
            finally:
                for writer in handed:
                    os.close(writer)
            return _Collector(self.control, self.level, limits, ours).outcome()

    def close(self) -> None:
        self.control.close()  # the zygote sees the end and takes all with it
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(0.2)
        self.process.kill()
        self.process.wait()
        os.close(self.empty)

    def _wait_until_ready(self) -> None:
        self.control.settimeout(BOOT)
        try:
            told = self.control.recv(65536)
        except (TimeoutError, OSError) as error:
            told = json.dumps({"refused": f"no answer: {error}"}).encode()
        self.control.settimeout(None)
        answer = json.loads(told or b'{"refused": "it ended at once"}')
        if "ready" not in answer:
            self.close()
            raise IsolationUnavailable(answer["refused"], where=f"isolation level {self.level}",
                                       mend="`mathmill doctor` tells what this machine offers and how to get more")


def _sealed(text: bytes) -> int:
    fd = os.memfd_create("text", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, text)
    fcntl.fcntl(fd, *SEALS)
    return fd


def _mentions_files(code: bytes) -> bool:
    """Whether a program may want to write files: a private /tmp costs a millisecond."""
    return any(word in code for word in (b"/tmp", b"open", b"tempfile", b"os.", b"pathlib", b"import os", b"ctypes"))


class _Collector:
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
            while self._read(fd):
                pass
        hit, status = self._status(reply)
        value = self.kept["value"].decode("utf-8", "replace")
        return Outcome(status, self.kept["stdout"][:self.limits.output].decode("utf-8", "replace"),
                       _ends(bytes(self.kept["stderr"]), self.limits.output), value or None,
                       reply["cpu"], reply["wall"], hit, self.level)

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
        if killed and (code == SIGXCPU or (code == SIGKILL and reply["cpu"] >= self.limits.cpu - 0.1)):
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
