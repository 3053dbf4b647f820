"""What lies beside a view's Parquet: its README, and for ShareGPT the entry that LLaMA-Factory looks for."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tasks.views.view import Column

CERTIFIED = """## What `certified_*` means

Every different gold answer was given to the trainer's own stock scorer with a completion that is known to be right,
`The final answer is $\\boxed{…}$.` with the gold in canonical form, and with one that is known to be wrong. The column
is what the scorer answered to the right one: true, false, or null where it said nothing, with the reason in `…_why`.
TRL: `trl.rewards.accuracy_reward`, gold as `$…$`. verl: `default_compute_score` with `data_source` `lighteval/MATH`,
gold bare. It says that the gold can be scored; not that it is right, nor that its other right writings are accepted."""
SCORES = "| scorer | rows accepted | refused | not said | golds | wrong ones accepted |\n|---|---|---|---|---|---|"


def pages(facts: Mapping[str, Any], columns: Mapping[str, Column]) -> dict[str, str]:
    """The texts by file name."""
    made = {"README.md": "\n".join(_readme(facts, columns)) + "\n"}
    if facts["view"] == "sharegpt" and all(len(split["files"]) == 1 for split in facts["splits"]):
        made["dataset_info.json"] = json.dumps(_entries(facts), indent=1) + "\n"
    return made


def _readme(facts: Mapping[str, Any], columns: Mapping[str, Column]) -> Iterator[str]:
    yield "---\nconfigs:\n- config_name: default\n  data_files:"
    for split in facts["splits"]:
        yield f"  - split: {split['name']}\n    path: data/{split['name']}-*"
    yield f"---\n\n# {facts['view']}: {facts['recipe']} {facts['run_id']}\n"
    counts = ", ".join(f"{split['rows']:,} {split['name']}" for split in facts["splits"])
    yield f"{facts['says'][0].upper()}{facts['says'][1:]}.\n"
    yield f"Made by `mathmill export` from the table `{facts['table']}` of the run {facts['recipe']} {facts['run_id']}."
    yield f"{facts['rows']:,} rows: {counts}; the split is that of the run's own data set.\n"
    if facts["left_out"]:
        yield "| left out | rows |\n|---|---|"
        yield from (f"| {why} | {count:,} |" for why, count in facts["left_out"].items())
    yield f"\nFlags at the time of export: {facts['flagged']:,}.\n" if facts["flagged"] else ""
    yield "## Columns\n\n| column | kind | says |\n|---|---|---|"
    yield from (f"| `{name}` | {column.kind} | {column.says} |" for name, column in columns.items())
    yield f"\n{CERTIFIED}\n"
    yield SCORES
    yield from map(_line, facts["certified"].items())


def _line(said: tuple[str, Mapping[str, Any]]) -> str:
    trainer, told = said
    named = " ".join(f"{name} {version}" for name, version in told["versions"].items())
    rows = told["rows"]
    return (f"| {named or told['missing'] or trainer} | {rows['accepted']:,} | {rows['refused']:,} "
            f"| {rows['not said']:,} | {told['golds']:,} | {told['wrong_accepted']:,} of {told['wrong_tried']:,} |")


def _entries(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {f"mathmill_{facts['recipe']}_{split['name']}": {
        "file_name": split["files"][0], "formatting": "sharegpt", "columns": {"messages": "conversations"},
    } for split in facts["splits"]}
