"""What the Xet client left in a folder: `hf_xet` takes `local://…` for a store, and keeps xorbs and shards there.

A commit names a file by its sha256 alone; the shards say which Xet hash that is. Their form is read here, no more than
the stand-in for the Hub needs: a header of 48 bytes, then a file's records of 48 bytes each, up to one of all ones.
"""

from collections.abc import Iterator
from pathlib import Path
from struct import iter_unpack, unpack_from

RECORD = 48  # bytes
CHECKED, DESCRIBED = 1 << 31, 1 << 30  # flags: each segment has a record more; the sha256 has one
END = b"\xff" * 32


def stored(folder: Path) -> dict[str, tuple[str, int]]:
    """Xet hash and size of every file, by its sha256."""
    return {sha256: found for shard in sorted(folder.rglob("xorbs/shards/*.mdb"))
            for sha256, found in _files(shard.read_bytes())}


def _files(data: bytes) -> Iterator[tuple[str, tuple[str, int]]]:
    place = RECORD
    while data[place:place + 32] != END:
        name = _hex(data[place:place + 32])
        flags, segments = unpack_from("<II", data, place + 32)
        sizes = [unpack_from("<I", data, place + RECORD * number + 36)[0] for number in range(1, segments + 1)]
        place += RECORD * (1 + segments * (2 if flags & CHECKED else 1))
        if flags & DESCRIBED:
            yield _hex(data[place:place + 32]), (name, sum(sizes))
            place += RECORD


def _hex(data: bytes) -> str:
    """A hash as text: four numbers of eight bytes, the lowest byte first."""
    return "".join(f"{number:016x}" for (number,) in iter_unpack("<Q", data))
