"""Which system calls a program may make: an allow-list for seccomp, as a BPF program for this machine.

What is not listed answers EPERM; what only an attack calls kills (SIGSYS). Another machine's calls (32 bit, x32) kill.
"""

import os
import platform
import struct
from collections.abc import Iterable
from errno import EACCES, ENOSYS, ENOTTY, EPERM

ARCHES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}  # audit number, column of the tables
X32 = 0x40000000

# name: number on x86_64, number on aarch64 (- where it has none)
READING = """
read 0 63, close 3 57, stat 4 -, fstat 5 80, lstat 6 -, poll 7 -, lseek 8 62, mmap 9 222, mprotect 10 226,
munmap 11 215, brk 12 214, rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139, pread64 17 67, readv 19 65,
write 1 64, writev 20 66, access 21 -, pipe 22 -, select 23 -, sched_yield 24 124, mremap 25 216, msync 26 227,
mincore 27 232, madvise 28 233, dup 32 23, dup2 33 -, pause 34 -, nanosleep 35 101, getitimer 36 102, alarm 37 -,
setitimer 38 103, getpid 39 172, exit 60 93, wait4 61 260, uname 63 160, flock 73 32, fsync 74 82, fdatasync 75 83,
getdents 78 -, getcwd 79 17, chdir 80 49, fchdir 81 50, readlink 89 -, umask 95 166, gettimeofday 96 169,
getrlimit 97 163, getrusage 98 165, sysinfo 99 179, times 100 153, getuid 102 174, getgid 104 176, geteuid 107 175,
getegid 108 177, getppid 110 173, getpgrp 111 -, getgroups 115 158, getresuid 118 148, getresgid 120 150,
getpgid 121 155, getsid 124 156, rt_sigpending 127 136, rt_sigtimedwait 128 137, rt_sigsuspend 130 133,
sigaltstack 131 132, statfs 137 43, fstatfs 138 44, getpriority 140 141, sched_getparam 143 121,
sched_getscheduler 145 120, arch_prctl 158 -, gettid 186 178, time 201 -, futex 202 98, sched_getaffinity 204 123,
getdents64 217 61, set_tid_address 218 96, restart_syscall 219 128, fadvise64 221 223, clock_gettime 228 113,
clock_getres 229 114, clock_nanosleep 230 115, exit_group 231 94, epoll_wait 232 -, epoll_ctl 233 21, waitid 247 95,
newfstatat 262 79, readlinkat 267 78, faccessat 269 48, pselect6 270 72, ppoll 271 73, set_robust_list 273 99,
get_robust_list 274 100, epoll_pwait 281 22, eventfd2 290 19, epoll_create1 291 20, dup3 292 24, pipe2 293 59,
preadv 295 69, getrandom 318 278, membarrier 324 283, statx 332 291, rseq 334 293, close_range 436 436,
faccessat2 439 439, pwrite64 18 68, pwritev 296 70"""
CHANGING = """
truncate 76 45, ftruncate 77 46, rename 82 -, mkdir 83 -, rmdir 84 -, unlink 87 -, chmod 90 -, fchmod 91 52,
utime 132 -, utimes 235 -, mkdirat 258 34, unlinkat 263 35, renameat 264 38, fchmodat 268 53, utimensat 280 88,
fallocate 285 47, renameat2 316 276"""
HOSTILE = """
ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, mount 165 40, umount2 166 39, pivot_root 155 41,
chroot 161 51, unshare 272 97, setns 308 268, bpf 321 280, keyctl 250 219, add_key 248 217, request_key 249 218,
perf_event_open 298 241, kexec_load 246 104, init_module 175 105, delete_module 176 106, finit_module 313 273,
reboot 169 142, swapon 167 224, swapoff 168 225, acct 163 89, sethostname 170 161, iopl 172 -, ioperm 173 -,
userfaultfd 323 282, io_uring_setup 425 425, io_uring_enter 426 426, io_uring_register 427 427,
open_by_handle_at 304 265, name_to_handle_at 303 264, open_tree 428 428, move_mount 429 429, fsopen 430 430,
fsconfig 431 431, fsmount 432 432, fspick 433 433, mount_setattr 442 442, pidfd_getfd 438 438, modify_ldt 154 -,
settimeofday 164 170, clock_settime 227 112, kcmp 312 272"""
GUARDED = """
open 2 -, openat 257 56, openat2 437 437, creat 85 -, clone 56 220, clone3 435 435, kill 62 129, tkill 200 130,
tgkill 234 131, prctl 157 167, ioctl 16 29, fcntl 72 25, prlimit64 302 261"""

