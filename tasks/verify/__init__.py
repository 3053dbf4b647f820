"""Problems and solutions into verdicts, by two routes that share no code: the program run, the text re-read.

The program route (`program`) knows slots and runs code; the text route (`text`) knows only words and checks with sympy.
Both verdicts are stored for every problem, and nothing is dropped here: `select` decides what goes on.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from schemas.records import Planted, Problem, Rejection, Solution, Template, Verdict, stable_id
from schemas.table import Table
from tasks.tools.each import each
from tasks.tools.orchestrator import task
from tasks.tools.sandbox import Isolation
from tasks.verify import measure
from tasks.verify import planted as planting
from tasks.verify.program import by_program, judged, route_of, run_routes
from tasks.verify.text import METHOD, Finding, by_text, check_solution, check_steps

__all__ = ["Finding", "by_both", "by_program", "by_text", "check_solution"]


@task
def by_both(problems: Table[Problem], solutions: Table[Solution], templates: Table[Template], *,
            planted: float = 0.01, isolation: Isolation = "auto") -> Table[Verdict]:
    """Two verdicts for every problem, methods "by_program" and "by_text": table `verdicts`.

    Shard i of `solutions` holds the solutions of the problems in shard i; a problem without one has an unknown text.
    Of a share `planted` of the solutions, copies with a final answer of known truth go through the text route: table
    `planted`, and the route's error rates in the run's notes. `isolation` is that of the programs.
    """
    verdicts = each(partial(_verdicts, isolation=isolation), problems, solutions, into=Verdict, name="verdicts",
                    expected=_two_each, shared=(templates,))
    measure.plant(_planted, problems, solutions, expected=_planted_due, share=planted)
    return verdicts


def _two_each(problems: Sequence[Problem], _: Sequence[Solution]) -> int:
    return 2 * len(problems)


def _verdicts(problems: Sequence[Problem], solutions: Sequence[Solution],
              templates: Table[Template], isolation: Isolation) -> Iterator[Verdict]:
    found, index = {solution.problem_id: solution for solution in solutions}, templates.index()
    routes = {template_id: route_of(template) for template_id in {problem.template_id: None for problem in problems}
              if (template := index.get(template_id))}
    outcomes = run_routes(problems, routes, isolation)
    for problem in problems:
        solution = found.get(problem.id)
        yield judged(problem, solution, routes.get(problem.template_id), outcomes.get(problem.id))
        yield by_text(problem, solution) if solution else _no_text(problem)


def _doubled(problems: Sequence[Problem], solutions: Sequence[Solution],
             share: float) -> Iterator[tuple[Problem, Solution]]:
    asked = {problem.id: problem for problem in problems}
    for solution in solutions:
        problem = asked.get(solution.problem_id)
        if problem and planting.doubles(solution.id, share):
            yield problem, solution


def _planted_due(problems: Sequence[Problem], solutions: Sequence[Solution], share: float) -> int:
    return len(planting.TRUTHS) * sum(1 for _ in _doubled(problems, solutions, share))


def _planted(problems: Sequence[Problem], solutions: Sequence[Solution],
             share: float) -> Iterator[Planted | Rejection]:
    for problem, solution in _doubled(problems, solutions, share):
        wrong = check_steps(solution.solution).wrong  # the copies would fail for that, whatever their answer
        for case in planting.cases(solution.id, solution.solution, problem.answer, wrong):
            if isinstance(case, Rejection):
                yield case
            else:
                found = check_solution(problem.question, case.solution, problem.answer)
                yield planting.judged(case, METHOD, found.status, found.read, found.reason)


def _no_text(problem: Problem) -> Verdict:
    return Verdict(stable_id("verdict", problem.id, "", METHOD), [problem.id], problem.id, "", METHOD, "unknown", "",
                   "no solution to this problem", "")
