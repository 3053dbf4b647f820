"""What a data set holds and how it came to be, counted: all that its card and its manifest say.

Nothing here depends on time or on this machine's folders, so the same run tells the same facts.
"""

import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, NamedTuple

from schemas.plan import code_hash, versions
from schemas.records import Example
from schemas.run import Run
from tasks.tools.rates import errors
from tasks.tools.splits import TEST, Split

GUARD = "decontaminate"  # the parameter of every recipe that names the test sets to keep out
SHARES = {"Topics": "topic", "Kinds of answer": "answer_kind", "Modes": "mode", "Levels of difficulty": "difficulty"}
NOT_SAID = "not said"


class Group(NamedTuple):
    """Rows that have all of this in common; what the facts on the card are counted from."""

    template_id: str
    seed_id: str
    source: str
    licence: str
    topic: str
    difficulty: int
    answer_kind: str
    mode: str
    verified_by: str


Groups = Mapping[Group, int]


def facts_of(run: Run, name: str, groups: Groups, splits: Sequence[Split], test: set[str],
             sample: Example) -> dict[str, Any]:
    """All facts by name. `test` holds the templates of the test split, `sample` is the row to show."""
    return {"name": name, **counted(groups, splits, test), **told(run), "sample": asdict(sample)}


def counted(groups: Groups, splits: Sequence[Split], test: set[str]) -> dict[str, Any]:
    """What the rows themselves say."""
    sides = {split.name: [group for group in groups if (group.template_id in test) == (split.name == TEST)]
             for split in splits}
    return {
        "rows": sum(groups.values()), **_distinct(groups),
        "splits": [{**asdict(split), **_distinct(sides[split.name])} for split in splits],
        "origins": licences(groups), "licences": known_licences(groups),
        "unknown": sum(count for group, count in groups.items() if not group.licence),
        "routes": sorted(_count(groups, lambda group: group.verified_by.split(",")).items()), "shares": shares(groups)}


def told(run: Run) -> dict[str, Any]:
    """What the run says of how they were made."""
    return {
        "funnel": funnel(run), "cleaning": cleaning(run), "planted": planted(run), "errors": errors(planted(run)),
        "recipe": run.recipe, "run_id": run.id, "code": code_hash(), "version": versions().get("mathmill", "unknown"),
        "parameters": _public(run), "inputs": _inputs(run), "command": command(run), "teachers": teachers(run)}


def teachers(run: Run) -> list[str]:
    """The models that were asked, as the run noted them; none where programs did it all."""
    asked = {str(row["model"]) for row in run.record.get("notes", {}).get("calls", [])}
    named = {str(run.parameters.get("model") or run.parameters.get("teacher") or "")}
    return sorted((asked or named) - {""})


def _distinct(groups: Iterable[Group]) -> dict[str, int]:
    groups = list(groups)
    return {"templates": len({group.template_id for group in groups}),
            "seeds": len({group.seed_id for group in groups} - {""})}


def known_licences(groups: Iterable[Group]) -> list[str]:
    """Every licence that a row has, "" for none."""
    return sorted({group.licence for group in groups})


def licences(groups: Groups) -> list[dict[str, Any]]:
    """What each source gave under which licence: seeds, templates, rows."""
    by_origin: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        by_origin.setdefault((group.source, group.licence), []).append(group)
    return [{"source": source, "licence": licence, **_distinct(members),
             "rows": sum(groups[group] for group in members)}
            for (source, licence), members in sorted(by_origin.items())]


def funnel(run: Run) -> list[dict[str, Any]]:
    """The run's steps with their accounts; helpers of a step (`distinct.vectors`) and planted cases are left out."""
    return [{"name": step.name, "expected": step.expected, "kept": step.kept, "rejected": step.rejected,
             "rules": _rules(step.rules)} for name, step in run.steps.items() if "." not in name and name != "planted"]


