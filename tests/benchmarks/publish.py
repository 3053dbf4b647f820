"""How much goes up when a data set is published again, by LFS and by Xet: `python -m tests.benchmarks.publish RUN`.

The real clients against ScriptedHub; by Xet, what counts is what its store grew by.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.records import Example
from schemas.rows import from_table
from schemas.table import write_file, write_shard
from tests.conftest import ROOT
from tests.fake_hub import TOKEN, ScriptedHub

BATCHES = 10


def main(run: Path) -> None:
    """Prints the bytes that go up for each kind of change."""
    rows = pa.concat_tables(pq.read_table(path) for path in sorted((run / "dataset" / "data").glob("train-*.parquet")))
    for way in ("LFS", "Xet"):
        with tempfile.TemporaryDirectory() as name:
            _measure(way, rows, Path(name))


def _measure(way: str, rows: pa.Table, folder: Path) -> None:
    store, grown = folder / "store", folder / "set"
    store.mkdir()
    step = len(rows) // BATCHES
    with ScriptedHub(xet=store if way == "Xet" else None) as hub:
        def stored() -> int:
            return hub.sent + sum(path.stat().st_size for path in store.rglob("xorbs/default.*"))

        def told(what: str, change: Callable[[], None]) -> None:
            before = stored()
            change()
            _publish(grown, folder, hub, way)
            total = sum(blob.size for name, blob in hub.repos["user/set"].files.items() if name.endswith(".parquet"))
            print(f"{way}  {what:<28} {stored() - before:>12,} of {total:>12,} bytes", flush=True)

        told(f"{BATCHES - 1} batches, first time", lambda: [
            _grow(grown, number, rows.slice(number * step, step)) for number in range(BATCHES - 1)].clear())
        told("again", lambda: None)
        told("one batch more", lambda: _grow(grown, BATCHES - 1, rows.slice((BATCHES - 1) * step, step)))
        told("one row flagged", lambda: _flag(grown, str(rows["id"][step // 2])))


def _grow(folder: Path, number: int, rows: pa.Table) -> None:
    account = {"run": f"gone/{number:016x}", "brought": len(rows), "added": len(rows), "seed": number}
    write_file(folder / f"part-{number:05d}.json", json.dumps(account).encode())
    write_shard(folder / f"part-{number:05d}.parquet", from_table(rows.combine_chunks(), Example), Example)


def _flag(folder: Path, record: str) -> None:
    write_file(folder.with_name(f"{folder.name}.flags.json"), json.dumps({record: "odd"}).encode())


def _publish(grown: Path, folder: Path, hub: ScriptedHub, way: str) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HUB_OFFLINE": "0",
           "HF_HOME": str(folder / "home"), "HF_HUB_DISABLE_XET": "0" if way == "Xet" else "1"}
    subprocess.run([sys.executable, "-m", "flows", "publish", str(grown), "--repo", "user/set", "--without-flagged"],
                   env=env, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
