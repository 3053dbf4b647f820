"""The exact functions that programs and conditions may call; `expressions` lets nothing else through.

Each takes and gives whole numbers (`int`) and fractions (`Fraction`), never floats. The last group gives `Text`: an
answer that is not a number (an expression, a set, a pair, an interval, a root). Sizes are bounded, because a template
may come from anyone: no input makes one of these run long or fill memory.
"""

import math
from collections.abc import Callable, Iterable
from fractions import Fraction

Number = int | Fraction

MAX_BITS = 4096  # about 1,200 digits: far more than a word problem needs, far less than hurts
BIG = 1 << MAX_BITS
MAX_FACTORIAL = 400  # 400! still fits MAX_BITS


class ExpressionError(ValueError):
    """An expression outside the language, or one without a value: division by zero, too large, wrong kind."""


class Text(str):
    """A value that is not a number; `kind` is expression, set, pair, interval or root."""

    __slots__ = ("kind",)
    kind: str

    def __new__(cls, text: str, kind: str) -> "Text":
        made = super().__new__(cls, text)
        made.kind = kind
        return made

    def __reduce__(self) -> tuple[object, ...]:
        return Text, (str(self), self.kind)


def settle(value: object) -> object:
    """`value` in its plain form: a whole Fraction as int, tuples likewise. Raises ExpressionError when too large."""
    if isinstance(value, Fraction):
        if value.denominator == 1:
            return settle(value.numerator)
        if max(abs(value.numerator), value.denominator) >= BIG:
            raise ExpressionError("a value grew too large")
        return value
    if isinstance(value, int):
        if not -BIG < value < BIG:
            raise ExpressionError("a value grew too large")
        return value
    if isinstance(value, tuple):
        return tuple(settle(part) for part in value)
    if isinstance(value, Text):
        return value
    raise ExpressionError(f"a value of type {type(value).__name__} is not a number")


def quotient(over: Number, under: Number) -> Number:
    """`over / under`, exact: 6/3 is the int 2, 1/2 the Fraction 1/2."""
    if not under:
        raise ExpressionError("division by zero")
    if over.__class__ is int and under.__class__ is int:
        if over % under:
            return Fraction(over, under)
        return over // under
    made = Fraction(over) / under
    return made.numerator if made.denominator == 1 else made


def power(base: Number, exponent: Number) -> Number:
    """`base ** exponent` for a whole exponent, with a bound on the size of the result."""
    times = whole(exponent, "an exponent")
    if abs(times) > MAX_BITS or abs(times) * _bits(base) > MAX_BITS:
        raise ExpressionError("a power grew too large")
    if times < 0:
        return quotient(1, power(base, -times))
    return base**times


def _bits(number: Number) -> int:
    return max(abs(number.numerator) - 1, number.denominator - 1).bit_length()


def whole(number: Number, what: str) -> int:
    """`number` as an int. Raises ExpressionError, naming `what`, when it is broken."""
    if isinstance(number, int | Fraction) and number.denominator == 1:
        return int(number.numerator)
    raise ExpressionError(f"{what} must be whole, not {number}")


def is_int(number: Number) -> bool:
    return number.denominator == 1


def divides(divisor: Number, number: Number) -> bool:
    """Whether `number` is a whole multiple of `divisor`; false for divisor 0."""
    return bool(divisor) and is_int(quotient(number, divisor))


def gcd(*numbers: Number) -> int:
    return math.gcd(*(whole(number, "gcd's argument") for number in numbers))


def lcm(*numbers: Number) -> int:
    return math.lcm(*(whole(number, "lcm's argument") for number in numbers))


def floor(number: Number) -> int:
    return math.floor(number)


def ceil(number: Number) -> int:
    return math.ceil(number)


def round_to(number: Number, places: Number = 0) -> Number:
    """`number` rounded to `places` decimal places, halves away from zero, as taught in school."""
    digits = whole(places, "round_to's places")
    if abs(digits) > 30:
        raise ExpressionError("round_to takes at most 30 places")
    scale = Fraction(10**digits) if digits >= 0 else Fraction(1, 10**-digits)
    size = math.floor((number if number >= 0 else -number) * scale + Fraction(1, 2))
    return quotient(size if number >= 0 else -size, scale)


def binomial(total: Number, chosen: Number) -> int:
    n, k = whole(total, "binomial's argument"), whole(chosen, "binomial's argument")
    if not 0 <= n <= MAX_BITS:
        raise ExpressionError("binomial takes 0 to 4096")
    return math.comb(n, k) if k >= 0 else 0


def factorial(number: Number) -> int:
    n = whole(number, "factorial's argument")
    if not 0 <= n <= MAX_FACTORIAL:
        raise ExpressionError(f"factorial takes 0 to {MAX_FACTORIAL}")
    return math.factorial(n)


def isqrt(number: Number) -> int:
    n = whole(number, "isqrt's argument")
    if n < 0:
        raise ExpressionError("isqrt takes no negative number")
    return math.isqrt(n)


def is_square(number: Number) -> bool:
    """Whether `number` is the square of a whole number."""
    return number.denominator == 1 and number >= 0 and math.isqrt(number.numerator) ** 2 == number


WITNESSES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)  # decide every n below 3.3e24 (Sorenson and Webster, 2015)


def is_prime(number: Number) -> bool:
    """Miller-Rabin with fixed witnesses, exact up to 2^80."""
    n = whole(number, "is_prime's argument")
    if n >= 1 << 80:
        raise ExpressionError("is_prime takes numbers below 2**80")
    if n < 2 or any(n % prime == 0 for prime in WITNESSES):
        return n in WITNESSES
    shift = (n - 1 & 1 - n).bit_length() - 1
    return not any(_composite(n, witness, shift) for witness in WITNESSES)


