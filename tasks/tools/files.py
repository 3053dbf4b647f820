"""The files that users give us: rows out of JSONL, JSON, CSV, TSV and Parquet, and which column means what.

Everything streams, over `lines`, and every failure is one `InputError` that names the file, the line and the mend,
because the user can mend a file only if told where. `data_path` finds what ships with mathmill.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from schemas.errors import InputError
from tasks.tools.lines import LINE_LIMIT, decode, numbered_lines, opened

ARRAY_LIMIT = 64_000_000  # bytes. An array is read whole, unlike lines
ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")

GUESSES = {
    "question": ("question", "problem", "prompt", "query", "instruction", "input", "statement", "text"),
    "solution": ("solution", "rationale", "explanation", "reasoning", "worked_solution", "generated_solution",
                 "response", "output", "completion", "answer"),
    "answer": ("final_answer", "expected_answer", "answer", "gold", "target", "label"),
    "licence": ("licence", "license"),
    "source": ("source",),
    "id": ("id",),
}


def data_path(*parts: str) -> Path:
    """A file or folder of the `data/` that ships with mathmill; a wheel keeps it in `tasks/data`."""
    tasks = Path(__file__).parents[1]
    root = tasks / "data" if (tasks / "data").is_dir() else tasks.parent / "data"
    path = root.joinpath(*parts)
    if not path.exists():
        raise InputError("this file should have come with mathmill and is not there", where=str(path),
                         mend="install mathmill again, or run it from a whole checkout")
    return path


def read_rows(path: str | Path) -> Iterator[tuple[int, dict[str, object]]]:
    """Rows of a file with their place: the line in JSONL and CSV, the item in a JSON array, the row in Parquet; from 1.

    A JSON number with a point or an exponent arrives as its own text, so that nothing is rounded; CSV values are text.

    Raises `InputError`, while iterating, for a file that is missing, empty, unreadable, damaged, not UTF-8, of an
    unknown ending, or that holds a bad line, a line over `LINE_LIMIT` or a row that is no object.
    """
    path = Path(path)
    if not path.exists():
        raise InputError("there is no such file", where=str(path), mend="check the path")
    if path.is_dir():
        raise InputError("is a folder, not a file", where=str(path), mend="name one file in it")
    if path.stat().st_size == 0:
        raise _no_rows(path)
    reader = {".parquet": _parquet, ".csv": _table, ".tsv": _table, ".json": _json}.get(_ending(path), _lines_of_json)
    rows = reader(path)
    first = next(rows, None)
    if first is None:
        raise _no_rows(path)
    yield first
    yield from rows


def map_columns(available: Iterable[str], wanted: Sequence[str], given: Mapping[str, str] | None = None, *,
                optional: Sequence[str] = (), where: str = "", guesses: Mapping[str, Sequence[str]] = GUESSES,
                flag: str = "--{}-column") -> dict[str, str]:
    """Which column holds what: `{"question": "problem", …}` for `wanted` and those of `optional` that are found.

    `given` names columns outright ("" = guess); the rest is guessed by `guesses`, in that order, no column twice.
    Raises `InputError` with the columns found and the flag to use.
    """
    columns, given = list(available), {key: name for key, name in (given or {}).items() if name}
    mapping: dict[str, str] = {}
    for key in dict.fromkeys((*given, *wanted, *optional)):
        name = given.get(key) or _guess(columns, guesses.get(key, (key,)), {*mapping.values(), *given.values()})
        if name in columns:
            mapping[key] = name
        elif key in given or key in wanted:
            lack = f"no column {name!r} for the {key}" if name else f"no column looks like the {key}"
            raise InputError(f"{lack}; columns found: {', '.join(map(repr, columns)) or 'none'}", where=where,
                             mend=f"name the column with {flag.format(key)}")
    return mapping


def _guess(columns: Sequence[str], guesses: Sequence[str], taken: set[str]) -> str | None:
    by_plain_name = {column.strip().lower().replace(" ", "_").replace("-", "_"): column
                     for column in reversed(columns) if column not in taken}
    return next((by_plain_name[name] for name in guesses if name in by_plain_name), None)


def _ending(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    zipped = suffixes[-1:] == [".gz"]
    ending = (suffixes[0] if zipped and len(suffixes) == 2 else "".join(suffixes[-1:]))
    if ending not in ENDINGS or (zipped and ending == ".parquet"):
        raise InputError(f"do not know how to read the ending {''.join(suffixes[-1 - zipped:]) or '(none)'!r}",
                         where=str(path), mend=f"use one of {', '.join(ENDINGS)} (text also with .gz)")
    return ending


def _no_rows(path: Path) -> InputError:
    return InputError("holds no rows", where=str(path), mend="give a file with at least one row")


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON (write null)")


_DECODER = json.JSONDecoder(parse_float=str, parse_constant=_no_constant)


def _object(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        kind = {list: "a list", str: "a text", type(None): "null"}.get(type(value), "a bare value")
        raise InputError(f"holds {kind}, not an object", where=where, mend='write each row as {"column": value, …}')
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise InputError("holds half of a surrogate pair (\\ud8xx), which is no character", where=where,
                         mend="write the character itself, or both halves") from error
    return value


def _bad_json(error: Exception, where: str) -> InputError:
    place = f" at column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
    what = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return InputError(f"bad JSON{place}: {what}", where=where, mend="mend this line or take it out")


def _lines_of_json(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    for number, line in numbered_lines(path):
        where = f"{path}, line {number}"
        if text := line.strip():
            try:
                value = _DECODER.decode(text)
            except (ValueError, RecursionError) as error:
                raise _bad_json(error, where) from error
            yield number, _object(value, where)


def _json(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """A `.json` file: an array of objects, or JSON lines under another name."""
    with opened(path) as stream:
        head = stream.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    return _array(path) if head.startswith(b"[") else _lines_of_json(path)


def _array(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    with opened(path) as stream:
        content = stream.read(ARRAY_LIMIT + 1)
    if len(content) > ARRAY_LIMIT:
        raise InputError(f"a JSON array over {ARRAY_LIMIT // 1_000_000} MB cannot be streamed", where=str(path),
                         mend="write one row a line: jq -c '.[]' OLD.json > NEW.jsonl")
    text = "".join(decode(path, line, number, offset) for number, offset, line in _cut(content))
    try:
        items = _DECODER.decode(text.strip())
    except (ValueError, RecursionError) as error:
        line = text[:len(text) - len(text.lstrip())].count("\n") + getattr(error, "lineno", 1)
        raise _bad_json(error, f"{path}, line {line}") from error
    for number, item in enumerate(items, 1):
        yield number, _object(item, f"{path}, item {number}")


def _cut(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    offset = 0
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        yield number, offset, line
        offset += len(line)


def _table(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """CSV or TSV with a header; the separator is the header's own, since spreadsheets of half the world write `;`."""
    numbered = numbered_lines(path)
    number, header = next(numbered, (1, ""))
    separator = max(",;\t", key=header.count) if header.strip() else ","
    csv.field_size_limit(LINE_LIMIT)
    reader = csv.reader((line for _, line in chain([(number, header)], numbered)), delimiter=separator, strict=True)
    columns: list[str] = []
    begin = 1  # a quoted field may run over several lines; the row is named by its first
    try:
        for fields in reader:
            where = f"{path}, line {begin}"
            if not columns:
                columns = _header(fields, where)
            elif fields:
                yield begin, _record(columns, fields, where)
            begin = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"bad CSV in the row that begins here: {error}", where=f"{path}, line {begin}",
                         mend='close every quote, and write a quote inside a field twice ("")') from error


def _record(columns: list[str], fields: list[str], where: str) -> dict[str, object]:
    if len(fields) != len(columns):
        raise InputError(f"has {len(fields)} fields, the header has {len(columns)}", where=where,
                         mend='put a field that holds a separator or a line break in "double quotes"')
    return dict(zip(columns, fields, strict=True))


def _header(fields: list[str], where: str) -> list[str]:
    names = [field.strip() for field in fields]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"the header names {', '.join(map(repr, twice))} twice", where=where,
                         mend="give every column its own name")
    return names


def _parquet(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            batches = (row for batch in file.iter_batches(batch_size=512) for row in batch.to_pylist())
            yield from enumerate(batches, 1)
    except (pa.ArrowException, OSError, ValueError) as error:
        what = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"not a sound Parquet file: {what}", where=str(path),
                         mend="copy or download it again, or check that the ending is right") from error
