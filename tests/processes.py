"""Programs that tests start in a session of their own, so that whatever they leave behind can be seen and counted."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

Marks = dict[str, tuple[int, int]]


def start(words: Sequence[str], **env: str) -> "subprocess.Popen[str]":
    """A Python program (`-m module …`), leader of a new session and process group; output is kept for `communicate`."""
    return subprocess.Popen([sys.executable, *words], start_new_session=True, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, env={**os.environ, "MATHMILL_WORKERS": "2", **env})


def left_of(leader: int, seconds: float = 5.0) -> list[int]:
    """Processes of that session which still live after at most so many seconds."""
    until = time.monotonic() + seconds
    while (alive := _session(leader)) and time.monotonic() < until:
        time.sleep(0.02)
    return alive


def wait_for(path: Path, seconds: float = 30.0) -> None:
    """Until the file is there."""
    until = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < until, f"{path} never came"
        time.sleep(0.01)


def marks(folder: Path) -> Marks:
    """Inode and time of every finished shard: a shard that is written again changes its mark."""
    shards = sorted(folder.rglob("part-*.parquet"))
    return {str(path.relative_to(folder)): ((stat := path.stat()).st_ino, stat.st_mtime_ns) for path in shards
            if ".tmp" not in str(path.relative_to(folder))}


def rewritten(before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]]) -> list[str]:
    """Shards that were finished before and are gone or written again since."""
    return [name for name, mark in before.items() if after.get(name) != mark]


def contents(folder: Path) -> dict[str, bytes]:
    """Every shard's bytes, by path."""
    return {name: (folder / name).read_bytes() for name in marks(folder)}


def _session(leader: int) -> list[int]:
    alive = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                state, *rest = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(rest[2]) == leader and state not in "ZX":
                alive.append(int(entry.name))
    return alive
