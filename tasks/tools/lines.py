"""Text files as numbered lines of UTF-8, never more than one bounded line in memory; `files` makes rows of them."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from schemas.errors import InputError

LINE_LIMIT = 8_000_000  # bytes. A worked problem is a few thousand; a longer line is a broken file, not a long problem
ENCODING_MEND = "save the file as UTF-8, for example: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW"


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes, unzipped; failures of disk and gzip become `InputError`."""
    try:
        with gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb") as stream:
            yield cast(IO[bytes], stream)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"damaged gzip file: {error}", where=str(path), mend="copy or download it again") from error
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", where=str(path),
                         mend="check that the file may be read and the disk is sound") from error


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines, each with its line end, at most `LINE_LIMIT` bytes in memory."""
    with opened(path) as stream:
        number, offset = 0, 0
        while line := stream.readline(LINE_LIMIT + 1):
            number += 1
            if len(line) > LINE_LIMIT:
                raise InputError(f"line is over {LINE_LIMIT // 1_000_000} MB", where=f"{path}, line {number}",
                                 mend="one row a line: mend the line breaks, or take this row out")
            yield number, decode(path, line, number, offset)
            offset += len(line)


def decode(path: Path, line: bytes, number: int, offset: int) -> str:
    if offset == 0 and line.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError("is UTF-16, not UTF-8", where=str(path), mend=ENCODING_MEND.replace("WINDOWS-1252", "UTF-16"))
    try:
        return line.decode("utf-8-sig" if offset == 0 else "utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"not UTF-8: byte 0x{line[error.start]:02x} at column {error.start + 1} (byte {offset + error.start} "
            "of the file)", where=f"{path}, line {number}", mend=ENCODING_MEND) from error
