"""The draft of a publication: a folder beside the run that is laid out as the Hub will have it.

    data/runs/lifted/ID.hub/owner--name/   README.md  manifest.json  data/train-00000-of-00001.parquet …

Files that the run's own data set has in this very form are links to it. What is flagged does not go by unseen.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from schemas.errors import InputError, ParameterError, RunError
from schemas.manifest import verify
from schemas.plan import hash_file
from schemas.table import columns_of, storage
from tasks.export import CARD, FOLDER, MANIFEST, describe
from tasks.publish.sources import Source, facts_of, more_facts, source_of
from tasks.tools.facts import Group, counted, known_licences
from tasks.tools.flags import flagged
from tasks.tools.splits import TEST, Split, first_row, tally, touched, write_splits


@dataclass(frozen=True, slots=True)
class Choice:
    """What the publisher decided: the flagged rows (None: nothing yet), and a licence where sources state none."""

    with_flagged: bool | None = None
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """`folder` as the Hub will have it; `hashes` are the sha256 of its files by their path."""

    repo: str
    folder: Path
    rows: int
    left_out: int
    sources: list[Source]
    hashes: dict[str, str] = field(repr=False)

    @property
    def title(self) -> str:
        """The commit's."""
        last = self.sources[-1]
        return f"{self.rows:,} rows, {last['recipe']} {last['run_id']}"


def of_run(run: Path, repo: str, choice: Choice) -> Draft:
    """The draft of a finished run. Raises `RunError` for one that is not whole, `InputError`, `ParameterError`."""
    splits, dataset = exported(run), run / FOLDER
    files = {name: dataset / name for split in splits for name in split.files}
    unwanted = flagged(run)
    hits = decided(touched(files.values(), unwanted) if unwanted else 0, run, choice)

    def data(folder: Path) -> list[Split]:
        if hits:
            return write_splits([*files.values()], folder, templates_of(dataset, splits, TEST), without=unwanted)
        link(files, folder)
        return splits

    return drafted(repo, draft_folder(run, repo), data, hits, choice,
                   [source_of(run, rows=sum(split.rows for split in splits) - hits)])


def exported(run: Path) -> list[Split]:
    """What a run that is finished and untouched exported. Raises `RunError` for any other."""
    if problems := verify(run):
        raise RunError("\n  - ".join(["only a whole run can be published", *problems[:5]]), where=str(run),
                       mend="repeat the run's command until it is finished; mathmill verify-run shows all")
    manifest = run / FOLDER / MANIFEST
    if not manifest.is_file():
        raise RunError("this run exported no data set", where=str(run), mend="run a recipe that ends in an export")
    splits = json.loads(manifest.read_bytes())["splits"]
    return [Split(**{part.name: split[part.name] for part in fields(Split)}) for split in splits]


def decided(hits: int, run: Path, choice: Choice) -> int:
    """How many flagged rows are to be left out. Raises `InputError` where nobody has decided yet."""
    if hits and choice.with_flagged is None:
        raise InputError(f"{hits:,} of its rows are flagged", where=str(run),
                         mend="look at them: mathmill browse RUN; then --without-flagged leaves them out, "
                              "--with-flagged publishes them all the same")
    return 0 if choice.with_flagged else hits


def draft_folder(run: Path, repo: str) -> Path:
    """Where the draft for this repository lies."""
    run = run.resolve()
    return run.with_name(f"{run.name}.hub") / repo.replace("/", "--")


def link(files: Mapping[str, Path], folder: Path) -> None:
    """The same files in `folder`, under these paths. Raises `StorageError`."""
    with storage(folder):
        (folder / "data").mkdir(parents=True, exist_ok=True)
        for name, path in files.items():
            (folder / name).symlink_to(path.resolve())


def templates_of(folder: Path, splits: Sequence[Split], name: str) -> set[str]:
    """The templates that one split's rows are of."""
    files = [folder / file for split in splits if split.name == name for file in split.files]
    return {key[0] for key in tally(files, ["template_id"])}


def drafted(repo: str, final: Path, data: Callable[[Path], list[Split]], left_out: int, choice: Choice,
            sources: list[Source]) -> Draft:
    """The draft in `final`, made anew: `data` puts the Parquet files into a folder, then come card and manifest.

    Raises `RunError` where no row is left, `ParameterError` and `InputError` for the licence.
    """
    draft = final.with_name(f"{final.name}.tmp")
    with storage(final):
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
    try:
        splits = data(draft)
        if not splits:
            raise RunError("no row is left to publish", where=str(final), mend="look at its flags: mathmill browse RUN")
        _describe(repo, draft, splits, left_out, choice, sources)
        with storage(final):
            shutil.rmtree(final, ignore_errors=True)
            draft.rename(final)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    told = json.loads((final / MANIFEST).read_bytes())["files"]
    hashes = {**{name: file["sha256"] for name, file in told.items()}, MANIFEST: hash_file(final / MANIFEST)}
    return Draft(repo, final, sum(split.rows for split in splits), left_out, sources, hashes)


def _describe(repo: str, folder: Path, splits: Sequence[Split], left_out: int, choice: Choice,
              sources: list[Source]) -> None:
    files = [folder / name for split in splits for name in split.files]
    _alike(files)
    groups = {Group(*key): count for key, count in tally(files, Group._fields).items()}
    facts = {"name": repo, **counted(groups, splits, templates_of(folder, splits, TEST)), **facts_of(sources),
             "sample": first_row(files[0]),
             "hub": {**more_facts(sources), "repo": repo, "left_out": left_out, "stated": choice.licence}}
    licences = {*known_licences(groups)}
    describe(folder, facts, splits, stated(licences, facts["unknown"], choice.licence), sources=sources)


def _alike(files: Sequence[Path]) -> None:
    """Raises `RunError` unless all files have the same columns: `datasets` reads no others together."""
    columns = columns_of(files[0])
    for path in files[1:]:
        if columns_of(path) != columns:
            raise RunError(f"{path.name} has other columns than {files[0].name}: another version wrote it",
                           where=str(path.resolve()), mend="make it anew with this version, or publish it by itself")


def stated(licences: set[str], unknown: int, licence: str) -> set[str]:
    """The licences of the rows, with the publisher's word where a source states none; never one by default.

    Raises `InputError` where one is missing, `ParameterError` for one that nothing needs.
    """
    if unknown and not licence:
        raise InputError(f"{unknown:,} rows come from sources that state no licence", where=CARD,
                         mend="find out under which one they may be published, then --licence ID, as in "
                              "--licence cc-by-4.0")
    if licence and not unknown:
        raise ParameterError(f"every row states its licence ({', '.join(sorted(licences))})", where="--licence",
                             mend="leave it out: only a missing licence can be stated")
    return licences - {""} | ({licence} if licence else set())
