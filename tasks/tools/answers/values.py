"""What a tree of `latex` is worth: exact where that is cheap, modulo primes where it is large, else to 50 digits.

Numbers are compared exactly as long as they fit a bit budget. Larger integers and fractions are compared modulo three
61-bit primes (floating point would call 2^100000 - 1 and 2^100000 + 1 equal). What holds roots, functions or letters is
compared at fixed points with 150 digits, relative to its own size, so that tiny values do not vanish. What would take
long raises `Undecided` before it is computed.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from hashlib import blake2b
from math import comb, factorial
from typing import Any

from tasks.tools.answers.budget import TooLarge, Undecided, present
from tasks.tools.answers.latex import Node

MAX_BITS = 4_096  # of an exact value
MAX_FACTORIAL = 400
MAX_ARGUMENT = 10**6  # of a function computed with 150 digits
MAX_GROWTH = 200  # exponent times the base's logarithm: beyond it, what is added to a power could vanish beside it
MAX_NODES = 600
DIGITS = 150
NEAR = 120  # digits in which two numbers must agree
PRIMES = (2**61 - 1, 2**61 - 31, 2**61 - 45)
POINTS = 3
BINDERS = frozenset({"sum", "prod", "int", "lim"})


def same(a: Node, b: Node) -> bool:
    """Whether two expressions are equal at every point tried. Raises `Undecided`."""
    if a == b:
        return True
    for tree in (a, b):
        if size(tree) > MAX_NODES:
            raise TooLarge("the expression is too large")
    try:
        return exact(a) == exact(b)
    except TooLarge:
        return all(modular(a, prime) == modular(b, prime) for prime in PRIMES)
    except Undecided:
        return all(near(x, y) for x, y in zip(samples(a), samples(b), strict=True))


def size(tree: Node) -> int:
    return 1 + sum(map(size, tree.args))


def symbols(tree: Node) -> frozenset[str]:
    """The letters in a tree that stand for unknowns."""
    own = frozenset({tree.name}) if tree.op == "symbol" else frozenset[str]()
    free = own.union(*map(symbols, tree.args))
    return free - {tree.name} if tree.op in BINDERS else free


def exact(tree: Node) -> Fraction:
    """The rational value. Raises `Undecided` where there is none or it is too large."""
    if tree.op == "number":
        return tree.number
    if tree.op not in {"add", "mul", "div", "neg", "pow", "call"}:
        raise Undecided(f"{tree.name or tree.op} is not rational")
    args = [exact(arg) for arg in tree.args]
    value = _power(*args) if tree.op == "pow" else _called(tree.name, args) if tree.op == "call" else \
        _arithmetic(tree.op, args)
    if value.numerator.bit_length() + value.denominator.bit_length() > MAX_BITS:
        raise TooLarge("too many digits")
    return value


def _arithmetic(op: str, args: list[Fraction]) -> Fraction:
    if op == "neg":
        return -args[0]
    if op == "div":
        if not args[1]:
            raise Undecided("division by zero")
        return args[0] / args[1]
    return args[0] + args[1] if op == "add" else args[0] * args[1]


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1:
        raise Undecided("a root")
    if not base and exponent <= 0:
        raise Undecided("zero to that power")
    bits = base.numerator.bit_length() + base.denominator.bit_length()
    if abs(base) != 1 and abs(exponent) * bits > 2 * MAX_BITS:
        raise TooLarge("too many digits")
    return base ** (exponent.numerator % 2 if abs(base) == 1 else exponent.numerator)


def _called(name: str, args: list[Fraction]) -> Fraction:
    if name == "abs":
        return abs(args[0])
    if name in {"floor", "ceil"}:
        return Fraction(args[0].__floor__() if name == "floor" else args[0].__ceil__())
    whole = all(arg.denominator == 1 and arg >= 0 for arg in args)
    if whole and max(args) > MAX_FACTORIAL:
        raise TooLarge("a factorial grew too large")
    if name == "factorial" and whole:
        return Fraction(factorial(int(args[0])))
    if name == "binomial" and whole:
        return Fraction(comb(int(args[0]), int(args[1])))
    raise Undecided(f"{name} is not rational")


def modular(tree: Node, prime: int) -> int:
    """The value modulo a prime, of what is made of whole numbers, + - * / and powers. Raises `Undecided`."""
    if tree.op == "number":
        return tree.number.numerator * pow(tree.number.denominator, -1, prime) % prime
    if tree.op == "pow":
        exponent = exact(tree.args[1])
        if exponent.denominator != 1:
            raise Undecided("a root")
        base = modular(tree.args[0], prime)
        if not base:
            raise Undecided("a multiple of the prime")
        return pow(base, int(exponent), prime)
    if tree.op == "call":
        return modular(Node("number", number=exact(tree)), prime)
    args = [modular(arg, prime) for arg in tree.args]
    if tree.op == "div":
        if not args[1]:
            raise Undecided("a multiple of the prime")
        return args[0] * pow(args[1], -1, prime) % prime
    steps: Mapping[str, Callable[[], int]] = {
        "neg": lambda: -args[0], "add": lambda: args[0] + args[1], "mul": lambda: args[0] * args[1]}
    if tree.op not in steps:
        raise Undecided(f"{tree.name or tree.op} is not rational")
    return steps[tree.op]() % prime


@lru_cache(maxsize=4096)
def samples(tree: Node) -> tuple[Any, ...]:
    """The values at `POINTS` fixed points, as complex numbers of 150 digits. Raises `Undecided`."""
    if size(tree) > MAX_NODES:
        raise TooLarge("the expression is too large")
    count = POINTS if symbols(tree) else 1
    values = tuple(_at(tree, point) for point in range(count))
    return values * (POINTS // count)


def near(a: Any, b: Any, digits: int = NEAR) -> bool:
    """Whether two samples agree in `digits` digits, relative to the larger."""
    from mpmath import mp

    with mp.workdps(DIGITS):
        return bool(abs(a - b) <= max(abs(a), abs(b)) * mp.mpf(10) ** -digits)


def _at(tree: Node, point: int) -> Any:
    from mpmath import mp

    with mp.workdps(DIGITS):
        try:
            value = mp.mpmathify(_sample(tree, point, mp))
        except (ValueError, ZeroDivisionError, OverflowError, TypeError, NotImplementedError) as error:
            raise Undecided(f"no value: {error}") from error
        if not mp.isfinite(value):
            raise Undecided("no finite value")
        return value


def letter_at(name: str, point: int) -> Fraction:
    """Where a letter stands at a point: between 0.5 and 2.5, at the last point negative."""
    drawn = int.from_bytes(blake2b(f"{name} {point}".encode(), digest_size=6).digest())
    value = Fraction(1, 2) + Fraction(drawn, 2**47)
    return -value if point == POINTS - 1 else value


def _sample(tree: Node, point: int, mp: Any) -> Any:
    if tree.op == "number":
        return mp.mpf(tree.number.numerator) / tree.number.denominator
    if tree.op == "symbol":
        value = letter_at(tree.name, point)
        return mp.mpf(value.numerator) / value.denominator
    if tree.op in BINDERS or (tree.op == "const" and tree.name == "infinity"):
        raise Undecided(f"{tree.op} is for the slower tier")
    if tree.op == "const":
        return {"pi": mp.pi, "e": mp.e, "i": mp.mpc(0, 1)}[tree.name]
    if tree.op == "pm":
        raise Undecided("two values")
    args = [_sample(arg, point, mp) for arg in tree.args]
    present().left()
    if tree.name == "root" and not symbols(tree):
        return _real_root(args[0], args[1], mp)
    if tree.op == "call":
        return _function(tree.name, args, mp)
    if tree.op == "pow":
        return _raised(args[0], args[1], mp)
    if tree.op == "neg":
        return -args[0]
    if tree.op == "div":
        return args[0] / args[1]
    return args[0] + args[1] if tree.op == "add" else args[0] * args[1]


def _raised(base: Any, exponent: Any, mp: Any) -> Any:
    if abs(exponent) > MAX_ARGUMENT or (base and abs(exponent * mp.log(base)) > MAX_GROWTH):
        raise TooLarge("a power grew too large")
    return mp.power(base, exponent)


def _real_root(value: Any, degree: Any, mp: Any) -> Any:
    """The cube root of -8 is -2, as schools have it."""
    if mp.im(value) == 0 and mp.re(value) < 0 and degree % 2 == 1:
        return -mp.power(-value, 1 / degree)
    return mp.power(value, 1 / degree)


def _function(name: str, args: list[Any], mp: Any) -> Any:
    if name not in {"log", "ln", "lg", "sqrt", "root", "abs"} and max(map(abs, args)) > MAX_ARGUMENT:
        raise TooLarge("an argument is too large")
    if name == "log" and len(args) > 1:
        return mp.log(args[0]) / mp.log(args[1])
    if name == "root":
        return mp.power(args[0], 1 / args[1])
    if name in {"factorial", "binomial"} and max(map(abs, args)) > MAX_FACTORIAL:
        raise TooLarge("a factorial grew too large")
    functions = {
        "ln": mp.log, "log": mp.log, "lg": mp.log10, "exp": mp.exp, "sqrt": mp.sqrt, "abs": abs, "sin": mp.sin,
        "cos": mp.cos, "tan": mp.tan, "cot": mp.cot, "sec": mp.sec, "csc": mp.csc, "arcsin": mp.asin, "sinh": mp.sinh,
        "arccos": mp.acos, "arctan": mp.atan, "cosh": mp.cosh, "tanh": mp.tanh, "floor": mp.floor, "ceil": mp.ceil,
        "factorial": mp.factorial, "binomial": mp.binomial}
    return functions[name](*args)
