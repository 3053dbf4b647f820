"""`mathmill publish RUN --repo USER/NAME`: a finished run, or a data set that grows, on the Hugging Face Hub."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tasks.publish.draft import Choice, Draft
    from tasks.tools.hub_writer import Hub, Seen


def publish(
    run: Annotated[str, typer.Argument(
        metavar="RUN", help="A run's folder or its id under data/runs, or the folder of a data set that grows.")],
    repo: Annotated[str, typer.Option(metavar="USER/NAME", help="The data set on the Hub; made where there is none.")],
    public: Annotated[bool, typer.Option("--public", help="For all to see; else the data set is private.")] = False,
    licence: Annotated[str, typer.Option(
        metavar="ID", help="The licence of rows whose source states none, as the Hub names it: cc-by-4.0.")] = "",
    flagged: Annotated[bool | None, typer.Option(
        "--with-flagged/--without-flagged", help="Rows that a reader flagged in `mathmill browse`: in, or left out.",
        show_default=False)] = None,
    append: Annotated[bool, typer.Option("--append", help="Add the run's rows to the data set that is there.")] = False,
    replace: Annotated[bool, typer.Option(
        "--replace", help="Put it in the place of another data set, or of a card that somebody edited.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go up; talks to nobody.")] = False,
) -> None:
    """Publish a finished run on the Hugging Face Hub: Parquet, card and manifest, in one commit.

    Repeated, it sends what is new and nothing else. The token is that of `hf auth login`, or HF_TOKEN.
    """
    from flows.commands.verify_run import find
    from schemas.errors import ParameterError
    from tasks.export import NAME
    from tasks.publish.draft import Choice, draft_folder
    from tasks.tools.locks import taken

    if "/" not in repo or not NAME.fullmatch(repo):
        raise ParameterError(f"{repo!r} is no name on the Hub", where="--repo", mend="write USER/NAME")
    if append and (replace or dry_run):
        raise ParameterError("--append goes with neither --replace nor --dry-run", where="--append",
                             mend="what is new to the data set, only the Hub can tell")
    folder, choice = find(run), Choice(flagged, licence)
    with taken(draft_folder(folder, repo)):
        if dry_run:
            return _show(_draft(folder, repo, choice))
        return _publish(folder, repo, choice, public, append, replace)


def _draft(folder: Path, repo: str, choice: "Choice") -> "Draft":
    """The draft of a run, or of a data set that grows while nobody adds to it."""
    from tasks.publish.draft import of_run
    from tasks.publish.growing import is_set, of_set
    from tasks.tools.locks import taken

    if not is_set(folder):
        return of_run(folder, repo, choice)
    with taken(folder):
        return of_set(folder, repo, choice)


def _publish(folder: Path, repo: str, choice: "Choice", public: bool, append: bool, replace: bool) -> None:
    from schemas.errors import ParameterError
    from schemas.manifest import read_manifest
    from tasks.publish.growing import is_set
    from tasks.publish.send import published, repository, send
    from tasks.tools.hub_writer import Hub

    if append:
        if is_set(folder):
            raise ParameterError("a data set that grows appends by itself", where="--append", mend="leave it out")
        hub = Hub()
        seen = repository(hub, repo, public)
        there = published(hub, repo, seen)
        if read_manifest(folder)["run_id"] in [source["run_id"] for source in there.get("sources", [])]:
            return typer.echo(f"{hub.url}/{repo} holds this run's rows already: nothing was sent")
        draft = _addition(folder, repo, choice, hub, seen, there) if there else _draft(folder, repo, choice)
    else:  # what is wrong with the run is found before anything is made on the Hub
        draft, hub = _draft(folder, repo, choice), Hub()
        seen = repository(hub, repo, public)
    sent = send(hub, draft, seen, replace)
    if not sent.added and not sent.gone:
        return typer.echo(f"{hub.url}/{repo} holds just this already: nothing was sent")
    return typer.echo(
        f"{draft.rows:,} rows{_left_out(draft)} are on {hub.url}/{repo}, {'public' if public else 'private'}: "
        f"{len(sent.added)} of {len(draft.hashes)} files went up ({sent.bytes:,} bytes), {len(sent.gone)} away, "
        f"commit {sent.head[:10]}")


def _addition(folder: Path, repo: str, choice: "Choice", hub: "Hub", seen: "Seen",
              there: dict[str, Any]) -> "Draft":
    """The draft of what is there, which comes down for that, and of the run."""
    from tasks.publish.addition import of_addition

    files = {name: hub.fetch(repo, name, seen.head) for name in there["files"] if name.endswith(".parquet")}
    return of_addition(folder, repo, choice, there, files)


def _left_out(draft: "Draft") -> str:
    return f" ({draft.left_out:,} flagged ones left out)" if draft.left_out else ""


def _show(draft: "Draft") -> None:
    """What would go up, and where it lies to be looked at."""
    sizes = {name: (draft.folder / name).stat().st_size for name in sorted(draft.hashes)}
    for name, size in sizes.items():
        typer.echo(f"{size:>13,}  {name}")
    typer.echo(f"{sum(sizes.values()):>13,}  bytes in {len(sizes)} files, {draft.rows:,} rows{_left_out(draft)}, "
               f"for {draft.repo}; nothing was sent: look at it in {_near(draft.folder)}")


def _near(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