WRITES = 0x1 | 0x2 | 0x40 | 0x200 | 0x400000  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, the bit of O_TMPFILE
THREAD, NAMESPACES = 0x10000, 0x7E020080  # flags of clone
SOMEBODY = 0x7EEDC0DE  # stands for a process number until there is one
ASYNC = 0x2000  # fcntl's O_ASYNC would let the kernel send signals
_LOAD, _JEQ, _JGT, _JGE, _JSET, _RET = 0x20, 0x15, 0x25, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000

Step = tuple[int, int, int, int]


def filter_for(writing: bool) -> bytes:
    """The filter of a process whose number is still `SOMEBODY`; `writing`: whether files can be changed at all."""
    pid = SOMEBODY
    arch, column = ARCHES[platform.machine()]
    steps: list[Step] = [(_LOAD, 0, 0, 4), (_JEQ, 1, 0, arch), _ret(_KILL), (_LOAD, 0, 0, 0)]
    if column == 0:
        steps += [(_JGE, 0, 1, X32), _ret(_KILL)]
    steps += _all_of(_numbers(READING + "," + CHANGING if writing else READING, column).values(), _ALLOW)
    for name, number in _numbers(GUARDED, column).items():
        guard = _guard(name, pid, writing)
        steps += [(_JEQ, 0, len(guard), number), *guard]
    steps += _all_of(_numbers(HOSTILE, column).values(), _KILL)
    steps.append(_ret(_ERRNO | EPERM))
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def mine(program: bytes) -> bytes:
    """The filter with this process's own number, the only one that it may send a signal to."""
    return program.replace(struct.pack("I", SOMEBODY), struct.pack("I", os.getpid()))


def _numbers(table: str, column: int) -> dict[str, int]:
    rows = (row.split() for row in table.replace("\n", " ").split(",") if row.strip())
    return {name: int(numbers[column]) for name, *numbers in rows if numbers[column] != "-"}


def _all_of(numbers: Iterable[int], verdict: int) -> list[Step]:
    """The same verdict on all these calls, by runs of numbers: the kernel checks every step of every filter anew."""
    steps: list[Step] = []
    ordered = sorted(numbers)
    firsts = [number for number in ordered if number - 1 not in ordered]
    for first in firsts:
        last = first
        while last + 1 in ordered:
            last += 1
        test: list[Step] = [(_JEQ, 0, 1, first)] if first == last else [(_JGE, 0, 2, first), (_JGT, 1, 0, last)]
        steps += [*test, _ret(verdict)]
    return steps


def _ret(what: int) -> Step:
    return (_RET, 0, 0, what)


def _argument(index: int) -> Step:
    """Load the lower half of an argument."""
    return (_LOAD, 0, 0, 16 + 8 * index)


def _one_of(index: int, values: tuple[int, ...], refusal: int) -> list[Step]:
    tests = [step for value in values for step in ((_JEQ, 0, 1, value), _ret(_ALLOW))]
    return [_argument(index), *tests, _ret(_ERRNO | refusal)]


def _none_of(index: int, bits: int, refusal: int) -> list[Step]:
    return [_argument(index), (_JSET, 0, 1, bits), _ret(_ERRNO | refusal), _ret(_ALLOW)]


def _guard(name: str, pid: int, writing: bool) -> list[Step]:
    """What decides on a call by its arguments; every way ends in a return."""
    if name in {"open", "openat"}:
        return [_ret(_ALLOW)] if writing else _none_of(1 if name == "open" else 2, WRITES, EACCES)
    if name == "creat":
        return [_ret(_ALLOW if writing else _ERRNO | EACCES)]
    if name in {"openat2", "clone3"}:
        return [_ret(_ERRNO | ENOSYS)]  # libraries then fall back to the older call, whose flags can be read here
    if name == "clone":
        return [_argument(0), (_JSET, 0, 1, NAMESPACES), _ret(_KILL), (_JSET, 0, 1, THREAD), _ret(_ALLOW),
                _ret(_ERRNO | EPERM)]
    if name in {"kill", "tkill", "tgkill"}:
        return _one_of(0, (pid,), EPERM)
    if name == "prctl":
        return _one_of(0, (3, 15, 16), EPERM)  # is it dumpable; a thread's name
    if name == "ioctl":
        return _one_of(1, (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451), ENOTTY)
    if name == "fcntl":
        return [_argument(1), *[step for command in (0, 1, 2, 3, 5, 6, 7, 1030)
                                for step in ((_JEQ, 0, 1, command), _ret(_ALLOW))],
                (_JEQ, 1, 0, 4), _ret(_ERRNO | EPERM), *_none_of(2, ASYNC, EPERM)]
    assert name == "prlimit64"
    return [(_LOAD, 0, 0, 32), (_JEQ, 1, 0, 0), _ret(_ERRNO | EPERM), (_LOAD, 0, 0, 36), (_JEQ, 1, 0, 0),
            _ret(_ERRNO | EPERM), *_one_of(0, (0, pid), EPERM)]
