"""Looking into the call store: what it holds and saved, why calls were paid, taking them out and throwing them away."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schemas.errors import ParameterError
from tasks.tools.calls.key import changed
from tasks.tools.calls.layout import unpacked
from tasks.tools.calls.store import Store

LOOKED_AT = 8  # earlier calls of the same row that a call is held against
SUMMARY = """
SELECT paid.model, paid.step, paid.calls, coalesce(saved.hits, 0), paid.prompt, paid.completion, paid.cost, paid.bytes
FROM (SELECT model, step, count(*) AS calls, sum(prompt_tokens) AS prompt, sum(completion_tokens) AS completion,
             iif(sum(cost IS NULL), NULL, sum(cost)) AS cost, sum(length(value)) AS bytes
      FROM calls GROUP BY model, step) AS paid
LEFT JOIN (SELECT model, step, sum(hits) AS hits FROM hits GROUP BY model, step) AS saved
ON paid.model = saved.model AND paid.step = saved.step
ORDER BY paid.calls DESC
"""


@dataclass(frozen=True, slots=True)
class Summary:
    """One model and step. `hits` are asks that needed no call; `cost` is None where a price was unknown."""

    model: str
    step: str
    calls: int
    hits: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    bytes: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why so many calls of a step were paid: `changed` names the fields in which they differ from an earlier call."""

    step: str
    model: str
    changed: str
    calls: int


@dataclass(frozen=True, slots=True)
class Exported:
    """A call as it is given away; `turns` and `message` are JSON."""

    key: str
    model: str
    step: str
    recipe: str
    run: str
    made: float
    seconds: float
    prompt_tokens: int
    completion_tokens: int
    cost: float
    system: str
    turns: str
    temperature: float
    sample: int
    text: str
    message: str
    finish: str


def summary(calls: Store) -> list[Summary]:
    """By model and step, the largest first."""
    return [Summary(*row) for row in calls.connection().execute(SUMMARY)]


def why(calls: Store, run: str = "") -> list[Reason]:
    """Why the calls of a run were paid; by default of the run that made the newest call.

    Raises `ParameterError` for a run that made no call.
    """
    db = calls.connection()
    newest = db.execute("SELECT run FROM calls ORDER BY rowid DESC LIMIT 1").fetchone()
    run = run or (newest[0] if newest else "")
    if not db.execute("SELECT 1 FROM calls WHERE run = ? LIMIT 1", (run,)).fetchone():
        raise ParameterError(f"no call of the run {run!r} is kept" if run else "no call is kept", where=str(calls.path),
                             mend="see `mathmill query 'SELECT run_id FROM runs'`")
    (first,) = db.execute("SELECT min(rowid) FROM calls WHERE run = ?", (run,)).fetchone()
    counts: Counter[tuple[str, str, str]] = Counter()
    for step, model, turns, prints in db.execute(
            "SELECT step, model, turns, prints FROM calls WHERE run = ? ORDER BY rowid", (run,)):
        counts[step, model, _reason(calls, step, turns, prints, first)] += 1
    return [Reason(*of, count) for of, count in counts.most_common()]


def _reason(calls: Store, step: str, turns: int, prints: bytes, first: int) -> str:
    """Against calls that were there before the run: of the same row, else of the same step."""
    db = calls.connection()
    same_row = db.execute("SELECT prints FROM calls WHERE step = ? AND turns = ? AND rowid < ? ORDER BY rowid DESC "
                          "LIMIT ?", (step, turns, first, LOOKED_AT)).fetchall()
    if same_row:
        return ", ".join(_nearest(prints, same_row)) or "nothing"
    others = db.execute("SELECT prints FROM calls WHERE step = ? AND rowid < ? ORDER BY rowid DESC LIMIT ?",
                        (step, first, LOOKED_AT)).fetchall()
    if not others:
        return "all: the first calls of this step"
    differ = _nearest(prints, others)
    return "turns: the row is new or edited" if differ == ("turns",) else ", ".join(differ)


def _nearest(prints: bytes, others: list[tuple[bytes]]) -> tuple[str, ...]:
    return min([changed(prints, other) for (other,) in others], key=lambda names: len(names))


def exported(calls: Store) -> Iterator[Exported]:
    """All calls, the oldest first, one at a time."""
    from tasks.tools.llm.bodies import read

    systems = dict(calls.connection().execute("SELECT print, text FROM systems"))
    for key, model, step, recipe, run, made, seconds, prompt, completion, cost, system, value in (
            calls.connection().execute(
                "SELECT key, model, step, recipe, run, made, seconds, prompt_tokens, completion_tokens, cost, system, "
                "value FROM calls ORDER BY rowid")):
        held = unpacked(value)
        request, answer = held["request"], held["answer"]
        yield Exported(key.hex(), model, step, recipe, run, made, seconds, prompt, completion,
                       float("nan") if cost is None else cost, systems.get(system, ""), _json(request["turns"]),
                       request["temperature"], request["sample"], read(answer).text, _json(answer["message"]),
                       answer["finish"])


def prune(calls: Store, *, before: float = 0, model: str = "", step: str = "") -> int:
    """Throw calls away that fit all that is given, `before` a time in seconds; how many. They will be paid again.

    Raises `ParameterError` where nothing is given.
    """
    wanted = {"made < ?": before, "model = ?": model, "step = ?": step}
    given = {clause: value for clause, value in wanted.items() if value}
    if not given:
        raise ParameterError("say which calls are to go", where="mathmill calls prune",
                             mend="give --older-than, --model or --step")
    db = calls.connection()
    count = db.execute(f"DELETE FROM calls WHERE {' AND '.join(given)}", list(given.values())).rowcount
    db.execute("DELETE FROM systems WHERE print NOT IN (SELECT system FROM calls)")
    db.execute("VACUUM")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return count


def _json(value: Any) -> str:
    import orjson

    return orjson.dumps(value).decode()


