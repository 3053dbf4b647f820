"""Any data set verified, task by task: claims, verdicts, agreements, votes, planted cases, and what they come to."""

from collections.abc import Collection, Iterator, Sequence
from functools import partial

from schemas.records import Agreement, Ballot, Claim, Planted, Rejection, Verdict
from schemas.run import current_run
from schemas.table import Table
from tasks.tools.answers.extract import extract
from tasks.tools.each import by_row, each, whole
from tasks.tools.orchestrator import task
from tasks.tools.warehouse import Warehouse
from tasks.verify import agreement, audit, judge, measure, planted
from tasks.verify.claims import claims as read_claims

PART = 250_000  # claims that are sorted by problem at a time: some 100 MB, however large the data set is


@task
def claims(source: str, *, problem: str = "", solution: str = "", answer: str = "", group: str = "",
           licence: str = "") -> Table[Claim]:
    """Table `claims` of a file, a folder or a Hub id; columns not named are guessed. Raises `InputError`."""
    given = {"problem": problem, "solution": solution, "answer": answer, "group": group}
    return read_claims(source, given, licence)


@task
def verdicts(claims: Table[Claim], *, methods: Sequence[judge.Method] = ()) -> Table[Verdict]:
    """Table `verdicts`: each claim by itself, by every method that applies to it and is asked for (all by default)."""
    wanted = tuple(methods) or judge.METHODS
    if "by_agreement" in wanted:
        wanted = (*wanted, "by_answer")  # which reads the answers that vote
    return each(partial(judge.verdicts, methods=wanted), claims, into=Verdict, name="verdicts",
                expected=partial(judge.due, methods=wanted))


@task
def agreements(claims: Table[Claim], verdicts: Table[Verdict]) -> Table[Agreement]:
    """Table `agreements`: the vote on each problem that several claims attempt, wherever in the source they stand."""
    ballots: Table[Ballot] = whole(partial(_ballots, claims, verdicts), into=Ballot, name="agreements.ballots")
    return each(by_row(agreement.agreement), ballots, into=Agreement, name="agreements")


def _ballots(claims: Table[Claim], verdicts: Table[Verdict]) -> Iterator[Ballot]:
    warehouse, parts = Warehouse([current_run().folder]), -(-claims.count() // PART)
    for part in range(parts):
        yield from agreement.ballots(warehouse.ask(agreement.ATTEMPTS, [parts, part]).rows)


@task
def votes(agreements: Table[Agreement], *, methods: Sequence[judge.Method] = ()) -> Table[Verdict]:
    """Table `votes`: what the agreements say of each attempt and of each reference, as verdicts."""
    wanted = tuple(methods) or judge.METHODS
    return each(partial(_votes, methods=wanted), agreements, into=Verdict, name="votes",
                expected=partial(agreement.due, methods=wanted))


def _votes(rows: Sequence[Agreement], methods: Collection[str]) -> Iterator[Verdict]:
    for row in rows:
        yield from agreement.verdicts(row, methods)


@task
def cases(claims: Table[Claim], *, share: float = 0.01) -> Table[Planted]:
    """Table `planted`: of a share of the claims two copies, one right and one wrong, and what `by_answer` says of them.

    Notes the error rates in the run. Raises `ParameterError` for a share that is none.
    """
    return measure.plant(_cases, claims, expected=_cases_due, share=share)


def _cases(claims: Sequence[Claim], share: float) -> Iterator[Planted | Rejection]:
    for claim in claims:
        if planted.doubles(claim.id, share):
            # Where there is no reference, a copy is right or wrong beside the answer that the solution gives itself.
            answer = claim.answer or extract(claim.solution, claim.problem or None).text
            for case in planted.cases(claim.id, claim.solution, answer, audit.flawed(answer)):
                yield case if isinstance(case, Rejection) else _judged(case, claim)


def _cases_due(claims: Sequence[Claim], share: float) -> int:
    return len(planted.TRUTHS) * sum(planted.doubles(claim.id, share) for claim in claims)


def _judged(case: Planted, claim: Claim) -> Planted:
    copy = Claim(case.id, [claim.id], claim.problem_id, "", 0, claim.problem, case.solution, case.answer, "", "", 0)
    status, read, reason, _ = judge.by_answer(copy)
    return planted.judged(case, "by_answer", status, read, reason)


@task
def summed(verdicts: Table[Verdict], votes: Table[Verdict]) -> Table[Verdict]:
    """Notes what the run's verdicts come to, for the manifest and the printed summary; returns `verdicts`."""
    run = current_run()
    run.note("summary", measure.summary(Warehouse([run.folder])))
    return verdicts