def _composite(n: int, witness: int, shift: int) -> bool:
    x = pow(witness, n - 1 >> shift, n)
    if x in (1, n - 1):
        return False
    return all((x := x * x % n) != n - 1 for _ in range(shift - 1))


def numerator(number: Number) -> int:
    return number.numerator


def denominator(number: Number) -> int:
    return number.denominator


def total(*numbers: Number | tuple[Number, ...]) -> Number:
    """Python's `sum` of one tuple, and also `sum(a, b, c)`."""
    return sum(_flat(numbers))


def least(*numbers: Number | tuple[Number, ...]) -> Number:
    return min(_flat(numbers))


def most(*numbers: Number | tuple[Number, ...]) -> Number:
    return max(_flat(numbers))


def _flat(numbers: Iterable[Number | tuple[Number, ...]]) -> list[Number]:
    flat: list[Number] = []
    for number in numbers:
        flat.extend(number if isinstance(number, tuple) else (number,))
    if not flat:
        raise ExpressionError("min, max and sum need a number")
    return flat


def plain(value: Number | str) -> str:
    """A value as text: digits when whole, else the exact decimal of at most 6 places, else `a/b`; text as it is."""
    if value.__class__ is int:
        return str(value)
    if isinstance(value, str):
        return str(value)
    size, under = abs(value.numerator), value.denominator
    sign = "-" if value < 0 else ""
    if 1_000_000 % under:
        return f"{sign}{size}/{under}"
    digits = str(size * (1_000_000 // under)).rjust(7, "0")
    return sign + f"{digits[:-6]}.{digits[-6:]}".rstrip("0").rstrip(".")


def exact(value: Number) -> str:
    """`3` or `3/4`."""
    return str(value.numerator) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


def poly(*coefficients: Number, var: str = "x") -> Text:
    """Text of the polynomial whose highest coefficient comes first: poly(2, -3, 5) is "2x^2 - 3x + 5"."""
    text = ""
    for place, coefficient in enumerate(coefficients, 1):
        if not coefficient:
            continue
        minus = coefficient < 0
        sign = (" - " if minus else " + ") if text else ("-" if minus else "")
        text += sign + _term(coefficient if coefficient > 0 else -coefficient, len(coefficients) - place, var)
    return Text(text or "0", "expression")


def _term(size: Number, degree: int, var: str) -> str:
    if degree == 0:
        return exact(size)
    factor = "" if size == 1 else exact(size) if size.denominator == 1 else f"({exact(size)})"
    return f"{factor}{var}" + (f"^{degree}" if degree > 1 else "")


def set_of(*members: Number) -> Text:
    """Text of a set, least first, each member once: "{1, 2}"."""
    return Text("{" + ", ".join(exact(member) for member in sorted(set(members))) + "}", "set")


def pair(*members: Number) -> Text:
    """Text of an ordered pair (or triple, …): "(1, 2)"."""
    return Text("(" + ", ".join(map(exact, members)) + ")", "pair")


def interval(low: Number | str, high: Number | str, ends: str = "[]") -> Text:
    """Text of an interval, `ends` one of [] [) (] (); an end may be "-inf" or "inf": interval(1, "inf", "[)")."""
    if ends not in ("[]", "[)", "(]", "()"):
        raise ExpressionError(f"an interval's ends are [] [) (] or (), not {ends}")
    texts = [end if isinstance(end, str) else exact(end) for end in (low, high)]
    if texts[0] == "inf" or texts[1] == "-inf" or any(isinstance(end, str) and end not in ("-inf", "inf")
                                                      for end in (low, high)):
        raise ExpressionError("an interval's end is a number, -inf on the left or inf on the right")
    return Text(f"{ends[0]}{texts[0]}, {texts[1]}{ends[1]}", "interval")


def root(number: Number) -> Number | Text:
    """The square root, simplified: root(16) is 4, root(12) the text "2√3", root(1/2) the text "√2/2"."""
    if number < 0 or max(number.numerator, number.denominator) > 10**9:
        raise ExpressionError("root takes numbers from 0 to 10**9")
    under = number.denominator
    outside, inside = _square_part(number.numerator * under)
    if inside == 1 or number == 0:
        return quotient(outside if number else 0, under)
    shared = math.gcd(outside, under)
    front = "" if outside == shared else str(outside // shared)
    back = "" if under == shared else f"/{under // shared}"
    return Text(f"{front}√{inside}{back}", "root")


def _square_part(number: int) -> tuple[int, int]:
    """(a, b) with a²·b == number and b squarefree as far as factors below 10⁵ show, which covers root's range."""
    outside, factor = 1, 2
    while factor * factor <= number and factor < 100_000:
        while number % (factor * factor) == 0:
            number //= factor * factor
            outside *= factor
        factor += 1
    if number > 1 and math.isqrt(number) ** 2 == number:
        return outside * math.isqrt(number), 1
    return outside, number


FUNCTIONS: dict[str, Callable[..., object]] = {
    "is_int": is_int, "divides": divides, "gcd": gcd, "lcm": lcm, "floor": floor, "ceil": ceil, "round_to": round_to,
    "abs": abs, "min": least, "max": most, "sum": total, "binomial": binomial, "factorial": factorial,
    "isqrt": isqrt, "is_square": is_square, "is_prime": is_prime, "numerator": numerator, "denominator": denominator,
    "poly": poly, "set_of": set_of, "pair": pair, "interval": interval, "root": root,
}
