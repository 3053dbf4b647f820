"""The usual test sets by short name (`data/test_sets.toml`): what is known of them, what of them is here, fetching."""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from schemas.errors import InputError
from schemas.table import write_file
from tasks.tools import hub
from tasks.tools.files import data_path

FOLDER = "data/test_sets"  # under the current folder, or what MATHMILL_TEST_SETS says; not in git


@dataclass(frozen=True, slots=True)
class Known:
    """One usual test set: its Hub id, which columns hold problem and answer, how many items, under what licence."""

    name: str
    hub: str
    problem: str
    answer: str
    items: int
    licence: str
    url: str
    tried: bool  # whether it was ever loaded from a real Hub by us

    @property
    def columns(self) -> dict[str, str]:
        return {"problem": self.problem, "answer": self.answer}

    @property
    def texts(self) -> Path:
        """Where its texts lie once they are fetched."""
        return Path(os.environ.get("MATHMILL_TEST_SETS") or FOLDER) / f"{self.name}.jsonl"

    @property
    def fingerprints(self) -> Path | None:
        """The hashes of it that ship with mathmill, None where its licence does not allow them."""
        path = data_path("fingerprints") / f"{self.name}.parquet"
        return path if path.exists() else None


@cache
def known() -> Mapping[str, Known]:
    """All of them by name."""
    listed = tomllib.loads(data_path("test_sets.toml").read_text(encoding="utf-8"))
    return {name: Known(name=name, **facts) for name, facts in listed.items()}


def known_as(name: str) -> Known:
    """The test set of that short name. Raises `InputError` that names the nearest."""
    if name in known():
        return known()[name]
    close = get_close_matches(name.lower().replace("-", "_"), known(), n=1, cutoff=0.5)
    raise InputError(f"there is no file {name!r}, and no usual test set of that name", where=name,
                     mend=(f"did you mean {close[0]!r}? " if close else "") +
                     "give a file, a Hub id (owner/name:config@split), or a name of: mathmill test-sets list")


def fetch(name: str, folder: Path) -> tuple[Path, int]:
    """Fetches a usual test set from the Hub into `<folder>/<name>.jsonl`; returns the file and how many items.

    Raises `InputError` where the Hub cannot be reached, does not know it or holds other columns than expected.
    """
    told = known_as(name)
    try:
        found = hub.load(told.hub)
    except InputError as error:
        raise InputError(f"{name} could not be fetched: {error.what}", where=told.hub,
                         mend=f"fetch it where a Hub can be reached, or give a file: {name}=FILE") from error
    if lacking := {told.problem, told.answer} - set(found.columns):
        raise InputError(f"the Hub's {name} has no column {', '.join(map(repr, sorted(lacking)))}; there are: "
                         f"{', '.join(map(repr, found.columns))}", where=told.hub,
                         mend=f"give its Hub id instead: --against {name}={told.hub}")
    rows = [{"id": str(row.get("id") or row.get("unique_id") or number), "problem": row[told.problem],
             "answer": row[told.answer], "source": told.hub, "licence": told.licence} for number, row in found.rows()]
    path = folder / f"{name}.jsonl"
    write_file(path, "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows).encode())
    return path, len(rows)
