"""Records as Arrow and back: the one place where a field of `schemas.records` becomes a column.

A record type is a dataclass whose fields are `str`, `int`, `float`, `bool`, another such dataclass, or a list of any of
these. Nothing is ever null. `schemas.table` writes what this module builds; `describe` feeds the docs.
"""

import ast
import inspect
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from itertools import accumulate, chain, pairwise, repeat
from operator import attrgetter
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import pyarrow as pa

from schemas.errors import ToolError

R = TypeVar("R")

# Of the columns of all records. Every shard says it; whoever changes a column counts on, and writes down the new
# fingerprint in tests/test_schema.py. Older shards stay readable in the warehouse: a column that they lack is NULL.
SCHEMA = 2

PLAIN: dict[Any, pa.DataType] = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
# Exact types: a bool is no int, a None is nothing.
TAKEN: dict[Any, set[type]] = {str: {str}, int: {int}, float: {float, int}, bool: {bool}}


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a record type, as the docs show it."""

    name: str
    type: str
    comment: str


class _Misfit(Exception):
    """A value that its column cannot hold; `row` and `column` grow as it rises through lists and structs."""

    def __init__(self, column: str, row: int, problem: str) -> None:
        super().__init__(problem)
        self.column, self.row, self.problem = column, row, problem


@cache
def kinds_of(row: Any) -> dict[str, Any]:
    """Field name -> type, in order. Raises `TypeError` for what is no dataclass."""
    if not is_dataclass(row):
        raise TypeError(f"{row!r} is no record type: it must be a dataclass")
    hints = get_type_hints(row)
    return {field.name: hints[field.name] for field in fields(row)}


@cache
def schema_of(row: Any) -> pa.Schema:
    """The Arrow schema of a record type, with its version. Raises `TypeError` for what Parquet should not hold."""
    return pa.schema(list(_arrow(row)), metadata={"mathmill.record": row.__name__, "mathmill.schema": str(SCHEMA)})


def to_table(rows: Sequence[R], row: type[R]) -> pa.Table:
    """Rows of one type as an Arrow table. Raises `ToolError`, with column and row, for a value that does not fit."""
    kind: Any = row
    try:
        _same_type(rows, row)
        return pa.Table.from_arrays(_children(rows, row), schema=schema_of(kind))
    except _Misfit as misfit:
        place = f"{row.__name__}{misfit.column and '.' + misfit.column}, row {misfit.row}"
        mend = "a task made a row that does not fit its type: report this"
        raise ToolError(misfit.problem, where=place, mend=mend) from None


def from_table(table: pa.Table, row: type[R]) -> list[R]:
    """The rows of an Arrow table whose schema is `schema_of(row)`."""
    kind: Any = row
    arrays = [column.combine_chunks() for column in table.columns]
    return _records(row, [_values(array, want) for array, want in zip(arrays, kinds_of(kind).values(), strict=True)])


def describe(row: type) -> list[Column]:
    """Each column's name, type and the comment that its field carries in the source."""
    said = _comments(row)
    return [Column(name, _name(kind), said.get(name, "")) for name, kind in kinds_of(row).items()]


# --- to Arrow


def _arrow(row: type) -> list[pa.Field]:
    return [pa.field(name, _arrow_type(kind), nullable=False) for name, kind in kinds_of(row).items()]


def _arrow_type(kind: Any) -> pa.DataType:
    if kind in PLAIN:
        return PLAIN[kind]
    if get_origin(kind) is list:
        return pa.list_(pa.field("element", _arrow_type(get_args(kind)[0]), nullable=False))
    if is_dataclass(kind):
        return pa.struct(_arrow(kind))  # type: ignore[arg-type]
    raise TypeError(f"a record cannot hold {kind!r}: use str, int, float, bool, a record, or a list of these")


def _children(rows: Sequence[Any], row: Any) -> list[pa.Array]:
    return [_named(name, _array, list(map(attrgetter(name), rows)), kind) for name, kind in kinds_of(row).items()]


