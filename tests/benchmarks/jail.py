"""The jail against a fresh `python -c` for each program, in one run, interleaved; and what many runs leave behind.

    python -m tests.benchmarks.jail [--rounds 3] [--soak 10000]

Programs: trivial ones with sympy and numpy at hand, sympy programs, plain arithmetic (light tier). For each: a fresh
interpreter, the bare fork server (level none), the jail at both levels. Times are of the whole call, as the host sees
it; the ratios are of sums. "At hand" is charged to the fresh interpreter by its imports, as a program would need them.
"""

import argparse
import gc
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

from tasks.tools.jail import Jail, Level, Limits, Outcome, Tier
from tests.attacks import descendants

HEAD = "import sympy, numpy\n"
TRIVIAL = ["print(2 + 2)", "answer = 7 * 6\nprint(answer)", "print(sum(range(10)))", "x = 5\nx + 1"]
SYMBOLIC = [
    "from sympy import *\nx = symbols('x')\nprint(solve(x**2 - 7*x + 12, x))",
    "from sympy import *\nx, y = symbols('x y')\nprint(solve([3*x + 2*y - 16, x - y - 2], [x, y]))",
    "import sympy as sp\nn = sp.symbols('n', integer=True)\nprint(sp.summation(n*(n + 1), (n, 1, 30)))",
    "from sympy import *\nx = symbols('x')\nprint(integrate(x*exp(-x), (x, 0, oo)))",
    "from sympy import *\nx = symbols('x')\nprint(diff(x**3*sin(x), x).subs(x, pi))",
    "import sympy as sp\nprint(sp.factorint(987654321), sp.totient(360), sp.divisor_count(720))",
    "from sympy import *\nprint(Matrix([[2, 1, 0], [1, 3, 1], [0, 1, 4]]).det())",
    "from sympy import *\nx = symbols('x')\nprint(limit((1 + 3/x)**x, x, oo))",
    "from sympy import *\nprint(simplify(sqrt(50) + sqrt(18) - sqrt(8)))",
    "from sympy import *\nx = symbols('x')\nprint(expand((2*x - 3)**6).coeff(x, 4))",
    "from sympy import *\nx = symbols('x', positive=True)\nprint(solve(log(x, 2) + log(x - 2, 2) - 3, x))",
    "from sympy import *\nprint(binomial(12, 5) - binomial(9, 4), factorial(8)/factorial(6))",
    "from sympy import *\nx = symbols('x')\nprint(solveset(Abs(2*x - 5) - 9, x, S.Reals))",
    "from sympy import *\na = symbols('a')\nprint(solve(Eq(a/3 + Rational(5, 2), 11), a)[0])",
    "from sympy import *\nx = symbols('x')\nprint(factor(x**4 - 16), apart(1/(x**2 - 1)))",
    "from sympy.ntheory.modular import crt\nprint(crt([5, 7, 9], [3, 4, 5]))",
    "from sympy import *\nprint(N(sqrt(2) + pi, 30))",
    "from sympy import *\nt = symbols('t')\nprint(solve(-5*t**2 + 20*t + 25, t))"]
ARITHMETIC = [
    "price = 24\nn = 7\ntotal = price * n\nprint(total - total * 0.15)",
    "print(sum(i for i in range(1, 101) if i % 3 == 0))",
    "def f(n): return 1 if n < 2 else n * f(n - 1)\nprint(f(15))",
    "from math import gcd\nprint(gcd(84, 126), 84*126//gcd(84, 126))",
    "from fractions import Fraction as F\nprint(F(2, 3) + F(5, 8))",
    "a, b = 0, 1\nfor _ in range(30): a, b = b, a + b\nprint(a)",
    "from itertools import permutations\nprint(len({''.join(p) for p in permutations('level')}))",
    "n = 0\nfor a in range(1, 50):\n    for b in range(a, 50):\n        n += (a*a + b*b)**0.5 % 1 == 0\nprint(n)",
    "from decimal import Decimal as D\nprint(D('19.99') * 3)", "print(round(1500 * 1.04**6, 2))",
    "import math\nprint(math.comb(10, 4) * math.factorial(3))",
    "print(len([p for p in range(2, 500) if all(p % d for d in range(2, int(p**.5) + 1))]))"]

