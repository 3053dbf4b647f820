"""What a view is made from: the problems of a finished run, each with its examples and all attempts at it.

Read through the warehouse, a problem at a time, in order of problem ids. What a reader flagged stays outside.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from schemas.errors import RunError, ToolError
from schemas.manifest import read_manifest
from schemas.records import Example
from schemas.rows import kinds_of
from tasks.export import FOLDER
from tasks.tools.flags import flagged
from tasks.tools.shards import dataset_files
from tasks.tools.splits import TEST, tally
from tasks.tools.warehouse import LAST, Warehouse

# Of each problem that the run ends with: its examples, its solve rate, and what became of each attempt at it.
GROUPS = """
WITH ends AS (SELECT e.*, coalesce(e.parents[1], e.id) AS problem_id FROM source.{last} e),
tried AS (
    SELECT s.problem_id, s.id, any_value(s.solution) AS solution, any_value(s.answer) AS answer,
        CASE WHEN bool_or(v.status = 'failed') THEN 'failed' WHEN bool_and(v.status = 'passed') THEN 'passed'
             ELSE 'unknown' END AS status,
        coalesce(any_value(v.reason ORDER BY v.method) FILTER (v.status = 'failed'), '') AS why
    FROM solutions s JOIN verdicts v ON v.solution_id = s.id
    WHERE s.problem_id IN (SELECT problem_id FROM ends) GROUP BY s.problem_id, s.id),
attempts AS (SELECT problem_id, list(tried ORDER BY tried.id) AS attempts FROM tried GROUP BY ALL),
measured AS (SELECT problem_id, min(share) AS rate FROM rates GROUP BY ALL)
SELECT g.problem_id, g.examples, coalesce(a.attempts, []) AS attempts, m.rate
FROM (SELECT problem_id, list(ends ORDER BY ends.id) AS examples FROM ends GROUP BY ALL) g
LEFT JOIN attempts a USING (problem_id) LEFT JOIN measured m USING (problem_id) ORDER BY g.problem_id
"""


class Attempt(NamedTuple):
    """One attempt at a problem, and what its verdicts come to: passed, failed (`why`), unknown."""

    id: str
    solution: str
    answer: str
    status: str
    why: str


@dataclass(frozen=True, slots=True)
class Group:
    """One problem: its examples, all attempts at it (those that are examples, too), its solve rate."""

    problem_id: str
    examples: list[Example]
    attempts: list[Attempt]
    rate: float | None

    @property
    def example(self) -> Example:
        """The first one: what they all say of the problem."""
        return self.examples[0]

    def of(self, status: str) -> list[Attempt]:
        """The attempts of that status, each text once; those that became examples come first."""
        chosen = {example.solution for example in self.examples}
        able = [attempt for attempt in self.attempts if attempt.status == status]
        ordered = sorted(able, key=lambda attempt: attempt.solution not in chosen)
        return list({attempt.solution: attempt for attempt in reversed(ordered)}.values())[::-1]


@dataclass
class Source:
    """A finished run with a data set. `unwanted` are the flagged ids; `left_out` counts what they kept outside."""

    folder: Path
    record: dict[str, Any]
    house: Warehouse
    last: str
    test: set[str]  # the templates of the test split
    unwanted: Collection[str] = ()
    left_out: Counter[str] = field(default_factory=Counter)

    def golds(self) -> list[str]:
        """The different gold answers."""
        found = self.house.ask(f"SELECT DISTINCT answer FROM source.{self.last} ORDER BY 1").rows
        return [str(row[0]) for row in found]

    def groups(self) -> Iterator[Group]:
        """The problems in order of their ids. Raises `ToolError` where the stream ends before its last."""
        ((due,),) = self.house.ask(f"SELECT count(DISTINCT coalesce(parents[1], id)) FROM source.{self.last}").rows
        for problem_id, examples, attempts, rate in self.house.ask(GROUPS.format(last=self.last)).rows:
            due -= 1
            told = [Example(**{name: row[name] for name in kinds_of(Example)}) for row in examples]
            kept = [example for example in told if not self._flagged(
                example.id, *example.parents, example.template_id, example.seed_id)]
            self.left_out["an example that a reader flagged"] += len(told) - len(kept)
            if kept:
                yield Group(str(problem_id), kept, _attempts(kept, self._tried(attempts)), rate)
        if due:
            raise ToolError(f"{due:,} problems were not read", where=str(self.folder), mend="report this")

    def _tried(self, rows: list[dict[str, Any]]) -> list[Attempt]:
        found = [Attempt(**{name: str(row[name]) for name in Attempt._fields}) for row in rows]
        kept = [attempt for attempt in found if not self._flagged(attempt.id)]
        self.left_out["an attempt that a reader flagged"] += len(found) - len(kept)
        return kept

    def _flagged(self, *ids: str) -> bool:
        return not set(ids).isdisjoint(self.unwanted)


def _attempts(examples: list[Example], attempts: list[Attempt]) -> list[Attempt]:
    """With the examples whose solutions lie in another run; what no verdict passed stays unknown."""
    known = {attempt.id for attempt in attempts}
    more = [Attempt(example.id, example.solution, example.answer, "passed" if example.verified_by else "unknown", "")
            for example in examples if not known & set(example.parents)]
    return [*attempts, *more]


def source_of(folder: Path, with_flagged: bool = False) -> Source:
    """The run in `folder`. Raises `RunError` where it is not finished or exported nothing, `InputError` for flags."""
    record = read_manifest(folder)
    if record.get("state") != "finished":
        raise RunError(f"this run is {record.get('state', 'of unknown state')}, not finished", where=str(folder),
                       mend="repeat its command until it is; its shards are kept")
    last = next((name for name in LAST if name in record.get("steps", {})), "")
    files = dataset_files(folder / FOLDER)
    if not last or not files:
        raise RunError("this run exported no data set, so there is nothing to make a view of", where=str(folder),
                       mend="take a run of a recipe that ends in an export, such as lifted")
    test = {key[0] for key in tally([path for path in files if path.name.startswith(TEST)], ["template_id"])}
    return Source(folder, record, Warehouse([folder]), last, test, () if with_flagged else flagged(folder))
