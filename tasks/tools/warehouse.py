"""The door to DuckDB: SQL over the tables of all runs, through the views of `schemas/views.sql`.

Nothing is loaded: views read the Parquet shards where they lie, those of a run in progress too. Every view exists even
where no run has written its table, because DuckDB refuses a view over a list of no files: each source starts from an
empty table of the declared type. Telemetry, extensions from the network: none.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.errors import ParameterError, RunError
from schemas.manifest import MANIFEST, read_manifest
from schemas.records import (
    Agreement,
    Brief,
    Claim,
    Concepts,
    Example,
    Planted,
    Problem,
    Rejection,
    Seed,
    Solution,
    SolveRate,
    Template,
    Verdict,
)
from schemas.rows import schema_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLES = {
    "seeds": Seed, "templates": Template, "variants": Template, "problems": Problem, "solutions": Solution,
    "verdicts": Verdict, "examples": Example, "distinct": Example, "clean": Example, "accepted": Example,
    "rejections": Rejection,
    "claims": Claim, "agreements": Agreement, "votes": Verdict, "planted": Planted,
    # with a teacher
    "concepts": Concepts, "briefs": Brief, "partial": Template, "unlike": Problem, "opened": Problem, "graded": Problem,
    "revised": Solution, "second_verdicts": Verdict, "rates": SolveRate, "paths": Example,
    "tries": Solution, "try_verdicts": Verdict, "failed": Seed, "more_briefs": Brief, "more_problems": Problem,
}
RUN = {"folder": "VARCHAR", "recipe": "VARCHAR", "run_id": "VARCHAR", "state": "VARCHAR", "size": "BIGINT",
       "seed": "BIGINT", "started": "VARCHAR", "seconds": "DOUBLE", "parameters": "JSON", "manifest": "JSON"}
STEP = {"folder": "VARCHAR", "step": "VARCHAR", "rows_in": "BIGINT", "expected": "BIGINT", "kept": "BIGINT",
        "rejected": "BIGINT", "rules": "JSON", "shards": "BIGINT", "seconds": "DOUBLE"}
VIEWS = Path(__file__).parents[2] / "schemas" / "views.sql"


@dataclass(frozen=True)
class Answer:
    """What a question gave: column names, and the rows, read as they are asked for."""

    columns: list[str]
    rows: Iterator[tuple[Any, ...]]


class Warehouse:
    """The runs under `folders`, each a run's folder or a folder of runs, as a database in memory."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.runs = sorted({run for folder in folders for run in run_folders(folder)})
        self._db = _connect()
        self._db.execute("CREATE SCHEMA source")
        manifests = {str(folder): _manifest(folder) for folder in self.runs}
        self._add_facts("runs", RUN, [_run_row(folder, noted) for folder, noted in manifests.items()])
        steps = (_step_rows(folder, noted) for folder, noted in manifests.items())
        self._add_facts("steps", STEP, list(chain.from_iterable(steps)))
        for table, row in TABLES.items():
            self._add_table(table, row)
        self._db.execute(VIEWS.read_text())

    def ask(self, sql: str, values: Sequence[object] = ()) -> Answer:
        """Runs one SQL query; `?` in it stands for `values`. Raises `ParameterError` with DuckDB's own words."""
        with self._answering():
            cursor = self._db.execute(sql, list(values))
            if not cursor or not cursor.description:
                raise ParameterError("this asks nothing", where="query", mend="write a SELECT")
            return Answer([column[0] for column in cursor.description], self._rows(cursor))

    def views(self) -> list[str]:
        """Names of the views."""
        ours = "NOT internal AND schema_name = 'main'"
        found = self._db.execute(f"SELECT view_name FROM duckdb_views() WHERE {ours} ORDER BY view_oid").fetchall()
        return [name for (name,) in found]

    def _rows(self, cursor: "DuckDBPyConnection", batch: int = 1000) -> Iterator[tuple[Any, ...]]:
        with self._answering():
            while rows := cursor.fetchmany(batch):
                yield from rows

    @contextmanager
    def _answering(self) -> Iterator[None]:
        import duckdb

        try:
            yield
        except duckdb.Error as error:
            said = "\n  ".join(line for line in str(error).splitlines() if line.strip())
            raise ParameterError(f"DuckDB cannot answer this: {said}", where="query",
                                 mend=f"views: {', '.join(self.views())}; DESCRIBE shows their columns") from error

    def _add_facts(self, table: str, columns: Mapping[str, str], rows: list[list[object]]) -> None:
        declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        self._db.execute(f"CREATE TABLE source.{table} ({declared})")
        if rows:
            self._db.executemany(f"INSERT INTO source.{table} VALUES ({', '.join('?' * len(columns))})", rows)

    def _add_table(self, table: str, row: type) -> None:
        self._db.register("empty", schema_of(row).empty_table())
        self._db.execute(f"CREATE TABLE source.{table}_none AS FROM empty")
        self._db.unregister("empty")
        source = f"SELECT *, NULL::VARCHAR AS folder FROM source.{table}_none"
        if shards := [shard for folder in self.runs for shard in shards_of(folder, table)]:
            listed = ", ".join(_quoted(shard) for shard in shards)
            # A constant a file, so DuckDB works it out once a file and not once a row.
            folder = r"regexp_replace(filename, '/[^/]+/[^/]+$', '')"
            source += (f" UNION ALL BY NAME SELECT * EXCLUDE (filename), {folder} AS folder "
                       f"FROM read_parquet([{listed}], union_by_name = true, filename = true)")
        with _whole_shards():
            self._db.execute(f"CREATE VIEW source.{table} AS {source}")


