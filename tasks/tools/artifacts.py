"""What a finished run shows in Prefect's UI: its funnel, rejections by reason, what calls cost, where it lies."""

import re
import string
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from schemas.manifest import MANIFEST, read_manifest
from schemas.records import Rejection
from schemas.table import REJECTED, Table

SAMPLES = 3  # rejections shown of each rule
WIDTH = 300  # characters shown of a rejected row


def show(folder: Path) -> None:
    """Makes the artifacts of the run in `folder`, in the flow run that is under way.

    A server that refuses them is one line on standard error: they are no result.
    """
    if not (folder / MANIFEST).exists():
        return
    record = read_manifest(folder)
    try:
        _make(folder, record)
    except Exception as error:
        print(f"{record['recipe']}: no artifacts of the run ({type(error).__name__})", file=sys.stderr)


def _make(folder: Path, record: Mapping[str, Any]) -> None:
    from prefect import artifacts

    made: Any = artifacts  # its functions are typed for asynchronous callers, too
    key, title = record["recipe"].replace("_", "-"), f"{record['recipe']} {record['run_id']}"
    made.create_table_artifact(funnel(record), key=f"funnel-{key}", description=f"Funnel of {title}")
    if rejected := rejections(folder, record):
        text = listed(rejected)
        made.create_markdown_artifact(text, key=f"rejections-{key}", description=f"Rejections by reason of {title}")
    if calls := record.get("notes", {}).get("calls"):
        made.create_table_artifact(calls, key=f"cost-{key}", description=f"Cost of calls of {title}")
    text = summary(folder.absolute(), record)
    made.create_markdown_artifact(text, key=f"run-{key}", description=f"Where {title} lies")


def report_of(folder: Path) -> Path:
    """Where `mathmill report` puts the page of the run in `folder`."""
    return folder.absolute().with_name(f"{folder.name}.html")


def link(folder: Path, recipe: str) -> None:
    """The report of the run in `folder`, as an artifact of the flow run that is under way."""
    from prefect import artifacts

    made: Any = artifacts
    place = report_of(folder)
    # A browser follows no link from a server to a file: it is there to be copied.
    made.create_link_artifact(place.as_uri(), key=f"report-{recipe.replace('_', '-')}", link_text=str(place),
                              description=f"Report of {recipe} {folder.name}: open it on the worker's machine")


def summary(folder: Path, record: Mapping[str, Any]) -> str:
    """What a run came to and what can be done with it, as Markdown."""
    final = (record.get("result") or {}).get("path", "")
    rows = next((step["kept"] for name, step in record["steps"].items() if name == Path(final).name), None)
    told = f"**{rows:,} rows** in `{folder / final}`" if rows is not None else f"Its tables lie in `{folder}`"
    words = {"read it": "report", "search it, flag rows": "browse", "check it": "verify-run"}
    lines = [f"* to {to}: `mathmill {word} {folder}`" for to, word in words.items()]
    return "\n".join([told, "", "On the worker's machine", "", *lines,
                      f"* to publish it: `mathmill publish {folder} --repo USER/NAME`"])


def funnel(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a step: what came in, what went on, what did not, and how long it took."""
    return [{"step": name, "rows in": step["rows_in"], "expected": step["expected"], "kept": step["kept"],
             "rejected": step["rejected"], "seconds": round(step["seconds"], 1)}
            for name, step in record["steps"].items()]


def rejections(folder: Path, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row for each step and rule: how many, and the first few with their reasons."""
    return [{"step": name, "rule": rule, "rows": count, "samples": samples.get(rule, [])}
            for name, step in record["steps"].items() if step["rules"]
            for samples in [_samples(Table(folder / f"{name}{REJECTED}", Rejection), step["rules"])]
            for rule, count in sorted(step["rules"].items(), key=lambda item: (-item[1], item[0]))]


def listed(rejected: Sequence[Mapping[str, Any]]) -> str:
    """The same as Markdown: a table's cells would be cut off after a dozen words."""
    lines = []
    for row in rejected:
        lines += [f"**{row['step']}**: `{row['rule']}`, {row['rows']:,} row{'s' * (row['rows'] > 1)}", ""]
        lines += [*(f"* {_plain(sample)}" for sample in row["samples"]), ""]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Text as itself in Markdown, on one line: neither its dollars nor its tags mean anything."""
    marks = "".join(re.escape(sign) for sign in string.punctuation)
    return re.sub(f"([{marks}])", r"\\\1", " ".join(text.split()))


def _samples(table: Table[Rejection], rules: Mapping[str, int]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {rule: [] for rule in rules}
    wanted = Counter({rule: min(count, SAMPLES) for rule, count in rules.items()})
    for row in table.rows():
        if wanted[row.rule]:
            wanted[row.rule] -= 1
            found[row.rule].append(f"{row.row_id}: {row.reason} | {row.content}"[:WIDTH])
        if not wanted.total():
            break
    return found
