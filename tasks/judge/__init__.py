"""Judge: what a model's solutions are worth, by the answer policy of their problem, and which become examples.

    attempts   a verdict each: against the gold answer, or the vote where there is none yet
    rates      how many of a problem's attempts passed, with the interval
    accepted   attempts as examples; the gate is the recipe's choice, the verdict stays on record
    failed     the seeds whose problem a model did not solve
    paths      of several solutions of a problem, those that calculate differently
    sorted_out, graded   problems that a model's look passes
"""

from collections.abc import Iterator, Sequence
from functools import partial

from schemas.records import Brief, Example, Problem, Rejection, Seed, Solution, SolveRate, Verdict, stable_id
from schemas.table import Table
from tasks.asking import asked, rejected
from tasks.judge import looks
from tasks.judge.gate import Gate, accept
from tasks.judge.paths import distinct
from tasks.judge.worth import by_problem, verdicts
from tasks.tools.each import each
from tasks.tools.llm import Teacher
from tasks.tools.orchestrator import task
from tasks.tools.rates import wilson

EXAMPLES = "examples"


@task
def attempts(problems: Table[Problem], attempts: Table[Solution], *, name: str = "verdicts") -> Table[Verdict]:
    """One verdict for each attempt, in their order."""
    return each(verdicts, attempts, problems, into=Verdict, name=name)


@task
def rates(problems: Table[Problem], attempts: Table[Solution], verdicts: Table[Verdict], *,
          name: str = "rates") -> Table[SolveRate]:
    """How hard each problem was for whoever attempted it; one that nobody attempted is a rejection."""
    return each(rated, problems, attempts, verdicts, into=SolveRate, name=name)


def rated(problems: Sequence[Problem], attempts: Sequence[Solution],
          verdicts: Sequence[Verdict]) -> Iterator[SolveRate | Rejection]:
    """One rate or rejection for each problem."""
    tries, found = by_problem(attempts), by_problem(verdicts)
    for problem in problems:
        own = found.get(problem.id, [])
        if not own:
            yield rejected(problem, "rates", "no_attempt", "no attempt at it came to an end")
            continue
        passed, undecided = ([verdict.status for verdict in own].count(word) for word in ("passed", "unknown"))
        rate = wilson(passed, len(own) - undecided)
        answer = problem.answer or next((verdict.read for verdict in own if verdict.status == "passed"), "")
        yield SolveRate(stable_id("rate", problem.id, *(verdict.id for verdict in own)),
                        [problem.id, *(verdict.solution_id for verdict in own)], problem.id, tries[problem.id][0].model,
                        answer, len(own), passed, undecided, rate.share, rate.low, rate.high)


@task
def accepted(problems: Table[Problem], attempts: Table[Solution], verdicts: Table[Verdict], briefs: Table[Brief], *,
             gate: Gate = "lenient", most: int = 1) -> Table[Example]:
    """Attempts as examples, the first `most` of each problem that pass the gate; each other one is a rejection.

    "strict" lets only passed ones through, "lenient" also what could not be decided, "open" all that have an answer.
    """
    return each(partial(_accepted, gate=gate, most=most), attempts, verdicts, problems, into=Example, name=EXAMPLES,
                shared=[briefs])


def _accepted(attempts: Sequence[Solution], verdicts: Sequence[Verdict], problems: Sequence[Problem],
              briefs: Table[Brief], gate: Gate, most: int) -> Iterator[Example | Rejection]:
    yield from accept(attempts, verdicts, problems, briefs.index(), gate, most, EXAMPLES)


@task
def failed(problems: Table[Problem], rates: Table[SolveRate], briefs: Table[Brief], *,
           at_most: float = 0.0) -> Table[Seed]:
    """The seeds of problems whose solve rate is at most so high; each other problem is a rejection, "solved"."""
    return each(partial(_failed, at_most=at_most), problems, into=Seed, name="failed", shared=[rates, briefs])


def _failed(problems: Sequence[Problem], rates: Table[SolveRate], briefs: Table[Brief],
            at_most: float) -> Iterator[Seed | Rejection]:
    known, told = rates.index("problem_id"), briefs.index()
    for problem in problems:
        rate, brief = known.get(problem.id), told[problem.parents[0]]
        if rate is not None and rate.samples > rate.undecided and rate.share > at_most:
            yield rejected(problem, "failed", "solved", f"{rate.passed} of {rate.samples} attempts passed")
        else:
            yield Seed(problem.id, [problem.id], brief.question, brief.solution, brief.answer, brief.source,
                       brief.licence, problem.number + 1)


@task
def paths(examples: Table[Example]) -> Table[Example]:
    """Of the examples of one problem, those whose equations differ (RFT)."""
    return each(distinct, examples, into=Example, name="paths")


@task
def sorted_out(problems: Table[Problem], teacher: Teacher) -> Table[Problem]:
    """Problems that a model holds to be open questions with one answer (Big-Math); each other one says why not."""
    return asked(looks.sorted_out, problems, teacher=teacher, into=Problem, name="opened")


@task
def graded(problems: Table[Problem], teacher: Teacher, *, least: int = 3) -> Table[Problem]:
    """Problems that a rubric of four points gives `least` marks of five in each but richness."""
    return asked(partial(looks.graded, least=least), problems, teacher=teacher, into=Problem, name="graded")
