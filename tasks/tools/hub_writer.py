"""Writing to the Hugging Face Hub, through `huggingface_hub`: look at a data set's repository, and commit to it.

The token is the library's own matter (HF_TOKEN, or `hf auth login`): it is never passed on here, and never shown.
What comes out of here is a `MathmillError` in our words, `Moved` where somebody else committed first, or `Broken`.
"""

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any, TypeVar

from schemas.errors import ToolError
from tasks.tools.hub import reachable
from tasks.tools.hub_faults import Broken, explained, lost, waits, waits_for_limit
from tasks.tools.progress import say

T = TypeVar("T")
SILENCE = 300.0  # seconds without a word after which a connection counts as broken; the library would wait for ever
TRIES = 5  # of one request that the library itself does not repeat
KIND = "dataset"


@dataclass(frozen=True, slots=True)
class Seen:
    """A repository at one moment: its newest commit, and what each file hashes to: sha256 in LFS, else git's own."""

    head: str
    private: bool
    files: dict[str, str]


class Hub:
    """The Hub, as whoever the token belongs to. Raises `ToolError` where it is out of reach."""

    def __init__(self) -> None:
        _prepare()
        if not reachable():  # one look: the library would try for minutes
            raise ToolError("the Hugging Face Hub cannot be reached", where="--repo",
                            mend="see that there is a network, and HF_HUB_OFFLINE not set; --dry-run needs none")
        from huggingface_hub import HfApi, set_client_factory

        set_client_factory(_client)
        self.api = HfApi(library_name="mathmill")

    @property
    def url(self) -> str:
        """Where people see data sets: this, then `/owner/name`."""
        return f"{self.api.endpoint}/datasets"

    def who(self, owner: str) -> str:
        """Whose token it is. Raises `ToolError` for a wrong one, one that may only read, and a foreign `owner`.

        What a fine-grained token may do is seen when it does it.
        """
        found = self._asked("who you are", self.api.whoami)
        mine = [found["name"], *(org["name"] for org in found.get("orgs", []))]
        role = (found.get("auth", {}).get("accessToken") or {}).get("role")
        if role == "read":
            raise ToolError("this token may only read", where="HF_TOKEN", mend="make a token with the role 'write'")
        if role == "write" and owner not in mine:
            raise ToolError(f"{owner!r} is neither you nor an organization of yours: you are {', '.join(mine)}",
                            where="--repo", mend=f"write --repo {found['name']}/NAME, or use a token of {owner}")
        return str(found["name"])

    def look(self, repo: str) -> Seen | None:
        """The repository as it is now; None where there is none that this token may see."""
        from huggingface_hub.errors import RepositoryNotFoundError
        from huggingface_hub.hf_api import RepoFile

        def seen() -> Seen | None:
            try:
                info = self.api.dataset_info(repo)
            except RepositoryNotFoundError:
                return None
            tree = self.api.list_repo_tree(repo, recursive=True, revision=info.sha, repo_type=KIND)
            files = {entry.path: entry.lfs.sha256 if entry.lfs else entry.blob_id
                     for entry in tree if isinstance(entry, RepoFile)}
            return Seen(str(info.sha), bool(info.private), files)

        return self._asked(repo, seen)

    def create(self, repo: str, private: bool) -> None:
        """Make the repository; one that is there is no error."""
        self._asked(repo, lambda: self.api.create_repo(repo, private=private, repo_type=KIND, exist_ok=True))

    def fetch(self, repo: str, path: str, commit: str) -> Path:
        """One file of a commit, in the library's cache."""
        return Path(self._asked(repo, lambda: self.api.hf_hub_download(repo, path, revision=commit, repo_type=KIND)))

    def commit(self, repo: str, files: Mapping[str, Path], hashes: Mapping[str, str], gone: Iterable[str], parent: str,
               title: str) -> str:
        """One commit on top of `parent`, whole or not at all: its id. `hashes` are those of `files`, sha256.

        Raises `Moved` where `parent` is no longer the newest, `Broken` where the connection broke: then nobody knows.
        """
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        added = [CommitOperationAdd(name, path) for name, path in files.items()]
        for one in added:  # so that nothing large is read a second time
            one.upload_info.sha256 = bytes.fromhex(hashes[one.path_in_repo])
        away = [CommitOperationDelete(name, is_folder=False) for name in gone]
        done = _patient(repo, waits_for_limit, lambda: self.api.create_commit(
            repo, [*added, *away], commit_message=title, parent_commit=parent, repo_type=KIND))
        return str(done.oid)

    def _asked(self, where: str, ask: Callable[[], T]) -> T:
        """What `ask` returns, asked again where the Hub is busy or the connection breaks."""
        try:
            return _patient(where, waits, ask)
        except Broken as broken:
            raise lost(where, broken) from broken.__cause__


def _patient(where: str, wait: Callable[[BaseException, int], float | None], ask: Callable[[], T]) -> T:
    """What `ask` returns, asked again as long as `wait` says. Raises as `explained` has it."""
    for number in range(TRIES):
        try:
            return ask()
        except Exception as error:
            seconds = wait(error, number)
            if seconds is None or number == TRIES - 1:
                raise _told(where, error) from _harmless(error)
        say(f"the Hub is busy or out of reach; asked again in {seconds:.0f} s")
        pause(seconds)
    raise AssertionError("there is a last try")


def _told(where: str, error: Exception) -> Exception:
    return explained(where, error, [token for token in (_token(),) if token])


def _harmless(error: Exception) -> Exception | None:
    """The error, for a traceback; None where its text holds the token."""
    import traceback

    token = _token()
    return None if token and token in "".join(traceback.format_exception(error)) else error


def pause(seconds: float) -> None:
    """Wait; a name of its own, so that tests need not."""
    sleep(seconds)


def _token() -> str:
    from huggingface_hub import get_token

    with suppress(OSError):
        return get_token() or ""
    return ""


def _client() -> Any:
    """The library's own, with an end to its patience."""
    from huggingface_hub.utils._http import default_client_factory

    client = default_client_factory()
    client.timeout = SILENCE
    return client


def _prepare() -> None:
    """These are read when `huggingface_hub` is imported. Its warnings name addresses with signatures in them."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    if not sys.stderr.isatty():
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")