def planted(run: Run) -> dict[str, Any]:
    """How often the verifier erred on cases whose truth is known, as the run noted it; empty if nobody measured."""
    noted = run.record.get("notes", {}).get("planted", {})
    return {key: value for key, value in noted.items() if key != "by_how"}


def cleaning(run: Run) -> list[str]:
    """What dedup and decontamination did, in a sentence each; never that rows are clean of what nobody looked for."""
    # A test set that is no file (a Hub id, a short name) is known by what decontamination noted of it.
    guarded = ", ".join(file["name"] for file in run.plan.inputs.get(GUARD, [])) or ", ".join(_noted(run, "test_sets"))
    return [_removed(run, "distinct", "Duplicates", ""),
            _removed(run, "clean", "Contamination", f" against {guarded}") if guarded
            else "Contamination: not looked for, no test set was given.", *_by_test_set(run)]


def _by_test_set(run: Run) -> list[str]:
    """What each test set met and by which thresholds, as decontamination noted it."""
    levels, sources = _noted(run, "levels"), _noted(run, "sources")
    found = [f"Test set {name} ({found['items']:,} items"
             f"{'' if sources.get(name, {}).get('texts', True) else ', known by fingerprints only'}): rows removed by "
             f"rule {_rules({rule: count for rule, count in found.items() if rule != 'items'})}."
             for name, found in _noted(run, "test_sets").items()]
    told = ", ".join(f"{name} {value}" for name, value in levels.items() if name not in ("level", "moved"))
    return [*found, *([f"Thresholds of decontamination (level {levels['level']}): {told}."] if levels else [])]


def _noted(run: Run, about: str) -> dict[str, Any]:
    """What decontamination noted; empty where there was none."""
    noted: dict[str, Any] = run.record.get("notes", {}).get(f"clean.{about}", {})
    return noted


def _removed(run: Run, name: str, title: str, against: str) -> str:
    step = run.steps.get(name)
    if step is None:
        return f"{title}: not looked for."
    return f"{title}{against}: {step.rejected:,} of {step.expected:,} rows removed ({_rules(step.rules) or 'none'})."


def shares(groups: Groups) -> list[tuple[str, str]]:
    """How the rows divide by topic and the like; what nobody said of any row is left out."""
    counts = [(title, _count(groups, partial(_field, column))) for title, column in SHARES.items()]
    return [(title, _shares(count)) for title, count in counts if set(count) != {NOT_SAID}]


def _field(name: str, group: Group) -> list[str]:
    return [str(getattr(group, name) or NOT_SAID)]


def _rules(rules: Mapping[str, int]) -> str:
    return ", ".join(f"{rule} {count:,}" for rule, count in sorted(rules.items()))


def _count(groups: Groups, keys: Callable[[Group], Iterable[str]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for group, count in groups.items():
        counts.update(dict.fromkeys(keys(group), count))
    return counts


def _shares(counts: Counter[str]) -> str:
    total = counts.total()
    return ", ".join(f"{key} {count:,} ({count / total:.1%})"
                     for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _public(run: Run) -> dict[str, Any]:
    """Parameters as the world may see them: an input file by its name, without the folders of this machine."""
    files = {key: [file["name"] for file in found] for key, found in run.plan.inputs.items()}
    return {key: ",".join(files[key]) if key in files else value for key, value in run.parameters.items()}


def _inputs(run: Run) -> list[dict[str, Any]]:
    return [{"name": file["name"], "sha256": file["sha256"]} for key in sorted(run.plan.inputs)
            for file in run.plan.inputs[key]]


def command(run: Run) -> str:
    """The command that makes this data set again, every parameter spelled out that is not empty."""
    texts = {key: ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
             for key, value in _public(run).items()}
    target = ["--accepted", texts.pop("accepted")] if "accepted" in texts else []  # of the command, not of the recipe
    words = [f"{key}={text}" for key, text in texts.items() if text]
    return shlex.join(["mathmill", "run", run.recipe, *target, *words])
