"""What this machine offers to mathmill: isolation, packages, cores, memory, disk, model, server. For `mathmill doctor`.

Isolation is found by doing. Nothing here raises: what is missing is told, with what to do.
"""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal, NamedTuple

from schemas.errors import MathmillError
from tasks.tools.jail import Probe, probe
from tasks.tools.models import locate
from tasks.tools.orchestrator import check_server, server_url
from tasks.tools.workers import worker_count

PACKAGES = ("sympy", "numpy", "mpmath", "pyarrow", "duckdb", "prefect", "sentence-transformers", "torch", "datasets")
OPTIONAL = ("gmpy2", "scipy", "networkx")
CLONE = Path("/proc/sys/kernel/unprivileged_userns_clone")
APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
SPACES = Path("/proc/sys/user/max_user_namespaces")


class Finding(NamedTuple):
    """One line: `what`, whether it is there (`state` ok, missing, or note), what was seen, and what to do."""

    what: str
    state: Literal["ok", "missing", "note"]
    seen: str
    mend: str = ""


def findings() -> Iterator[Finding]:
    """Everything, the isolation first."""
    yield from isolation()
    yield Finding("Python", "ok", f"{platform.python_version()} ({sys.executable})")
    for name in PACKAGES:
        yield _package(name, "missing", "run the first command of README")
    for name in OPTIONAL:
        yield _package(name, "note", "not needed")
    yield Finding("cores", "ok", f"{worker_count()} used")
    yield from _space()
    yield _model()
    yield _server()


def isolation() -> Iterator[Finding]:
    """Both levels, started and attacked; what keeps this machine from the higher one."""
    levels: tuple[Literal["namespaces", "landlock"], ...] = ("namespaces", "landlock")
    found = [probe(level) for level in levels]
    for level in found:
        yield Finding(f"isolation {level.level}", "ok" if level.available else "missing",
                      "started; no canary got out" if level.available else level.refused,
                      "" if level.available else _mend(level))
    best = next((level.level for level in found if level.available), None)
    yield Finding("programs run at", "ok" if best else "missing", best or "no level: they are refused",
                  "" if best else "mend one of the two above, or say --isolation none for programs that you trust")


def _mend(level: Probe) -> str:
    if level.level == "landlock":
        return "a kernel from 5.13 on with Landlock in its list of LSMs (lsm= on its boot line)"
    settings = {CLONE: ("0", "sysctl kernel.unprivileged_userns_clone=1"),
                SPACES: ("0", "sysctl user.max_user_namespaces=10000"),
                APPARMOR: ("1", "sysctl kernel.apparmor_restrict_unprivileged_userns=0")}
    for path, (bad, command) in settings.items():
        try:
            if path.read_text().strip() == bad:
                return command
        except OSError:
            continue
    return "in a container: --security-opt seccomp=unconfined, or a seccomp profile that allows unshare"


def _package(name: str, state: Literal["missing", "note"], mend: str) -> Finding:
    try:
        return Finding(name, "ok", version(name))
    except PackageNotFoundError:
        return Finding(name, state, "not installed", mend)


def _space() -> Iterator[Finding]:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    yield Finding("memory", "ok", f"{pages / 2**30:.1f} GiB")
    for what, place in (("disk here", Path.cwd()), ("disk for temporary files", Path(tempfile.gettempdir()))):
        free = shutil.disk_usage(place).free / 2**30
        yield Finding(what, "ok" if free > 1 else "missing", f"{free:.1f} GiB free in {place}",
                      "" if free > 1 else "make room: a million rows take about 2 GiB")


def _model() -> Finding:
    try:
        source = locate()
    except MathmillError as error:
        return Finding("embedding model", "missing", error.what, error.mend)
    where = f"in {source.folder}" if source.folder else "from the Hub, at the first run"
    return Finding("embedding model", "ok", f"{source.model} {where}")


def _server() -> Finding:
    try:
        url = server_url()
        if not url:
            return Finding("Prefect server", "note", "none set: runs work without one", "PREFECT_API_URL names one")
        check_server(url)
    except MathmillError as error:
        return Finding("Prefect server", "missing", error.what, error.mend)
    return Finding("Prefect server", "ok", url)
