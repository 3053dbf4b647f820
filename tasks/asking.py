"""Rows that a model works on: the one place where talks with a model become rows of a table.

A talk is a generator that says what is to happen to one row, with no engine in sight:

    def harder(brief: Brief) -> Talk[Problem]:
        reply = yield HARDER.ask({"Problem": brief.question})
        return [problem(brief, reply)]

It yields an `Ask` and gets its `Reply` (where there is none, the row is a `Rejection` with the failure's kind as rule),
a `Program` and gets what the jail made of it, or a list of these and gets all outcomes, failures among them. `abreast`
runs several talks within one. All talks of a shard go forward together, round by round, so that the engine always sees
them as one stream.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

from schemas.records import Rejection, Row, reject
from schemas.run import current_run
from schemas.table import Table
from tasks.tools.each import each
from tasks.tools.jail import Limits
from tasks.tools.jail import Outcome as Ran
from tasks.tools.llm import Ask, Failure, Reply, Teacher
from tasks.tools.sandbox import Isolation, jailed

Out = TypeVar("Out")
Made = TypeVar("Made")
Outcome: TypeAlias = Reply | Failure
LIMITS = Limits(wall=10.0, cpu=10.0)
SHOWN = 2_000  # characters of a row that its rejection keeps


@dataclass(frozen=True, slots=True)
class Program:
    """Code of a model, to be run in the jail."""

    code: str


Single: TypeAlias = Ask | Program
Step: TypeAlias = Single | list[Single]
Talk: TypeAlias = Generator[Step, Any, list[Out | Rejection]]


class AskAll(Protocol):
    """What an engine offers: an outcome for every ask, in order."""

    def __call__(self, asks: Iterable[Ask]) -> Iterator[Outcome]: ...


class NoAnswer(Exception):
    """Thrown into a talk whose only ask came to nothing."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.words)
        self.failure = failure


class Unfit(Exception):
    """Raised in a talk: what came back cannot be used. `rule` is a short name to count by."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class _Open:
    place: int  # of its row
    talk: Talk[Any]
    step: Step


def asked(talk: Callable[..., Talk[Out]], *sources: Table[Any], teacher: Teacher, into: type[Out], name: str,
          expected: Callable[..., int] | None = None, pair: Callable[..., list[tuple[Any, ...]]] | None = None,
          isolation: Isolation = "auto") -> Table[Out]:
    """The table `name` of the current run: `talk(*rows)` over the rows of the sources.

    The sources go abreast, unless `pair` says of a shard's lists of rows which belong to one talk. `expected` as in
    `each`. Raises as `each` and the engine do.
    """
    within_budget()

    def work(*lists: Sequence[Any]) -> Iterator[Out | Rejection]:
        from tasks.tools.llm.engine import engine  # its client is heavy

        rows = pair(*lists) if pair else list(zip(*lists, strict=True))
        return talked(talk, rows, engine(teacher).ask_all, name, isolation)

    return each(work, *sources, into=into, name=name, expected=expected, processes=False)


def within_budget() -> None:
    """Limits the run's spending to its parameters `max_cost` and `max_tokens`, where it has them."""
    from tasks.tools.calls.ledger import of_run
    from tasks.tools.calls.store import store

    run, ledger = current_run(), of_run(store())
    if ledger:
        ledger.limit(dollars=run.parameters.get("max_cost", 0), tokens=run.parameters.get("max_tokens", 0))


def talked(talk: Callable[..., Talk[Out]], rows: Sequence[tuple[Any, ...]], ask_all: AskAll, name: str,
           isolation: Isolation = "auto") -> Iterator[Out | Rejection]:
    """What the talks on all rows come to, in order of the rows."""
    done: dict[int, list[Out | Rejection]] = {}
    at_work: list[_Open] = []
    for place, row in enumerate(rows):
        _go(place, talk(*row), None, rows, name, at_work, done)
    while at_work:
        now, at_work = at_work, []
        for one, came in zip(now, _outcomes([one.step for one in now], ask_all, isolation), strict=True):
            _go(one.place, one.talk, came, rows, name, at_work, done)
    for place in range(len(rows)):
        yield from done[place]


def _go(place: int, talk: Talk[Out], came: Any, rows: Sequence[tuple[Any, ...]], name: str, at_work: list[_Open],
        done: dict[int, list[Out | Rejection]]) -> None:
    """One talk one step further: it yields again, returns its rows, or cannot go on."""
    first: Row = rows[place][0]
    shown = repr(first)[:SHOWN]
    try:
        step = talk.throw(NoAnswer(came)) if isinstance(came, Failure) else talk.send(came)
        at_work.append(_Open(place, talk, step))
    except StopIteration as end:
        done[place] = end.value
    except NoAnswer as error:
        done[place] = [reject(first.id, name, error.failure.kind, error.failure.words[:SHOWN], content=shown)]
    except Unfit as error:
        done[place] = [reject(first.id, name, error.rule, str(error), content=shown)]


def abreast(talks: Sequence[Generator[Step, Any, Made]]) -> Generator[Step, Any, list["Made | NoAnswer | Unfit"]]:
    """Several talks of single steps as one: what each returns, or why it could not go on."""
    made: dict[int, Made | NoAnswer | Unfit] = {}
    at_work: list[tuple[int, Single]] = []
    came: dict[int, Any] = dict.fromkeys(range(len(talks)))
    while came:
        for number, outcome in came.items():
            try:
                talk = talks[number]
                step = talk.throw(NoAnswer(outcome)) if isinstance(outcome, Failure) else talk.send(outcome)
                assert not isinstance(step, list), "talks abreast take single steps"
                at_work.append((number, step))
            except StopIteration as end:
                made[number] = end.value
            except (NoAnswer, Unfit) as error:
                made[number] = error
        outcomes = (yield [step for _, step in at_work]) if at_work else []
        came = dict(zip([number for number, _ in at_work], outcomes, strict=True))
        at_work = []
    return [made[number] for number in range(len(talks))]


def _outcomes(steps: Sequence[Step], ask_all: AskAll, isolation: Isolation) -> Iterator[Any]:
    """What each step came to, in order. Programs run first, while no answer waits for them."""
    lists = [step if isinstance(step, list) else [step] for step in steps]
    ran = iter(_run_all([one.code for step in lists for one in step if isinstance(one, Program)], isolation))
    answers = iter(ask_all(one for step in lists for one in step if isinstance(one, Ask)))
    for step, singles in zip(steps, lists, strict=True):
        came = [next(ran) if isinstance(one, Program) else next(answers) for one in singles]
        yield came if isinstance(step, list) else came[0]


def _run_all(codes: Sequence[str], isolation: Isolation) -> list[Ran]:
    if not codes:
        return []
    jail = jailed(isolation, "sympy")  # one at a time: it holds a lock
    return [jail.run(code, limits=LIMITS) for code in codes]


def rejected(row: Row, name: str, rule: str, reason: str, key: str = "") -> Rejection:
    """A rejection of a row with the row shown."""
    return reject(row.id, name, rule, reason, content=repr(row)[:SHOWN], key=key)
