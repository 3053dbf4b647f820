"""The last tier: sympy in a process of its own, which is killed when it takes too long.

The process gets trees, never text, and builds sympy's objects of them one by one: nothing is evaluated as code. It
starts on first need, stays, and serves all threads of this process one after the other. Where it cannot answer in
time, the answer is `unknown`.
"""

import atexit
import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from threading import Lock, Thread
from time import monotonic, sleep
from typing import Any

from tasks.tools.answers.budget import TooLarge, Undecided, present
from tasks.tools.answers.latex import Node
from tasks.tools.exact import sympy

ROOT = Path(__file__).parents[3]
DIGITS = 60  # of a numeric value
NEAR = 40  # digits in which two of them must agree
MEMORY = 2 << 30  # bytes of address space
MAX_QUESTION = 60_000  # bytes: what a pipe takes at once, so that asking never waits


class Worker:
    """A process with sympy, started on first need, killed and forgotten where it is late."""

    def __init__(self) -> None:
        self._lock, self._owner = Lock(), 0
        self._process: subprocess.Popen[bytes] | None = None

    def same(self, a: Node, b: Node) -> bool:
        """Whether two expressions are equal, within the present budget. Raises `Undecided`."""
        question, budget = json.dumps([_packed(a), _packed(b)]).encode() + b"\n", present()
        if len(question) > MAX_QUESTION:
            raise TooLarge("the expression is too large")
        if not self._lock.acquire(timeout=budget.left()):
            raise Undecided("the slower tier is busy")
        try:
            budget.tier = "sympy"
            return self._asked(question, budget.until)
        finally:
            self._lock.release()

    @property
    def pid(self) -> int | None:
        """Of its process; None where none runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def close(self) -> None:
        """Kill the process, if there is one of ours."""
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            process.kill()
            process.communicate()

    def _asked(self, question: bytes, until: float) -> bool:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(question)
            process.stdin.flush()
            ready, _, _ = select.select([process.stdout], [], [], max(0.0, until - monotonic()))
            answer = process.stdout.readline().decode().strip() if ready else "late"
        except OSError:
            answer = ""
        if answer in {"equal", "different"}:
            return answer == "equal"
        if answer != "unknown":
            self.close()
        raise Undecided({"late": "time ran out", "unknown": "sympy cannot tell"}.get(answer, "the slower tier died"))

    def _running(self) -> subprocess.Popen[bytes]:
        if self._owner != os.getpid():  # after a fork the process belongs to the parent
            self._process = None
        if self._process is None or self._process.poll() is not None:
            known = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SYSTEMROOT") if name in os.environ}
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tasks.tools.answers.symbolic"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, cwd=ROOT, env=known, start_new_session=True)
            self._owner = os.getpid()
        return self._process


WORKER = Worker()
atexit.register(WORKER.close)


def _packed(tree: Node) -> list[Any]:
    return [tree.op, tree.name, str(tree.number), [_packed(arg) for arg in tree.args]]


# --- in the process


def serve() -> None:
    """Answer questions, a line each, until the other end is gone."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    for line in sys.stdin.buffer:
        try:
            a, b = (_built(tree) for tree in json.loads(line))
            answer = _verdict(a, b)
        except (Exception, MemoryError):  # whatever sympy raises, it has not decided
            answer = "unknown"
        print(answer, flush=True)


def _end_with_parent(parent: int) -> None:
    """A computation that runs on must not outlive the process that asked."""
    while os.getppid() == parent:
        sleep(0.5)
    os._exit(1)


def _verdict(a: Any, b: Any) -> str:
    sp = sympy()
    a, b = a.doit(), b.doit()
    if a == b or sp.expand(a - b) == 0:
        return "equal"
    if not (a - b).free_symbols:
        return _numeric(a, b)
    if (found := sp.simplify(a - b).equals(0)) is None:
        return "unknown"
    return "equal" if found else "different"


def _numeric(a: Any, b: Any) -> str:
    sp = sympy()
    x, y = a.evalf(DIGITS), b.evalf(DIGITS)
    if not (x.is_number and y.is_number and x.is_finite and y.is_finite) or {x._prec, y._prec} & {1}:
        return "unknown"
    return "equal" if abs(x - y) <= max(abs(x), abs(y)) * sp.Float(10, DIGITS) ** -NEAR else "different"


def _built(packed: Sequence[Any]) -> Any:
    """A sympy object of a packed tree."""
    op, name, number, parts = packed
    sp = sympy()
    if op == "number":
        value = Fraction(number)
        return sp.Rational(value.numerator, value.denominator)
    if op == "symbol":
        return sp.Symbol(name)
    if op == "const":
        return {"pi": sp.pi, "e": sp.E, "i": sp.I, "infinity": sp.oo}[name]
    args = [_built(part) for part in parts]
    if op in {"sum", "prod", "int"}:
        kind = {"sum": sp.Sum, "prod": sp.Product, "int": sp.Integral}[op]
        return kind(args[0], (sp.Symbol(name), args[1], args[2]))
    if op == "lim":
        return sp.limit(args[0], sp.Symbol(name), args[1])
    return _called(name, args) if op == "call" else _OPERATIONS[op](*args)


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b, "pow": lambda a, b: a ** b,
    "neg": lambda a: -a}


def _called(name: str, args: Sequence[Any]) -> Any:
    sp = sympy()
    if name == "lg":
        return sp.log(args[0], 10)
    if name == "root":
        return sp.real_root(args[0], args[1])
    names = {"ln": "log", "abs": "Abs", "ceil": "ceiling", "arcsin": "asin", "arccos": "acos", "arctan": "atan"}
    return getattr(sp, names.get(name, name))(*args)


if __name__ == "__main__":
    serve()
