"""Files that users give: every form read alike, and every fault named with its place and its mend."""

import gzip
import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import InputError
from tasks.tools.files import data_path, map_columns, read_rows
from tasks.tools.lines import LINE_LIMIT

ROWS = [{"id": "a", "question": "Ngozi has 3 mangoes 🥭, “ripe” ones.", "answer": "She says:\n\"three\", #### 3"},
        {"id": "b", "question": "你好, what is ½ of 4?", "answer": "2"}]


def written(path: Path) -> Path:
    """`ROWS` in the form that the ending asks for."""
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
    if path.name.endswith(".jsonl.gz"):
        path.write_bytes(gzip.compress(lines.encode()))
    elif path.suffix == ".jsonl":
        path.write_text("\ufeff\n" + lines.replace("\n", "\r\n"), encoding="utf-8", newline="")
    elif path.suffix == ".json":
        path.write_text("\ufeff" + json.dumps(ROWS, indent=2, ensure_ascii=False), encoding="utf-8")
    elif path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    else:
        comma = "\t" if path.suffix == ".tsv" else ";" if path.stem == "excel" else ","
        quoted = [['"' + str(value).replace('"', '""') + '"' for value in row.values()] for row in ROWS]
        table = "\n".join(comma.join(row) for row in [list(ROWS[0]), *quoted])
        path.write_text("\ufeff" + table + "\n\n", encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.json", "a.csv", "a.tsv", "excel.csv", "a.parquet"])
def test_every_form_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    assert [row for _, row in read_rows(written(tmp_path / name))] == ROWS


def test_places_are_lines_that_an_editor_shows(tmp_path: Path) -> None:
    assert [place for place, _ in read_rows(written(tmp_path / "a.jsonl"))] == [2, 3]
    assert [place for place, _ in read_rows(written(tmp_path / "a.csv"))] == [2, 4]  # a's answer takes two lines
    assert [place for place, _ in read_rows(written(tmp_path / "a.json"))] == [1, 2]


def test_numbers_are_not_rounded(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"answer": 0.10, "big": 123456789012345678901234567890}\n')
    assert next(iter(read_rows(path)))[1] == {"answer": "0.10", "big": 123456789012345678901234567890}


def test_json_lines_in_a_json_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"a": 1}\n{"a": 2}\n')
    assert [row["a"] for _, row in read_rows(path)] == [1, 2]


GOOD = b'{"question": "q"}\n'
BAD = [
    ("a.jsonl", b"", "a.jsonl: holds no rows"),
    ("a.jsonl", b"\n\n", "holds no rows"),
    ("a.json", b"[]", "holds no rows"),
    ("a.csv", b"question,answer\n", "holds no rows"),
    ("a.jsonl", GOOD + b'{"question": "q",}\n', r"line 2: bad JSON at column 18"),
    ("a.jsonl", GOOD + b'{"question": "q', r"line 2: bad JSON"),
    ("a.jsonl", GOOD + b'{"question": NaN}\n', r"line 2: bad JSON: NaN is not JSON"),
    ("a.jsonl", b"\n" + b"[" * 100_000 + b"\n", r"line 2: bad JSON"),
    ("a.jsonl", GOOD + b"[1, 2]\n", r"line 2: holds a list, not an object"),
    ("a.jsonl", GOOD + b'"x"\n', r"line 2: holds a text"),
    ("a.jsonl", GOOD + b'{"question": "\\ud83d"}\n', r"line 2: holds half of a surrogate pair"),
    ("a.jsonl", GOOD + '{"question": "café"}\n'.encode("latin-1"),
     r"line 2: not UTF-8: byte 0xe9 at column 18 .byte 35"),
    ("a.jsonl", GOOD.decode().encode("utf-16"), r"is UTF-16"),
    ("a.jsonl", GOOD + b'{"question": "' + b"x" * 10_000_000 + b'"}\n', r"line 2: line is over 8 MB"),
    ("a.json", b'\n[{"a": 1},\n {"a": }]', r"line 3: bad JSON at column 8"),
    ("a.json", b'[{"a": 1}, 7]', r"item 2: holds a bare value"),
    ("a.csv", b"q,a\nx,1\nx,1,2\n", r"line 3: has 3 fields, the header has 2"),
    ("a.csv", b'q,a\nx,1\n"x,1\n', r"line 3: bad CSV"),
    ("a.csv", b"q,q\nx,1\n", r"line 1: the header names 'q' twice"),
    ("a.csv", "q,a\nü,1\n".encode("latin-1"), r"line 2: not UTF-8"),
    ("a.parquet", b"PAR1 but no more", r"not a sound Parquet file"),
    ("a.jsonl.gz", GOOD, r"damaged gzip"),
    ("a.jsonl.gz", gzip.compress(GOOD * 5000)[:-20], r"damaged gzip"),
    ("a.xlsx", b"x", r"ending '.xlsx'"),
    ("a", b"x", r"ending '\(none\)'"),
]


@pytest.mark.parametrize(("name", "content", "message"), BAD, ids=[f"{i}-{case[2][:20]}" for i, case in enumerate(BAD)])
def test_a_bad_file_says_where_and_how_to_mend(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        list(read_rows(path))
    assert str(path) in str(caught.value)
    assert re.search(message, str(caught.value)), str(caught.value)
    assert caught.value.mend


def test_missing_and_folder(tmp_path: Path) -> None:
    for path, message in ((tmp_path / "no.jsonl", "no such file"), (tmp_path, "is a folder")):
        with pytest.raises(InputError, match=message):
            list(read_rows(path))


def test_a_huge_line_is_never_held(tmp_path: Path) -> None:
    """A 400 MB line is refused with little more than the limit in memory."""
    import tracemalloc

    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.truncate(400_000_000)
    tracemalloc.start()
    with pytest.raises(InputError, match="over 8 MB"):
        list(read_rows(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * LINE_LIMIT


def test_columns_are_guessed() -> None:
    wanted = ("question", "solution")
    assert map_columns(["question", "answer"], wanted, optional=["answer"]) == {
        "question": "question", "solution": "answer"}
    assert map_columns(["Problem", "Generated Solution", "expected_answer"], wanted, optional=["answer"]) == {
        "question": "Problem", "solution": "Generated Solution", "answer": "expected_answer"}
    assert map_columns(["id", "query", "response"], wanted, optional=["answer", "id"]) == {
        "question": "query", "solution": "response", "id": "id"}


def test_given_columns_win_and_are_not_guessed_again() -> None:
    columns, wanted = ["question", "answer", "hint"], ("question", "solution")
    assert map_columns(columns, wanted, {"solution": "hint"}, optional=["answer"]) == {
        "solution": "hint", "question": "question", "answer": "answer"}


def test_a_missing_column_names_those_found_and_the_flag() -> None:
    with pytest.raises(InputError) as caught:
        map_columns(["foo", "bar"], ("question",), where="a.jsonl")
    assert str(caught.value) == ("a.jsonl: no column looks like the question; columns found: 'foo', 'bar'\n"
                                 "  mend: name the column with --question-column")
    with pytest.raises(InputError, match="no column 'frage' for the question; columns found: 'foo'"):
        map_columns(["foo"], ("question",), {"question": "frage"})


def test_data_path_names_what_is_missing() -> None:
    assert data_path("seeds").is_dir()
    with pytest.raises(InputError, match="should have come with mathmill"):
        data_path("seeds", "none.jsonl")
