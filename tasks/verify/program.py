"""The first route: the template's program run as code, and the question searched for the numbers that it was given."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from schemas.records import Problem, Solution, Template, Verdict, stable_id
from tasks.instantiate.markup import Hole, parse, styled
from tasks.tools.answers import Policy, equivalent
from tasks.tools.arithmetic import Number, plain
from tasks.tools.numbers import read_numbers
from tasks.tools.programs import number
from tasks.tools.sandbox import Isolation, Outcome, run_all

METHOD = "by_program"
STRICT = Policy(percent="strict")
WORDS = frozenset({"name", "object", "place"})  # kinds of slots that hold no number
DIGITS = re.compile(r"\d[\d,]*(?:\.\d+)?|\.\d+")
WORD = re.compile(r"[a-z]+")
SILENT = frozenset({"a", "A"})  # styles that show an article, not the number


class Route(NamedTuple):
    """What of a template this route needs: the code, its number slots, and where the question shows them."""

    program: str
    slots: list[str]
    holes: list[Hole]


@lru_cache(maxsize=8192)
def _route(program: str, slots: tuple[str, ...], question: str) -> Route:
    holes = [piece for piece in parse(question)
             if isinstance(piece, Hole) and piece.name in slots and piece.style not in SILENT]
    return Route(program, list(slots), holes)


def route_of(template: Template) -> Route:
    """The route of a template: its `check`, which reaches the answer another way, or else its `program`."""
    slots = tuple(slot.name for slot in template.slots if slot.kind not in WORDS)
    return _route(template.check or template.program, slots, template.question)


def run_routes(problems: Sequence[Problem], routes: Mapping[str, Route],
               isolation: Isolation = "auto") -> dict[str, Outcome]:
    """Each problem's program run on its values, all problems of a template in one run: problem id -> outcome.

    Problems without a route, or whose values cannot be read, are left out. Raises `IsolationUnavailable`.
    """
    alike: dict[str, list[tuple[str, dict[str, Number]]]] = {}
    for problem in problems:
        if (route := routes.get(problem.template_id)) and (values := _read(problem, route)[0]) is not None:
            alike.setdefault(route.program, []).append((problem.id, values))
    return {id: outcome for program, rows in alike.items() for (id, _), outcome in zip(
        rows, run_all(program, [values for _, values in rows], isolation), strict=True)}


def by_program(problem: Problem, solution: Solution | None, route: Route | None) -> Verdict:
    """The verdict of the program route on one problem: `run_routes` and `judged` for a single row."""
    outcomes = run_routes([problem], {problem.template_id: route} if route else {})
    return judged(problem, solution, route, outcomes.get(problem.id))


def judged(problem: Problem, solution: Solution | None, route: Route | None, outcome: Outcome | None) -> Verdict:
    """The verdict of the program route on one problem, from what `run_routes` came to.

    It is `unknown` where the program could not be run to an answer.
    """
    solution_id = solution.id if solution else ""
    status, value, reason, level = _judged(problem, route, outcome) if route else (
        "unknown", "", f"no template {problem.template_id}", "")
    return Verdict(stable_id("verdict", problem.id, solution_id, METHOD), [problem.id, solution_id] if solution_id else
                   [problem.id], problem.id, solution_id, METHOD, status, value, reason, level)


def _read(problem: Problem, route: Route) -> tuple[dict[str, Number] | None, str]:
    """A problem's values, or None and why they cannot be read."""
    try:
        return _values(json.loads(problem.values), route.slots), ""
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return None, f"values: cannot be read ({type(error).__name__}: {error})"


def _judged(problem: Problem, route: Route, outcome: Outcome | None) -> tuple[str, str, str, str]:
    """(status, value, reason, level)."""
    values, reason = _read(problem, route)
    if values is None or outcome is None:
        return "unknown", "", reason, ""
    status, value, level, reason = outcome
    if status != "ok":
        return "unknown", "", f"program: {status}, {reason}", level
    agreed = equivalent(value, problem.answer, STRICT).status
    if agreed != "equal" and problem.answer.endswith("%"):
        agreed = equivalent(f"{value}%", problem.answer, STRICT).status
    if agreed != "equal":
        reason = f"answer: the program gives {value[:80]}, the problem says {problem.answer[:80]}"
        return "failed" if agreed == "different" else "unknown", value, reason, level
    missing = _missing(problem.question, route.holes, values)
    return "failed" if missing else "passed", value, missing, level


def _values(texts: Mapping[str, str], slots: Sequence[str]) -> dict[str, Number]:
    """The exact numbers of the slots that hold one. Raises KeyError for a slot without a value."""
    return {name: given for name in slots if (given := number(texts[name])) is not None}


def _missing(question: str, holes: Sequence[Hole], values: Mapping[str, Number]) -> str:
    """The number that the question does not show as often as the template does; "" where all are there.

    First by the digits and words that stand in the question, which settles nearly all; where one is lacking, by reading
    its numbers in earnest.
    """
    digits, words, lower = [_bare(text) for text in DIGITS.findall(question)], list[str](), question.lower()
    for hole in holes:
        kind, text = _told(values[hole.name], hole.style)
        if kind == "phrase":
            if text not in lower:
                return _lacking(question, holes, values)
            continue
        shown = digits if kind == "digits" else words or WORD.findall(lower)
        if text not in shown:
            return _lacking(question, holes, values)
        shown.remove(text)
        words = words if kind == "digits" else shown
    return ""


@lru_cache(maxsize=20_000)
def _told(value: Number, style: str) -> tuple[str, str]:
    """How a question tells a number in a style: as digits (in the form of `plain`), as one word, or as a phrase."""
    text = styled(value, Hole("", style)).lower().lstrip("-")
    if not DIGITS.sub("", text):
        return "digits", _bare(text) if style == "pct" else plain(max(value, -value))
    return "word" if text.isalpha() else "phrase", text


def _bare(digits: str) -> str:
    """ "1,200" and "3.50" as `plain` writes them."""
    if digits.isdecimal():
        return digits
    digits = digits.replace(",", "")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return f"0{digits}" if digits.startswith(".") else digits


def _lacking(question: str, holes: Sequence[Hole], values: Mapping[str, Number]) -> str:
    """The same, by the values of the numbers that a reader finds in the question."""
    found = Counter(Fraction(mention.value) for mention in read_numbers(question))
    wanted = Counter(_seen(values[hole.name], hole) for hole in holes)
    for hole in holes:
        value, (_, text) = _seen(values[hole.name], hole), _told(values[hole.name], hole.style)
        if max(found[value], question.lower().count(text)) < wanted[value]:
            return f"question: shows {plain(value)} (slot {hole.name}) less often than its template"
    return ""


def _seen(value: Number, hole: Hole) -> Fraction:
    """The size that a reader sees: without its sign, and 20 where 1/5 is written as a percent."""
    return Fraction(max(value, -value) * (100 if hole.style == "pct" else 1))
