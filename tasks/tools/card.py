"""The card of a published data set: `schemas/card.md.jinja` filled in, with the front matter that the Hub reads.

The one door of jinja2. Nothing in a card depends on time or place, so the same run gives the same bytes.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

import schemas
from schemas.records import Example
from schemas.rows import kinds_of
from tasks.tools.splits import Split

MEANINGS = {
    "id": "stable id: a hash of content and lineage",
    "parents": "ids of the problem and the solution in the run's tables",
    "problem": "the statement",
    "solution": "the worked solution; arithmetic between `<<` and `>>`, the last line `#### ` and the answer",
    "answer": "the final answer, canonical: `72`, `0.5`, `3/4`, `{1, 2}`",
    "answer_kind": "integer, rational, decimal, percent, expression, set, interval, pair or text",
    "answer_unit": "what the answer counts or measures; empty where nobody said",
    "gold_level": "who vouches for the answer; `program`: code computed it",
    "verified_by": "routes of verification passed",
    "template_id": "the template that it is a draw of",
    "seed_id": "the seed problem of that template; empty for a shipped family",
    "topic": "the family's topic; empty for lifted templates",
    "difficulty": "the family's level, 1 to 5; 0 where nobody said",
    "mode": "`base`, or a variant: `p1`, `p2` (clauses more), `m1` (one less), `noop` (one that changes nothing)",
    "recipe": "the recipe that made it",
    "source": "file or data set that the seed is from",
    "licence": "licence of the seed or family; empty where its source does not say",
}
ROUTES = {
    "by_program": "the template's program was run and gave the answer",
    "by_text": "the solution was read as text, its equations checked one by one, its final answer compared",
}
# Identifiers that the Hub knows, of those that math data sets carry; anything else is `other` with its name.
LICENCES = ("mit", "apache-2.0", "cc0-1.0", "cc-by-4.0", "cc-by-3.0", "cc-by-sa-4.0", "cc-by-sa-3.0", "cc-by-nc-4.0",
            "cc-by-nc-sa-4.0", "odc-by", "bsd-3-clause", "gpl-3.0", "agpl-3.0", "unlicense")
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"),
         (10_000_000, "1M<n<10M"), (100_000_000, "10M<n<100M"))


def card(facts: Mapping[str, Any], splits: Sequence[Split], licences: Iterable[str]) -> str:
    """The whole README.md. `facts` are the names that the template uses; a missing one raises `UndefinedError`.

    `hub`, where the facts have it, is what a card on the Hub says beyond that of a run's own folder.
    """
    import jinja2

    text = (Path(schemas.__file__).parent / "card.md.jinja").read_text(encoding="utf-8")
    page = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
    columns = [{"name": name, "type": _type(kind), "meaning": MEANINGS[name]}
               for name, kind in kinds_of(Example).items()]
    front = front_matter(facts["name"], splits, licences)
    return page.from_string(text).render({"hub": None, **facts}, columns=columns, front=front, route_meanings=ROUTES)


def front_matter(name: str, splits: Sequence[Split], licences: Iterable[str]) -> str:
    """The YAML between the dashes; every value is JSON, which YAML contains, so that no text can break it."""
    rows = sum(split.rows for split in splits)
    size = next((label for most, label in SIZES if rows < most), "n>100M")
    fields: dict[str, Any] = {
        **licence_fields(licences), "language": ["en"], "pretty_name": name, "size_categories": [size],
        "task_categories": ["text-generation", "question-answering"],
        "tags": ["math", "reasoning", "synthetic", "word-problems", "mathmill"],
        "annotations_creators": ["machine-generated"], "configs": [{"config_name": "default", "default": True,
            "data_files": [{"split": split.name, "path": f"data/{split.name}-*"} for split in splits]}],
        "dataset_info": {
            "config_name": "default", "features": [_feature(*field) for field in kinds_of(Example).items()],
            "splits": [{"name": split.name, "num_bytes": split.num_bytes, "num_examples": split.rows}
                       for split in splits],
            "download_size": sum(split.disk_bytes for split in splits),
            "dataset_size": sum(split.num_bytes for split in splits)}}
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in fields.items())


def licence_fields(licences: Iterable[str]) -> dict[str, Any]:
    """What the Hub is told. Never a default: one unknown or unusual licence makes it `other`, with all their names."""
    names = sorted({" ".join(licence.split()) for licence in licences})
    known = [name.lower().replace(" ", "-") for name in names]
    if names and all(name in LICENCES for name in known):
        unique = sorted(set(known))
        return {"license": unique[0] if len(unique) == 1 else unique}
    return {"license": "other", "license_name": " and ".join(name or "unknown" for name in names) or "unknown",
            "license_link": "README.md"}


def _type(kind: Any) -> str:
    return f"list of {_type(get_args(kind)[0])}" if get_origin(kind) is list else {str: "text", int: "integer"}[kind]


def _feature(name: str, kind: Any) -> dict[str, Any]:
    if get_origin(kind) is list:
        return {"name": name, "list": {str: "string"}[get_args(kind)[0]]}
    return {"name": name, "dtype": {str: "string", int: "int64"}[kind]}
