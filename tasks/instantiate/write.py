"""Batches of a compiled template written as records: problems, and a worked solution for each.

`values` of a problem is JSON, slot -> exact value or word as text, in the order of the template's slots; with the
template it is all that is needed to compute and write the problem again.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from json.encoder import encode_basestring
from typing import Any

from schemas.records import Problem, Solution, Template
from tasks.instantiate.compiled import Batch, Compiled, compiled
from tasks.instantiate.domains import WORD_KINDS, number
from tasks.instantiate.render import Column
from tasks.tools.arithmetic import exact, plain
from tasks.tools.expressions import Value

WHOLE = {int}
OPERATION = "instantiate"


def problems(ready: Compiled, batch: Batch, recipe: str, binding_id: str = "") -> list[Problem]:
    """A batch's problems, without their solutions."""
    return _problems(ready, batch, _texts(ready, batch, (0, 2)), recipe, binding_id)


def pairs(ready: Compiled, batch: Batch, recipe: str) -> tuple[list[Problem], list[Solution]]:
    """A batch's problems and their worked solutions."""
    texts = _texts(ready, batch, (0, 1, 2))
    made = _problems(ready, batch, texts, recipe, "")
    return made, _solutions(made, texts[1])


def _texts(ready: Compiled, batch: Batch, which: Sequence[int]) -> dict[int, list[str]]:
    return ready.texts.run(batch.columns, len(batch.numbers), which)


def _problems(ready: Compiled, batch: Batch, texts: Mapping[int, list[str]], recipe: str,
              binding_id: str) -> list[Problem]:
    template = ready.template
    answers = canonical(batch.columns["answer"], texts[2], template.answer_kind)
    values = encoded(template, batch.columns)
    depth = 2 if template.mode != "base" else 1
    lasts = [f"{text}\x1f{binding_id}" for text in values] if binding_id else values
    return [
        Problem(made, [template.id], question, answer, template.answer_kind, template.answer_unit, "program", "program",
                template.id, template.seed_id, binding_id, recipe, OPERATION, template.mode, row, value, depth, "", "")
        for made, row, question, answer, value
        in zip(ids("problem", (template.id, template.mode), lasts), batch.numbers, texts[0], answers, values,
               strict=True)]


def _solutions(some: Sequence[Problem], texts: Sequence[str]) -> list[Solution]:
    made = ids("solution", (), [problem.id for problem in some])
    return [Solution(one, [problem.id], problem.id, text, text.rpartition("#### ")[2].strip(), problem.recipe,
                     OPERATION, problem.mode, "", "")
            for one, problem, text in zip(made, some, texts, strict=True)]


def canonical(answers: Column, written: Sequence[str], kind: str) -> list[str]:
    """The gold answers' canonical text: "72", "0.5", "3/4" for a rational; texts as they are, tuples as written."""
    if set(map(type, answers)) == WHOLE:
        return list(map(str, answers))
    number_text = exact if kind == "rational" else plain
    return [text if isinstance(answer, tuple | bool) else str(answer) if isinstance(answer, str)
            else number_text(answer) for answer, text in zip(answers, written, strict=True)]


def encoded(template: Template, columns: Mapping[str, Column]) -> list[str]:
    """The slots' values of each row as JSON."""
    if not template.slots:
        return ["{}"] * len(columns["answer"])
    parts = [f'"{slot.name}": %s' if slot.kind in WORD_KINDS else f'"{slot.name}": "%s"' for slot in template.slots]
    form = "{" + ", ".join(parts) + "}"
    texts = [list(map(encode_basestring, columns[slot.name])) if slot.kind in WORD_KINDS else columns[slot.name]
             for slot in template.slots]  # a whole number or a Fraction formats as "3" or "1/2"
    return [form % row for row in zip(*texts, strict=True)]


def ids(kind: str, prefix: Sequence[str], lasts: Iterable[str]) -> list[str]:
    """`stable_id(kind, *prefix, last)` for each last part, the shared beginning hashed once."""
    start = blake2b("\x1f".join((*prefix, "")).encode(), digest_size=12)
    made = []
    for last in lasts:
        one = start.copy()
        one.update(last.encode())
        made.append(f"{kind}_{one.hexdigest()}")
    return made


def decoded(template: Template, rows: Sequence[str]) -> dict[str, Column]:
    """The slots' columns from problems' `values`. Raises ValueError or KeyError where they are not this template's."""
    read = list(map(json.loads, rows))
    return {slot.name: [row[slot.name] if slot.kind in WORD_KINDS else number(row[slot.name]) for row in read]
            for slot in template.slots}


def problem_of(template: Template, values: Mapping[str, Value], number: int, recipe: str,
               binding_id: str = "") -> Problem:
    """One problem from its slots' values. Raises ExpressionError or MarkupError where they give none."""
    ready = compiled(template)
    columns: dict[str, Any] = {slot.name: [values[slot.name]] for slot in template.slots}
    return problems(ready, Batch([number], ready.computed(columns, 1)), recipe, binding_id)[0]


def solution_of(problem: Problem, template: Template) -> Solution:
    """One problem's worked solution. Raises ExpressionError, MarkupError or ValueError where its values give none."""
    return solutions_of([problem], template)[0]


def solutions_of(some: Sequence[Problem], template: Template) -> list[Solution]:
    """The worked solutions of problems of one template."""
    ready = compiled(template)
    columns = ready.computed(decoded(template, [problem.values for problem in some]), len(some))
    texts = ready.texts.run(columns, len(some), (1,))[1]
    return _solutions(some, texts)

