"""One process at a time at work on a folder; a lock that the system gives back whatever becomes of its holder."""

from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from schemas.errors import BusyError
from schemas.table import storage


@contextmanager
def taken(folder: Path) -> Iterator[None]:
    """Nobody else adds to the set in this folder, or drafts it, meanwhile. Raises `BusyError`, `StorageError`."""
    path = folder.with_name(f"{folder.name}.lock")
    with storage(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = open(path, "a")  # noqa: SIM115
    with handle:
        try:
            flock(handle, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise BusyError("another process is at work on this data set", where=str(folder),
                            mend="wait for it") from None
        yield
