"""The first route: the template's program run as code, and the question searched for the numbers that the program got."""

import json
import re
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from schemas.records import Problem, Solution, Template, Verdict, stable_id
from tasks.instantiate.markup import Hole, parse, styled
from tasks.tools.answers import equivalent
from tasks.tools.arithmetic import Number, plain
from tasks.tools.numbers import read_numbers
from tasks.tools.sandbox import number, run

METHOD = "by_program"
WORDS = frozenset({"name", "object", "place"})  # kinds of slots that hold no number
DIGITS = re.compile(r"\d[\d,]*(?:\.\d+)?|\.\d+")
AS_DIGITS = frozenset({"", "text", ",", "money", "money,", ".1", ".2", ".3", ".1,", ".2,", ".3,"})
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
    """The route of a template: its `check` where it has one, which reaches the answer another way, else its `program`."""
    slots = tuple(slot.name for slot in template.slots if slot.kind not in WORDS)
    return _route(template.check or template.program, slots, template.question)


def by_program(problem: Problem, solution: Solution | None, route: Route | None) -> Verdict:
    """The verdict of the program route on one problem; `unknown` where the program could not be run to an answer."""
    solution_id = solution.id if solution else ""
    status, value, reason, level = _judged(problem, route) if route else (
        "unknown", "", f"no template {problem.template_id}", "")
    return Verdict(stable_id("verdict", problem.id, solution_id, METHOD), [problem.id, solution_id] if solution_id else
                   [problem.id], problem.id, solution_id, METHOD, status, value, reason, level)


def _judged(problem: Problem, route: Route) -> tuple[str, str, str, str]:
    """(status, value, reason, level)."""
    try:
        texts: dict[str, str] = json.loads(problem.values)
        values = {name: given for name in route.slots if (given := number(texts[name])) is not None}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return "unknown", "", f"values: cannot be read ({type(error).__name__}: {error})", ""
    outcome = run(route.program, values)
    if outcome.status != "ok":
        return "unknown", "", f"program: {outcome.status}, {outcome.reason}", outcome.level
    agreed = equivalent(outcome.value, problem.answer)
    if agreed != "equal" and problem.answer.endswith("%"):
        agreed = equivalent(f"{outcome.value}%", problem.answer)
    if agreed != "equal":
        return ("failed" if agreed == "different" else "unknown", outcome.value,
                f"answer: the program gives {outcome.value[:80]}, the problem says {problem.answer[:80]}", outcome.level)
    missing = _missing(problem.question, route.holes, values)
    return ("failed", outcome.value, missing, outcome.level) if missing else ("passed", outcome.value, "", outcome.level)


def _missing(question: str, holes: list[Hole], values: dict[str, Number]) -> str:
    """The number that the question does not show as often as the template does; "" where all are there.

    First by the digits that stand in the question, which settles nearly all; else by reading its numbers in earnest.
    """
    shown = [_bare(text) for text in DIGITS.findall(question)]
    for hole in holes:
        wanted = plain(abs(values[hole.name]))
        if hole.style not in AS_DIGITS or wanted not in shown:
            return _missing_slow(question, holes, values)
        shown.remove(wanted)
    return ""


def _bare(digits: str) -> str:
    """ "1,200" and "3.50" as `plain` writes them."""
    if digits.isdecimal():
        return digits
    digits = digits.replace(",", "")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return f"0{digits}" if digits.startswith(".") else digits


def _missing_slow(question: str, holes: list[Hole], values: dict[str, Number]) -> str:
    """The same, by the numbers that a reader finds in the question or, for words it does not know, by the words."""
    found = Counter(mention.value for mention in read_numbers(question))
    wanted = Counter(_seen(values[hole.name], hole) for hole in holes)
    lower = question.lower()
    for hole in holes:
        value = _seen(values[hole.name], hole)
        text = styled(values[hole.name], hole).lower()
        if found[value] < wanted[value] and lower.count(text) < sum(
                styled(values[other.name], other).lower() == text for other in holes):
            return f"question: shows {plain(value)} (slot {hole.name}) less often than its template"
    return ""


def _seen(value: Number, hole: Hole) -> Number:
    """The size that a reader sees: without its sign, and 20 where 1/5 is written as a percent."""
    return abs(value) * (100 if hole.style == "pct" else 1)