def run_folders(folder: Path) -> list[Path]:
    """The runs in `folder`: itself, or its children and grandchildren (`data/runs/<recipe>/<run id>`)."""
    folder = folder.resolve()
    if _is_run(folder):
        return [folder]
    return [place for pattern in ("*", "*/*") for place in sorted(folder.glob(pattern)) if _is_run(place)]


def shards_of(folder: Path, table: str) -> list[Path]:
    """The finished shards of one table of a run; for `rejections`, those of every table."""
    tables = sorted(folder.glob("*.rejected")) if table == "rejections" else [folder / table]
    return [shard for place in tables for shard in sorted(place.glob("part-*.parquet"))]


def _is_run(folder: Path) -> bool:
    return (folder / MANIFEST).is_file() or any((folder / table).is_dir() for table in TABLES)


def _manifest(folder: Path) -> dict[str, Any]:
    if (folder / MANIFEST).exists():
        return read_manifest(folder)
    return {"recipe": "", "run_id": folder.name}  # tables without a run around them: somebody's copy


def _run_row(folder: str, noted: Mapping[str, Any]) -> list[object]:
    given = noted.get("parameters", {})
    plain = [noted.get(name) for name in ("recipe", "run_id", "state")]
    return [folder, *plain, given.get("size"), noted.get("seed"), noted.get("started"), noted.get("seconds"),
            json.dumps(given), json.dumps(noted)]


def _step_rows(folder: str, noted: Mapping[str, Any]) -> list[list[object]]:
    return [[folder, name, *(step.get(key) for key in ("rows_in", "expected", "kept", "rejected")),
             json.dumps(step.get("rules", {})), step.get("shards"), step.get("seconds")]
            for name, step in noted.get("steps", {}).items()]


def _connect() -> "DuckDBPyConnection":
    import duckdb

    offline: dict[str, Any] = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    return duckdb.connect(":memory:", config=offline)


@contextmanager
def _whole_shards() -> Iterator[None]:
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise RunError(f"a shard cannot be read: {error}",
                       mend="delete it and repeat its run's command: it is made again") from error


def _quoted(path: Path) -> str:
    """`path` as an SQL text that DuckDB does not take for a pattern."""
    plain = "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))
    return "'" + plain.replace("'", "''") + "'"
