"""Running one program in the child, as if it were the main script; and what is imported and warmed up before."""

import ast
import atexit
import builtins
import importlib
import linecache
import os
import random
import sys
import threading
import traceback
import types
from contextlib import suppress
from typing import Any, NoReturn

NAME = "<program>"
OUT_OF_MEMORY = 86  # exit code
# Few: each costs every child a little, as fork copies the tables of all pages. Others are loaded when asked for.
STANDARD = (
    "bisect", "cmath", "collections.abc", "copy", "dataclasses", "datetime", "decimal", "fractions", "functools",
    "heapq", "inspect", "itertools", "json", "math", "operator", "random", "re", "statistics", "string", "time",
    "typing")
SCIENCE = ("mpmath", "sympy", "numpy", "numpy.random", "numpy.linalg")
# What programs of this kind do: running it once loads what sympy loads late, and fills its caches.
TYPICAL = """
from sympy import *
x, y, n = symbols('x y n')
solve(x**2 - 5*x + 6, x); solve([x + y - 3, x - y - 1], [x, y]); solve(Eq(2*x + 1, 7), x); nsimplify(0.25)
simplify((x**2 - 1)/(x - 1)); expand((x + 1)**5); factor(x**3 - 6*x**2 + 11*x - 6); diff(sin(x)*exp(x), x)
integrate(x**2, (x, 0, 1)); integrate(1/(1 + x**2), x); limit(sin(x)/x, x, 0); series(exp(x), x, 0, 4)
summation(n**2, (n, 1, 10)); Sum(1/n**2, (n, 1, oo)).doit(); Rational(1, 3) + Rational(1, 6); N(pi, 20); sqrt(8)
factorint(360); isprime(97); gcd(12, 18); lcm(4, 6); divisors(28); totient(36); binomial(10, 3); factorial(10)
Matrix([[1, 2], [3, 4]]).det(); Matrix([[2, 1], [1, 3]]).inv(); Matrix([[2, 0], [0, 3]]).eigenvals()
solveset(x**2 - 4, x, S.Reals); solve(x**2 > 4, x); Poly(x**2 + 2*x + 1, x).all_coeffs(); latex(x/2); str(x**2 + 1)
nsolve(cos(x) - x, 1); trigsimp(sin(x)**2 + cos(x)**2); (pi/4).evalf(); floor(Rational(7, 2)); Abs(-3); log(8, 2)
together(1/x + 1/y); apart(1/(x*(x + 1))); roots(x**2 - 3*x + 2, x); symbols('k', integer=True, positive=True)
limit((1 + 1/x)**x, x, oo); integrate(exp(-x), (x, 0, oo)); solveset(Abs(x - 1) - 2, x, S.Reals); cos(pi/3); x > 2
solve(log(x) - 1, x); solve(sqrt(x + 1) - 2, x); solve(x**3 - 8, x); Sum(n, (n, 1, 10)).doit(); integrate(sin(x), x)
Matrix([[1, 2], [3, 4]]).rref(); Matrix([[1, 2], [3, 4]])**2; diff(log(x**2 + 1), x, 2); nroots(x**3 - x - 1); E**2
solve([x + y + n - 6, x - y, y - n], [x, y, n]); minimum(x**2 - 2*x, x, S.Reals); ceiling(2.5); mod_inverse(3, 11)
x.subs(x, 3); (x + y).subs({x: 1, y: 2}); lambdify(x, x**2)(3); re(1 + 2*I); Interval(0, 1); FiniteSet(1, 2)
"""


def prepare(tier: str, modules: list[str]) -> None:
    """Import and warm up, once, in the zygote. What is not installed is left out."""
    for name in (*STANDARD, *(SCIENCE if tier != "light" else ())):
        with suppress(ImportError):
            importlib.import_module(name)
    if tier in {"heavy", "full"} and "sympy" in sys.modules:
        exec(compile(TYPICAL, "<warm>", "exec"), {})
    for name in modules:
        importlib.import_module(name)
    _open_streams()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)


def _open_streams() -> None:
    """Standard streams over pipes, as every child's are: it only has to put its own pipes in their places."""
    reader, writer = os.pipe()
    for place, (name, end) in enumerate((("stdin", reader), ("stdout", writer), ("stderr", writer))):
        os.dup2(end, place)
        stream = open(place, "w" if place else "r", encoding="utf-8",  # noqa: SIM115
                      errors="backslashreplace", closefd=False)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    os.close(reader)
    os.close(writer)


def run(source: bytes, inputs: bytes | None, longest: int) -> NoReturn:
    """Run a program to its end and end this process: exit code 0, 1 after an error, its own, or `OUT_OF_MEMORY`.

    `longest` is the number of bytes that the value may have.
    """
    end, write = os._exit, os.write  # the program may put others in their place
    random.seed(0)  # here, since a fork seeds it anew
    code, value = 1, None
    try:
        code, value = _outcome(source.decode("utf-8", "replace"), inputs)
        with suppress(BaseException):
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
        for name in ("stdout", "stderr"):
            with suppress(BaseException):
                getattr(sys, name).flush()
        if value is not None and code == 0:
            with suppress(OSError):
                write(3, value.encode("utf-8", "backslashreplace")[:longest + 1])
    finally:
        end(code)


def _outcome(text: str, inputs: bytes | None) -> tuple[int, str | None]:
    """Exit code, and the text of the value: of the last line where that is an expression, else of `answer`."""
    main = types.ModuleType("__main__")
    main.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = main
    for name in ("exit", "quit"):
        setattr(builtins, name, sys.exit)
    if inputs is not None:
        main.__dict__["INPUTS"] = inputs.decode()
    linecache.cache[NAME] = (len(text), None, text.splitlines(keepends=True), NAME)
    try:
        return 0, _executed(text, main.__dict__)
    except MemoryError:
        return OUT_OF_MEMORY, None
    except SystemExit as error:
        return _exit_code(error), None
    except BaseException as error:
        _tell(error)
        return 1, None


def _executed(text: str, scope: dict[str, Any]) -> str | None:
    tree = ast.parse(text, NAME)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, NAME, "exec"), scope)
    value = eval(compile(ast.Expression(last.value), NAME, "eval"), scope) if isinstance(last, ast.Expr) else None
    if value is None:
        value = scope.get("answer")
    return None if value is None else repr(value)


def _exit_code(error: SystemExit) -> int:
    with suppress(BaseException):
        code = error.code
        if code is None or isinstance(code, int):
            return (code or 0) & 0xFF
        print(code, file=sys.stderr)
    return 1


def _tell(error: BaseException) -> None:
    with suppress(BaseException):
        shown = traceback.TracebackException.from_exception(error, limit=-20)
        while shown.stack and shown.stack[0].filename != NAME:
            del shown.stack[0]  # the frames of this file
        sys.stderr.write("".join(shown.format()))
