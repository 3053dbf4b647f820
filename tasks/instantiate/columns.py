"""A program over many rows at once, exactly: one list of values a name, the language's own operations mapped over it.

For the twenty or so rows that a template usually gives, this costs less than writing and compiling a function would.
What it cannot do (branches, and/or) it leaves to `compile_program`, row by row.
"""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from typing import Any, cast

from tasks.tools.arithmetic import BIG, FUNCTIONS, ExpressionError, power, quotient, settle
from tasks.tools.expressions import Step, Value, compile_program, lines, parse_program

Column = Sequence[Any]
BINARY: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod, ast.Div: quotient, ast.Pow: power}
WHOLE = {int}


Operation = tuple[Callable[..., Any], int, tuple[int, ...]]  # function, target register, source registers


class _Branch(Exception):
    """An expression whose rows part ways, which columns cannot follow."""


class Columns:
    """One program, flattened into operations on registers, step by step."""

    def __init__(self, source: str, steps: Sequence[Step] | None = None) -> None:
        self.source = source
        self.registers: list[Any] = []
        self.reads: dict[str, int] = {}
        self.steps: list[tuple[str, list[Operation], int]] = []
        self.operations: list[Operation] = []
        places: dict[str, int] = {}
        self.flat = True
        try:
            for step in steps or parse_program(source):
                self.operations = []
                places[step.name] = self._flatten(step.tree, places)
                self.steps.append((step.name, self.operations, places[step.name]))
        except (_Branch, ValueError, ArithmeticError, TypeError, AttributeError):
            self.flat = False  # a branch, or constants without a value: said row by row

    def run(self, given: Mapping[str, Column], rows: int) -> dict[str, Column]:
        """Every name's column. Raises ExpressionError as soon as one row has no value."""
        if not self.flat:
            return self._by_row(given, rows)
        cells = self.registers.copy()
        try:
            for name, place in self.reads.items():
                cells[place] = given[name]
            return {name: self._step(cells, operations, place, rows) for name, operations, place in self.steps}
        except ExpressionError:
            raise
        except KeyError as error:
            raise ExpressionError(f"no value for `{error.args[0]}`") from None
        except ZeroDivisionError:
            raise ExpressionError("division by zero") from None
        except (TypeError, ValueError, AttributeError, OverflowError, MemoryError) as error:
            raise ExpressionError(f"no value: {error}") from None

    def _step(self, cells: list[Any], operations: list[Operation], place: int, rows: int) -> Column:
        for function, target, sources in operations:
            cells[target] = list(map(function, *[cells[source] for source in sources]))
        column = cells[place]
        if isinstance(column, repeat):
            return [next(column)] * rows
        if rows and (set(map(type, column)) != WHOLE or max(column) >= BIG or min(column) <= -BIG):
            column = cells[place] = list(map(settle, column))
        return cast(Column, column)

    def _by_row(self, given: Mapping[str, Column], rows: int) -> dict[str, Column]:
        program = compile_program(self.source)
        made = [program({name: column[row] for name, column in given.items()}) for row in range(rows)]
        return {name: [row[name] for row in made] for name in dict.fromkeys(name for name, _ in lines(self.source))}

    def _constant(self, value: object) -> int:
        self.registers.append(repeat(value))
        return len(self.registers) - 1

    def _emit(self, function: Callable[..., Any], *sources: int) -> int:
        constants = [self.registers[source] for source in sources]
        if all(isinstance(constant, repeat) for constant in constants):
            return self._constant(settle(function(*map(next, constants))))
        self.registers.append(None)
        self.operations.append((function, len(self.registers) - 1, sources))
        return len(self.registers) - 1

    def _read(self, name: str, places: dict[str, int]) -> int:
        if name not in places:
            self.registers.append(None)
            places[name] = self.reads[name] = len(self.registers) - 1
        return places[name]

    def _flatten(self, tree: ast.expr, places: dict[str, int]) -> int:
        match tree:
            case ast.Name(id=name):
                return self._read(name, places)
            case ast.Constant(value=value):
                return self._constant(value)
            case ast.BinOp(left=left, op=op, right=right):
                return self._emit(BINARY[type(op)], self._flatten(left, places), self._flatten(right, places))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._emit(operator.neg, self._flatten(operand, places))
            case ast.Tuple(elts=parts):
                return self._emit(_tuple, *[self._flatten(part, places) for part in parts])
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._emit(FUNCTIONS[name], *[self._flatten(argument, places) for argument in arguments])
        raise _Branch


def _tuple(*parts: Value) -> tuple[Value, ...]:
    return parts
