"""Any data sets as examples (files, folders, Hub ids, runs), for `mathmill dedup` and `mathmill decontaminate`.

A row of ours is taken as it is. Of any other, columns are guessed as `tasks/verify/claims.py` guesses them; the id is a
hash of what the row says, so that neither the order of files nor that of rows decides which of two twins stays.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path

from schemas.errors import InputError, RunError
from schemas.manifest import MANIFEST, read_manifest
from schemas.records import Example, Rejection, reject, stable_id
from schemas.rows import kinds_of
from schemas.run import current_run
from schemas.table import Table, columns_of
from tasks.sample import PEEK, final_answer
from tasks.tools.each import whole
from tasks.tools.files import map_columns
from tasks.tools.orchestrator import task
from tasks.tools.warehouse import LAST
from tasks.verify.claims import GUESSES, conversation, rows_of, text, texts

STEP = "examples"
SHARD = 20_000
COLUMNS = {**GUESSES, "solution": (*GUESSES["solution"], "answer")}


@task
def examples(sources: Sequence[str], *, problem: str = "", answer: str = "", name: str = STEP) -> Table[Example]:
    """Table `name`: the rows of all sources as examples, those without a problem as rejections.

    A source is a file (JSONL, JSON, CSV, TSV, Parquet), a folder of them, a Hub id, a run (its last table) or a folder
    of shards. `seed_id` says where a foreign row stands: `file:line`.

    Raises `InputError` for a source that cannot be read, and where none of its rows holds a problem.
    """
    table = whole(partial(_all, sources, {"problem": problem, "answer": answer}, name), into=Example, name=name,
                  shard=SHARD)
    if not table.count():
        first = next(table.rejections.rows())
        raise InputError(f"none of its rows holds a problem; the first: {first.reason}", where=", ".join(sources),
                         mend="name the columns with --problem and --answer")
    return table


def examples_of(source: str) -> Table[Example] | None:
    """The table of examples that a run ends with, or that a folder of shards is; None for what is neither.

    Raises `RunError` for a run that holds no examples.
    """
    folder = Path(source)
    if not folder.is_dir():
        return None
    if (folder / MANIFEST).exists() and "steps" in (record := read_manifest(folder)):
        last = next((step for step in LAST if step in record["steps"]), None)
        if last is None:
            raise RunError("this run holds no examples", where=source, mend="name a run that made some")
        return Table(folder / last, Example)
    first = next(iter(sorted(folder.glob("part-*.parquet"))), None)
    ours = first is not None and {column for column, _ in columns_of(first)} == set(kinds_of(Example))
    return Table(folder, Example) if ours else None


def _all(sources: Sequence[str], given: Mapping[str, str], step: str) -> Iterator[Example | Rejection]:
    met: Counter[str] = Counter()
    for source in sources:
        ours = examples_of(source)
        for row in ours.rows() if ours else _foreign(source, given, step):
            if isinstance(row, Rejection):
                yield row
                continue
            met[row.id] += 1
            # A row of ours that comes twice is one row; of two foreign ones that say the same, dedup will speak.
            yield row if met[row.id] == 1 else _again(row, met[row.id], step, ours is not None)


def _again(row: Example, times: int, step: str, ours: bool) -> Example | Rejection:
    if ours:
        return reject(row.id, step, "same_row", "this very row came before", twin_id=row.id, key=str(times))
    return replace(row, id=stable_id("row", row.id, times))


def _foreign(source: str, given: Mapping[str, str], step: str) -> Iterator[Example | Rejection]:
    rows, licence, mark = rows_of(source)
    peeked = list(islice(rows, PEEK))
    names = list(dict.fromkeys(name for _, _, row in peeked for name in row))
    columns = map_columns(names, (), given, optional=("problem", "answer", "solution", "messages", "licence", "id"),
                          where=source, guesses=COLUMNS, flag="--{}")
    if not {"problem", "messages"} & set(columns):
        raise InputError(f"no column looks like a problem; columns found: {', '.join(map(repr, names))}",
                         where=source, mend="name it with --problem")
    for place, line, row in chain(peeked, rows):
        yield _example(row, columns, f"{place}:{line}", place, licence, step)
    current_run().note(f"{step}.{Path(source).name}", {"columns": columns, "contents": mark})


def _example(row: Mapping[str, object], columns: Mapping[str, str], place: str, source: str, licence: str,
             step: str) -> Example | Rejection:
    if kinds_of(Example).keys() <= row.keys():  # a data set of ours, from its file
        return Example(**{name: row[name] for name in kinds_of(Example)})  # type: ignore[arg-type]
    cell = {key: row.get(name) for key, name in columns.items()}
    asked, talked = conversation(cell.get("messages"))
    problem = (asked or text(cell.get("problem"))).strip()
    solution = talked or next(iter(texts(cell.get("solution"))), "")
    if not problem:
        held = json.dumps(dict(row), ensure_ascii=False, default=str)[:2000]
        return reject(stable_id("row", place), step, "no_problem", f"{place}: no text in its problem", content=held)
    said = text(cell.get("answer"))
    answer = final_answer(said) or said or final_answer(solution)
    return Example(
        id=stable_id("row", problem, answer, solution), parents=[], problem=problem, solution=solution, answer=answer,
        answer_kind="", answer_unit="", gold_level="", verified_by=[], template_id="", seed_id=place, topic="",
        difficulty=0, mode="", recipe="", source=source, licence=text(cell.get("licence")) or licence)
