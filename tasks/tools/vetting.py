"""What a program may be made of before it is run: an allow-list over its syntax tree.

It guards against our own mistakes, not against an enemy. `/` becomes exact and `**` bounded on the way.
"""

import ast
import re
from fractions import Fraction
from functools import lru_cache
from types import CodeType
from typing import Any

from tasks.tools.arithmetic import FUNCTIONS, ExpressionError, power

MAX_SOURCE = 8_000  # characters
MAX_STEPS = 200_000  # of one range: a check that counts needs fewer
MAX_POWER = 1_000  # of a symbol or a root


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NODES = (
    ast.Module, ast.Assign, ast.AugAssign, ast.Expression, ast.Name, ast.Load, ast.Store, ast.Constant,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.UnaryOp, ast.USub,
    ast.UAdd, ast.Not, ast.BitAnd, ast.BitOr, ast.BitXor, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE,
    ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.BoolOp, ast.And, ast.Or, ast.IfExp, ast.If, ast.For, ast.Tuple,
    ast.List, ast.Set, ast.Dict, ast.Subscript, ast.Slice, ast.GeneratorExp, ast.ListComp, ast.SetComp,
    ast.DictComp, ast.comprehension, ast.Call, ast.keyword, ast.Attribute,
    ast.Starred)
SYMPY = _words("""
    Abs Add apart binomial cancel ceiling Circle Complement Contains cos Derivative diff discriminant
    divisor_count divisors E EmptySet Eq exp expand factor factorial factorint ff fibonacci FiniteSet Float
    floor gcd Ge Gt igcd ilcm Integer Integers Integral integrate interpolate Intersection Interval is_square
    isprime lcm Le Limit limit Line linsolve log Lt Matrix Max Min Mod Mul multiplicity Naturals Ne nextprime
    nsimplify oo perfect_power pi Piecewise Point Poly poly Polygon Pow prevprime prime primefactors primerange
    prod Product product radsimp Range Rational real_roots Reals roots S Segment sign simplify sin solve
    solve_univariate_inequality solveset sqrt Sum summation Symbol symbols sympify tan together totient Triangle
    trigsimp Tuple Union
    """)
METHODS = _words("""
    add all_coeffs append area args as_numer_denom as_poly center circumference coeff coeff_monomial coeffs
    contains count degree denominator det diff distance end equation evaluate expand factor free_symbols get
    index inf integrate intersect intersection inv is_integer is_positive is_rational is_real items keys LC
    left_open length lhs limit midpoint numerator p parallel_line perimeter perpendicular_line q radius rank
    reversed rhs right_open simplify slope start subs sup TC union values x y
    """)
TAKES_TEXT = frozenset({"Symbol", "symbols", "poly", "interval"})
PLAIN_TEXT = re.compile(r"[A-Za-zπ][A-Za-z0-9 ,]*|[\[(][\])]|-?inf")



class Refused(ValueError):
    """A program holds something that is not run here; the message names the line."""


@lru_cache(maxsize=8192)
def vetted(program: str) -> tuple[CodeType, bool]:
    """The program's code and whether it uses sympy (as `sp`). Raises `Refused`, naming the line and the part."""
    if len(program) > MAX_SOURCE:
        raise Refused(f"a program longer than {MAX_SOURCE:,} characters")
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Refused(f"not Python: {error}") from None
    for node in ast.walk(tree):
        if trouble := _trouble(node):
            raise Refused(f"line {getattr(node, 'lineno', 1)}: {trouble}")
    _refuse_text(tree)
    uses_sympy = any(isinstance(node, ast.Name) and node.id == "sp" for node in ast.walk(tree))
    tree = ast.fix_missing_locations(_Exact().visit(tree))
    return compile(tree, "<program>", "exec"), uses_sympy


def _trouble(node: ast.AST) -> str:
    """Why a node may not run; "" where it may."""
    if not isinstance(node, NODES):
        return f"`{type(node).__name__}` is not run here"
    if isinstance(node, ast.Name) and ((node.id.startswith("_") and node.id != "_") or not node.id.isascii()):
        return f"the name `{node.id}` is not allowed"
    if isinstance(node, ast.Attribute):
        return _attribute_trouble(node)
    if isinstance(node, ast.Call):
        return _call_trouble(node)
    if isinstance(node, ast.Constant) and not isinstance(node.value, int | str):
        return f"the constant `{node.value!r}` is not exact"
    return ""


def _attribute_trouble(node: ast.Attribute) -> str:
    of_sympy = isinstance(node.value, ast.Name) and node.value.id == "sp"
    allowed = SYMPY if of_sympy else METHODS | {"Reals", "Integers", "Naturals"}
    if node.attr in allowed and isinstance(node.ctx, ast.Load):
        return ""
    return f"`{'sp' if of_sympy else ''}.{node.attr}` is not on the list"


def _call_trouble(node: ast.Call) -> str:
    """A call must name a function of ours, of sympy or of a value."""
    name = _called(node)
    if not isinstance(node.func, ast.Attribute) and name not in CALLABLE:
        return f"`{name or ast.unparse(node.func)}` is not a function that is run here"
    return ""


def _refuse_text(tree: ast.AST) -> None:
    """Text may stand only where it is a name or brackets: elsewhere sympy would evaluate it."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _called(node) in TAKES_TEXT]
    fine = {id(part) for call in calls for part in [*call.args, *(keyword.value for keyword in call.keywords)]}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    for node in texts:
        if id(node) not in fine or not PLAIN_TEXT.fullmatch(str(node.value)):
            raise Refused(f"line {node.lineno}: the text {node.value!r} is not run here")


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


class _Exact(ast.NodeTransformer):
    """Division without floats, powers with a bound."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        name = {ast.Div: "_quotient", ast.Pow: "_power"}.get(type(node.op))
        if not name:
            return node
        return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [node.left, node.right], []), node)


def _quotient(a: Any, b: Any) -> Any:
    if type(a) is int and type(b) is int and b:
        return a // b if a % b == 0 else Fraction(a, b)
    return a / b


def _power(a: Any, b: Any, modulus: Any = None) -> Any:
    if modulus is not None:
        return pow(int(a), int(b), int(modulus))
    if isinstance(a, int | Fraction) and isinstance(b, int | Fraction) and b.denominator == 1:
        return power(a, b)
    if getattr(b, "is_number", True) and not abs(b) <= MAX_POWER:
        raise ExpressionError("a power grew too large")
    return a**b


def _range(*bounds: Any) -> range:
    steps = range(*map(int, bounds))
    if len(steps) > MAX_STEPS:
        raise ExpressionError(f"a range of more than {MAX_STEPS:,} steps")
    return steps


def _sum(*parts: Any) -> Any:
    """Python's `sum` of one collection, and the small language's `sum(a, b, c)`."""
    return sum(parts[0]) if len(parts) == 1 and hasattr(parts[0], "__iter__") else sum(parts)


PLAIN = (abs, all, any, dict, enumerate, frozenset, int, len, list, max, min, next, reversed, set, sorted, tuple, zip)
SCOPE: dict[str, Any] = {
    **FUNCTIONS, **{function.__name__: function for function in PLAIN}, "pow": _power, "range": _range, "sum": _sum,
    "_quotient": _quotient, "_power": _power, "__builtins__": {}}
CALLABLE = frozenset(name for name in SCOPE if not name.startswith("_"))
