"""The fork server: imports what programs need once, then runs each in a child of its own. Run as a script.

It sees file descriptors and limits, never a program's text or output: those go between the host and the child through
a sealed memory file and pipes. Messages are JSON over a SEQPACKET socket: from the host `{"wall", "cpu", "memory",
"scratch"}` with the descriptors (code, stdin, stdout, stderr, value, inputs), or `{"cancel": true}`; to the host
`{"ready": …}`, then `{"began", "ended", "code", "cpu", "wall", "late"}` for each; where it never began, it was the
jail that failed, not the program.
"""

import contextlib
import gc
import json
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from mmap import mmap
from time import monotonic
from types import ModuleType
from typing import Any, NoReturn

FDS = 6
PAGE = 4096
THREADS = 64  # of a program, which starts no processes


def main() -> NoReturn:
    plan: dict[str, Any] = json.loads(sys.argv[1])
    sys.argv[:] = [""]
    sys.path.insert(0, plan["own"])
    sys.meta_path.append(Packages(plan["packages"]))
    control = socket.socket(fileno=plan["control"])
    control.set_inheritable(False)
    try:
        from tasks.tools.jailed import policy, program, system  # noqa: F401  while they can still be found

        program.prepare(plan["tier"], plan["modules"])
        sys.path.remove(plan["own"])
        server = Server(plan, control)
    except BaseException as error:
        control.send(json.dumps({"refused": f"{type(error).__name__}: {error}"}).encode())
        os._exit(1)
    server.serve()


