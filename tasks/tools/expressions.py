"""The small exact language of programs and conditions: Python's syntax, checked against an allow-list, compiled once.

Nothing is evaluated unchecked: an expression is parsed with `ast`, every node must be one that `emit` knows, and the
Python written from the checked tree runs with the functions of `arithmetic` and no builtins. `/` is exact. A program is
one `name = expression` a line whose last line sets `answer`; it is ordinary Python too, given Fractions and those
functions. Division by zero, huge powers and values, broken numbers where whole ones are needed: `ExpressionError`,
never a hang.
"""

import ast
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import accumulate
from types import CodeType
from typing import NamedTuple, TypeVar, cast

from tasks.tools.arithmetic import BIG, FUNCTIONS, ExpressionError, Number, Text, plain, power, quotient, settle

__all__ = ["FUNCTIONS", "ExpressionError", "Number", "Program", "Text", "Value", "compile_program", "evaluate",
           "lines", "parse_expression", "parse_program", "parse_step", "plain", "variables"]

Value = Number | str | bool | tuple["Value", ...]  # str: a `Text`, or a slot's word
Program = Callable[[Mapping[str, Value]], dict[str, Value]]

T = TypeVar("T")

# The names in written code: words without a leading "_" that are neither keywords nor inside quotes.
NAME = re.compile(r"(?<!\w)[A-Za-z]\w*")
TEXT = re.compile(r"'[^']*'|var=")
KEYWORDS = frozenset({"and", "or", "not", "if", "else"})

MAX_TEXT = 8_000  # characters of one program or expression
MAX_DEPTH = 150  # Python itself reads 200 brackets inside one another
MAX_CODE = 6_000  # characters of one expression's Python: with BIG this bounds what one line can compute

BINARY: dict[type[ast.AST], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Mod: "%"}
COMPARE: dict[type[ast.AST], str] = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">",
                                     ast.GtE: ">="}
UNARY: dict[type[ast.AST], str] = {ast.USub: "-", ast.UAdd: "+", ast.Not: "not "}
RESERVED = frozenset(FUNCTIONS) | {"program", "given"}
# Names that written code uses start with "_", which no name of the language does.
SCOPE: dict[str, object] = {**{f"_{name}": function for name, function in FUNCTIONS.items()}, "_quotient": quotient,
                            "_power": power, "_settle": settle, "_int": int, "_big": BIG, "__builtins__": {}}


class Step(NamedTuple):
    """One checked line of a program: what it sets, its tree, the Python to run, and the names that it reads."""

    name: str
    tree: ast.expr
    code: str
    reads: frozenset[str]


def parse_expression(text: str) -> ast.expr:
    """The checked tree of one expression. Raises ExpressionError for anything outside the language."""
    return parse_step(text).tree


@lru_cache(maxsize=1 << 14)  # templates share most of their conditions: is_int(r1), r2 > 0
def parse_step(text: str) -> Step:
    """One expression as a step without a name. Raises ExpressionError for anything outside the language."""
    tree = _parse(text.strip(), "eval")
    assert isinstance(tree, ast.Expression)
    return _step("", tree.body, text)


def parse_program(source: str) -> list[Step]:
    """The checked lines of a program. Raises ExpressionError, naming the line."""
    if len(source) > MAX_TEXT:
        raise ExpressionError(f"a program is longer than {MAX_TEXT:,} characters")
    steps: list[Step] = []
    for number, line in enumerate(source.splitlines(), 1):
        if line.strip():
            try:
                steps.append(_parse_line(line.strip()))
            except ExpressionError as error:
                raise ExpressionError(f"line {number}: {error}") from None
    if not steps or steps[-1].name != "answer":
        raise ExpressionError("a program's last line sets `answer`")
    return steps


@lru_cache(maxsize=1 << 14)  # templates share many of their lines: r1 = n1 * n2
def _parse_line(line: str) -> Step:
    tree = _parse(line, "exec")
    match tree:
        case ast.Module(body=[ast.Assign(targets=[ast.Name(id=name)], value=value)]):
            check_name(name)
            return _step(name, value, line)
    raise ExpressionError(f"`{line[:80]}` is not `name = expression`")


def lines(source: str) -> list[tuple[str, str]]:
    """(name, expression text) of each line of a program."""
    return [(step.name, ast.unparse(step.tree)) for step in parse_program(source)]


def _parse(text: str, mode: str) -> ast.AST:
    if len(text) > MAX_TEXT:
        raise ExpressionError(f"an expression is longer than {MAX_TEXT:,} characters")
    try:
        return ast.parse(text, mode=mode)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"cannot read `{text[:80]}`: {error}") from None


def _step(name: str, tree: ast.expr, where: str) -> Step:
    try:
        code = emit(tree)
    except RecursionError:
        raise ExpressionError(f"{where[:80]}: nested too deep") from None
    if len(code) > MAX_CODE:
        raise ExpressionError(f"{where[:80]}: more than {MAX_CODE:,} characters in one expression")
    if code.count("(") > MAX_DEPTH and _depth(code) > MAX_DEPTH:
        raise ExpressionError(f"{where[:80]}: more than {MAX_DEPTH} operations in a row or inside one another")
    return Step(name, tree, code, frozenset(NAME.findall(TEXT.sub("", code))) - KEYWORDS)


