"""Templates into problems: draws within domains and conditions, problems from a user's own values, worked solutions.

Row i of a template is a pure function of (seed, template id, i). Everything goes by columns over the rows of one
template: `compiled` makes a template ready, `draw` and `sieve` find rows, `columns` computes, `render` writes.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from schemas.records import Problem, Rejection, Solution, Template, reject
from schemas.run import current_run
from schemas.table import Table
from tasks.instantiate import variants as _variants
from tasks.instantiate.bind import Broken, bind, bound
from tasks.instantiate.compiled import Compiled, TemplateError, compiled
from tasks.instantiate.markup import MarkupError
from tasks.instantiate.quotas import Capacity, Quota, capacity_of, cut, in_shard
from tasks.instantiate.write import problem_of, problems, solution_of, solutions_of
from tasks.tools.each import each, whole
from tasks.tools.expressions import ExpressionError
from tasks.tools.files import read_rows
from tasks.tools.orchestrator import task

__all__ = ["Broken", "Compiled", "TemplateError", "bind", "bindings", "compiled", "problem_of", "solution_of",
           "solutions", "templates", "with_variants"]

Unwritten = (TemplateError, ExpressionError, MarkupError, KeyError, ValueError)


@task
def with_variants(templates: Table[Template], modes: Sequence[str] = ()) -> Table[Template]:
    """Each template and, where its text makes it safe, its variants: table `variants`, or `templates` for no modes.

    Modes: p1, p2 (one or two clauses more), m1 (one less), noop (one that changes nothing). A mode that does not fit a
    template is a rejection "variant_not_applicable". Raises ParameterError for an unknown mode.
    """
    wanted = _variants.known(modes)
    if not wanted:
        return templates
    return each(partial(_varied, modes=wanted), templates, into=Template, name="variants",
                expected=partial(_times, 1 + len(wanted)))


def _times(factor: int, rows: Sequence[Template]) -> int:
    return factor * len(rows)


def _varied(rows: Sequence[Template], modes: Sequence[str]) -> Iterator[Template | Rejection]:
    for template in rows:
        yield template
        for mode in modes:
            yield _variants.variants(template, mode)


@task
def templates(templates: Table[Template], *, size: int, seed: int = 0, modes: Sequence[str] | None = None
              ) -> Table[Problem]:
    """Exactly `size` problems, or as many as the templates can give, spread evenly over them: table `problems`.

    `modes` keeps only templates of these modes (all by default). What each could give stands in table `capacities`,
    whose rejections are templates that give nothing; what is asked of whom in `quotas`. Problems of one template differ
    in their numbers.
    """
    run = current_run()
    found = each(partial(_measured, modes=modes), templates, into=Capacity, name="capacities",
                 expected=partial(_wanted, modes=modes))
    asked = cache(lambda: cut(list(found.rows()), size))
    there = run.table("quotas", Quota).path.is_dir()
    quotas = whole(lambda _: asked(), found, into=Quota, name="quotas", expected=lambda _: len(asked()),
                   shard=1 if there else in_shard(asked()))
    return each(partial(_drawn, seed=seed, recipe=run.recipe), quotas, into=Problem, name="problems", expected=_due,
                shared=(templates,))


def _measured(rows: Sequence[Template], modes: Sequence[str] | None) -> Iterator[Capacity | Rejection]:
    return (capacity_of(row) for row in rows if modes is None or row.mode in modes)


def _wanted(rows: Sequence[Template], modes: Sequence[str] | None) -> int:
    return sum(modes is None or row.mode in modes for row in rows)


def _due(quotas: Sequence[Quota]) -> int:
    return sum(quota.count for quota in quotas)


def _drawn(quotas: Sequence[Quota], templates: Table[Template], seed: int, recipe: str
           ) -> Iterator[Problem | Rejection]:
    by_id = templates.index()
    for quota in quotas:
        template, made, reason = by_id[quota.template_id], list[Problem](), "too few values satisfy its conditions"
        try:
            ready = compiled(template)
            made = problems(ready, ready.take(seed, quota.count, quota.start), recipe)
        except Unwritten as error:
            reason = f"cannot be drawn: {error}"
        yield from made
        for lack in range(len(made), quota.count):
            yield reject(template.id, "problems", "no_draw", reason, content=template.question,
                         key=f"{seed} {quota.start} {lack}")


@task
def solutions(problems: Table[Problem], templates: Table[Template]) -> Table[Solution]:
    """The worked solution of each problem, written from its template and its own `values`: table `solutions`."""
    return each(_solved, problems, into=Solution, name="solutions", shared=(templates,))


def _solved(rows: Sequence[Problem], templates: Table[Template]) -> Iterator[Solution | Rejection]:
    by_id = templates.index()
    for template_id, group in groupby(rows, attrgetter("template_id")):
        some = list(group)
        try:
            yield from solutions_of(some, by_id[template_id])
        except Unwritten:
            yield from _one_by_one(some, by_id.get(template_id))


def _one_by_one(some: Iterable[Problem], template: Template | None) -> Iterator[Solution | Rejection]:
    for problem in some:
        try:
            if template is None:
                raise ValueError(f"no template `{problem.template_id}`")
            yield solution_of(problem, template)
        except Unwritten as error:
            yield reject(problem.id, "solutions", "no_solution", str(error), content=problem.question)


@task
def bindings(templates: Table[Template], lines: str | Path) -> Table[Problem]:
    """A problem for each line of a file of the user's own values: table `problems`, with `binding_id` and `answer`.

    Lines are `{"id": …, "template_id": …, "values": {"slot": "3", …}}`. A line that gives no problem is a rejection
    that names its line and the broken condition. Raises InputError for a file that cannot be read, naming the line.
    """
    run = current_run()
    return whole(partial(_bound, lines=lines, recipe=run.recipe), templates, into=Problem, name="problems",
                 expected=lambda _: sum(1 for _ in read_rows(lines)))


def _bound(templates: Table[Template], lines: str | Path, recipe: str) -> Iterator[Problem | Rejection]:
    by_id, first = templates.index(), dict[str, int]()
    for line, row in read_rows(lines):
        made = bound(by_id, row, line, recipe)
        if isinstance(made, Problem) and first.setdefault(made.id, line) != line:
            reason = f"line {line}: says the same as line {first[made.id]}"
            made = reject(made.binding_id, "problems", "duplicate", reason, content=made.question, twin_id=made.id,
                          key=str(line))
        yield made
