"""Tables: what goes in comes out, the same bytes for the same rows, whole or not at all, and every fault has a name."""

import errno
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RunError, StorageError, ToolError
from schemas.records import Problem, Rejection, Seed, Slot, Template
from schemas.rows import describe, from_table, kinds_of, schema_of, to_table
from schemas.table import Table, read_column, write_shard

PLAIN = {str: st.text(max_size=9), int: st.integers(-(2**63), 2**63 - 1), float: st.floats(allow_nan=False),
         bool: st.booleans()}


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Whatever a field of this type may hold."""
    if kind in PLAIN:
        return PLAIN[kind]
    if get_origin(kind) is list:
        return st.lists(values(get_args(kind)[0]), max_size=2)
    return st.builds(kind, **{name: values(part) for name, part in kinds_of(kind).items()})


def seed(i: int) -> Seed:
    return Seed(f"s{i}", ["a", "b"][: i % 3], f"Tom has {i} apples.", "", str(i), "here", "MIT", i)


@pytest.fixture
def table(tmp_path: Path) -> Table[Seed]:
    made = Table(tmp_path / "seeds", Seed)
    for number in range(3):
        write_shard(made.shard(number), [seed(number * 10 + i) for i in range(10)], Seed)
    return made


@settings(max_examples=20, deadline=None)
@given(st.lists(values(Template), max_size=3))
def test_nested_records_come_back(rows: list[Template]) -> None:
    assert from_table(to_table(rows, Template), Template) == rows


@settings(max_examples=20, deadline=None)
@given(st.lists(values(Rejection), max_size=3))
def test_floats_come_back(rows: list[Rejection]) -> None:
    assert from_table(to_table(rows, Rejection), Rejection) == rows


def test_a_slice_of_an_arrow_table_comes_back() -> None:
    slots = [Slot(f"n{k}", "count", "", k, k + 1, "3", choices=["1"] * k) for k in range(5)]
    rows = [replace(TEMPLATE, slots=slots[: i % 5], conditions=["x"] * (i % 3)) for i in range(50)]
    assert from_table(to_table(rows, Template).slice(7, 20), Template) == rows[7:27]


EMPTY = {str: "", int: 0}
TEMPLATE = Template(**{name: EMPTY.get(kind, []) for name, kind in kinds_of(Template).items()})


def test_rows_come_back_in_order_through_files(table: Table[Seed]) -> None:
    assert list(table.rows()) == [seed(i) for i in range(30)]
    assert table.read(1) == [seed(i) for i in range(10, 20)]
    assert (table.count(), len(table.shards())) == (30, 3)
    assert read_column(table.shard(2), "line") == list(range(20, 30))


def test_an_index_follows_the_files(table: Table[Seed]) -> None:
    assert table.index()["s12"] == seed(12)
    write_shard(table.shard(1), [seed(99)], Seed)
    assert "s12" not in table.index()
    assert table.index("question")["Tom has 99 apples."].id == "s99"


def test_an_empty_shard_is_a_shard(tmp_path: Path) -> None:
    made = Table(tmp_path / "none", Problem)
    write_shard(made.shard(0), [], Problem)
    assert (made.read(0), made.count(), list(made.rows())) == ([], 0, [])


def test_the_same_rows_give_the_same_bytes_in_another_process(table: Table[Seed], tmp_path: Path) -> None:
    code = ("from pathlib import Path; from schemas.table import write_shard; from schemas.records import Seed\n"
            "from tests.test_table import seed\n"
            f"write_shard(Path({str(tmp_path / 'again.parquet')!r}), [seed(i) for i in range(10)], Seed)")
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONHASHSEED": "7"})
    assert (tmp_path / "again.parquet").read_bytes() == table.shard(0).read_bytes()


@pytest.mark.parametrize(("column", "value", "says"), [
    ("question", None, "wants str, holds NoneType"),
    ("line", True, "wants int, holds bool"),
    ("line", 2**70, "cannot be stored as int"),
    ("line", 1.5, "wants int, holds float"),
    ("parents", ["a", 3], "wants str, holds int 3"),
    ("parents", ("a",), "wants list"),
    ("question", "\ud800", "cannot be stored as str"),
])
def test_a_misfit_is_named_with_column_and_row(column: str, value: object, says: str) -> None:
    rows = [seed(1), seed(2), replace(seed(3), **{column: value}), seed(4)]
    with pytest.raises(ToolError, match=says) as caught:
        to_table(rows, Seed)
    assert caught.value.where == f"Seed.{column}, row 2"


def test_a_misfit_within_a_list_of_records_is_found() -> None:
    bad = replace(TEMPLATE, slots=[Slot("a", "count", "", 0, 1, "3"), Slot("b", "count", "", 0, 1, "3", choices=[3])])  # type: ignore[list-item]
    with pytest.raises(ToolError) as caught:
        to_table([TEMPLATE, replace(TEMPLATE, slots=[Slot("a", "count", "", 0, 1, "3")]), bad], Template)
    assert caught.value.where == "Template.slots.choices, row 2"


def test_a_row_of_another_type_is_refused() -> None:
    with pytest.raises(ToolError, match="wants Seed, holds Template"):
        to_table([seed(1), TEMPLATE], Seed)  # type: ignore[list-item]


def test_a_field_that_parquet_should_not_hold_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Odd:
        values: dict[str, int]

    with pytest.raises(TypeError, match="cannot hold"):
        schema_of(Odd)


def test_columns_describe_themselves() -> None:
    columns = {column.name: column for column in describe(Template)}
    assert columns["slots"].type == "list[Slot]"
    assert columns["seed_id"].comment == '"" for a shipped family'
    assert columns["id"].comment == ""


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_shard_is_named(table: Table[Seed], damage: str) -> None:
    path = table.shard(1)
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[40] ^= 0xFF
    path.write_bytes({"cut": data[:-20], "flip": data, "empty": b""}[damage])
    with pytest.raises(RunError, match="damaged") as caught:
        table.read(1)
    assert caught.value.where == str(path)
    assert table.read(0) == [seed(i) for i in range(10)]


def test_a_missing_shard_and_one_of_other_columns_are_named(table: Table[Seed]) -> None:
    with pytest.raises(RunError, match="missing"):
        table.read(7)
    with pytest.raises(RunError, match="columns are not those of Problem"):
        Table(table.path, Problem).read(0)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_a_refusing_disk_leaves_the_old_shard_and_no_rest(
        table: Table[Seed], code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError, match=os.strerror(code)) as caught:
        write_shard(table.shard(1), [seed(5)], Seed)
    assert caught.value.where == str(table.shard(1))
    assert "finished shards are kept" in caught.value.mend
    assert table.read(1) == [seed(i) for i in range(10, 20)]
    assert not list(table.path.glob("*.tmp"))


def test_a_failed_write_of_any_kind_leaves_no_rest(table: Table[Seed], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(old: Path, new: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_shard(table.shard(3), [seed(5)], Seed)
    assert [path.name for path in sorted(table.path.iterdir())] == [f"part-{i:05d}.parquet" for i in range(3)]


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="only root may mount a read-only disk")
def test_a_read_only_disk(tmp_path: Path) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", tmp_path], capture_output=True).returncode:
        pytest.skip("this machine mounts nothing")
    try:
        with pytest.raises(StorageError, match="Read-only"):
            write_shard(tmp_path / "t" / "part-00000.parquet", [seed(1)], Seed)
    finally:
        subprocess.run(["umount", tmp_path], check=True)
