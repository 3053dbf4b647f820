"""A firing range for the jail: canaries, listeners and watches on this machine, and attacks fired inside the jail.

Never fire an attack anywhere else: some of them kill every process that they can reach. `python -m tests.attacks LEVEL
[WALL]` fires them all as the user who calls and prints what failed as JSON; tests call it as root and as another user.
"""

import json
import os
import re
import resource
import secrets
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple, Self

from tasks.tools.jail import Jail, Limits, Outcome, probe

ATTACKS = Path(__file__).parents[2] / "shared" / "data" / "attacks" / "attacks.jsonl"
SLACK = 1.5  # seconds past the wall limit
GROWTH = 64 << 10  # KiB of this process
MEMORY, OUTPUT, SCRATCH = 512 << 20, 64 << 10, 16 << 20
FINGERPRINT = """
import sys, os, builtins, math, hashlib, sympy
x = sympy.Symbol('x')
print(sorted(sys.modules))
try: print(os.listdir('/tmp'))
except OSError: print('closed')
print(os.getcwd(), sorted(os.environ))
print(sympy.Integer(2) + 3, sympy.solve(x**2 - 4, x), sum([1, 2]), int(3.7), math.sqrt(4), hash('a'))
print(sorted(vars(builtins)))
print(sys.getrecursionlimit(), len(sys.path), os.umask(0o22))
"""  # opens nothing that it does not name, so that it also says whether /tmp is empty


class Attack(NamedTuple):
    """One line of attacks.jsonl."""

    id: str
    kind: str
    code: str
    expect: list[str]
    must_hold: list[str]


def attacks() -> list[Attack]:
    rows = map(json.loads, ATTACKS.read_text().splitlines())
    return [Attack(row["id"], row["class"], row["code"], row["expect"], row["must_hold"]) for row in rows]


class Range:
    """Everything that an attack could reach or change, watched."""

    def __init__(self, level: Any, wall: float) -> None:
        self.limits = Limits(wall=wall, cpu=wall + 1, memory=MEMORY, output=OUTPUT, scratch=SCRATCH)
        self.level, self.hits, self.opened = level, list[str](), ExitStack()
        self.token = f"CANARY-{secrets.token_hex(8)}"

    def __enter__(self) -> Self:
        folder = Path(self.opened.enter_context(tempfile.TemporaryDirectory(prefix="range-")))
        self.canary, self.watched = folder / "canary", folder / "watched"
        self.canary.write_text(self.token)
        self.watched.mkdir()
        self.watched.chmod(0o777)
        os.environ["RANGE_SECRET"] = os.environ["API_KEY"] = self.token
        unix, abstract = str(folder / "socket"), f"range-{secrets.token_hex(4)}"
        tcp = self._listen(socket.AF_INET, ("127.0.0.1", 0))
        self._listen(socket.AF_UNIX, unix)
        self._listen(socket.AF_UNIX, "\0" + abstract)
        port = tcp.getsockname()[1]
        self._receive(port)
        self.marks = {"CANARY_FILE": str(self.canary), "HOST_PID": str(os.getpid()), "PORT": str(port),
                      "UNIX_PATH": unix, "ABSTRACT": abstract, "WATCH_DIR": str(self.watched)}
        self.jail = self.opened.enter_context(Jail(self.level, limits=self.limits))
        self.clean = self.jail.run(FINGERPRINT)
        assert self.clean.status == "ok", self.clean.stderr
        self.pid, self.processes = self.jail.pid, descendants(os.getpid())
        return self

    def __exit__(self, *_: object) -> None:
        self.opened.close()
        for name in ("RANGE_SECRET", "API_KEY"):
            os.environ.pop(name, None)

    def fire(self, attack: Attack) -> list[str]:
        """What did not hold; [] where the jail stood."""
        code = attack.code
        for name, value in self.marks.items():
            code = code.replace(f"{{{{{name}}}}}", value)
        hits, size, since = len(self.hits), _peak(), time.monotonic()
        found = self.jail.run(code)
        took = time.monotonic() - since
        wrong = [] if found.status in attack.expect else [f"status {found.status}: {found.stderr[-200:]}"]
        checks = {"time": took <= self.limits.wall + SLACK, "no_net": len(self.hits) == hits,
                  "host_mem": _peak() - size <= GROWTH, "no_leak": self.token not in f"{found}",
                  "no_host_write": not list(self.watched.iterdir()) and self.canary.read_text() == self.token,
                  "out_cap": max(len(found.stdout), len(found.stderr)) <= OUTPUT + 64,
                  "status_not_ok": found.status != "ok", "stdout_is_str": isinstance(found.stdout, str),
                  "stdout_is_data": isinstance(found.stdout, str), 
                  "no_host_argv": " ".join(sys.argv) not in found.stdout}
        for rule in attack.must_hold:
            name, _, text = rule.partition(":")
            if name in {"alive", "clean_state", "no_proc"}:
                continue  # looked at below, after the attack
            if not checks.get(name, False) and not _told(name, text, found):
                wrong.append(f"{rule} ({took:.1f} s, {found.stdout[:100]!r})")
        return wrong + list(self._aftermath())

    def _aftermath(self) -> Iterator[str]:
        if (alive := self.jail.run("print(2+2)")).stdout != "4\n":
            yield f"alive: {alive}"
        if self.jail.pid != self.pid:
            yield "alive: the fork server was started again"
            self.pid = self.jail.pid
            self.processes = descendants(os.getpid())
        if (state := self.jail.run(FINGERPRINT)).stdout != self.clean.stdout:
            yield f"clean_state: {state.stdout[-200:]} {state.stderr[-200:]}"
        until = time.monotonic() + 1
        while (more := descendants(os.getpid()) - self.processes) and time.monotonic() < until:
            time.sleep(0.02)
        if more:
            yield f"no_proc: {more}"

    def _listen(self, family: int, address: Any) -> socket.socket:
        server = self.opened.enter_context(socket.socket(family))
        server.bind(address)
        server.listen(8)
        threading.Thread(target=self._accept, args=(server,), daemon=True).start()
        return server

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                server.accept()[0].close()
            except OSError:
                return
            self.hits.append("connected")

    def _receive(self, port: int) -> None:
        server = self.opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        server.bind(("127.0.0.1", port))

        def receive() -> None:
            while True:
                try:
                    server.recv(100)
                except OSError:
                    return
                self.hits.append("received")

        threading.Thread(target=receive, daemon=True).start()


def _told(name: str, text: str, found: Outcome) -> bool:
    """What a rule says of standard output."""
    text = text.replace("\\n", "\n") if name == "stdout_exact" else text
    return {"stdout_exact": found.stdout == text, "stdout_lacks": text not in found.stdout,
            "stdout_lacks_re": name == "stdout_lacks_re" and not re.search(text, found.stdout)}.get(name, False)


def descendants(root: int) -> set[int]:
    """A process and all that descend from it."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found, size = {root}, 0
    while len(found) > size:
        size = len(found)
        found |= {pid for pid, parent in parents.items() if parent in found}
    return found


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    level, wall = sys.argv[1], float((sys.argv[2:] or ["1"])[0])
    assert level in {"namespaces", "landlock"}, "attacks are fired inside a jail, nowhere else"
    standing = probe(level)
    if not standing.available:
        print(json.dumps({"refused": standing.refused}))
        return
    failed: dict[str, list[str]] = {}
    with Range(level, wall) as place:
        for attack in attacks():
            if (wrong := place.fire(attack)):
                failed[attack.id] = wrong
    print(json.dumps({"fired": len(attacks()), "user": os.geteuid(), "failed": failed}))


if __name__ == "__main__":
    main()
