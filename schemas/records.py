"""What flows: Seed -> Template -> Problem -> Solution -> Verdict -> Example, and the Rejection beside each.

Where a model writes: Seed -> Brief -> Problem -> Solution -> Verdict -> Example, with a SolveRate for each problem.
Of a data set that others made: Claim -> Verdict -> Agreement. Beside both, Planted: what the verifiers themselves miss.

Every record is frozen, one screenful, and holds only what Parquet holds well: text, whole numbers, truth values, lists
and small structs. Exact numbers are text ("3", "1/2", "0.05"): a float would lie. `tasks.tools` reads them;
`schemas.rows` turns a record type into its Arrow schema, so a field is declared here and nowhere else.

Every record carries a stable `id` (hash of content and lineage, see `stable_id`) and `parents` (ids of the records that
it was made from), so that `mathmill lineage` can walk from an example to its seed.
"""

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Protocol


def stable_id(kind: str, *parts: object) -> str:
    """A 24-digit hexadecimal id, the same on every machine for the same parts, led by a letter for the kind."""
    text = "\x1f".join(map(str, parts))
    return f"{kind}_{blake2b(text.encode(), digest_size=12).hexdigest()}"


class Row(Protocol):
    """What every record has."""

    @property
    def id(self) -> str: ...

    @property
    def parents(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Seed:
    """What a problem grows from: a problem with its worked solution, in the source's own words."""

    id: str  # the source's own `id` where it has one, otherwise `stable_id("seed", …)`
    parents: list[str]
    question: str
    solution: str
    answer: str
    source: str  # file name or Hub id
    licence: str  # "" where the source does not say
    line: int  # 1-based place in the source


@dataclass(frozen=True, slots=True)
class Slot:
    """A hole in a template: a number, or a word that can be swapped.

    `value` is the seed's own: an exact number as text, or the word. `start:end` is its character span in the seed's
    question (0:0 where a shipped family has no seed). Drawn values run `low, low+step, … high`, or come from `choices`;
    a word is drawn from the pool `pool`. Kinds: see `KINDS`.
    """

    name: str
    kind: str
    unit: str
    start: int
    end: int
    value: str
    low: str = ""
    high: str = ""
    step: str = ""
    choices: list[str] = field(default_factory=list)
    pool: str = ""


KINDS = (
    "count",  # things that come whole: positive integers
    "measure",  # length, weight, time, … may be broken where the seed's is
    "money",  # whole units or cents
    "percent",  # 20 for "20%"
    "fraction",  # 1/2, three quarters, "half"
    "multiple",  # twice, three times
    "number",  # a bare number, any of its domain
    "name",  # a person's first name; pool female, male or any
    "object",  # a countable noun, "singular|plural"
    "place",  # a place name
)


@dataclass(frozen=True, slots=True)
class Template:
    """A symbolic problem family: texts with slots, domains, conditions and a program.

    `question` and `solution` are markup (grammar in `tasks/instantiate/markup.py`); `conditions` are expressions over
    slots and the program's names that must all be true; `program` is Python, one assignment a line, whose last line
    sets `answer`. Programs and conditions use the small language of `tasks/tools/expressions.py`.
    """

    id: str
    parents: list[str]
    template_id: str  # equals id; the name under which other tables refer to it
    seed_id: str  # "" for a shipped family
    origin: str  # "lifted" or "family"
    name: str  # a family's name, "" for a lifted template
    topic: str
    difficulty: int  # a family's knob, 1 to 5; 0 where nobody said
    question: str
    solution: str
    slots: list[Slot]
    conditions: list[str]
    program: str
    check: str  # Python that reaches `answer` from the slots another way (sympy allowed, as `sp`); "" = run `program`
    answer: str  # markup of the final answer alone
    answer_kind: str  # integer, rational, decimal, percent, expression, set, interval, pair, text
    answer_unit: str
    source: str
    licence: str
    mode: str = "base"  # base, or the variant: p1, p2, m1, noop
    preferences: list[str] = field(default_factory=list)  # conditions on drawn values that a user's own need not meet


@dataclass(frozen=True, slots=True)
class Problem:
    """A statement with one final answer, and how it was made."""

    id: str
    parents: list[str]
    question: str
    answer: str  # canonical text of the gold answer, "72", "3/4", "{1, 2}"
    answer_kind: str
    answer_unit: str
    answer_policy: str  # preserve, program, vote, unanswerable, none
    gold_level: str  # human, program, formal, consensus, teacher, none
    template_id: str
    seed_id: str
    binding_id: str  # the user's own id where values were given, otherwise ""
    recipe: str
    operation: str  # "instantiate"
    mode: str  # base, p1, p2, m1, noop
    number: int  # which draw of its template and mode this is
    values: str  # JSON object: slot -> exact value or word
    generation_depth: int
    model: str  # "" where no model wrote it
    prompt_hash: str


@dataclass(frozen=True, slots=True)
class Brief:
    """What a model is to write one problem from: what is to be done, and to which problem or with which ingredients."""

    id: str
    parents: list[str]
    mode: str  # what is to be done: a name of `tasks.compose.MODES`
    number: int  # how often its mode was used on its seed before; from 1 on also the seed of its request
    question: str  # the problem that is changed, "" where the problem starts from ingredients alone
    solution: str
    answer: str
    ingredients: list[str]  # concepts, a persona, a region: what the mode wants
    seed_id: str
    generation_depth: int  # of what it starts from: 0 for a seed or ingredients
    source: str
    licence: str


@dataclass(frozen=True, slots=True)
class Concepts:
    """What a seed's problem calls for, as a model names it: the nodes of a concept graph."""

    id: str
    parents: list[str]  # the seed
    question: str
    topics: list[str]
    points: list[str]  # knowledge points: single things to know or to be able to do
    source: str
    licence: str


@dataclass(frozen=True, slots=True)
class Solution:
    """One worked attempt at a problem."""

    id: str
    parents: list[str]
    problem_id: str
    solution: str
    answer: str  # the final answer that the text itself gives
    recipe: str
    operation: str
    mode: str
    model: str
    prompt_hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Passed or not, by which method, what was read, and why. `unknown` is never "wrong"."""

    id: str
    parents: list[str]
    problem_id: str
    solution_id: str  # or the claim's id
    method: str  # by_program, by_text; of a claim: by_answer, by_code, by_step, by_agreement, gold_audit
    status: str  # passed, failed, unknown
    read: str  # the answer that this route arrived at
    reason: str  # "" when passed; otherwise one sentence that names the place
    level: str  # isolation of the code that ran: none, namespaces, landlock; "" where none ran


@dataclass(frozen=True, slots=True)
class Claim:
    """One row of a data set under test: that `solution` solves `problem` and arrives at `answer`. Each may be ""."""

    id: str
    parents: list[str]
    problem_id: str  # the same for all attempts at one problem
    row_id: str  # the source's own `id`, "" where it has none
    attempt: int  # which solution of its row, from 0
    problem: str
    solution: str  # a worked solution or a bare answer
    answer: str  # the reference
    source: str  # file name or Hub id
    licence: str
    line: int  # 1-based place in the source


@dataclass(frozen=True, slots=True)
class Ballot:
    """All attempts at one problem, side by side: what `by_agreement` votes with."""

    id: str
    parents: list[str]  # the claims
    problem_id: str
    reads: list[str]  # of each claim, the final answer that was read, "" for none
    statuses: list[str]  # of each claim, the status by_answer
    references: list[str]  # the different references that its rows give
    line: int  # where the first of its rows stands


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the attempts at one problem agree on: classes of equivalent answers, largest first, and the vote."""

    id: str
    parents: list[str]  # the claims
    problem_id: str
    answers: list[str]  # of each class, the answer as its first member writes it
    votes: list[int]  # of each class
    members: list[int]  # of each claim, its class; -1 where no answer was read
    winner: str  # the answer of the largest class, "" where two are as large or none was read
    share: float  # of the votes for the largest class
    low: float  # 95 % Wilson interval of that share
    high: float
    margin: float  # the share less that of the second class
    undecided: int  # pairs of answers that could not be compared, and count as different
    gold: str  # whether the winner is the reference: equal, different, unknown, "" where there is none
    reference: str
    rivals: list[str]  # references of the same problem that are another answer
    line: int


@dataclass(frozen=True, slots=True)
class SolveRate:
    """How hard a problem is for a model: the share of its solutions that passed."""

    id: str
    parents: list[str]  # the solutions
    problem_id: str
    model: str
    answer: str  # what they were held against: the gold answer, else the vote's winner
    samples: int
    passed: int
    undecided: int
    share: float  # of those that were decided
    low: float  # 95 % Wilson interval of that share
    high: float


@dataclass(frozen=True, slots=True)
class Planted:
    """A case whose truth is known by construction, and what a verifier made of it. It never reaches an export."""

    id: str
    parents: list[str]  # the row that was doubled
    truth: str  # equal, different
    how: str  # what was done to the answer: "decimal", "sign", …
    solution: str  # as it was judged
    answer: str  # the reference that it was judged against
    method: str
    status: str  # passed, failed, unknown
    read: str
    reason: str


@dataclass(frozen=True, slots=True)
class Example:
    """A row that may be published: problem, solution, answer, and what is known about them."""

    id: str
    parents: list[str]
    problem: str
    solution: str
    answer: str
    answer_kind: str
    answer_unit: str
    gold_level: str
    verified_by: list[str]
    template_id: str
    seed_id: str
    topic: str
    difficulty: int
    mode: str
    recipe: str
    source: str
    licence: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that did not go on, with its reason."""

    id: str
    parents: list[str]
    row_id: str  # the row that did not go on
    step: str  # the table that it did not enter
    rule: str  # a short name to count by, "ambiguous", "duplicate", "condition"
    reason: str  # one sentence for a person
    twin_id: str  # the row or test item that it repeats, "" where there is none
    twin: str  # that item's text, shown
    score: float  # similarity or overlap where the rule has one, otherwise 0
    content: str  # JSON of the row, or what is needed to see it


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two rows that ask the same and answer otherwise: one of the two is wrong."""

    id: str
    parents: list[str]  # both rows
    row_id: str
    problem: str
    answer: str
    twin_id: str  # the other row, perhaps of a published data set
    twin: str  # its problem
    twin_answer: str
    rule: str  # same_text, same_wording, same_numbers
    score: float  # cosine of the two texts; 1 where the words are the same
    kept: bool  # whether `row_id` went on all the same


def reject(row_id: str, step: str, rule: str, reason: str, *, content: str = "", twin_id: str = "",
           twin: str = "", score: float = 0.0, key: str = "") -> Rejection:
    """A `Rejection` with its stable id; `key` tells apart several rejections of one row by one rule."""
    return Rejection(
        id=stable_id("rejection", row_id, step, rule, key), parents=[row_id], row_id=row_id, step=step, rule=rule,
        reason=reason, twin_id=twin_id, twin=twin, score=score, content=content)
