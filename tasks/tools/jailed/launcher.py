"""Builds the jail around itself and becomes the zygote in it. Run as a script, with its plan as JSON in argv[1].

The plan (made by `tasks.tools.jail.layout`): `level`; `control`, the number of the socket to the host; `anchor`, an
empty folder to build a root on; `binds`, pairs of host path and path in the jail; `python`, `zygote`, `path`, `env`;
`own`, where this package is imported from; the rest is the zygote's.

As root the jail's files are put in place first, then all rights are given up (nobody), then come the namespaces. As an
ordinary user, or as a root without root's rights, the namespaces come first and bring the right to mount. Either way
the zygote is process 1 of its own.
"""

import json
import os
import signal
import socket
import sys
from typing import Any

NOBODY = 65534
SETGID, SETUID, SYS_ADMIN = 6, 7, 21  # capabilities


def main() -> None:
    plan: dict[str, Any] = json.loads(sys.argv[1])
    sys.path.insert(0, plan["own"])
    control = socket.socket(fileno=plan["control"])
    try:
        if plan["level"] == "namespaces":
            _enter(plan)
        os.set_inheritable(plan["control"], True)
        words = [plan["python"], "-s", "-P", "-S", "-B", "-X", "utf8", plan["zygote"], json.dumps(plan["inside"])]
        os.execve(plan["python"], words, plan["env"])
    except BaseException as error:  # whatever went wrong, the host must hear of it
        control.send(json.dumps({"refused": f"{type(error).__name__}: {error}"}).encode())
        os._exit(1)


def _enter(plan: dict[str, Any]) -> None:
    from tasks.tools.jailed import system

    root, uid, gid = _may_become_nobody(), os.geteuid(), os.getegid()
    proc = os.open("/proc/self", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    rest = system.NEWPID | system.NEWNET | system.NEWIPC | system.NEWUTS | system.NEWCGROUP
    if root:
        system.unshare(system.NEWNS)
        _build(plan)
        uid = gid = NOBODY
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        system.prctl(system.DUMPABLE, 1)  # otherwise /proc/self, where the maps are written, stays root's
        system.unshare(system.NEWUSER | system.NEWNS | rest)
        _map(proc, uid, gid)
    else:
        system.unshare(system.NEWUSER | system.NEWNS | rest)
        _map(proc, uid, gid)
        _build(plan)
    system.set_hostname(b"jail")
    os.close(proc)
    if (child := os.fork()):
        _wait_and_end(child, plan["control"])
    os.setsid()
    system.prctl(system.PDEATHSIG, signal.SIGKILL)


def _may_become_nobody() -> bool:
    """Whether this is a root that can mount and take another user's number; in a container it often cannot."""
    with open("/proc/self/status") as status:
        rights = int(next(line.split()[1] for line in status if line.startswith("CapEff:")), 16)
    with open("/proc/self/uid_map") as lines:
        mapped = any(int(first) <= NOBODY < int(first) + int(count) for first, _, count in map(str.split, lines))
    return mapped and all(rights >> bit & 1 for bit in (SETGID, SETUID, SYS_ADMIN))


def _build(plan: dict[str, Any]) -> None:
    """A root of a few megabytes that holds nothing but an interpreter and its libraries, read-only."""
    from tasks.tools.jailed import system

    anchor = plan["anchor"]
    system.mount("none", "/", "", system.REC | system.PRIVATE)
    system.mount("jail", anchor, "tmpfs", system.NOSUID | system.NODEV, "size=1m,mode=755")
    for source, target in plan["binds"]:
        place = anchor + target
        if source == "":
            os.makedirs(place, exist_ok=True)  # an empty folder, which hides what the bind around it would show
            system.mount("none", place, "tmpfs", system.NOSUID | system.NODEV | system.RDONLY, "size=4k,mode=755")
            continue
        if os.path.isdir(source):
            os.makedirs(place, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            os.close(os.open(place, os.O_CREAT | os.O_WRONLY, 0o644))
        system.bind(source, place)
    os.makedirs(anchor + "/tmp", exist_ok=True)
    system.pivot(anchor)


def _map(proc: int, uid: int, gid: int) -> None:
    for name, line in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        fd = os.open(name, os.O_WRONLY, dir_fd=proc)
        try:
            os.write(fd, line.encode())
        except OSError as error:  # so that the host hears which: some systems refuse just this
            raise OSError(error.errno, f"write {name}: {os.strerror(error.errno or 0)}") from None
        finally:
            os.close(fd)


def _wait_and_end(child: int, control: int) -> None:
    """The outer half: it holds nothing, waits, and takes the jail with it when it is killed."""
    os.close(control)
    os.waitpid(child, 0)
    os._exit(0)


if __name__ == "__main__":
    main()
