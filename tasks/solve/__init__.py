"""Solve: worked attempts at problems by a model, and wrong ones thought over.

    words     step by step, to a boxed answer
    programs  named (self-describing), commented, bare: run in the jail, what is printed last is the answer
    turns     tools, subtasks (DotaMath), checked (CoSC's two-part check): programs run between the turns

Several samples of a problem may stop early: where the first agree, or where one is right.
"""

from collections.abc import Sequence
from functools import partial
from typing import Literal, TypeAlias

from schemas.errors import ParameterError
from schemas.records import Problem, Rejection, Solution, Verdict, stable_id
from schemas.run import current_run
from schemas.table import Table
from tasks.asking import NoAnswer, Talk, Unfit, abreast, asked, rejected
from tasks.prompts import reflect
from tasks.solve.attempts import PROGRAMS, TURNS, WORDS, Style, Worked, by_program, in_turns, in_words
from tasks.tools.answers import equivalent
from tasks.tools.answers.extract import extract
from tasks.tools.llm import Teacher
from tasks.tools.orchestrator import task
from tasks.tools.sandbox import Isolation
from tasks.verify.agreement import classes

Stop: TypeAlias = Literal["never", "agreed", "right"]
EARLY = 4  # samples that must all agree for the others to be spared
MAX_TURNS = 4  # MuMath-Code's, enough for school problems


@task
def attempts(problems: Table[Problem], teacher: Teacher, *, style: str = "solve", samples: int = 1,
             stop: Stop = "never", turns: int = MAX_TURNS, isolation: Isolation = "auto",
             name: str = "solutions") -> Table[Solution]:
    """`samples` attempts at each problem, in one style. An attempt that comes to nothing is a rejection.

    `stop` spares the rest where the first four agree ("agreed"), or asks once without randomness and again only where
    that is not the gold answer ("right", MARIO's way); a spared attempt is a rejection by the rule `spared`.
    """
    if samples < 1:
        raise ParameterError(f"samples is {samples}", where="--samples", mend="give a whole number from 1")
    talk = partial(tried, style=style, samples=samples, stop=stop, turns=turns, name=name,
                   recipe=current_run().recipe, model=teacher.model)
    return asked(talk, problems, teacher=teacher, into=Solution, name=name, isolation=isolation,
                 expected=lambda rows: samples * len(rows))


def style_of(name: str, turns: int = MAX_TURNS) -> Style:
    """How one attempt goes. Raises `ParameterError`."""
    if name in WORDS:
        return partial(in_words, prompt=WORDS[name])
    if name in PROGRAMS:
        return partial(by_program, prompt=PROGRAMS[name])
    if name in TURNS:
        return partial(in_turns, style=name, most=turns)
    raise ParameterError(f"there is no style {name!r}", mend=f"there are: {', '.join((*WORDS, *PROGRAMS, *TURNS))}")


def tried(problem: Problem, style: str, samples: int, stop: Stop, turns: int, name: str, recipe: str,
          model: str) -> Talk[Solution]:
    """All attempts at one problem, in one batch or in two."""
    attempt = style_of(style, turns)
    first = {"never": samples, "agreed": EARLY, "right": 1}[stop]
    made: list[Solution | Rejection] = []
    for number, batch in enumerate((range(min(first, samples)), range(first, samples))):
        # A second request that is the first once more may be answered the same: a seed tells them apart.
        settings = {"seed": number} if number else {"temperature": 0.0} if stop == "right" else {}
        if made and _settled(problem, made, stop):
            made += [rejected(problem, name, "spared", f"not needed: {stop} after {first}", str(sample))
                     for sample in batch]
            break
        found = yield from abreast([attempt(problem, sample, settings) for sample in batch])
        made += [_solution(problem, one, sample, style, name, recipe, model)
                 for sample, one in zip(batch, found, strict=True)]
    return made


def _settled(problem: Problem, made: Sequence[Solution | Rejection], stop: Stop) -> bool:
    answers = [row.answer for row in made if isinstance(row, Solution)]
    if stop == "right":
        return any(equivalent(answer, problem.answer).status == "equal" for answer in answers)
    members, heads, _ = classes(answers)
    return len(answers) == len(made) and len(heads) == 1 and -1 not in members


def _solution(problem: Problem, one: Worked | NoAnswer | Unfit, sample: int, style: str, name: str, recipe: str,
              model: str) -> Solution | Rejection:
    if isinstance(one, NoAnswer):
        return rejected(problem, name, one.failure.kind, one.failure.words, str(sample))
    if isinstance(one, Unfit):
        return rejected(problem, name, one.rule, str(one), str(sample))
    return Solution(stable_id("solution", problem.id, style, sample, one.text), [problem.id], problem.id, one.text,
                    one.answer, recipe, "solve", style, model, one.prompt.hash)


@task
def revised(problems: Table[Problem], solutions: Table[Solution], verdicts: Table[Verdict], teacher: Teacher, *,
            name: str = "revised") -> Table[Solution]:
    """The solutions, those with a failed verdict thought over once by the teacher, who is not told the answer."""
    talk = partial(thought_over, name=name, recipe=current_run().recipe, model=teacher.model)
    return asked(talk, solutions, verdicts, problems, teacher=teacher, into=Solution, name=name, pair=_beside)


def _beside(solutions: Sequence[Solution], verdicts: Sequence[Verdict],
            problems: Sequence[Problem]) -> list[tuple[Solution, Verdict, Problem]]:
    known = {problem.id: problem for problem in problems}
    return [(solution, verdict, known[solution.problem_id])
            for solution, verdict in zip(solutions, verdicts, strict=True)]


def thought_over(solution: Solution, verdict: Verdict, problem: Problem, name: str, recipe: str,
                 model: str) -> Talk[Solution]:
    """One solution as it is, or another one where it was wrong."""
    if verdict.status != "failed":
        return [solution]
    reply = yield reflect.PROMPT.ask({"Problem": problem.question, "Wrong solution": solution.solution})
    text = reply.text.strip()
    return [Solution(stable_id("solution", solution.id, text), [problem.id, solution.id], problem.id, text,
                     extract(text, problem.question).text, recipe, "revise", "reflect", model, reflect.PROMPT.hash)]
