"""System calls that Python has no words for, by ctypes: namespaces, mounts, capabilities, Landlock, seccomp."""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable
from contextlib import suppress

NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x20000, 0x02000000, 0x04000000, 0x08000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, NOATIME, NODIRATIME = 1, 2, 4, 8, 32, 1024, 2048
BIND, REC, PRIVATE, RELATIME = 4096, 16384, 1 << 18, 1 << 21
DETACH = 2
PDEATHSIG, DUMPABLE, NO_NEW_PRIVS, SET_SECCOMP, FILTER = 1, 4, 38, 22, 2

_LIBC = ctypes.CDLL(None, use_errno=True)
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_CAPSET = {"x86_64": 126, "aarch64": 91}
_LANDLOCK = (444, 445, 446)  # create_ruleset, add_rule, restrict_self: one number on all machines
_KEPT = {1: RDONLY, 2: NOSUID, 4: NODEV, 8: NOEXEC, 1024: NOATIME, 2048: NODIRATIME, 4096: RELATIME}  # statvfs -> mount


class Refused(OSError):
    """The kernel refuses a system call; `name` says which."""

    def __init__(self, name: str, code: int) -> None:
        super().__init__(code, os.strerror(code))
        self.name = name

    def __str__(self) -> str:
        return f"{self.name}: {errno.errorcode.get(self.errno or 0, self.errno)}"


def _checked(name: str, result: int) -> int:
    if result < 0:
        raise Refused(name, ctypes.get_errno())
    return result


def _call(name: str, number: int, *args: object) -> int:
    return _checked(name, _LIBC.syscall(ctypes.c_long(number), *args))


def unshare(flags: int) -> None:
    """New namespaces for this process, or with NEWPID for its children. Raises `Refused`, as all here do."""
    _checked("unshare", _LIBC.unshare(flags))


def setns(fd: int, flags: int) -> None:
    _checked("setns", _LIBC.setns(fd, flags))


def prctl(option: int, value: int = 0) -> None:
    zero = ctypes.c_ulong(0)
    _checked(f"prctl({option})", _LIBC.prctl(option, ctypes.c_ulong(value), zero, zero, zero))


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    _checked(f"mount {target}", _LIBC.mount(
        source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode() or None))


def bind(source: str, target: str) -> None:
    """`source`, a file or folder, read-only at `target`, which must be there."""
    mount(source, target, "", BIND | REC)
    mine = os.statvfs(target).f_flag
    kept = sum(flag for bit, flag in _KEPT.items() if mine & bit)  # flags that a user namespace may not lift
    mount("", target, "", REMOUNT | BIND | RDONLY | NOSUID | NODEV | kept)


def pivot(root: str) -> None:
    """Make `root`, a mount, the root of this process, and let go of the old one."""
    os.chdir(root)
    os.mkdir("old", 0o700)
    _call("pivot_root", _PIVOT_ROOT[platform.machine()], b".", b"old")
    os.chdir("/")
    _checked("umount2", _LIBC.umount2(b"/old", DETACH))
    os.rmdir("/old")
    mount("", "/", "", REMOUNT | BIND | RDONLY | NOSUID | NODEV)


def drop_capabilities() -> None:
    header = struct.pack("Ii", 0x20080522, 0)
    _call("capset", _CAPSET[platform.machine()], header, bytes(24))


def set_hostname(name: bytes) -> None:
    with suppress(Refused):
        _checked("sethostname", _LIBC.sethostname(name, len(name)))


def install(program: bytes) -> None:
    """A seccomp filter, for good."""
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    _checked("seccomp", _LIBC.prctl(SET_SECCOMP, ctypes.c_ulong(FILTER), header, 0, 0))


def landlock_version() -> int:
    """The ABI that the kernel offers. Raises `Refused` where it offers none."""
    return _call("landlock_create_ruleset", _LANDLOCK[0], None, ctypes.c_size_t(0), ctypes.c_uint32(1))


def landlock(readable: Iterable[str]) -> None:
    """From now on only files under `readable` can be opened, to be read; no file can be changed."""
    version = landlock_version()
    files = (1 << 13) - 1 | (version >= 2) << 13 | (version >= 3) << 14 | (version >= 5) << 15
    attributes = struct.pack("QQQ", files, 3 * (version >= 4), 3 * (version >= 6))
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = _call("landlock_create_ruleset", _LANDLOCK[0], attributes, ctypes.c_size_t(size), ctypes.c_uint32(0))
    for path in readable:
        with suppress(FileNotFoundError):
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
            allowed = 0b1100 if os.path.isdir(path) else 0b0100  # read file, read folder
            _call("landlock_add_rule", _LANDLOCK[1], ctypes.c_int(rules), ctypes.c_int(1),
                  struct.pack("=Qi", allowed, fd), ctypes.c_uint32(0))
            os.close(fd)
    prctl(NO_NEW_PRIVS, 1)
    _call("landlock_restrict_self", _LANDLOCK[2], ctypes.c_int(rules), ctypes.c_uint32(0))
    os.close(rules)
