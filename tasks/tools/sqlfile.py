"""The views as one SQL file that anybody loads in a DuckDB of their own: absolute globs, so later runs are seen too.

What the warehouse knows from run.json files is read here by DuckDB itself.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from schemas.records import Example
from tasks.tools import shards
from tasks.tools.warehouse import PUBLISHED, TABLES, Warehouse, quoted, run_folders, source, views

FACTS = """
CREATE VIEW source.runs AS
SELECT regexp_replace(filename, '/run.json$', '') AS folder, m->>'recipe' AS recipe, m->>'run_id' AS run_id,
       m->>'state' AS state, CAST(m->'parameters'->>'size' AS BIGINT) AS size, CAST(m->>'seed' AS BIGINT) AS seed,
       m->>'started' AS started, CAST(m->>'seconds' AS DOUBLE) AS seconds, m->'parameters' AS parameters, m AS manifest
FROM (SELECT filename, CAST(content AS JSON) AS m FROM {runs});

CREATE VIEW source.steps AS
SELECT folder, step, CAST(s->>'rows_in' AS BIGINT) AS rows_in, CAST(s->>'expected' AS BIGINT) AS expected,
       CAST(s->>'kept' AS BIGINT) AS kept, CAST(s->>'rejected' AS BIGINT) AS rejected, s->'rules' AS rules,
       CAST(s->>'shards' AS BIGINT) AS shards, CAST(s->>'seconds' AS DOUBLE) AS seconds
FROM (SELECT folder, step, json_extract(manifest, '$.steps."' || step || '"') AS s
      FROM (SELECT folder, manifest, unnest(json_keys(manifest, '$.steps')) AS step FROM source.runs));

CREATE VIEW source.calls AS
SELECT folder, c->>'step' AS step, c->>'model' AS model, CAST(c->>'calls' AS BIGINT) AS calls,
       CAST(c->>'hits' AS BIGINT) AS hits, CAST(c->>'prompt_tokens' AS BIGINT) AS prompt_tokens,
       CAST(c->>'completion_tokens' AS BIGINT) AS completion_tokens, CAST(c->>'cost' AS DOUBLE) AS cost
FROM (SELECT folder, unnest(CAST(manifest->'notes'->'calls' AS JSON[])) AS c FROM source.runs);

CREATE VIEW source.datasets AS
SELECT regexp_replace(filename, '/manifest.json$', '') AS folder, m->>'name' AS name, m->>'recipe' AS recipe,
       m->>'run_id' AS run_id, CAST(m->>'rows' AS BIGINT) AS rows, m AS manifest
FROM (SELECT filename, CAST(content AS JSON) AS m FROM {datasets});
"""
NOTHING = "(SELECT NULL::VARCHAR AS filename, NULL::VARCHAR AS content WHERE false)"


def sql_file(folders: Iterable[Path]) -> str:
    """The text of the file. Raises `RunError` for a damaged shard."""
    return "\n".join(_statements([folder.resolve() for folder in folders]))


def _statements(folders: list[Path]) -> Iterator[str]:
    warehouse = Warehouse(folders)
    yield "-- Written by `mathmill query --sql-file`. In DuckDB: .read THIS_FILE, then SELECT … FROM examples.\n"
    yield "CREATE SCHEMA source;"
    yield FACTS.format(runs=_texts(_globs(folders, "run.json")), datasets=_texts(_datasets(folders, "manifest.json")))
    for table, row in {**TABLES, PUBLISHED: Example}.items():
        yield warehouse.empty(table, row)
        globs = _datasets(folders, "data/*.parquet") if table == PUBLISHED else _globs(folders, _shards(table))
        read = [f"read_parquet([{', '.join(globs)}], filename = true, union_by_name = true)"] if globs else []
        yield f"CREATE VIEW source.{table} AS {source(table, read)};"
    yield from (f"\nCREATE VIEW {view} AS\n{query};" for view, query in views().items())


def _shards(table: str) -> str:
    return "*.rejected/part-*.parquet" if table == "rejections" else f"{table}/part-*.parquet"


def _globs(folders: Iterable[Path], files: str) -> list[str]:
    """Patterns, as SQL texts, that find these files of every run; only those that find one now."""
    found = []
    for folder in folders:
        at = ("",) if folder in run_folders(folder) else tuple(f"{pattern}/" for pattern in shards.PATTERNS)
        found += [_pattern(folder, at_run + files) for at_run in at if any(folder.glob(at_run + files))]
    return found


def _datasets(folders: Iterable[Path], files: str) -> list[str]:
    own = [_pattern(folder, at + files) for folder in folders for at in ("", "*/", "*/*/")
           if not run_folders(folder) and any(folder.glob(at + files))]
    return [*_globs(folders, f"{shards.DATASET}/{files}"), *own]


def _pattern(folder: Path, files: str) -> str:
    return f"{quoted(folder)[:-1]}/{files}'"


def _texts(globs: list[str]) -> str:
    return f"read_text([{', '.join(globs)}])" if globs else NOTHING
