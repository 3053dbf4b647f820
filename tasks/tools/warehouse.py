"""The door to DuckDB: SQL over the tables of all runs and data sets, through the views of `schemas/views.sql`.

Nothing is loaded: views read the Parquet shards where they lie, those of a run in progress too. A view is made when a
question first names it, so that a million rows are open at once. Every view exists even where no run has written its
table, because DuckDB refuses a view over a list of no files: each source starts from an empty table of the declared
type, which also gives an old run's rows the columns that they lack, as NULL. Telemetry, network extensions: none.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.errors import InputError, ParameterError, RunError
from schemas.records import (
    Agreement,
    Brief,
    Claim,
    Concepts,
    Conflict,
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
from schemas.table import replacing
from tasks.tools import shards

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLES = {
    "seeds": Seed, "templates": Template, "variants": Template, "problems": Problem, "solutions": Solution,
    "verdicts": Verdict, "examples": Example, "distinct": Example, "clean": Example, "accepted": Example,
    "conflicts": Conflict,
    "rejections": Rejection,
    "claims": Claim, "agreements": Agreement, "votes": Verdict, "planted": Planted,
    # with a teacher
    "concepts": Concepts, "briefs": Brief, "partial": Template, "unlike": Problem, "opened": Problem, "graded": Problem,
    "revised": Solution, "second_verdicts": Verdict, "rates": SolveRate, "paths": Example,
    "tries": Solution, "try_verdicts": Verdict, "failed": Seed, "selected": Example,
    "more_briefs": Brief, "more_problems": Problem,
}
# Which table a run ends with: the first of these that it has.
LAST = ("selected", "accepted", "clean", "distinct", "paths", "examples")
RUN = {"folder": "VARCHAR", "recipe": "VARCHAR", "run_id": "VARCHAR", "state": "VARCHAR", "size": "BIGINT",
       "seed": "BIGINT", "started": "VARCHAR", "seconds": "DOUBLE", "parameters": "JSON", "manifest": "JSON"}
STEP = {"folder": "VARCHAR", "step": "VARCHAR", "rows_in": "BIGINT", "expected": "BIGINT", "kept": "BIGINT",
        "rejected": "BIGINT", "rules": "JSON", "shards": "BIGINT", "seconds": "DOUBLE"}
CALL = {"folder": "VARCHAR", "step": "VARCHAR", "model": "VARCHAR", "calls": "BIGINT", "hits": "BIGINT",
        "prompt_tokens": "BIGINT", "completion_tokens": "BIGINT", "cost": "DOUBLE"}
DATASET = {"folder": "VARCHAR", "name": "VARCHAR", "recipe": "VARCHAR", "run_id": "VARCHAR", "rows": "BIGINT",
           "manifest": "JSON"}
PUBLISHED = "published"  # the source of all data sets' rows
SCHEMAS = Path(__file__).parents[2] / "schemas"
VIEW = re.compile(r"CREATE VIEW (\w+) AS\n(.*?);\n", re.DOTALL)
ABOUT_ALL = {"show", "duckdb_views", "duckdb_tables", "duckdb_columns", "information_schema", "summarize"}
# Where a shard's run is, and a data set's file its folder and split: a constant a file, worked out once and not a row.
PLACE = r"regexp_replace(filename, '/[^/]+/[^/]+$', '') AS folder"
PUBLISHED_PLACE = (r"regexp_replace(filename, '(/data)?/[^/]+$', '') AS folder, "
                   r"regexp_extract(filename, '([A-Za-z_]+)[^/]*$', 1) AS split")


@dataclass(frozen=True)
class Answer:
    """What a question gave: column names, and the rows, read as they are asked for."""

    columns: list[str]
    rows: Iterator[tuple[Any, ...]]


def views() -> dict[str, str]:
    """Every view of `schemas/views.sql` and its query, in order."""
    return dict(VIEW.findall((SCHEMAS / "views.sql").read_text()))


def questions() -> dict[str, Path]:
    """The questions that have a name, `schemas/questions/*.sql`; the first line of each says what it asks."""
    return {path.stem: path for path in sorted((SCHEMAS / "questions").glob("*.sql"))}


class Warehouse:
    """The runs and data sets under `folders` (each one itself, or a folder of them) as a database in memory."""

    def __init__(self, folders: Iterable[Path]) -> None:
        folders = list(folders)
        self.runs = sorted({run for folder in folders for run in shards.run_folders(folder, TABLES)})
        self.datasets = sorted({place for folder in folders for place in shards.dataset_folders(folder, self.runs)})
        self.manifests = {folder: shards.manifest_of(folder) for folder in self.runs}
        self._views, self._made = views(), set[str]()
        self._db = _connect()
        self._db.execute("CREATE SCHEMA source")

    def ask(self, sql: str, values: Sequence[object] = ()) -> Answer:
        """Runs one SQL query; `?` in it stands for `values`.

        Raises `ParameterError` with DuckDB's own words, `RunError` for a shard that cannot be read.
        """
        self._make(sql)
        with self._answering():
            cursor = self._db.cursor().execute(sql, list(values))  # its own: a later question must not end it
            if not cursor or not cursor.description:
                raise ParameterError("this asks nothing", where="query", mend="write a SELECT")
            return Answer([column[0] for column in cursor.description], self._rows(cursor))

    def write(self, sql: str, path: Path) -> int:
        """The rows of one query as a Parquet file, whole or not at all; how many.

        Raises as `ask` does, and `StorageError`.
        """
        self._make(sql)
        with replacing(path) as half, self._answering():
            copy = f"COPY ({sql.strip().rstrip(';')}) TO {quoted(half)} (FORMAT parquet, COMPRESSION zstd)"
            ((rows,),) = self._db.execute(copy).fetchall()
        return int(rows)

    def views(self) -> list[str]:
        """Names of the views."""
        return list(self._views)

    def empty(self, table: str, row: type) -> str:
        """Makes the empty table that a source starts from; its SQL."""
        self._db.register("empty", schema_of(row).empty_table())
        self._db.execute(f"CREATE TABLE source.{table}_none AS FROM empty")
        self._db.unregister("empty")
        made = self._db.execute("SELECT sql FROM duckdb_tables() WHERE table_name = ?", [f"{table}_none"]).fetchall()
        return str(made[0][0])

    def files(self, table: str) -> list[list[Path]]:
        """The Parquet files of a source, those with the same columns together."""
        if table == PUBLISHED:
            return shards.alike(map(shards.dataset_files, self.datasets), [False] * len(self.datasets))
        found = [shards.shards_of(folder, table) for folder in self.runs]
        return shards.alike(found, map(shards.is_sealed, self.manifests.values()))

    def _make(self, sql: str) -> None:
        """Makes the views that a query names, and what they are made from."""
        words = set(re.findall(r"\w+", sql.lower()))
        for view in self._views if words & ABOUT_ALL else [view for view in self._views if view in words]:
            if view not in self._made:
                self._made.add(view)
                self._make(re.sub(r"source\.\w+", "", self._views[view]))
                self._sources(self._views[view])
                with self._answering():
                    self._db.execute(f"CREATE VIEW {view} AS {self._views[view]}")
        self._sources(sql)

    def _sources(self, sql: str) -> None:
        for table in re.findall(r"source\.(\w+)", sql):
            if f"source.{table}" not in self._made:
                self._made.add(f"source.{table}")
                self._source(table)

    def _source(self, table: str) -> None:
        facts: dict[str, tuple[Mapping[str, str], Iterable[list[object]]]] = {
            "runs": (RUN, (_run_row(str(folder), noted) for folder, noted in self.manifests.items())),
            "steps": (STEP, chain.from_iterable(_step_rows(str(run), noted) for run, noted in self.manifests.items())),
            "calls": (CALL, chain.from_iterable(_call_rows(str(run), noted) for run, noted in self.manifests.items())),
            "datasets": (DATASET, map(_dataset_row, self.datasets))}
        if table in facts:
            self._add_facts(table, *facts[table])
        elif table == PUBLISHED or table in TABLES:
            self._add_table(table, TABLES.get(table, Example))

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
            if named := next((run for run in [*self.runs, *self.datasets] if str(run) in said), None):
                raise RunError(f"a shard cannot be read: {said}", where=str(named), mend=UNREADABLE) from error
            raise ParameterError(f"DuckDB cannot answer this: {said}", where="query",
                                 mend=f"views: {', '.join(self.views())}; DESCRIBE shows their columns") from error

    def _add_facts(self, table: str, columns: Mapping[str, str], rows: Iterable[list[object]]) -> None:
        declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        self._db.execute(f"CREATE TABLE source.{table} ({declared})")
        if found := list(rows):
            self._db.executemany(f"INSERT INTO source.{table} VALUES ({', '.join('?' * len(columns))})", found)

    def _add_table(self, table: str, row: type) -> None:
        self.empty(table, row)
        parts = [f"read_parquet([{', '.join(map(quoted, paths))}], filename = true)" for paths in self.files(table)]
        with self._answering():
            self._db.execute(f"CREATE VIEW source.{table} AS {source(table, parts)}")


UNREADABLE = ("`mathmill verify-run` on its run says which files have changed; delete a damaged shard and repeat the "
              "run's command: it is made again")


def source(table: str, parts: Iterable[str]) -> str:
    """The query of a source: its empty table, and rows of Parquet files with the folder of their run or data set."""
    own, nothing = (PUBLISHED_PLACE, ", NULL::VARCHAR AS split") if table == PUBLISHED else (PLACE, "")
    none = f"SELECT *, NULL::VARCHAR AS folder{nothing} FROM source.{table}_none"
    return " UNION ALL BY NAME ".join([none, *(f"SELECT * EXCLUDE (filename), {own} FROM {part}" for part in parts)])


def quoted(path: Path | str) -> str:
    """`path` as an SQL text that DuckDB does not take for a pattern."""
    plain = "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))
    return "'" + plain.replace("'", "''") + "'"


def run_folders(folder: Path) -> list[Path]:
    """The runs in `folder`: itself, or its children and grandchildren (`data/runs/<recipe>/<run id>`)."""
    return shards.run_folders(folder, TABLES)


def named_rows(path: Path) -> tuple[Iterator[dict[str, Any]], list[str]]:
    """The rows of a Parquet file, or of a data set's folder, and its columns, read with DuckDB.

    Raises `InputError` for a folder without Parquet files, and for a file that is no Parquet, is empty or mixed.
    """
    import duckdb

    files = shards.dataset_files(path) if path.is_dir() else [path]
    if not files:
        raise InputError("holds no Parquet file", where=str(path), mend="give a Parquet file, or a folder of them")
    try:
        found = _connect().execute(f"FROM read_parquet([{', '.join(map(quoted, files))}], union_by_name = true)")
        columns = [column[0] for column in found.description or []]
        if (first := found.fetchone()) is None:
            raise InputError("holds no rows", where=str(path), mend="give a file with at least one row")
    except duckdb.Error as error:
        raise InputError(f"not a sound Parquet file: {str(error).splitlines()[0]}", where=str(path),
                         mend="copy or make it again; files of one folder must have columns that agree") from error
    return _dicts(found, columns, first), columns


def _dicts(found: "DuckDBPyConnection", columns: list[str], first: tuple[Any, ...]) -> Iterator[dict[str, Any]]:
    yield dict(zip(columns, first, strict=True))
    while rows := found.fetchmany(1000):
        yield from (dict(zip(columns, row, strict=True)) for row in rows)


def _run_row(folder: str, noted: Mapping[str, Any]) -> list[object]:
    given = noted.get("parameters", {})
    plain = [noted.get(name) for name in ("recipe", "run_id", "state")]
    return [folder, *plain, given.get("size"), noted.get("seed"), noted.get("started"), noted.get("seconds"),
            json.dumps(given), json.dumps(noted)]


def _step_rows(folder: str, noted: Mapping[str, Any]) -> list[list[object]]:
    return [[folder, name, *(step.get(key) for key in ("rows_in", "expected", "kept", "rejected")),
             json.dumps(step.get("rules", {})), step.get("shards"), step.get("seconds")]
            for name, step in noted.get("steps", {}).items()]


def _call_rows(folder: str, noted: Mapping[str, Any]) -> list[list[object]]:
    return [[folder, *(row.get(name) for name in list(CALL)[1:])] for row in noted.get("notes", {}).get("calls", [])]


def _dataset_row(folder: Path) -> list[object]:
    told: Any = {}
    with suppress(OSError, ValueError):  # a data set of others has none, or another
        told = json.loads((folder / shards.CARDED).read_bytes())
    told = told if isinstance(told, dict) else {}
    return [str(folder), told.get("name", folder.name), told.get("recipe", ""), told.get("run_id", ""),
            told.get("rows"), json.dumps(told)]


def _connect() -> "DuckDBPyConnection":
    import duckdb

    offline: dict[str, Any] = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    return duckdb.connect(":memory:", config=offline)
