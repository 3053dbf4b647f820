"""A running fork server, as the host holds it: started, handed programs as descriptors, ended."""

import fcntl
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from weakref import WeakSet

from tasks.tools.jail.collector import Collector
from tasks.tools.jail.layout import ROOT, environment, plan
from tasks.tools.jail.outcome import IsolationUnavailable, Level, Limits, Outcome, Tier

BOOT = 60.0  # seconds
CONTROL = 3  # number of the socket inside: always low, since a child closes all numbers up to a bound
# Standard input becomes CONTROL, whatever number the host had for it. No `preexec_fn`: the host may have threads.
RELAY = ("import os, sys; os.dup2(0, 3); os.dup2(os.open(os.devnull, os.O_RDONLY), 0); sys.argv = sys.argv[1:]; "
         "exec(compile(open(sys.argv[0]).read(), sys.argv[0], 'exec'), {'__name__': '__main__'})")
SEALS = fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
# Words of programs that may want to write files.
WRITERS = (b"/tmp", b"open", b"tempfile", b"os.", b"pathlib", b"import os", b"from os", b"ctypes", b"save", b"tofile",
           b"sqlite3", b"shelve", b"dbm", b"shutil", b"zipfile", b"tarfile", b"filename", b"fileinput", b"exec",
           b"eval", b"__import__", b"importlib")


class Zygote:
    """A running fork server. Raises `IsolationUnavailable` where the machine refuses it."""

    def __init__(self, level: Level, tier: Tier, modules: Sequence[str]) -> None:
        self.level: Level = level
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        anchor = tempfile.mkdtemp(prefix="mathmill-jail-")
        try:
            told = json.dumps(plan(level, tier, modules, CONTROL, anchor))
            launcher = str(ROOT / "tasks/tools/jailed/launcher.py")
            self.process = subprocess.Popen(
                [os.path.realpath(sys.executable), "-I", "-S", "-B", "-c", RELAY, launcher, told],
                stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", env=environment(),
                start_new_session=True)
            _LIVING.add(self)
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
                # its own standard input: what one program wrote, or where it stopped reading, is not the next one's
                socket.send_fds(self.control, [json.dumps(request).encode()], [
                    texts[0], keep(_sealed(b"")), *handed, *texts[1:]])
            finally:
                for writer in handed:
                    os.close(writer)
            return Collector(self.control, self.level, limits, ours).outcome()

    def close(self) -> None:
        self.control.close()  # the zygote sees the end and takes all with it
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(0.2)
        self.process.kill()
        self.process.wait()

    def _wait_until_ready(self) -> None:
        self.control.settimeout(BOOT)
        try:
            told = self.control.recv(65536)
        except OSError as error:
            told = json.dumps({"refused": f"no answer: {error}"}).encode()
        except BaseException:
            self.close()
            raise
        self.control.settimeout(None)
        answer = json.loads(told or b'{"refused": "it ended at once"}')
        if "ready" not in answer:
            self.close()
            raise IsolationUnavailable(answer["refused"], where=f"isolation level {self.level}",
                                       mend='level "auto" takes the highest that works here; `mathmill doctor` tells '
                                            "what this machine offers and how to get more")


_LIVING: WeakSet[Zygote] = WeakSet()


def _let_go() -> None:
    """A fork of the host must not hold the jail open: its end is how a fork server learns that the host is dead."""
    for zygote in list(_LIVING):
        zygote.control.close()


os.register_at_fork(after_in_child=_let_go)


def _sealed(text: bytes) -> int:
    fd = os.memfd_create("text", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, text)
    fcntl.fcntl(fd, *SEALS)
    return fd


def _mentions_files(code: bytes) -> bool:
    """Whether a program may want to write files: a private /tmp costs a millisecond."""
    return any(word in code for word in WRITERS)
