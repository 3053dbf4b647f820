"""Examples out of verified problems: what every route of `tasks.verify` passed goes on, the rest says why not."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence

from schemas.records import Example, Problem, Rejection, Solution, Template, Verdict, reject, stable_id
from schemas.table import Table
from tasks.tools.each import each
from tasks.tools.orchestrator import task

STEP = "examples"
ROUTES = ("by_program", "by_text")


@task
def verified(problems: Table[Problem], solutions: Table[Solution], verdicts: Table[Verdict],
             templates: Table[Template]) -> Table[Example]:
    """Problems whose solution passed by every route, as examples; each other problem is a rejection, "not_verified".

    The first three tables are shard-aligned; `templates` is looked into for topic, source and licence.
    """
    return each(judged, problems, solutions, verdicts, into=Example, name=STEP, shared=[templates])


def judged(problems: Sequence[Problem], solutions: Sequence[Solution], verdicts: Sequence[Verdict],
           templates: Table[Template]) -> Iterator[Example | Rejection]:
    """One example or rejection for each problem."""
    told = templates.index()
    worked = {solution.problem_id: solution for solution in solutions}
    found: dict[str, dict[str, Verdict]] = defaultdict(dict)
    for verdict in verdicts:
        found[verdict.problem_id][verdict.method] = verdict
    for problem in problems:
        solution, by = worked.get(problem.id), found[problem.id]
        against = objection(solution, by)
        if solution is None or against:
            yield reject(problem.id, STEP, "not_verified", against, content=_shown(problem, solution))
        else:
            yield example(problem, solution, sorted(by), told[problem.template_id])


def objection(solution: Solution | None, by: dict[str, Verdict]) -> str:
    """Why this solution may not go on; "" if every route passed it. A verdict on another solution does not count."""
    if solution is None:
        return "it has no solution"
    for route in ROUTES:
        verdict = by.get(route)
        if verdict is None or verdict.solution_id != solution.id:
            return f"{route}: no verdict on this solution"
    failed = [verdict for _, verdict in sorted(by.items()) if verdict.status != "passed"]
    return "; ".join(f"{verdict.method} {verdict.status}: {verdict.reason}" for verdict in failed)


def example(problem: Problem, solution: Solution, routes: list[str], template: Template) -> Example:
    """The row that may be published."""
    return Example(
        id=stable_id("example", problem.id, solution.id), parents=[problem.id, solution.id], problem=problem.question,
        solution=solution.solution, answer=problem.answer, answer_kind=problem.answer_kind,
        answer_unit=problem.answer_unit, gold_level=problem.gold_level, verified_by=routes,
        template_id=problem.template_id, seed_id=problem.seed_id, topic=template.topic, difficulty=template.difficulty,
        mode=problem.mode, recipe=problem.recipe, source=template.source, licence=template.licence)


def _shown(problem: Problem, solution: Solution | None) -> str:
    return json.dumps({"question": problem.question, "answer": problem.answer,
                       "solution": solution.solution if solution else ""}, ensure_ascii=False)
