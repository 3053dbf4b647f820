"""Abstracted by a model: a seed's problem as a template with named numbers, ranges, conditions and a program.

Nothing of it is believed: the seed's numbers, put back, must give the question again, and the program must come to its
answer; a program that does not is mended once. The worked solution is written from the program's lines.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from typing import Any

from schemas.records import Rejection, Seed, Slot, Template, stable_id
from tasks.asking import Talk, Unfit, rejected
from tasks.instantiate import Unwritten, compiled
from tasks.instantiate.markup import NUMBERS
from tasks.prompts import generalise, mend_program
from tasks.tools import sandbox
from tasks.tools.answers import equivalent
from tasks.tools.llm import Reply
from tasks.tools.numbers import read_numbers

HOLE = re.compile(r"\{\{(\w+)\}\}")
NAME = re.compile(r"[a-z_][a-z_0-9]*", re.IGNORECASE)
LINE = re.compile(r"([a-z_]\w*)\s*=\s*(.+)", re.IGNORECASE)
SUBSETS = 3  # partial bindings of a template, of the 2^k - 1 that InfinityMATH counts
WIDEST = 100  # times its own number that a slot's range may reach


def abstracted(seed: Seed) -> Talk[Template]:
    """The template of one seed."""
    reply = yield generalise.PROMPT.ask({"Problem": seed.question, "Solution": seed.solution})
    data = reply.data or {}
    slots = slots_of(data)
    question = put_back(seed, str(data.get("question", "")), slots)
    program = str(data.get("program", "")).strip()
    if wrong := objection(seed, program, slots):
        mended: Reply = yield mend_program.PROMPT.ask(
            {"Problem": question, "Program": program, "What happened": wrong})
        program = str((mended.data or {}).get("program", "")).strip()
        if wrong := objection(seed, program, slots):
            raise Unfit("program", wrong)
    return [template(seed, question, program, slots, [str(one) for one in data.get("conditions", [])])]


def slots_of(data: Mapping[str, Any]) -> list[Slot]:
    """The numbers that the model named. Raises `Unfit` for one that is none or lies outside of its own range."""
    found = []
    for told in data.get("numbers", []):
        name, written = str(told["name"]), str(told["value"]).strip()
        value, low, high = (_number(str(told[key])) for key in ("value", "low", "high"))
        if not NAME.fullmatch(name) or value is None or low is None or high is None or not low <= value <= high:
            raise Unfit("range", f"{name}: {written} is no number from {told['low']} to {told['high']}")
        high = min(high, max(abs(value), Fraction(1)) * WIDEST)
        step = Fraction(1) if told["whole"] else Fraction(1, 10 ** len(written.partition(".")[2] or "0"))
        low = value - (value - low) // step * step  # so that the seed's own number can be drawn
        found.append(Slot(name, "number", "", 0, 0, str(value), str(low), str(high), str(step)))
    if not found or len({slot.name for slot in found}) < len(found):
        raise Unfit("no_number", "no number was named, or one twice")
    return found


def put_back(seed: Seed, told: str, slots: list[Slot]) -> str:
    """The question as markup, each number in the style in which it gives the seed's. Raises `Unfit`."""
    known, question, rest = {slot.name: Fraction(slot.value) for slot in slots}, "", seed.question
    if set(HOLE.findall(told)) != set(known):
        raise Unfit("names", f"the text has {sorted(set(HOLE.findall(told)))}, the list {sorted(known)}")
    parts = HOLE.split(told)
    for text, name in zip(parts[::2], [*parts[1::2], ""], strict=True):
        if not rest.startswith(text):
            raise Unfit("not_faithful", f"the template does not give the problem again at {text[:60]!r}")
        rest, question = rest[len(text):], question + text.replace("{", "{{").replace("}", "}}")
        if name:
            written, style = _style(known[name], rest)
            rest, question = rest[len(written):], question + f"{{{name}{':' * bool(style)}{style}}}"
    if rest:
        raise Unfit("not_faithful", f"the template ends before {rest[:60]!r}")
    return question


