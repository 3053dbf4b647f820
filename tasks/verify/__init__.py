"""Problems and solutions into verdicts, by two routes that share no code: the program run, the text re-read.

The program route (`program`) knows slots and runs code; the text route (`text`) knows only words and checks with sympy.
Both verdicts are stored for every problem, and nothing is dropped here: `select` decides what goes on.
"""

from collections.abc import Iterator, Sequence

from schemas.records import Problem, Solution, Template, Verdict, stable_id
from schemas.table import Table
from tasks.tools.each import each
from tasks.tools.orchestrator import task
from tasks.verify.program import by_program, route_of
from tasks.verify.text import METHOD, Finding, by_text, check_solution

__all__ = ["Finding", "by_both", "by_program", "by_text", "check_solution"]


@task
def by_both(problems: Table[Problem], solutions: Table[Solution], templates: Table[Template]) -> Table[Verdict]:
    """Two verdicts for every problem, methods "by_program" and "by_text": table `verdicts`.

    Shard i of `solutions` holds the solutions of the problems in shard i; a problem without one has an unknown text.
    """
    return each(_verdicts, problems, solutions, into=Verdict, name="verdicts", expected=_two_each, shared=(templates,))


def _two_each(problems: Sequence[Problem], _: Sequence[Solution]) -> int:
    return 2 * len(problems)


def _verdicts(problems: Sequence[Problem], solutions: Sequence[Solution],
              templates: Table[Template]) -> Iterator[Verdict]:
    found, index = {solution.problem_id: solution for solution in solutions}, templates.index()
    routes = {template_id: route_of(template) for template_id in {problem.template_id: None for problem in problems}
              if (template := index.get(template_id))}
    for problem in problems:
        solution = found.get(problem.id)
        yield by_program(problem, solution, routes.get(problem.template_id))
        yield by_text(problem, solution) if solution else _no_text(problem)


def _no_text(problem: Problem) -> Verdict:
    return Verdict(stable_id("verdict", problem.id, "", METHOD), [problem.id], problem.id, "", METHOD, "unknown", "",
                   "no solution to this problem", "")
