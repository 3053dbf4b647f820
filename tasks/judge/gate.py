"""From attempts with verdicts to examples: the gate, how many a problem, and the gold that a vote has set."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from schemas.records import Brief, Example, Problem, Rejection, Solution, Verdict, stable_id
from tasks.asking import rejected

Gate: TypeAlias = Literal["strict", "lenient", "open"]
KINDS = {  # the first that an answer fits
    "integer": re.compile(r"\$?-?\d+(?:,\d{3})*"), "decimal": re.compile(r"\$?-?\d*(?:,\d{3})*\.\d+"),
    "rational": re.compile(r"-?(?:\d+ )?\d+/\d+|-?\\[dt]?frac\{\d+\}\{\d+\}"), "percent": re.compile(r"-?[\d.]+ ?\\?%"),
    "set": re.compile(r"\\?\{.*\}"), "interval": re.compile(r"[\[(][^,]+,[^,]+\]|\[[^,]+,[^,]+\)"),
    "pair": re.compile(r"\([^,]+(?:,[^,]+)+\)"), "text": re.compile(r"[^\d\\^=]*[^\W\d]{2}[^\d\\^=]*")}
PASSES: dict[str, tuple[str, ...]] = {
    "strict": ("passed",), "lenient": ("passed", "unknown"), "open": ("passed", "unknown", "failed")}


def accept(attempts: Sequence[Solution], verdicts: Sequence[Verdict], problems: Sequence[Problem],
           briefs: Mapping[str, Brief], gate: Gate, most: int, name: str) -> Iterator[Example | Rejection]:
    """Each attempt as an example or a rejection; of those that may go on, the best `most` of a problem (0: all)."""
    asked = {problem.id: problem for problem in problems}
    best = _best(attempts, verdicts, gate, most)
    for attempt, verdict in zip(attempts, verdicts, strict=True):
        problem = asked[attempt.problem_id]
        if not attempt.answer:
            yield rejected(attempt, name, "no_answer", "no final answer was found")
        elif verdict.status not in PASSES[gate]:
            yield rejected(attempt, name, verdict.method, f"{verdict.status}: {verdict.reason}")
        elif attempt.id not in best:
            yield rejected(attempt, name, "surplus", f"its problem has {most} of these already")
        else:
            yield example(problem, attempt, verdict, briefs.get(problem.parents[0]))


def _best(attempts: Sequence[Solution], verdicts: Sequence[Verdict], gate: Gate, most: int) -> set[str]:
    """The attempts that may go on: of a problem those that passed come first, then as they were made."""
    able: dict[str, list[tuple[int, int, str]]] = {}
    for place, (attempt, verdict) in enumerate(zip(attempts, verdicts, strict=True)):
        if attempt.answer and verdict.status in PASSES[gate]:
            rank = PASSES[gate].index(verdict.status)
            able.setdefault(attempt.problem_id, []).append((rank, place, attempt.id))
    return {name for own in able.values() for _, _, name in sorted(own)[:most or None]}


def example(problem: Problem, attempt: Solution, verdict: Verdict, brief: Brief | None) -> Example:
    """The row that may be published. Without a gold answer it holds the attempt's own, at the level of who backs it.

    Problems of one seed count as one family, so that they stay on one side of a split.
    """
    agreed = verdict.method == "by_agreement" and verdict.status == "passed"
    level = problem.gold_level if problem.answer else "consensus" if agreed else "teacher"
    answer = problem.answer or attempt.answer
    return Example(
        id=stable_id("example", problem.id, attempt.id), parents=[problem.id, attempt.id], problem=problem.question,
        solution=attempt.solution, answer=answer, answer_kind=problem.answer_kind or kind_of(answer),
        answer_unit=problem.answer_unit, gold_level=level,
        verified_by=[verdict.method] if verdict.status == "passed" else [],
        template_id=problem.seed_id or problem.id, seed_id=problem.seed_id, topic="", difficulty=0, mode=problem.mode,
        recipe=problem.recipe, source=brief.source if brief else "", licence=brief.licence if brief else "")


def kind_of(answer: str) -> str:
    """What an answer looks like, for the data set's column: what fits no other kind is an expression.

    >>> [kind_of(answer) for answer in ("1,200", "0.5", r"\\frac{1}{2}", "20%", "(1, 2)", "x + 1", "Monday")]
    ['integer', 'decimal', 'rational', 'percent', 'pair', 'expression', 'text']
    """
    return next((kind for kind, looks in KINDS.items() if looks.fullmatch(answer.strip())), "expression")
