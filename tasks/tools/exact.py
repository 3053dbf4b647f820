"""The door to sympy: exact values of formulas, whether an equation holds, and sympy itself for families' programs.

Nothing here evaluates text as code. A formula's tree (see `formulas`) is computed with sympy's own Integer and
Rational; letters are symbols, so that an equation between letters is checked as an identity.

The rule for decimals: an equation holds if both sides are equal exactly, or if one side is a plain decimal number and
the other side's exact value, rounded to that many places, is that number; half may go up or to even; with "=" at
least one place must be written (10/3 = 3.33 holds, 10/3 = 3 does not), with "≈" none need be, and digits may be cut
off instead. Of a machine's number (12 places and more) the last digits do not count.
The rule for "%": it means hundredths; where that reading fails, the one in which "%" is only a unit ("60/300*100 =
20%", "100 - 20% = 80%") is tried as well.
"""

from functools import cache, lru_cache
from math import comb, prod
from types import ModuleType
from typing import Any, NamedTuple

from tasks.tools.formulas import FormulaError, Mark, Name, Node, Num, Op, parse_expression, places

MAX_EXPONENT = 200  # a worked step has no larger power
MAX_BITS = 20_000  # of a power's result: beyond it a check would cost seconds
MAX_DEGREE = 12  # of powers of letters, whose expansion grows fast
MAX_FACTORIAL = 300
MAX_TERMS = 20_000  # of a product that is multiplied out
MACHINE = 12  # places: a number with as many is a machine's, right but for its last digits (99.00000000000001)
PLACES = (11, 23, 38)  # sevenths at which two formulas that may differ are compared

Value = Any  # a sympy expression; sympy has no types of its own to import late


class DivisionByZero(FormulaError):
    """A formula divides by zero: it has no value, so nothing equals it."""


class Check(NamedTuple):
    """Whether an equation holds (None: it cannot be decided) and what its left side is exactly, as text."""

    holds: bool | None
    exact: str
    why: str = ""


@cache
def sympy() -> ModuleType:
    """sympy, imported when first needed: it costs a quarter of a second."""
    import sympy

    found: ModuleType = sympy
    return found


@cache
def _letter(name: str) -> Value:
    return sympy().pi if name == "pi" else sympy().Symbol(name)


def value(node: Node, *, percent: bool = True) -> Value:
    """The exact value of a tree; `percent=False` reads "%" as a mere unit. Raises `FormulaError` if there is none."""
    if isinstance(node, Num):
        return _number(node.text)
    if isinstance(node, Op):
        return _operation(node.sign, value(node.left, percent=percent), value(node.right, percent=percent))
    if isinstance(node, Name):
        return _letter(node.name)
    return _marked(node.sign, value(node.inner, percent=percent), percent)


@lru_cache(maxsize=20_000)
def _number(text: str) -> Value:
    """ "48", "1,200", "0.5", "1 1/2" as sympy's Integer or Rational."""
    sp = sympy()
    if text.isdecimal():
        return sp.Integer(int(text))
    whole, _, part = text.replace(",", "").partition(" ")
    return sp.Rational(whole) + (sp.Rational(part) if part else 0)


def _operation(sign: str, left: Value, right: Value) -> Value:
    if sign == "+":
        return left + right
    if sign == "*":
        return left * right
    if sign == "-":
        return left - right
    if sign == "^":
        return _power(left, right)
    if right == 0:
        raise DivisionByZero("division by zero")
    return left / right


def _power(base: Value, exponent: Value) -> Value:
    if not exponent.is_Rational or abs(exponent) > MAX_EXPONENT or (base.is_zero and exponent < 0):
        raise FormulaError("a power without a value of reasonable size")
    if base.free_symbols and abs(exponent) > MAX_DEGREE:
        raise FormulaError("a power of letters that is too high to check")
    if base.is_Rational and (base.p.bit_length() + base.q.bit_length()) * abs(exponent) > MAX_BITS:
        raise FormulaError("a power of unreasonable size")
    return base**exponent


def _marked(sign: str, inner: Value, percent: bool) -> Value:
    if sign == "-":
        return -inner
    if sign == "%":
        return inner / 100 if percent else inner
    if sign == "√":
        return sympy().sqrt(inner)
    if not inner.is_Integer or not 0 <= inner <= MAX_FACTORIAL:
        raise FormulaError("a factorial without a value of reasonable size")
    return sympy().factorial(inner)


