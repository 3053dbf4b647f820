"""Template families that ship with mathmill, or that a user writes: TOML into `Template` rows, each checked as read.

A family is one entry of a TOML file; it gives one template for every level of difficulty and every phrasing:

    topic = "rates"                             # of every family in this file that names no other

    [[family]]
    name = "two-part-trip"                      # once in a file
    answer_kind = "decimal"                     # integer rational decimal percent expression set interval pair text
    answer_unit = "km"                          # "" or left out: none
    questions = ["{p} walks {s} km and then {t} km. How far is that, in km?"]     # markup, one for each phrasing
    solution = '''
    Together that is {s} + {t} = <<{s}+{t}={answer}>>{answer} km.
    #### {answer}'''                            # markup; ends with the answer
    program = "answer = s + t"                  # small language, one `name = expression` a line
    check = "answer = sum([s, t])"              # optional: Python, sympy as `sp`, that reaches the answer another way
    conditions = ["s != t"]                     # optional: must all hold
    answer = "{answer}"                         # optional: the answer alone, as the solution ends
    levels = [1, 2]                             # optional: all of 1 to 5
    slots.p = {kind = "name", pool = "any"}
    slots.s = {kind = "measure", unit = "km", low = 2, high = 9, from = {2 = {low = "2.5", step = "0.5"}}}
    slots.t = {kind = "measure", unit = "km", choices = ["3", "5", "8"]}

    [family.from.2]                             # from level 2 on, these entries replace those above; slots are merged
    conditions = ["s != t", "s + t > 10"]

Numbers are exact: write fractions as text, "3/4". A level keeps the slots that its texts or program use; a slot that
only level 4 needs stands under `[family.from.4]`, and a name that a level's program sets is no slot there. A level
that replaces the program drops the check, unless it gives its own.
The markup is told in `tasks/instantiate/markup.py`, the small language in `tasks/tools/expressions.py`.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from schemas.errors import InputError, ParameterError
from schemas.records import KINDS, Slot, Template, stable_id
from schemas.table import Table
from tasks.instantiate import pools
from tasks.instantiate.compiled import Compiled, TemplateError
from tasks.instantiate.domains import WORD_KINDS, DomainError, domain
from tasks.instantiate.markup import MarkupError, names
from tasks.tools.each import whole
from tasks.tools.expressions import ExpressionError, parse_program, variables
from tasks.tools.files import data_path
from tasks.tools.orchestrator import task
from tasks.tools.vetting import Refused, vetted

LEVELS = (1, 2, 3, 4, 5)
ANSWER_KINDS = ("integer", "rational", "decimal", "percent", "expression", "set", "interval", "pair", "text")
TEXTS = ("answer_kind", "answer_unit", "solution", "program", "check", "answer")
LISTS = ("questions", "conditions")
ENTRIES = {*TEXTS, *LISTS, "slots"}
RANGE = {"low", "high", "step"}
SLOT_ENTRIES = RANGE | {"kind", "unit", "choices", "pool", "from"}
EXAMPLE = "see the example at the top of tasks/families.py"
SHARD = 250  # templates a shard: a few seconds of drawing each, so that several processes have work

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wrong(Exception):
    """What is wrong with a family; becomes an InputError where file and family are known."""

    what: str


@task
def shipped(topics: Sequence[str] | str = (), difficulty: Sequence[int] | int = (), file: str = "") -> Table[Template]:
    """The shipped families as templates, or those of a user's TOML `file`; only these topics and levels where given.

    Raises `ParameterError` for a topic or level that there is not, `InputError` for a file that does not hold together.
    """
    wanted = [topics] if isinstance(topics, str) else list(topics)
    levels = [difficulty] if isinstance(difficulty, int) else list(difficulty)
    return whole(partial(_chosen, [name for name in wanted if name], [level for level in levels if level], file),
                 into=Template, name="templates", shard=SHARD)


def _chosen(topics: Sequence[str], levels: Sequence[int], file: str) -> Iterator[Template]:
    every = load(file) if file else [row for path in sorted(data_path("templates").glob("*.toml"))
                                     for row in load(path, drawn=False)]  # the tests draw from these
    known = sorted({row.topic for row in every})
    wanted = {_word(name) for name in topics}
    if unknown := sorted(wanted - {_word(name) for name in known}):
        raise ParameterError(f"there is no topic {unknown[0]!r}", where="topics",
                             mend=f"choose from {', '.join(known)}")
    if strange := sorted(set(levels) - {row.difficulty for row in every}):
        raise ParameterError(f"there is no level {strange[0]}", where="difficulty", mend="choose from 1 to 5")
    for row in every:
        if (not wanted or _word(row.topic) in wanted) and (not levels or row.difficulty in levels):
            yield row


def _word(topic: str) -> str:
    return " ".join(topic.lower().replace("_", " ").replace("-", " ").split())


def load(path: str | Path, *, drawn: bool = True) -> list[Template]:
    """The templates of a TOML file of families, in its order, every level and phrasing; `drawn`: each is tried once.

    A slot's `value`, which a user's own binding falls back on, is the first of its domain.

    Raises `InputError`, naming file, family and level, for whatever does not hold together: an unknown entry, kind or
    pool, a text that names what is not there, a program or check outside its language, conditions that no draw meets.
    """
    where = str(path)
    try:
        read = tomllib.loads(Path(path).read_text(encoding="utf-8"), parse_float=str)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", where=where,
                         mend="give the path of a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not TOML: {error}", where=where, mend=EXAMPLE) from None
    made: dict[str, list[Template]] = {}
    for turn, entry in enumerate(_families(read, where), 1):
        name = str(entry.get("name", "")) if isinstance(entry, dict) else ""
        try:
            if not name or name in made:
                raise Wrong("has no `name`" if not name else "stands twice in this file")
            made[name] = list(_family(entry, name, str(entry.get("topic", read.get("topic", ""))), drawn))
        except Wrong as error:
            raise InputError(error.what, where=f"{where}, family {name or turn}",
                             mend=EXAMPLE) from None
    return [template for templates in made.values() for template in templates]


def _families(read: Entry, where: str) -> Sequence[Entry]:
    found = read.get("family")
    if not isinstance(found, list) or not found or set(read) - {"topic", "family"}:
        raise InputError("holds no `[[family]]`, or entries beside `topic` and `family`", where=where,
                         mend=EXAMPLE)
    return found


def _family(entry: Entry, name: str, topic: str, drawn: bool) -> Iterator[Template]:
    if not topic:
        raise Wrong("has no `topic`, and neither has the file")
    later = entry.get("from", {})
    _known(entry, ENTRIES | {"name", "topic", "levels", "from"}, "the family")
    _known(later, set(map(str, LEVELS)), "`from`")
    used: set[str] = set()
    state: dict[str, Any] = {"answer": "{answer}", "answer_unit": "", "check": "", "conditions": [], "slots": {}}
    for level in LEVELS:
        _overlay(state, later.get(str(level), {}) if level > 1 else entry, level)
        if level in entry.get("levels", LEVELS):
            for template in _level(state, name, topic, level, drawn):
                used.update(slot.name for slot in template.slots)
                yield template
    if idle := sorted(set(state["slots"]) - used):
        raise Wrong(f"slot `{idle[0]}` is used by no text and no program")


def _known(entry: object, allowed: set[str], what: str) -> None:
    if not isinstance(entry, dict):
        raise Wrong(f"{what} is not a table")
    if strange := sorted(set(entry) - allowed):
        raise Wrong(f"{what} has the unknown entry `{strange[0]}`; there are {', '.join(sorted(allowed))}")


def _overlay(state: dict[str, Any], entry: Entry, level: int) -> None:
    """What level `level` changes, put over what holds so far."""
    if level > 1:
        _known(entry, ENTRIES, f"level {level}")
    if "program" in entry:
        state["check"] = ""  # a check of another program would be wrong or say nothing
    for key in (*TEXTS, *LISTS):
        if key in entry:
            state[key] = _text(entry[key], key) if key in TEXTS else _listed(entry[key], key)
    slots: dict[str, dict[str, Any]] = state["slots"]
    for name, given in entry.get("slots", {}).items():
        _known(given, SLOT_ENTRIES, f"slot `{name}`")
        slots[name] = _merged(slots.get(name, {}), given)
    for name, slot in slots.items():
        changes = slot.get("from", {})
        _known(changes, set(map(str, LEVELS)), f"`from` of slot `{name}`")
        if str(level) in changes:
            _known(changes[str(level)], SLOT_ENTRIES - {"from"}, f"slot `{name}` at level {level}")
            slots[name] = _merged(slot, changes[str(level)])


def _merged(old: Entry, new: Entry) -> dict[str, Any]:
    """A slot's entries replaced; a list of choices drives out a range, and a range a list."""
    drop = RANGE if "choices" in new else {"choices"} if new.keys() & RANGE else set()
    return {**{key: value for key, value in old.items() if key not in drop}, **new}


