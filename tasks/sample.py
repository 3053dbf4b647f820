"""Seeds: worked problems from the set that ships with mathmill, from a file, or from the Hub.

`tools.files` and `tools.hub` give rows; here a row becomes a `Seed`, or a `Rejection` that says what it lacks.
"""

import heapq
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from itertools import chain, islice
from math import isfinite
from pathlib import Path

from schemas.errors import InputError, ParameterError
from schemas.records import Rejection, Seed, reject, stable_id
from schemas.run import current_run
from schemas.table import Table
from tasks.tools import hub
from tasks.tools.each import whole
from tasks.tools.files import ENDINGS, data_path, map_columns, read_rows
from tasks.tools.orchestrator import task

STEP = "seeds"
SHIPPED = "grade_school.jsonl"
SHARD = 500  # seeds a shard: lifting a shard takes seconds, so a few thousand seeds keep several processes busy
PEEK = 100  # rows whose columns are looked at, since JSON lines need not all hold the same
BOXED = re.compile(r"\\(?:boxed|fbox)\s*\{")

Row = tuple[int, Mapping[str, object]]
Columns = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows come from. `mark` tells exact contents apart where the file itself cannot."""

    name: str
    rows: Iterator[Row]
    licence: str = ""
    mark: str = ""


@task
def problems(source: str = "", *, question_column: str = "", solution_column: str = "", answer_column: str = "",
             licence: str = "", limit: int = 0, seed: int = 0) -> Table[Seed]:
    """Worked problems of a file, of a Hub id (`openai/gsm8k:main@train`), or with "" those that ship with mathmill.

    Columns not named are guessed. The answer is read from its column, or else from the solution's `#### 72` or
    `\\boxed{72}`. `limit` > 0 draws that many at random by `seed`, and keeps the source's order. A row without a
    question, a solution or an answer, or whose id came before, is a rejection.

    Raises `InputError` for a source that cannot be read, a missing column, or no usable row at all.
    """
    if limit < 0:
        raise ParameterError(f"limit is {limit}", where="--limit", mend="give a whole number, 0 for all")
    given = {"question": question_column, "solution": solution_column, "answer": answer_column}
    table = whole(partial(_work, source, given, licence, limit, seed), into=Seed, name=STEP, shard=SHARD)
    if not table.count():
        first = next(table.rejections.rows())
        raise InputError(f"none of its rows can be a seed; the first: {first.reason}", where=source or SHIPPED,
                         mend="name the columns with --question-column, --solution-column and --answer-column")
    return table


def _work(source: str, given: Columns, licence: str, limit: int, seed: int) -> Iterator[Seed | Rejection]:
    origin = opened(source)
    judged = judge(origin, given, licence)
    yield from chosen(judged, limit, seed) if limit else judged
    current_run().note(STEP, {"source": origin.name, "contents": origin.mark})


def opened(source: str) -> Origin:
    """The rows of a source and what it says of itself. Raises `InputError`."""
    if not source:
        return Origin(SHIPPED, iter(read_rows(data_path("seeds", SHIPPED))))
    looks_like_file = source.lower().removesuffix(".gz").endswith(ENDINGS)
    if hub.is_hub_id(source) and not looks_like_file and not Path(source).exists():
        found = hub.load(source)
        return Origin(source, found.rows(), found.licence, found.fingerprint)
    return Origin(Path(source).name, iter(read_rows(source)))


def judge(origin: Origin, given: Columns, licence: str) -> Iterator[Seed | Rejection]:
    """Each row as a seed, or as a rejection with what it lacks. Raises `InputError` for a missing column."""
    peeked = list(islice(origin.rows, PEEK))
    names = list(dict.fromkeys(name for _, row in peeked for name in row))
    columns = map_columns(names, ("question", "solution"), given, optional=("answer", "licence", "id"),
                          where=origin.name)
    lines: dict[str, int] = {}  # of each id, where it came first
    for line, row in chain(peeked, origin.rows):
        made = seed_of(origin, columns, licence, line, row)
        yield made if isinstance(made, Rejection) else unique(made, lines.setdefault(made.id, line))


def seed_of(origin: Origin, columns: Columns, licence: str, line: int, row: Mapping[str, object]) -> Seed | Rejection:
    """One row as a seed: texts trimmed and otherwise in the source's own words."""
    texts = {key: text_of(row.get(name)) for key, name in columns.items()}
    question, solution = texts["question"], texts["solution"]
    answer = final_answer(texts.get("answer") or "") or texts.get("answer") or final_answer(solution or "")
    own_id = texts.get("id") or stable_id("seed", question, solution)
    for key, text in (("question", question), ("solution", solution), ("answer", answer)):
        if not text:
            reason = f"{origin.name}, row {line}: " + _lack(key, columns.get(key, ""), row)
            return reject(own_id, STEP, f"no_{key}", reason, content=repr(dict(row))[:2000], key=str(line))
    said = licence or texts.get("licence") or origin.licence
    return Seed(own_id, [], question or "", solution or "", answer or "", origin.name, said, line)


def unique(made: Seed, first: int) -> Seed | Rejection:
    """The same, or a rejection if its id came first in another line."""
    if first == made.line:
        return made
    return reject(made.id, STEP, "duplicate_id", f"{made.source}, row {made.line}: row {first} has this id already",
                  content=made.question, twin_id=made.id, key=str(made.line))


def text_of(value: object) -> str | None:
    """Text as it stands, a number as its digits; None for anything else (a list, null, NaN, a truth value)."""
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else repr(value) if isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).replace("\r\n", "\n").strip()


def final_answer(text: str) -> str:
    """What a worked solution gives as its answer: after the last `####`, else in the last `\\boxed{…}`, else ""."""
    _, mark, after = text.rpartition("####")
    if mark and after.strip():
        return after.strip().splitlines()[0].strip()
    boxes = list(BOXED.finditer(text))
    return _braced(text, boxes[-1].end()) if boxes else ""


def _braced(text: str, start: int) -> str:
    depth = 1
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if not depth:
            return text[start:place].strip()
    return ""


def _lack(key: str, column: str, row: Mapping[str, object]) -> str:
    if key == "answer":
        return "no final answer: neither '#### …' nor \\boxed{…} in the solution, and no answer column"
    if column not in row:
        return f"no column {column!r}"
    return f"column {column!r} is empty" if row[column] in ("", None) or str(row[column]).isspace() else (
        f"column {column!r} holds {type(row[column]).__name__}, not text")


def chosen(judged: Iterable[Seed | Rejection], limit: int, seed: int) -> Iterator[Seed | Rejection]:
    """All rejections, and the `limit` seeds that a hash of seed and line ranks first; in source order."""
    heap: list[tuple[int, int, Seed]] = []
    rejected: list[Rejection] = []
    for made in judged:
        if isinstance(made, Rejection):
            rejected.append(made)
            continue
        rank = int.from_bytes(blake2b(f"{seed}:{made.line}".encode(), digest_size=8).digest(), "big")
        push = heapq.heappush if len(heap) < limit else heapq.heappushpop
        push(heap, (-rank, made.line, made))
    yield from rejected
    yield from (made for _, _, made in sorted(heap, key=lambda entry: entry[1]))
