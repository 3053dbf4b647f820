"""The Hugging Face Hub, through `datasets`: rows of a published data set. The only module that imports it.

A data set is named `owner/name`, with `:config` and `@split` where there is a choice: `openai/gsm8k:main@train`.
"""

import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from schemas.errors import InputError

NAME = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(?::(?P<config>[\w.-]+))?(?:@(?P<split>[\w.-]+))?")
MEND = "give a file that is here; seeds may be left out: some ship with mathmill"


@dataclass(frozen=True, slots=True)
class HubSet:
    """A data set of the Hub, loaded: its rows, what it says of its licence, and a mark of its exact contents."""

    licence: str
    fingerprint: str
    columns: list[str]
    data: Any  # a datasets.Dataset

    def rows(self) -> Iterator[tuple[int, dict[str, object]]]:
        """Rows with their number, from 1."""
        yield from enumerate(self.data, 1)


def is_hub_id(source: str) -> bool:
    """Whether `source` has the form of a Hub id; whether there is such a data set only the Hub knows."""
    return NAME.fullmatch(source) is not None


def load(source: str) -> HubSet:
    """The data set named `owner/name[:config][@split]`; split `train` unless told.

    Raises `InputError` when the Hub cannot be reached, does not know it, or a config or split must be chosen.
    """
    match = NAME.fullmatch(source)
    if match is None:
        raise InputError("is no Hub id", where=source, mend="write owner/name, owner/name:config or owner/name@split")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # these are read when huggingface_hub is imported
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    if not reachable():
        os.environ["HF_HUB_OFFLINE"] = "1"  # a cached copy still loads, and nobody waits 25 s for five retries
    try:
        import datasets

        data = datasets.load_dataset(match["repo"], match["config"], split=match["split"] or "train")
    except Exception as error:
        raise _explained(source, error) from error
    return HubSet(data.info.license or "", str(data._fingerprint), list(data.column_names), data)


def reachable() -> bool:
    """Whether the Hub takes a connection. One attempt: its client makes five for each file, which takes minutes."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        return False
    if getproxies():
        return True  # the name is the proxy's to resolve
    url = urlsplit(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
    try:
        socket.create_connection((url.hostname or "", url.port or (80 if url.scheme == "http" else 443)), 3).close()
    except OSError:
        return False
    return True


def _explained(source: str, error: Exception) -> InputError:
    """`datasets` raises anything from ValueError to errors of its HTTP library: the kind is read from name and text."""
    what = f"{' '.join(str(error).split()):.300}"
    kinds = {kind.__name__ for kind in type(error).__mro__}
    name = source.partition("@")[0].partition(":")[0]
    if "config name" in what.lower() or "BuilderConfig" in what:
        return InputError(f"a config must be chosen: {what}", where=source, mend=f"write {name}:CONFIG")
    if "split" in what.lower() and isinstance(error, ValueError):
        return InputError(f"a split must be chosen: {what}", where=source, mend=f"write {source.split('@')[0]}@SPLIT")
    if "gated" in what.lower():
        return InputError("this data set is gated", where=source, mend="ask for access on its page, then set HF_TOKEN")
    if kinds & {"DatasetNotFoundError", "RepositoryNotFoundError", "FileNotFoundError"}:
        return InputError("the Hugging Face Hub does not know this data set, or it is private", where=source,
                          mend="check its name (or give a file that exists)")
    if kinds & {"ConnectionError", "ConnectError", "TimeoutException", "OfflineModeIsEnabled"}:
        return InputError("is no file here, and the Hugging Face Hub cannot be reached", where=source, mend=MEND)
    return InputError(f"could not be loaded from the Hub: {type(error).__name__}: {what}", where=source, mend=MEND)