class Packages(MetaPathFinder):
    """Finds the packages that programs may import, and no other that lies beside them."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self.places = {name.removesuffix(".py"): os.path.dirname(place) for name, place in places.items()}

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if path is not None or name not in self.places:
            return None
        return PathFinder.find_spec(name, [self.places[name]])


class Server:
    """One program at a time."""

    def __init__(self, plan: dict[str, Any], control: socket.socket) -> None:
        from tasks.tools.jailed import policy, system

        self.filter = policy.filter_for(writing=plan["level"] == "namespaces")
        self.level, self.control = plan["level"], control
        self.itself = os.pidfd_open(os.getpid())
        self.began = mmap(-1, PAGE)  # shared: the child says that all is set up, and lets go before the program runs
        self.used = _address_space()
        _limit((resource.RLIMIT_NOFILE, 64), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_MEMLOCK, 0),
               (resource.RLIMIT_MSGQUEUE, 0), (resource.RLIMIT_SIGPENDING, 64))  # what a child inherits
        if self.level == "namespaces":  # elsewhere it would count all that this user runs
            _limit((resource.RLIMIT_NPROC, THREADS))
        if self.level == "landlock":
            system.landlock(plan["readable"])
        gc.collect()
        gc.freeze()

    def serve(self) -> NoReturn:
        """Until the host hangs up, which ends this process and, in its namespace, all others."""
        self.control.send(json.dumps({"ready": True}).encode())
        while True:
            message, fds, _, _ = socket.recv_fds(self.control, 4096, FDS)
            if not message:
                os._exit(0)
            request = json.loads(message)
            if "wall" in request:
                self.control.send(json.dumps(self._run(request, fds)).encode())
            for fd in fds:
                os.close(fd)

    def _run(self, limits: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        since, self.began[0] = monotonic(), 0
        child = self._fork(limits, fds)
        late = self._await(child, since + limits["wall"])
        _, status, usage = os.wait4(child, 0)
        if self.level == "none":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child, signal.SIGKILL)  # what it started and left
        killed = os.WIFSIGNALED(status)
        return {"began": bool(self.began[0]) or late or killed, "ended": "signal" if killed else "exit", "late": late,
                "cpu": usage.ru_utime + usage.ru_stime,
                "code": os.WTERMSIG(status) if killed else os.WEXITSTATUS(status), "wall": monotonic() - since}

    def _fork(self, limits: dict[str, Any], fds: list[int]) -> int:
        from tasks.tools.jailed import system

        if self.level == "namespaces":
            system.setns(self.itself, system.NEWPID)
            system.unshare(system.NEWPID)
        if (child := os.fork()):
            return child
        try:
            self._become(limits, fds)
        except BaseException:
            os._exit(99)
        os._exit(98)

    def _await(self, child: int, until: float) -> bool:
        """Until the child ends; kills it at its deadline (True) or when the host says so or is gone."""
        handle, late, waiter = os.pidfd_open(child), False, select.poll()
        waiter.register(handle, select.POLLIN)
        waiter.register(self.control, select.POLLIN)
        try:
            while True:
                ready = [fd for fd, _ in waiter.poll(max(0.0, until - monotonic()) * 1000)]
                if handle in ready:
                    return late
                late = not ready
                if ready and not self.control.recv(4096):
                    os.kill(child, signal.SIGKILL)
                    os._exit(0)
                os.kill(child, signal.SIGKILL)
                waiter.unregister(self.control)
                until = monotonic() + 60
        finally:
            os.close(handle)

    def _become(self, limits: dict[str, Any], fds: list[int]) -> NoReturn:
        """In the child: take the descriptors, give up everything else, run the program."""
        from tasks.tools.jailed import policy, program, system

        os.setsid()
        system.prctl(system.PDEATHSIG, signal.SIGKILL)
        code, inputs = _placed(fds)
        if self.level == "namespaces" and limits["scratch"]:
            system.unshare(system.NEWNS)
            system.mount("tmp", "/tmp", "tmpfs", system.NOSUID | system.NODEV,
                         f"size={limits['scratch']},nr_inodes=1024,mode=700")
        os.chdir("/tmp" if self.level == "namespaces" else "/")
        _limit((resource.RLIMIT_CPU, max(1, int(limits["cpu"] + 0.999))),
               (resource.RLIMIT_AS, self.used + limits["memory"]), (resource.RLIMIT_FSIZE, limits["scratch"]))
        if self.level != "none":
            system.drop_capabilities()
            system.prctl(system.NO_NEW_PRIVS, 1)
            system.install(policy.mine(self.filter))
        self.began[0] = 1
        self.began.close()
        program.run(code, inputs, limits["value"])


def _placed(fds: list[int]) -> tuple[bytes, bytes | None]:
    """Standard streams at 0, 1, 2, the value's pipe at 3, nothing else open; the program's text and its inputs read."""
    code = os.pread(fds[0], os.fstat(fds[0]).st_size, 0)
    inputs = os.pread(fds[5], os.fstat(fds[5]).st_size, 0) if len(fds) == FDS else None
    high = [os.dup(fd) for fd in fds[1:5]]
    while min(high) < 4:
        high = [os.dup(fd) for fd in high]
    for place, fd in enumerate(high):
        os.dup2(fd, place, inheritable=False)
    os.closerange(4, 256)
    return code, inputs


def _limit(*limits: tuple[int, int]) -> None:
    """Soft and hard limits alike: SIGXCPU could be ignored, SIGKILL cannot."""
    for name, value in limits:
        try:
            resource.setrlimit(name, (value, value))
        except ValueError:  # the hard limit is lower already
            hard = resource.getrlimit(name)[1]
            resource.setrlimit(name, (hard, hard))


def _address_space() -> int:
    """Bytes of address space in use, found without /proc: the smallest limit under which a page can still be had."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    low, high = 0, 1 << 40
    while high - low > PAGE:
        middle = (low + high) // 2
        resource.setrlimit(resource.RLIMIT_AS, (middle, before[1]))
        try:
            mmap(-1, PAGE).close()
            high = middle
        except OSError:
            low = middle
        finally:
            resource.setrlimit(resource.RLIMIT_AS, before)
    return high


if __name__ == "__main__":
    main()