def _text(value: object, key: str) -> str:
    if not isinstance(value, str):
        raise Wrong(f"`{key}` is not text")
    return value.strip()


def _listed(value: object, key: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise Wrong(f"`{key}` is not a list of texts")
    return value


def _level(state: Entry, name: str, topic: str, level: int, drawn: bool) -> Iterator[Template]:
    at = f"level {level}: "
    for key in ("questions", "solution", "program", "answer_kind"):
        if not state.get(key):
            raise Wrong(f"{at}`{key}` is missing")
    if state["answer_kind"] not in ANSWER_KINDS:
        raise Wrong(f"{at}answer_kind `{state['answer_kind']}` is none of {', '.join(ANSWER_KINDS)}")
    if not state["solution"].endswith(f"#### {state['answer']}"):
        raise Wrong(f"{at}the solution does not end with `#### {state['answer']}`")
    for question in state["questions"]:
        try:
            template = _ready(_template(state, name, topic, level, question))
            yield _drawn(template) if drawn else template
        except (Wrong, TemplateError, ExpressionError, MarkupError, DomainError, Refused) as error:
            raise Wrong(f"{at}{error.what if isinstance(error, Wrong) else error}") from None


def _template(state: Entry, name: str, topic: str, level: int, question: str) -> Template:
    """One template, without its slots' example values."""
    steps = parse_program(state["program"])
    own = {step.name for step in steps}
    read = names(question) | names(state["solution"]) | names(state["answer"])
    read = read.union(*(step.reads for step in steps), *map(variables, state["conditions"]))
    slots = [_slot(key, given) for key, given in state["slots"].items() if key in read - own]
    shown = names(question)
    for slot in slots:
        if slot.kind in WORD_KINDS and slot.name not in shown:
            raise Wrong(f"the solution speaks of `{slot.name}`, the question `{question[:40]}…` does not")
    if state["check"]:
        vetted(state["check"])
    texts = (question, state["solution"], state["answer"], state["program"], state["check"], *state["conditions"])
    made = stable_id("template", name, topic, level, *texts, *slots, state["answer_kind"], state["answer_unit"])
    return Template(
        id=made, parents=[], template_id=made, seed_id="", origin="family", name=name, topic=topic, difficulty=level,
        question=question, solution=state["solution"], slots=slots, conditions=list(state["conditions"]),
        program=state["program"], check=state["check"], answer=state["answer"], answer_kind=state["answer_kind"],
        answer_unit=state["answer_unit"], source="mathmill", licence="MIT")


def _slot(name: str, given: Entry) -> Slot:
    kind, pool = str(given.get("kind", "")), str(given.get("pool", ""))
    if kind not in KINDS:
        raise Wrong(f"slot `{name}` has the kind `{kind}`, which is none of {', '.join(KINDS)}")
    if kind in WORD_KINDS:
        if not pools.words(kind, pool):
            raise Wrong(f"slot `{name}` draws from `{pool}`, which is no pool of a {kind}")
        return Slot(name, kind, "", 0, 0, pools.words(kind, pool)[0], pool=pool)
    low, high, step = (str(given.get(key, "")) for key in ("low", "high", "step"))
    choices = [str(choice) for choice in given.get("choices", ())]
    if not choices and not (low and high):
        raise Wrong(f"slot `{name}` has neither `choices` nor `low` and `high`")
    first = choices[0] if choices else low
    return Slot(name, kind, str(given.get("unit", "")), 0, 0, first, low, high, step, choices, pool)


def _drawn(template: Template) -> Template:
    """The same template. Raises Wrong where its conditions let nothing be drawn, or its texts cannot be written."""
    ready = Compiled(template)
    batch = ready.take(0, 1)
    if not batch.numbers:
        raise Wrong(f"no draw meets the conditions {', '.join(template.conditions)}")
    ready.texts.run(batch.columns, 1, (0, 1, 2))
    return template


def _ready(template: Template) -> Template:
    """The same template. Raises for a program, text or domain that does not hold together, without drawing from it."""
    for slot in template.slots:
        if slot.kind not in WORD_KINDS:
            domain(slot)
    Compiled(template)
    return template
