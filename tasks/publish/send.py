"""A draft on its way to the Hub: compared with what is there, then one commit on top of just that, or none.

Whoever looks sees the old data set or the new one. A broken attempt leaves nothing but parts that the next need not
send again; whether a commit whose answer was lost was done is seen by looking.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from hashlib import sha1
from pathlib import Path
from typing import Any, Protocol

from schemas.errors import InputError, ParameterError, ToolError
from schemas.plan import hash_file
from tasks.export import CARD, MANIFEST
from tasks.publish.draft import Draft
from tasks.tools.hub_faults import Broken, Moved, lost
from tasks.tools.hub_writer import Seen

DATA = ("data/train-*", "data/test-*")  # what the card's configs take for ours
TRIES = 5  # commits, where others commit meanwhile
BREAKS = 2  # connections that break; the library asks again by itself, for minutes
LFS = 64  # hexadecimal digits of a sha256; git's own hash has 40


class Remote(Protocol):
    """What is asked of `tasks.tools.hub_writer.Hub`."""

    def who(self, owner: str) -> str: ...
    def look(self, repo: str) -> Seen | None: ...
    def create(self, repo: str, private: bool) -> None: ...
    def fetch(self, repo: str, path: str, commit: str) -> Path: ...
    def commit(self, repo: str, files: Mapping[str, Path], hashes: Mapping[str, str], gone: list[str], parent: str,
               title: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of it: the newest commit, and the files that had to go up or away; none where all was there."""

    head: str
    added: list[str]
    gone: list[str]
    bytes: int


def repository(hub: Remote, repo: str, public: bool) -> Seen:
    """The repository, made where there is none. Raises `ToolError`, `ParameterError` where it is public unasked."""
    hub.who(repo.partition("/")[0])
    seen = hub.look(repo)
    if seen is None:
        hub.create(repo, not public)
        seen = hub.look(repo)
    if seen is None:
        raise ToolError("it is there, but this token may not see it", where=repo,
                        mend="use a token that reaches it, or another name")
    if public == seen.private:
        raise ParameterError(f"this data set is {'private' if seen.private else 'public'} already", where=repo,
                             mend="leave --public out, or make it public on its settings page" if seen.private
                             else "add --public, or make it private on its settings page first")
    return seen


def published(hub: Remote, repo: str, seen: Seen) -> dict[str, Any]:
    """The manifest of what mathmill published there; {} where it did not. Raises `InputError` for a strange one."""
    if MANIFEST not in seen.files:
        return {}
    try:
        found = json.loads(hub.fetch(repo, MANIFEST, seen.head).read_bytes())
        return {"files": dict(found["files"]), "sources": [dict(one) for one in found["sources"]],
                "splits": list(found["splits"])}
    except (ValueError, LookupError, TypeError) as error:
        raise InputError("its manifest.json is not one of mathmill's", where=repo,
                         mend="publish into another repository") from error


def send(hub: Remote, draft: Draft, seen: Seen, replace: bool = False) -> Sent:
    """Make the repository hold the draft, in one commit. Raises `InputError` where that would undo others' work."""
    there = published(hub, draft.repo, seen) if MANIFEST in seen.files and not _same(draft, seen, MANIFEST) else {}
    if not _done(draft, seen):
        _check(hub, draft, seen, there, replace)
    broken = 0
    for _ in range(TRIES):
        added, gone = _changes(draft, seen, there)
        if not added and not gone:
            return Sent(seen.head, [], [], 0)
        files = {name: draft.folder / name for name in added}
        try:
            head = hub.commit(draft.repo, files, draft.hashes, gone, seen.head, draft.title)
            return Sent(head, added, gone, sum(path.stat().st_size for path in files.values()))
        except Moved:
            seen = _seen_again(hub, draft, seen)
        except Broken as trouble:
            broken += 1
            seen = _seen_again(hub, draft, seen)
            if broken == BREAKS and not _done(draft, seen):
                raise lost(draft.repo, trouble) from trouble
    raise ToolError("others commit faster than this can", where=draft.repo, mend="repeat the command later")


def _seen_again(hub: Remote, draft: Draft, before: Seen) -> Seen:
    """The repository after a failed commit: ours were untouched, or are as we wanted them. Raises `InputError`."""
    now = hub.look(draft.repo)
    if now is None:
        raise ToolError("the data set is gone", where=draft.repo, mend="repeat the command to make it anew")
    ours = _ours(draft, now)
    if ours != _ours(draft, before) and not _done(draft, now):
        changed = sorted(name for name in {*ours, *_ours(draft, before)} if ours.get(name) != before.files.get(name))
        raise InputError(f"somebody else changed {', '.join(changed[:3])} meanwhile", where=draft.repo,
                         mend="look at its history, then repeat the command; nothing was published")
    return now


def _done(draft: Draft, seen: Seen) -> bool:
    return all(_same(draft, seen, name) for name in draft.hashes)


def _ours(draft: Draft, seen: Seen) -> dict[str, str]:
    return {name: found for name, found in seen.files.items() if name in draft.hashes or _is_data(name)}


def _changes(draft: Draft, seen: Seen, there: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Files that the repository lacks or has otherwise, and files of an earlier publication that the draft lacks."""
    added = [name for name in sorted(draft.hashes) if not _same(draft, seen, name)]
    return added, sorted({*there.get("files", {})} & {*seen.files} - {*draft.hashes})


def _same(draft: Draft, seen: Seen, name: str) -> bool:
    found = seen.files.get(name, "")
    if not found or name not in draft.hashes:
        return False
    return found == (draft.hashes[name] if len(found) == LFS else git_hash(draft.folder / name))


def git_hash(path: Path) -> str:
    """What git calls a file of this content; for small ones."""
    data = path.read_bytes()
    return sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _check(hub: Remote, draft: Draft, seen: Seen, there: Mapping[str, Any], replace: bool) -> None:
    """Raises `InputError` where somebody else's files would be lost or mixed with ours."""
    foreign = sorted(name for name in seen.files if _is_data(name) and name not in there.get("files", draft.hashes))
    if foreign:
        raise InputError(f"it holds data that mathmill did not put there: {', '.join(foreign[:3])}", where=draft.repo,
                         mend="publish into another repository, or delete these files first")
    for what, mend in () if replace else _losses(hub, draft, seen, there):
        raise InputError(what, where=draft.repo, mend=mend)


def _losses(hub: Remote, draft: Draft, seen: Seen, there: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    before, now = ([source["run_id"] for source in sources] for sources in (there.get("sources", []), draft.sources))
    if before != now[:len(before)]:
        yield (f"it holds another data set, of {', '.join(before[:3])}",
               "--append adds these rows to it, --replace puts them in its place")
    known = {name: file["sha256"] for name, file in there.get("files", {}).items()}
    changed = [name for name, found in seen.files.items() if _is_data(name) and not _same(draft, seen, name)
               and found != known.get(name)]
    if changed:
        yield (f"somebody else changed {', '.join(sorted(changed)[:3])}",
               "look at its history; --replace writes ours in its place")
    mine = CARD not in seen.files or _same(draft, seen, CARD)
    if not mine and hash_file(hub.fetch(draft.repo, CARD, seen.head)) != known.get(CARD):
        yield ("its card was written or edited by somebody else",
               "keep what you need of it, then --replace writes ours in its place")


def _is_data(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in DATA)
