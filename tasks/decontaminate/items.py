"""The items of test sets, read from files, with their prints."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import InputError, ParameterError
from tasks.tools.files import map_columns, read_rows
from tasks.tools.prints import Print, take_one


@dataclass(frozen=True, slots=True)
class Item:
    """One problem of a test set; its print's id is `<set>:<id or line>`."""

    set: str
    text: str
    print: Print


def read_items(test_sets: Sequence[str]) -> list[Item]:
    """All items of files given as `path` or `name=path`, set after set; the name of a plain path is the file's.

    Raises `InputError` for a file that cannot be read or a row without one; `ParameterError` for a name given twice.
    """
    paths: dict[str, str] = {}
    for given in test_sets:
        name, path = _named(given)
        if name in paths:
            raise ParameterError(f"two test sets are called {name!r}: {paths[name]} and {path}",
                                 mend=f"name one of them: other={path}")
        paths[name] = path
    return [item for name, path in paths.items() for item in _items(name, path)]


def _named(given: str) -> tuple[str, str]:
    name, equals, path = given.partition("=")
    if equals and name and not Path(given).exists():
        return name, path
    return Path(given).name.split(".")[0], given


def _items(name: str, path: str) -> Iterator[Item]:
    columns: dict[str, str] = {}
    for line, row in read_rows(path):
        columns = columns or map_columns(row, ("question",), optional=("answer", "id"), where=path)
        text = _text(row, columns, "question")
        if not text:
            raise InputError(f"no problem in column {columns['question']!r}", where=f"{path}, line {line}",
                             mend="fill it in or take the row out")
        # GSM8K keeps the worked solution in its answer column, with the answer after ####.
        answer = _text(row, columns, "answer").rpartition("####")[2].strip()
        yield Item(name, text, take_one(f"{name}:{_text(row, columns, 'id') or line}", text, answer))


def _text(row: Mapping[str, object], columns: Mapping[str, str], key: str) -> str:
    value = row.get(columns.get(key, ""))
    return "" if value is None else str(value).strip()
