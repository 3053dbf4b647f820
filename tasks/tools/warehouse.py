"""The door to DuckDB: SQL over the tables of all runs, through the views of `schemas/views.sql`.

Nothing is loaded: views read the Parquet shards where they lie, those of a run in progress too. Every view exists even
where no run has written its table, because DuckDB refuses a view over a list of no files: each source starts from an
empty table of the declared type. Telemetry, extensions from the network: none.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.errors import ParameterError, RunError
from schemas.records import Example, Problem, Rejection, Seed, Solution, Template, Verdict
from schemas.rows import schema_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLES = {
    "seeds": Seed, "templates": Template, "problems": Problem, "solutions": Solution, "verdicts": Verdict,
    "examples": Example, "distinct": Example, "clean": Example, "rejections": Rejection,
}
RUN_COLUMNS = {"folder": "VARCHAR", "recipe": "VARCHAR", "run_id": "VARCHAR", "state": "VARCHAR", "size": "BIGINT",
               "seed": "BIGINT", "parameters": "JSON", "counts": "JSON", "manifest": "JSON"}
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
        self._add_runs()
        for table, row in TABLES.items():
            self._add_table(table, row)
        self._db.execute(VIEWS.read_text())

    def ask(self, sql: str, values: Sequence[object] = ()) -> Answer:
        """Runs one SQL query; `?` in it stands for `values`. Raises `ParameterError` with DuckDB's own words."""
        import duckdb

        try:
            cursor = self._db.execute(sql, list(values))
            return Answer([column[0] for column in cursor.description or ()], _fetch(cursor))
        except duckdb.Error as error:
            said = "\n  ".join(line for line in str(error).splitlines() if line.strip())
            raise ParameterError(f"DuckDB cannot answer this: {said}", where="query",
                                 mend=f"views: {', '.join(self.views())}; see their columns with DESCRIBE") from error

    def views(self) -> list[str]:
        """Names of the views."""
        ours = "NOT internal AND schema_name = 'main'"
        found = self._db.execute(f"SELECT view_name FROM duckdb_views() WHERE {ours} ORDER BY view_oid").fetchall()
        return [name for (name,) in found]

    def _add_runs(self) -> None:
        columns = ", ".join(f"{name} {kind}" for name, kind in RUN_COLUMNS.items())
        self._db.execute(f"CREATE TABLE source.runs ({columns})")
        if rows := [_run_row(folder) for folder in self.runs]:
            self._db.executemany(f"INSERT INTO source.runs VALUES ({', '.join('?' * len(RUN_COLUMNS))})", rows)

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
    return (folder / "run.json").is_file() or any((folder / table).is_dir() for table in TABLES)


def _run_row(folder: Path) -> list[object]:
    try:
        noted = json.loads((folder / "run.json").read_text())
    except FileNotFoundError:
        noted = {}  # tables without a run around them: `mathmill lift --out` of an older day, or a copied folder
    except ValueError as error:
        raise RunError(f"is not JSON: {error}", where=str(folder / "run.json"), mend="take this folder away") from error
    given = noted.get("parameters", {})
    return [str(folder), noted.get("recipe", ""), noted.get("run_id", folder.name), noted.get("state", ""),
            given.get("size"), given.get("seed"), json.dumps(given), json.dumps(noted.get("counts", {})),
            json.dumps(noted)]


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


def _fetch(cursor: "DuckDBPyConnection", batch: int = 1000) -> Iterator[tuple[Any, ...]]:
    while rows := cursor.fetchmany(batch):
        yield from rows


def _quoted(path: Path) -> str:
    """`path` as an SQL text that DuckDB does not take for a pattern."""
    plain = "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))
    return "'" + plain.replace("'", "''") + "'"
