"""Whether a solution or an answer arrives at a reference: the tiers one after the other, and what policy says."""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from time import perf_counter
from typing import Literal, NamedTuple

from tasks.tools.answers.budget import spending
from tasks.tools.answers.compare import compare
from tasks.tools.answers.extract import extract
from tasks.tools.answers.latex import Node, number
from tasks.tools.answers.ranges import Shape
from tasks.tools.answers.shapes import shape, words
from tasks.tools.answers.tidy import Tidied, tidy

MAX_DIGITS = 4_000
LONG = 200  # characters: a reference of sentences that is longer, or one that holds a box, is a solution
_BROKEN = "Traceback (most recent call last)"  # what a program that failed has printed is no solution
_RATIONAL = re.compile(r"([-+]?)\s*(\d+\.?\d*|\.\d+)(?:\s*/\s*(\d+))?", re.ASCII)
_SOLUTION = re.compile(r"\\boxed|\\fbox|####|\n|answer\b|[.!?]\s+[A-Z]", re.IGNORECASE)
_FORMULA = re.compile(r"(?:[A-Za-z':]+ ){2,}\s*\$([^$]+)\$[A-Za-z' .]*")  # words around one formula
_BLANK = re.compile(r"(?<![A-Za-z0-9]) +| +(?![A-Za-z0-9])")
_BASE = re.compile(r"(\d+)\s*_\s*\{?\s*(\d+)\s*\}?")
_WORDS = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,} ")
_DIGITS = re.compile(r"(-?\d{1,30})(?:\.(\d{1,30}))?", re.ASCII)
_SENTENCE = re.compile(r"(?:[A-Za-z]+ ){4}")  # a unit has fewer words

Judged = tuple[Literal["equal", "different", "unknown"], str, str]  # status, tier, reason


@dataclass(frozen=True, slots=True)
class Policy:
    """What counts as equal where people differ.

    `percent`: "either" takes 20% for 20 as well as for 0.2, "strict" only for 0.2. `units`: "known" tells known units
    apart where both answers name one, "ignore" never looks at them. `seconds` bounds one verdict.
    """

    percent: Literal["either", "strict"] = "either"
    units: Literal["known", "ignore"] = "known"
    seconds: float = 2.0


class Verdict(NamedTuple):
    """`status`, the answer `extracted`, the `tier` that decided, the `reason` for a person, `seconds` taken."""

    status: Literal["equal", "different", "unknown"]
    extracted: str
    tier: str
    reason: str
    seconds: float


def check(solution_or_answer: str, reference: str, problem: str | None = None, policy: Policy | None = None) -> Verdict:
    """Whether a solution, or a bare answer, arrives at the reference. Never raises on any text.

    `problem` helps to tell the answer from numbers that merely repeat the question. A solution in which none can be
    found is `unknown`.
    """
    since = perf_counter()
    found, rule = solution_or_answer.strip(), "the whole text"
    if "boxed" in reference or (len(reference) > LONG and _SENTENCE.search(reference)):
        reference = extract(reference, problem).text or reference  # a worked solution stands for its answer
    if found != reference.strip() and (_is_solution(found) or (
            _SENTENCE.search(found) and _kind(reference) == "number")):
        found, rule = ("", "") if _BROKEN in found else extract(found, problem, _kind(reference))
    elif (only := _FORMULA.fullmatch(found)) and _kind(reference) == "expression":
        found, rule = only[1], "the only formula"
    if not found:
        return Verdict("unknown", "", "", "no final answer was found", perf_counter() - since)
    verdict = equivalent(found, reference, policy)
    if verdict.status == "unknown" and rule == "the whole text" and _WORDS.search(found):
        # what cannot be read as an answer is a short solution
        inside, rule_inside = extract(found, problem, _kind(reference))
        if inside and inside != found:
            verdict, rule = equivalent(inside, reference, policy), rule_inside
    return verdict._replace(reason=f"{verdict.reason} (read by: {rule})", seconds=perf_counter() - since)


def equivalent(a: str, b: str, policy: Policy | None = None) -> Verdict:
    """Whether two answers mean the same; symmetric. Never raises on any text."""
    since, policy = perf_counter(), policy or Policy()
    if (found := _plainly(a, b)) is not None:
        return Verdict("equal" if found else "different", a, "rational",
                       "the same number" if found else f"{a} is not {b}", perf_counter() - since)
    with spending(policy.seconds) as budget:
        status, tier, reason = _judged(a, b, policy)
    return Verdict(status, a, budget.tier if tier == "parsed" else tier, reason, perf_counter() - since)


def _is_solution(text: str) -> bool:
    return "\n" in text or "\\boxed" in text or "####" in text or _SOLUTION.search(text) is not None


def _plainly(a: str, b: str) -> bool | None:
    """Whether two plain numbers are one; None where either is more than digits: what most answers are, at once."""
    if not (one := _DIGITS.fullmatch(a)) or not (other := _DIGITS.fullmatch(b)):
        return None
    return Decimal(a) == Decimal(b) if one[2] or other[2] else int(a) == int(b)


