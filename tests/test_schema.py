"""The schema has a version, every shard and manifest says it, and no byte of a finished run changes unseen."""

import json
import random
import shutil
from contextlib import suppress
from dataclasses import is_dataclass
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from schemas import records
from schemas.errors import RunError
from schemas.manifest import verify
from schemas.rows import SCHEMA, schema_of
from schemas.table import count_rows
from tests.test_query import tiny_run

FINGERPRINTS = {1: "0fd1eb029133", 2: "639929c905f4"}  # of the columns of all records, by version


def fingerprint() -> str:
    kinds = [kind for _, kind in sorted(vars(records).items()) if isinstance(kind, type) and is_dataclass(kind)]
    columns = [f"{kind.__name__}.{field.name} {field.type}" for kind in kinds for field in schema_of(kind)]
    return sha256("\n".join(columns).encode()).hexdigest()[:12]


def test_a_change_of_columns_is_a_new_version() -> None:
    assert FINGERPRINTS.get(SCHEMA) == fingerprint(), (
        f"columns have changed: count schemas.rows.SCHEMA on, and write its fingerprint here: {fingerprint()}")


def test_every_shard_and_manifest_says_its_version(real_run: Path) -> None:
    for path in real_run.rglob("*.parquet"):
        told = pq.read_schema(path).metadata
        assert told[b"mathmill.schema"] == str(SCHEMA).encode(), path
        assert told[b"mathmill.record"], path
    assert json.loads((real_run / "run.json").read_text())["schema"] == SCHEMA
    assert json.loads((real_run / "dataset" / "manifest.json").read_text())["schema"] == SCHEMA


def test_a_flipped_byte_of_any_file_is_found(real_run: Path, tmp_path: Path) -> None:
    """Three places of every file that run.json seals, and of each the first and last byte."""
    shutil.copytree(real_run, tmp_path / "run")
    chance = random.Random(0)
    for name in json.loads((real_run / "run.json").read_text())["files"]:
        path = tmp_path / "run" / name
        whole = path.read_bytes()
        for place in {0, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(3))}:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << chance.randrange(8)]) + whole[place + 1:])
            assert any(said.startswith(f"{name}: ") for said in verify(tmp_path / "run")), (name, place)
        path.write_bytes(whole)
    assert verify(tmp_path / "run") == []


def test_a_flipped_byte_of_run_json_is_found(tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run")
    path, chance = run / "run.json", random.Random(0)
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << chance.randrange(8)]) + whole[place + 1:])
        with suppress(RunError):  # no JSON any more, which is found, too
            assert verify(run), (place, whole[place - 20:place + 20])
    path.write_bytes(whole)
    assert verify(run) == []


def test_a_run_of_before_the_seal_verifies(tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run")
    record = json.loads((run / "run.json").read_bytes())
    del record["seal"], record["schema"]
    (run / "run.json").write_text(json.dumps(record))
    assert verify(run) == []


def test_a_missing_shard_and_one_too_many_are_found(tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run")
    shard = run / "problems" / "part-00001.parquet"
    shutil.copy(shard, shard.with_name("part-00009.parquet"))
    assert "problems/part-00009.parquet: not part of the run" in verify(run)
    shard.unlink()
    assert "problems/part-00001.parquet: missing" in verify(run)
    with pytest.raises(RunError, match="missing"):
        count_rows(shard)
