"""Examples as a data set ready for the Hub: split by template, Parquet, a card, and a manifest.

`tools.splits` writes the files and `tools.card` the page from `tools.facts`; here is decided what goes where.
"""

import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

from schemas.errors import ParameterError, RunError
from schemas.plan import hash_file
from schemas.records import Example, Rejection, Template, reject
from schemas.rows import SCHEMA
from schemas.run import Run, current_run
from schemas.table import Table, count_rows, storage, sync_folder, write_file
from tasks.tools.card import card
from tasks.tools.each import whole
from tasks.tools.facts import Group, Groups, facts_of, known_licences
from tasks.tools.orchestrator import task
from tasks.tools.splits import Split, tally, write_splits

FOLDER, CARD, MANIFEST = "dataset", "README.md", "manifest.json"
NAME = re.compile(r"(?:[\w-][\w.-]*/)?[\w-][\w.-]{0,95}")  # what the Hub takes, with or without an owner
TOLD = ("name", "recipe", "run_id", "code", "parameters", "inputs", "rows", "templates", "seeds", "splits", "funnel",
        "cleaning", "origins", "licences", "planted")  # the facts that the manifest repeats for programs to read


@task
def parquet(examples: Table[Example], *, name: str = "mathmill", test_share: float = 0.05, seed: int | None = None,
            templates: Table[Template] | None = None) -> Table[Example]:
    """Writes `dataset/` into the run's folder, whole or not at all, and returns `examples`.

    `data/train-…` and `data/test-…` in order of (template_id, id), `README.md`, `manifest.json`. About `test_share`
    of the seeds (of the templates, where there are no seeds) go to the test split, by a hash with `seed` (the run's,
    unless given). `templates` says which template without a seed is a variant of which.

    Of a run with a target in accepted rows, the first so many are exported, and are the table `accepted`.

    Raises `ParameterError`, `StorageError`, and `RunError` where there is no row to export.
    """
    run = current_run()
    if at_most := int(run.parameters.get("accepted", 0)):
        examples = whole(partial(_first, at_most), examples, into=Example, name="accepted")
    if not NAME.fullmatch(name):
        raise ParameterError(f"{name!r} cannot be the name of a data set", where="name",
                             mend="use letters, digits, '-', '_' and '.', with or without an owner: owner/name")
    if not 0 <= test_share < 1:
        raise ParameterError(f"{test_share} is no share", where="test_share", mend="give a number from 0 to below 1")
    if not (run.folder / FOLDER / MANIFEST).exists():
        groups = {Group(*key): count for key, count in tally(examples.shards(), Group._fields).items()}
        if not groups:
            raise RunError("no example was left to export", where=str(examples.path),
                           mend='see why: mathmill query "SELECT step, rule, count(*) FROM rejections GROUP BY ALL"')
        test = held_out(groups, test_share, run.seed if seed is None else seed, roots(templates))
        _build(run, examples, name, groups, test)
    return examples


def _first(count: int, examples: Table[Example]) -> Iterator[Example | Rejection]:
    """The first so many examples: what a run was asked for, and no more."""
    for number, row in enumerate(examples.rows()):
        yield row if number < count else reject(row.id, "accepted", "surplus", f"{count} were asked for")


def roots(templates: Table[Template] | None) -> dict[str, str]:
    """For each template that was made from another, that other one, or the one that it was made from, and so on."""
    parent = {row.id: row.parents[0] for row in templates.rows() if row.parents} if templates else {}
    known = set(parent) | {row.id for row in templates.rows()} if templates else set()
    found = {}
    for template in parent:
        root = template
        while parent.get(root) in known:
            root = parent[root]
        found[template] = root
    return found


def held_out(groups: Iterable[Group], share: float, seed: int, root: Mapping[str, str]) -> set[str]:
    """The templates of the test split: those whose seed, or root, a hash ranks below `share`.

    A pure function of each one, so that it stays on its side when a run grows. Only where a side would be empty by
    chance (few seeds), the one that is nearest to that side goes there.
    """
    keys = {group.template_id: group.seed_id or root.get(group.template_id, group.template_id) for group in groups}
    ranks = {key: int.from_bytes(blake2b(f"{seed}:{key}".encode(), digest_size=8).digest(), "big") / 2**64
             for key in keys.values()}
    ordered = sorted(ranks, key=lambda key: ranks[key])
    below = sum(rank < share for rank in ranks.values())
    if share and len(ordered) > 1:
        below = min(max(below, 1), len(ordered) - 1)
    test = set(ordered[:below])
    return {template for template, key in keys.items() if key in test}


def _build(run: Run, examples: Table[Example], name: str, groups: Groups, test: set[str]) -> None:
    draft, final = run.folder / f"{FOLDER}.tmp", run.folder / FOLDER
    with storage(final):
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
    try:
        splits = write_splits(examples.shards(), draft, test)
        facts = facts_of(run, name, groups, splits, test, next(examples.rows()))
        describe(draft, facts, splits, known_licences(groups))
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    with storage(final):
        shutil.rmtree(final, ignore_errors=True)
        draft.rename(final)
        sync_folder(run.folder)
    run.note(FOLDER, {"rows": {split.name: split.rows for split in splits}, "licences": facts["licences"]})


def describe(folder: Path, facts: Mapping[str, Any], splits: Sequence[Split], licences: Iterable[str],
             **more: Any) -> None:
    """Write the card and the manifest beside `folder/data`; `more` is for the manifest alone. Raises `StorageError`."""
    write_file(folder / CARD, card(facts, splits, licences).encode())
    write_file(folder / MANIFEST, _manifest(folder, facts, splits, more))


def _manifest(folder: Path, facts: Mapping[str, Any], splits: Sequence[Split], more: Mapping[str, Any]) -> bytes:
    names = [CARD, *(file for split in splits for file in split.files)]
    told = {**{key: facts[key] for key in TOLD}, **more}
    files = {name: _sealed(folder / name) for name in sorted(names)}
    record = {"format": 1, "schema": SCHEMA, **told, "files": files}
    return json.dumps(record, indent=1, ensure_ascii=False).encode() + b"\n"


def _sealed(path: Path) -> dict[str, Any]:
    rows = {"rows": count_rows(path)} if path.suffix == ".parquet" else {}
    return {"sha256": hash_file(path), "bytes": path.stat().st_size, **rows}