Run = Callable[[str], object]


def fresh(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)


def main() -> None:
    """Prints a line a kind of program, then limits and soak."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--soak", type=int, default=0)
    options = parser.parse_args()
    print("kind        of   fresh ms  none  namespaces  landlock | fresh/namespaces  fresh/landlock  jail/bare")
    _compare("trivial", TRIVIAL * 3, "heavy", HEAD, options.rounds)
    _compare("sympy", SYMBOLIC, "heavy", "", options.rounds)
    _compare("arithmetic", ARITHMETIC, "light", "", options.rounds * 3)
    for level in ("namespaces", "landlock"):
        with Jail(level) as jail:
            over = [jail.run("while True: pass", limits=Limits(wall=0.5)).wall - 0.5 for _ in range(10)]
            print(f"{level}: overshoot of the time limit, at most {max(over) * 1000:.0f} ms of 10")
            if options.soak:
                _soak(jail, options.soak)


def _compare(kind: str, codes: list[str], tier: Tier, head: str, rounds: int) -> None:
    levels: tuple[Level, ...] = ("none", "namespaces", "landlock")
    jails = {level: Jail(level, tier=tier, i_trust_this_code=True) for level in levels}
    ways: dict[str, Run] = {"fresh": lambda code: fresh(head + code)}
    ways.update((level, _checked(jail)) for level, jail in jails.items())
    spent: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for code in codes:
            for way, run in ways.items():
                since = time.perf_counter()
                run(code)
                spent[way].append(time.perf_counter() - since)
    for jail in jails.values():
        jail.close()
    mean = {way: sum(times) / len(times) * 1000 for way, times in spent.items()}
    middle = {way: median(times) * 1000 for way, times in spent.items()}
    print(f"{kind:10} {len(codes) * rounds:4} {mean['fresh']:9.1f} {mean['none']:6.2f} {mean['namespaces']:10.2f} "
          f"{mean['landlock']:10.2f} | "
          f"{mean['fresh'] / mean['namespaces']:10.1f} {mean['fresh'] / mean['landlock']:15.1f} "
          f"{mean['namespaces'] / mean['none']:13.2f} (medians {middle['fresh'] / middle['namespaces']:.1f}, "
          f"{middle['fresh'] / middle['landlock']:.1f}, {middle['namespaces'] / middle['none']:.2f})", flush=True)


def _checked(jail: Jail) -> Callable[[str], Outcome]:
    def run(code: str) -> Outcome:
        outcome = jail.run(code)
        assert outcome.status == "ok", outcome
        return outcome
    return run


def _soak(jail: Jail, count: int) -> None:
    before, since = _held(jail), time.perf_counter()
    wrong = sum(jail.run(f"print({number} * 2)").stdout != f"{number * 2}\n" for number in range(count))
    rate = count / (time.perf_counter() - since)
    print(f"{jail.level}: {count} runs, {wrong} wrong, {rate:.0f}/s; before {before}, after {_held(jail)}", flush=True)


def _held(jail: Jail) -> dict[str, int]:
    gc.collect()
    family = descendants(os.getpid())
    with open(f"/proc/{max(family)}/statm") as size:
        zygote = int(size.read().split()[1]) * resource.getpagesize() >> 20
    with open("/proc/self/statm") as size:
        own = int(size.read().split()[1]) * resource.getpagesize() >> 20
    return {"processes": len(family), "descriptors": len(os.listdir("/proc/self/fd")), "host MiB": own,
            "zygote MiB": zygote}


if __name__ == "__main__":
    main()