@lru_cache(maxsize=50_000)
def check(left: str, right: str, sign: str = "=") -> Check:
    """Whether `left sign right` holds by the rules above. Pure: the same texts always give the same answer."""
    try:
        a, b = parse_expression(left), parse_expression(right)
        found = _compare(a, b, sign, percent=True)
        if found.holds is not True and ("%" in left or "%" in right):
            loose = _compare(a, b, sign, percent=False)
            found = loose if loose.holds else found
    except DivisionByZero:
        return Check(False, "nothing: it divides by zero")
    except FormulaError as error:
        return Check(None, "", str(error))
    return found


def _compare(a: Node, b: Node, sign: str, *, percent: bool) -> Check:
    x, y = value(a, percent=percent), value(b, percent=percent)
    if x == y:
        return Check(True, "")
    if not (x.is_Rational and y.is_Rational):
        if x.free_symbols or y.free_symbols:
            return _identity(x, y)
        if x.has(sympy().zoo, sympy().nan) or y.has(sympy().zoo, sympy().nan):
            return Check(None, "", "no value")
        if agree(x, y):
            return Check(True, "")
    if _rounds(x, b, y, sign, percent) or _rounds(y, a, x, sign, percent):
        return Check(True, str(x), "rounded")
    if x.has(sympy().pi) != y.has(sympy().pi):
        return Check(None, str(x), "π may stand for 3.14 or 22/7 here")
    return Check(False, str(x))


def agree(x: Value, y: Value) -> bool | None:
    """Whether two exact values are equal, for all values of their letters; None where that cannot be decided."""
    if x == y:
        return True
    if x.is_Rational and y.is_Rational:
        return False
    sp = sympy()
    gap = x - y
    if gap.has(sp.zoo, sp.nan, sp.oo):
        return None
    # One place where the two clearly differ settles it, and is cheap to find; that they never do must be proven.
    if any(_differs(gap, place) for place in PLACES):
        return False
    if _terms(gap) > MAX_TERMS:
        return None
    return True if sp.expand(gap) == 0 or sp.cancel(sp.together(gap)) == 0 or sp.simplify(gap) == 0 else None


def _terms(gap: Value) -> int:
    """About how many terms a formula has when it is multiplied out."""
    parts = [_terms(part) for part in gap.args] if gap.free_symbols else []
    if gap.is_Add:
        return sum(parts) or 1
    if gap.is_Pow and gap.exp.is_Integer and gap.exp > 0 and parts:
        return comb(parts[0] + int(gap.exp) - 1, int(gap.exp))
    return prod(parts)


def _differs(gap: Value, place: int) -> bool:
    """Whether a difference is clearly not zero where its letters are `place`/7, (`place` + 1)/7, …"""
    sp = sympy()
    letters = sorted(gap.free_symbols, key=str)
    found = gap.subs({letter: sp.Rational(place + i, 7) for i, letter in enumerate(letters)})
    if found.is_Rational:
        return bool(found != 0)
    found = found.evalf(30)
    return bool(found.is_comparable and abs(found) > sp.Rational(1, 10**15))


def _identity(x: Value, y: Value) -> Check:
    """Sides with letters must agree for all values; "x = 3" or "2x + 1 = 7" claims no such thing and is left open."""
    holds = agree(x, y)
    if holds is not False:
        return Check(holds, "" if holds else str(x))
    if not x.free_symbols or not y.free_symbols or x.is_Symbol or y.is_Symbol:
        return Check(None, str(x), "an equation to solve, not an identity")
    return Check(False, str(x))


def _rounds(exact: Value, written: Node, shown: Value, sign: str, percent: bool) -> bool:
    """Whether `written`, a plain number of value `shown`, is `exact` rounded to the places that it shows."""
    if not (exact.is_extended_real and shown.is_Rational):
        return False
    hundredths = 0
    while isinstance(written, Mark) and written.sign in "-%":
        hundredths += 2 * (percent and written.sign == "%")
        written = written.inner
    if not isinstance(written, Num) or " " in written.text:
        return False
    digits = places(written.text)
    if digits >= MACHINE and abs(exact - shown) * 10**MACHINE <= abs(exact):
        return True
    return (digits > 0 or sign != "=") and _near(exact, shown, digits + hundredths, cut=sign == "≈")


def _near(exact: Value, shown: Value, digits: int, *, cut: bool) -> bool:
    """At most half a unit of the last place apart; at exactly half, away from zero or to the even digit.

    `cut`: digits may have been cut off instead, which errs by less than a unit.
    """
    off = abs(exact - shown) * 2 * 10**digits
    if cut and abs(shown) < abs(exact):
        return bool(off < 2)
    if off != 1:
        return bool(off < 1)
    return bool(abs(shown) > abs(exact)) or (shown * 10**digits) % 2 == 0