def _depth(code: str) -> int:
    return max(accumulate((char == "(") - (char == ")") for char in code))


def check_name(name: str) -> None:
    """Raises ExpressionError unless `name` may name a value."""
    if name in RESERVED or name.startswith("_") or not name.isascii():
        raise ExpressionError(f"`{name}` cannot name a value")


def emit(node: ast.expr) -> str:
    """Python of a checked node, with `/` and `**` made exact and bounded. Raises ExpressionError for other nodes."""
    match node:
        case ast.Name(id=name):
            check_name(name)
            return name
        case ast.Constant(value=value) if type(value) is int:
            if value >= BIG:
                raise ExpressionError("a number is too long")
            return str(value)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return f"_quotient({emit(left)},{emit(right)})"
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return f"_power({emit(left)},{emit(right)})"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
            return f"({emit(left)}{BINARY[type(op)]}{emit(right)})"
        case ast.UnaryOp(op=op, operand=operand) if type(op) in UNARY:
            return f"({UNARY[type(op)]}{emit(operand)})"
        case ast.Compare(left=left, ops=ops, comparators=rest) if all(type(op) in COMPARE for op in ops):
            return "(" + emit(left) + "".join(f" {COMPARE[type(op)]} {emit(right)}"
                                              for op, right in zip(ops, rest, strict=True)) + ")"
        case ast.BoolOp(op=op, values=values):
            return "(" + (" and " if isinstance(op, ast.And) else " or ").join(map(emit, values)) + ")"
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return f"({emit(body)} if {emit(test)} else {emit(orelse)})"
        case ast.Tuple(elts=parts):
            return "(" + "".join(f"{emit(part)}," for part in parts) + ")"
        case ast.Call():
            return _emit_call(node)
    raise ExpressionError(f"`{_shown(node)}` is outside the language")


def _emit_call(node: ast.Call) -> str:
    if not (isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS):
        raise ExpressionError(f"`{_shown(node.func)}` is not a function of the language")
    texts = node.func.id in ("interval", "poly")  # only these two take words
    parts = [repr(part.value) if texts and isinstance(part, ast.Constant) and type(part.value) is str else emit(part)
             for part in node.args]
    for keyword in node.keywords:
        if node.func.id != "poly" or keyword.arg != "var" or not _is_letter(keyword.value):
            raise ExpressionError(f"{node.func.id} takes no `{keyword.arg}` here")
        parts.append(f"var={_shown(keyword.value)}")
    return f"_{node.func.id}({','.join(parts)})"


def _is_letter(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) == 1 \
        and node.value.isalpha()


def _shown(node: ast.AST) -> str:
    try:
        return ast.unparse(node)[:80]
    except (RecursionError, ValueError):
        return type(node).__name__


def variables(expression: str) -> set[str]:
    """The names that an expression reads."""
    return set(parse_step(expression).reads)


def evaluate(expression: str, names: Mapping[str, Value]) -> Value:
    """The exact value of one expression. Raises ExpressionError outside the language, or where there is no value."""
    code = _compiled(expression)
    return _guarded(lambda: cast(Value, eval(code, dict(SCOPE), names)))  # only `emit`'s output runs


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> CodeType:
    return compile(f"_settle({parse_step(expression).code})", "<expression>", "eval")


@lru_cache(maxsize=8192)
def compile_program(source: str) -> Program:
    """A function from the slots' values to every name's value, in the program's order, `answer` among them.

    Raises ExpressionError at once for a program outside the language, and when called for values without a result.
    """
    given: dict[str, None] = {}
    made: dict[str, None] = {}
    body: list[str] = []
    for name, _, code, read in parse_program(source):
        given.update(dict.fromkeys(sorted(read - made.keys())))
        made[name] = None
        # Small ints, nearly all values, skip the call.
        body.append(f" {name}={code}\n"
                    f" if {name}.__class__ is not _int or not -_big<{name}<_big: {name}=_settle({name})")
    reads = [f" {name}=given[{name!r}]" for name in given]
    result = " return {" + ",".join(f"{name!r}:{name}" for name in made) + "}"
    scope = dict(SCOPE)
    exec(compile("\n".join(["def program(given):", *reads, *body, result]), "<program>", "exec"), scope)
    run = cast(Program, scope["program"])
    return lambda given: _guarded(lambda: run(given))


def _guarded(work: Callable[[], T]) -> T:
    """What `work` gives, its failures as ExpressionError."""
    try:
        return work()
    except ExpressionError:
        raise
    except KeyError as error:
        raise ExpressionError(f"no value for `{error.args[0]}`") from None
    except NameError as error:
        raise ExpressionError(f"no value for `{error.name}`") from None
    except ZeroDivisionError:
        raise ExpressionError("division by zero") from None
    except (TypeError, ValueError, AttributeError, OverflowError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"no value: {error}") from None
