"""A view of a run as a folder: `data/train-…`, `data/test-…`, `README.md`, `manifest.json`; whole or not at all."""

import json
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from schemas.errors import ParameterError, RunError
from schemas.plan import code_hash, hash_file
from schemas.table import storage, sync_folder, write_file
from tasks.tools.arrow_views import write_view
from tasks.tools.progress import say
from tasks.tools.splits import TEST, TRAIN, Split
from tasks.views import page
from tasks.views.certify import Certificate, certify
from tasks.views.source import Source
from tasks.views.view import Choice, Column, Left, Row, View

MANIFEST, README = "manifest.json", "README.md"
WORDS = {True: "accepted", False: "refused", None: "not said"}


@dataclass
class Tally:
    """What became of the run's rows: how many left out by why, and by trainer what was said of those exported."""

    left_out: Counter[str] = field(default_factory=Counter)
    said: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))


def export(source: Source, view: View, out: Path | None = None, choice: Choice | None = None,
           python: str = "") -> tuple[Path, dict[str, Any]]:
    """Write one view of a run, beside it unless `out` says where; the folder, and what its manifest says.

    Raises `ParameterError` where `out` holds something else, `RunError` where no row is of this view, `StorageError`.
    """
    final = out or source.folder.with_name(f"{source.folder.name}.views") / view.name
    _ours(final)
    draft = final.with_name(f"{final.name}.{os.getpid()}.tmp")
    _sweep(final)
    try:
        facts = _build(source, view, draft, choice or Choice(), python)
        with storage(final):
            shutil.rmtree(final, ignore_errors=True)
            draft.rename(final)
            sync_folder(final.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return final, facts


def columns_of(view: View) -> dict[str, Column]:
    """The view's columns with those that its certificates add."""
    said = {}
    for trainer in view.certified:
        said[f"certified_{trainer}"] = Column(
            "truth", f"what {trainer}'s stock scorer answered to a right completion; null: it was not asked, or silent")
        said[f"certified_{trainer}_why"] = Column("text", "why it is not true, or what is odd; empty otherwise")
    return {**view.columns, **said}


def _ours(final: Path) -> None:
    """Refuses a folder that holds something else than a view."""
    if not final.exists():
        return
    try:
        told = json.loads((final / MANIFEST).read_bytes())
        known = isinstance(told, dict) and "view" in told
    except (OSError, ValueError):
        known = final.is_dir() and not any(final.iterdir())
    if not known:
        raise ParameterError("this holds something else than a view", where=str(final),
                             mend="give an empty or new folder as --out")


def _certified(source: Source, trainers: Iterable[str], python: str) -> list[Certificate]:
    golds = source.golds()
    say(f"{len(golds):,} gold answers are tried on the scorers of {' and '.join(trainers)}")
    return [certify(golds, trainer, python) for trainer in trainers]


def _sweep(final: Path) -> None:
    """Removes what exports that were killed have left."""
    for path in final.parent.glob(f"{final.name}.*.tmp"):
        try:
            os.kill(int(path.suffixes[-2][1:]), 0)
        except ProcessLookupError:
            shutil.rmtree(path, ignore_errors=True)
        except (ValueError, IndexError, OSError):
            continue  # not ours to judge


def _build(source: Source, view: View, draft: Path, choice: Choice, python: str) -> dict[str, Any]:
    with storage(draft):
        draft.mkdir(parents=True)
    tally, columns = Tally(), columns_of(view)
    rows = _rows(source, view, choice, tally)
    first = next(rows, None)  # where there is none, nothing has to be certified
    certificates = _certified(source, view.certified, python) if first else []
    told = (row | _said(row["answer"], certificates, tally) for row in chain([first] if first else [], rows))
    splits = write_view(told, {name: column.kind for name, column in columns.items()}, draft, source.test)
    left = {why: count for why, count in sorted((tally.left_out + source.left_out).items()) if count}
    if not splits:
        why = "; ".join(f"{count:,} left out: {why}" for why, count in left.items())
        raise RunError(f"the view {view.name} of this run has no rows ({why})", where=str(source.folder),
                       mend=view.empty)
    facts = _facts(source, view, splits, left, {
        certificate.trainer: _summary(certificate, tally.said[certificate.trainer]) for certificate in certificates})
    for name, text in page.pages(facts, columns).items():
        write_file(draft / name, text.encode())
    files = {name: {"sha256": hash_file(draft / name), "bytes": (draft / name).stat().st_size}
             for name in sorted(str(path.relative_to(draft)) for path in draft.rglob("*") if path.is_file())}
    shown = {name: column._asdict() for name, column in columns.items()}
    text = json.dumps({**facts, "columns": shown, "files": files}, indent=1, ensure_ascii=False)
    write_file(draft / MANIFEST, text.encode() + b"\n")
    return facts


def _rows(source: Source, view: View, choice: Choice, tally: Tally) -> Iterator[Row]:
    index = 0
    for group in source.groups():
        for row in view.rows(group, choice):
            if isinstance(row, Left):
                tally.left_out[row.why] += 1
                continue
            if "extra_info" in row:  # verl wants to know where a row stands
                row["extra_info"].update(split=TEST if row["template_id"] in source.test else TRAIN, index=index)
            index += 1
            yield row


def _said(answer: str, certificates: list[Certificate], tally: Tally) -> Row:
    found: Row = {}
    for certificate in certificates:
        said = certificate.said[answer]
        tally.said[certificate.trainer][WORDS[said.accepted]] += 1
        odd = "it accepts a wrong answer too" if said.fooled else ""
        found[f"certified_{certificate.trainer}"] = said.accepted
        found[f"certified_{certificate.trainer}_why"] = said.why or odd
    return found


def _summary(certificate: Certificate, rows: Mapping[str, int]) -> dict[str, Any]:
    fooled = [said.fooled for said in certificate.said.values() if said.fooled is not None]
    return {"versions": dict(certificate.versions), "missing": certificate.missing, "golds": len(certificate.said),
            "rows": {word: rows.get(word, 0) for word in WORDS.values()},
            "wrong_tried": len(fooled), "wrong_accepted": sum(fooled)}


def _facts(source: Source, view: View, splits: list[Split], left: Mapping[str, int],
           certified: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "format": 1, "view": view.name, "says": view.says, "recipe": source.record["recipe"],
        "run_id": source.record["run_id"], "table": source.last, "code": code_hash(),
        "rows": sum(split.rows for split in splits), "splits": [asdict(split) for split in splits],
        "left_out": dict(left), "flagged": len(source.unwanted), "certified": dict(certified)}