def _named(name: str, build: Callable[..., pa.Array], *inputs: Any) -> pa.Array:
    try:
        return build(*inputs)
    except _Misfit as misfit:
        raise _Misfit(f"{name}.{misfit.column}" if misfit.column else name, misfit.row, misfit.problem) from None


def _array(values: list[Any], kind: Any) -> pa.Array:
    if kind in PLAIN:
        return _plain(values, kind)
    if get_origin(kind) is list:
        return _list(values, kind)
    _same_type(values, kind)
    return pa.StructArray.from_arrays(_children(values, kind), fields=_arrow(kind))


def _plain(values: list[Any], kind: Any) -> pa.Array:
    if not set(map(type, values)) <= TAKEN[kind]:
        place = next(i for i, value in enumerate(values) if type(value) not in TAKEN[kind])
        raise _misfit(place, values[place], kind)
    try:
        return pa.array(values, PLAIN[kind])
    except (pa.ArrowException, OverflowError, UnicodeError):
        raise _first_refused(values, kind) from None


def _first_refused(values: list[Any], kind: Any) -> _Misfit:
    for place, value in enumerate(values):
        try:
            pa.array([value], PLAIN[kind])
        except (pa.ArrowException, OverflowError, UnicodeError) as error:
            return _Misfit("", place, f"{value!r:.80} cannot be stored as {kind.__name__}: {error}")
    return _Misfit("", 0, "this shard holds more than 2 GiB in one column")


def _list(values: list[Any], kind: Any) -> pa.Array:
    _same_type(values, list)
    ends = [0, *accumulate(map(len, values))]
    try:
        child = _array(list(chain.from_iterable(values)), get_args(kind)[0])
    except _Misfit as misfit:
        raise _Misfit(misfit.column, bisect_right(ends, misfit.row) - 1, misfit.problem) from None
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), child, type=_arrow_type(kind))


def _same_type(values: Sequence[Any], kind: type) -> None:
    if not set(map(type, values)) <= {kind}:
        place = next(i for i, value in enumerate(values) if type(value) is not kind)
        raise _misfit(place, values[place], kind)


def _misfit(place: int, value: Any, kind: Any) -> _Misfit:
    return _Misfit("", place, f"wants {_name(kind)}, holds {type(value).__name__} {value!r:.80}")


# --- from Arrow


def _values(array: pa.Array, kind: Any) -> list[Any]:
    if kind in PLAIN:
        return array.to_pylist()  # type: ignore[no-any-return]
    if get_origin(kind) is list:
        child = _values(array.values, get_args(kind)[0])
        return [child[start:end] for start, end in pairwise(array.offsets.to_pylist())]
    parts = zip(array.flatten(), kinds_of(kind).values(), strict=True)
    return _records(kind, [_values(part, want) for part, want in parts])


def _records(row: Any, columns: list[list[Any]]) -> list[Any]:
    if "__slots__" not in row.__dict__ or hasattr(row, "__post_init__"):
        return list(map(row, *columns))
    # A frozen dataclass pays a guarded setattr per field; filling the slots by column is twice as fast as __init__.
    made = list(map(row.__new__, repeat(row, len(columns[0]))))
    for name, values in zip(kinds_of(row), columns, strict=True):
        deque(map(row.__dict__[name].__set__, made, values), maxlen=0)
    return made


# --- for the docs


def _name(kind: Any) -> str:
    return f"list[{_name(get_args(kind)[0])}]" if get_origin(kind) is list else str(getattr(kind, "__name__", kind))


def _comments(row: type) -> dict[str, str]:
    lines = inspect.getsource(row).splitlines()
    body = ast.parse(inspect.cleandoc("\n".join(lines))).body[0]
    found = {}
    for node in body.body if isinstance(body, ast.ClassDef) else []:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            rest = lines[(node.end_lineno or 1) - 1].encode()[node.end_col_offset or 0:].decode()
            found[node.target.id] = rest.partition("#")[2].strip()
    return found