def _style(value: Fraction, rest: str) -> tuple[str, str]:
    number = int(value) if value.denominator == 1 else value
    fits = []
    for style, write in NUMBERS.items():
        try:
            written = write(number)
        except (ValueError, KeyError, ArithmeticError):
            continue
        if rest.startswith(written):
            fits.append((written, style))
    if not fits:
        raise Unfit("not_faithful", f"{value} does not stand at {rest[:60]!r}")
    return max(fits, key=lambda one: (len(one[0]), -len(one[1])))


def objection(seed: Seed, program: str, slots: list[Slot]) -> str:
    """What is wrong with a program, "" for nothing: it must run, and come to the seed's answer."""
    if not all(LINE.fullmatch(line.strip()) for line in program.splitlines() if line.strip()):
        return "it is not one assignment a line"
    ran = sandbox.run(program, {slot.name: slot.value for slot in slots})
    if ran.status != "ok":
        return f"it did not run: {ran.status}: {ran.reason}"
    if equivalent(ran.value, seed.answer).status != "equal":
        return f"with the problem's own numbers it comes to {ran.value}, not to {seed.answer}"
    return ""


def template(seed: Seed, question: str, program: str, slots: list[Slot], conditions: list[str]) -> Template:
    """The row. Raises `Unfit` where it cannot be drawn from."""
    identity = stable_id("template", seed.id, question, program)
    whole = all(Fraction(slot.value).denominator == 1 for slot in slots) and "." not in seed.answer
    hard = ["is_int(answer)"] if whole and "/" not in seed.answer else []
    made = Template(
        id=identity, parents=[seed.id], template_id=identity, seed_id=seed.id, origin="lifted", name="", topic="",
        difficulty=0, question=question, solution=worked(program), slots=slots,
        conditions=[*dict.fromkeys([*conditions, *hard, "answer > 0"])], program=program, check="", answer="{answer}",
        answer_kind="integer" if hard else "decimal", answer_unit="", source=seed.source, licence=seed.licence)
    try:
        compiled(made)
    except Unwritten as error:
        raise Unfit("template", str(error)) from error
    return made


def worked(program: str) -> str:
    """A solution from the lines of a program, as markup."""
    told = []
    for line in filter(None, map(str.strip, program.splitlines())):
        match = LINE.fullmatch(line)
        assert match, "an objection is raised before"
        name, formula = match[1], NAME.sub(lambda one: f"{{{one[0]}}}", match[2])
        if not NAME.fullmatch(match[2]):
            plain = formula.replace(" ", "")
            told.append(f"{name.replace('_', ' ').capitalize()}: {formula} = <<{plain}={{{name}}}>>{{{name}}}")
    return "\n".join([*told, "#### {answer}"])


def partly(made: Template) -> list[Template | Rejection]:
    """A template and up to `SUBSETS` of it in which some numbers stay the seed's; a rejection for each it lacks."""
    names = [slot.name for slot in made.slots]
    some = [fixed for size in range(1, len(names)) for fixed in combinations(names, size)][:SUBSETS]
    rows: list[Template | Rejection] = [made, *(_fixed(made, fixed) for fixed in some)]
    missing = range(SUBSETS - len(some))
    return rows + [rejected(made, "partial", "few_numbers", "it has too few numbers", str(one)) for one in missing]


def _fixed(made: Template, names: tuple[str, ...]) -> Template:
    slots = [replace(slot, low="", high="", step="", choices=[slot.value]) if slot.name in names else slot
             for slot in made.slots]
    identity = stable_id("template", made.id, *names)
    return replace(made, id=identity, template_id=identity, parents=[made.id], slots=slots, mode="partial")


def _number(text: str) -> Fraction | None:
    try:
        return Fraction(text.replace(",", "").replace("$", "").replace("%", "").strip())
    except (ValueError, ZeroDivisionError):
        found = read_numbers(text)
        return found[0].value if len(found) == 1 else None
