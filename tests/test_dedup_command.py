"""`mathmill dedup`: within and across data sets of anybody's, thresholds moved without embedding, clear messages."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.manifest import read_manifest
from schemas.records import Conflict
from schemas.table import Table
from tests.conftest import Command
from tests.test_dedup import JARS, OTHERS, REPEATS


def write(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("".join(json.dumps({"question": text, "answer": answer, "line": line}) + "\n"
                            for line, (text, answer) in enumerate(rows)))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    texts = [(JARS, "43"), *((text, "43") for text, _ in REPEATS.values()), *OTHERS.values(), (JARS, "44"), ("", "1")]
    return write(tmp_path / "data.jsonl", texts)


def test_repeats_go_and_rows_are_written_as_they_were(data: Path, mathmill: Command) -> None:
    words = ("dedup", str(data), "--out", "run", "--write", "kept.jsonl", "--json")
    told = json.loads(mathmill(*words).stdout)
    assert told["rows"] == 11
    assert told["unreadable"] == 1
    assert told["kept"] == 11 - told["dropped"] == 5
    assert told["by_rule"]["conflict"] == 2, "the text that has two answers"
    kept = (data.parent / "kept.jsonl").read_text().splitlines()
    assert kept == [line for line in data.read_text().splitlines() if line in kept]
    assert {json.loads(line)["question"] for line in kept} >= {text for text, _ in OTHERS.values()}
    conflicts = list(Table(data.parent / "run" / "conflicts", Conflict).rows())
    assert {row.answer for row in conflicts} >= {"43", "44"}
    shown = mathmill("query", "conflicts", "--runs", "run", "--format", "json").stdout
    assert {row["row_id"] for row in json.loads(shown)} == {row.row_id for row in conflicts}
    assert mathmill(*words[:-1]).stdout.startswith("11 rows (1 more hold no problem): ")


def test_a_threshold_moves_and_no_text_is_embedded_again(data: Path, mathmill: Command, tmp_path: Path) -> None:
    kept = tmp_path / "embeddings.sqlite"

    def run(name: str, *words: str) -> dict[str, Any]:
        told = mathmill("dedup", str(data), "--out", name, "--json", *words, MATHMILL_EMBEDDINGS=str(kept))
        assert json.loads(told.stdout)["by_rule"].get("same_numbers", 0) == (0 if words else 1)
        notes: dict[str, Any] = read_manifest(tmp_path / name)["notes"]
        return notes

    def embedded(notes: dict[str, Any]) -> int:
        return sum(note["texts"] for key, note in notes.items() if key.endswith(".embedded"))

    assert embedded(run("first")) == texts_in(kept) > 0
    before = texts_in(kept)
    assert embedded(run("second", "--threshold", "0.999")) == texts_in(kept) - before, "only what it never saw"
    assert embedded(run("third")) == 0


def texts_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        (count,) = db.execute("SELECT count(*) FROM vectors").fetchone()
    return int(count)


def test_what_is_published_already_does_not_come_again(data: Path, mathmill: Command, tmp_path: Path) -> None:
    new = write(tmp_path / "new.jsonl", [(JARS.replace("Amina", "Olga"), "43"), ("Is 7 prime? Write 1 if so.", "1")])
    mathmill("dedup", str(data), "--out", "old")
    told = [json.loads(mathmill("dedup", str(new), "--published", published, "--out", out, "--json").stdout)
            for published, out in ((str(data), "new-1"), ("old", "new-2"))]
    assert [(one["kept"], one["by_rule"]) for one in told] == [(1, {"same_wording": 1})] * 2
    assert not (tmp_path / "new-2" / "published-0").exists(), "a run of ours is not copied"


def parquet(path: Path, **columns: list[object]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_bad_input_is_one_clear_message(mathmill: Command, tmp_path: Path, data: Path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 this is none PAR1")
    (tmp_path / "latin.jsonl").write_bytes('{"question": "Wie viele Äpfel?"}\n'.encode("latin-1"))
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "mixed").mkdir()
    parquet(tmp_path / "mixed" / "a.parquet", question=["How many?"], answer=["1"])
    parquet(tmp_path / "mixed" / "b.parquet", width=[1, 2])
    parquet(tmp_path / "numbers.parquet", height=[1, 2])
    for words, says in ((["broken.parquet"], "broken.parquet"), (["latin.jsonl"], "UTF-8"),
                        (["empty.jsonl"], "no rows"), (["numbers.parquet"], "no column looks like a problem"),
                        (["none.jsonl"], "no such file"), ([str(data), "--problem", "task"], "no column 'task'"),
                        ([str(data), "--threshold", "2"], "between 0 and 1"),
                        ([str(data), "--published", "none.jsonl"], "no such file"),
                        ([str(data), "--embedder", "/no/model"], "no such folder"),
                        ([str(data), "--write", str(data)], "overwrite"),
                        ([str(data), "--write", "kept.csv"], ".jsonl or .parquet")):
        done = mathmill("dedup", *words, check=False)
        assert done.returncode not in (0, 1), words
        assert says in done.stderr, (words, done.stderr)
        assert "Traceback" not in done.stderr, words
        assert not (tmp_path / "kept.csv").exists()
    told = json.loads(mathmill("dedup", "mixed", "--json").stdout)
    assert (told["rows"], told["unreadable"]) == (1, 2), "rows without a problem are rejections"