def _kind(reference: str) -> str:
    """What kind of answer `extract` shall look for."""
    if _DIGITS.fullmatch(reference):
        return "number"
    if _rational(tidy(reference).text) is not None:
        return "number"
    kind = shape(reference).kind
    return kind if kind in {"choice", "text"} else "expression"


def _judged(a: str, b: str, policy: Policy) -> Judged:
    if a.strip() == b.strip():
        return "equal", "text", "the same text"
    x, y = tidy(a), tidy(b)
    if not _fitting(x, y, policy):
        return "different", "text", f"{x.unit} is not {y.unit}"
    if x.qualifier != y.qualifier and x.qualifier and y.qualifier:
        return "unknown", "text", f"{x.qualifier} or {y.qualifier}?"
    if found := _by_base(_BASE.fullmatch(x.text), _BASE.fullmatch(y.text), x.text, y.text):
        return found
    bare = policy.percent == "either" or x.percent == y.percent  # whether a percent sign may be overlooked
    if bare and x.text and _close(x.text) == _close(y.text):
        return "equal", "text", "the same text but for its looks"
    if len(x.text) > 2 and x.text.isalpha() and x.text.casefold() == y.text.casefold():
        return "equal", "text", "the same word"
    one, other = _rational(x.text), _rational(y.text)
    rounded = ("/" in x.text and "." in y.text) or ("/" in y.text and "." in x.text)  # 1587/52 and 30.52
    if one is not None and other is not None and (one == other or not rounded):
        equal = (bare and one == other) or (x.percent != y.percent and _as_percent(one, x) == _as_percent(other, y))
        return ("equal", "rational", "the same number") if equal else (
            "different", "rational", f"{x.text} is not {y.text}"[:200])
    return _by_shape(shape(a), shape(b), bare)


def _by_base(one: re.Match[str] | None, other: re.Match[str] | None, a: str, b: str) -> Judged | None:
    """13 is no answer where 1101_2 is asked for, though it is the same number; 1101 may be meant so."""
    bases = [found and found[2] for found in (one, other)]
    if bases[0] == bases[1]:
        return None
    digits = [found[1] if found else text for found, text in ((one, a), (other, b))]
    if digits[0] == digits[1] and None in bases:
        return "unknown", "text", "only one of the two names a base"
    return "different", "text", "written in another base"


def _close(text: str) -> str:
    """Without the blanks that part nothing: those beside a sign or a bracket."""
    return _BLANK.sub("", text) if " " in text else text


def _by_shape(a: Shape, b: Shape, bare: bool) -> Judged:
    if words(a.read.text) == words(b.read.text) != "" and a.kind == b.kind == "text":
        return "equal", "text", "the same words"
    try:
        a, b = _in_radians(a, b), _in_radians(b, a)
        holds = (bare and compare(a, b)) or (a.read.percent != b.read.percent and compare(_hundredth(a), _hundredth(b)))
    except (ValueError, ArithmeticError, RecursionError) as error:  # Undecided and Unreadable are ValueErrors
        return "unknown", "parsed", f"not decided: {error}"
    told = f"{a.kind} and {b.kind}" if a.kind != b.kind else a.kind
    return ("equal" if holds else "different"), "parsed", f"compared as {told}"


def _hundredth(item: Shape) -> Shape:
    """62.5% as the value that it stands for."""
    if not item.read.percent or item.tree is None:
        return item
    return item._replace(tree=Node("div", (item.tree, number(100))), text="")


def _in_radians(a: Shape, other: Shape) -> Shape:
    """30 degrees as pi/6, beside what names pi and no degrees."""
    if a.read.unit != "deg" or other.read.unit or a.tree is None or "\\pi" not in other.read.text:
        return a
    return a._replace(tree=Node("div", (Node("mul", (a.tree, Node("const", name="pi"))), number(180))), text="")


def _fitting(a: Tidied, b: Tidied, policy: Policy) -> bool:
    """Whether the units can be the same; one that names less (dollars, dollars/h) leaves it open."""
    return policy.units == "ignore" or all(
        x == y or not x or not y or _one_dimension(x, y)
        for x, y in zip(a.unit.split("/"), b.unit.split("/"), strict=False))


def _one_dimension(a: str, b: str) -> bool:
    """Whether units that are only called "units" have the other's power."""
    return "?" in a[0] + b[0] and len({unit[-1] for unit in (a, b) if unit[-1].isdigit()}) < 2


def _as_percent(value: Fraction, read: Tidied) -> Fraction:
    return value / 100 if read.percent else value


def _rational(text: str) -> Fraction | None:
    """The value of a plain number or fraction; None for anything else."""
    if len(text) > MAX_DIGITS or not (match := _RATIONAL.fullmatch(text)):
        return None
    if match[3] is not None and (not int(match[3]) or "." in match[2]):
        return None
    value = Fraction(match[2]) / int(match[3] or 1)
    return -value if match[1] == "-" else value
