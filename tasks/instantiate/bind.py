"""Problems from a user's own values: read, checked against kinds and conditions, never against a drawing range.

A slot that is not given keeps the seed's value, or follows the slot that it is tied to. The seed's own values give the
seed's own question and answer back.
"""

import json
import re
from collections.abc import Mapping
from fractions import Fraction

from schemas.records import Problem, Rejection, Slot, Template, reject
from tasks.instantiate.compiled import Compiled, TemplateError, Values, compiled
from tasks.instantiate.domains import WORD_KINDS, DomainError, number
from tasks.instantiate.markup import MarkupError
from tasks.instantiate.write import problem_of
from tasks.tools.arithmetic import Number, exact
from tasks.tools.expressions import ExpressionError, Value

GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
MIXED = re.compile(r"(\d+) (\d+)/(\d+)", re.ASCII)
MAX_DIGITS = 40  # of a user's number; longer ones are no word problem's
NAME = re.compile(r"[^\W\d_][\w .'’-]{0,39}")
KIND_RULES = {  # beyond these, only conditions are hard
    "count": ("a positive whole number", lambda value: value > 0 and value.denominator == 1),
    "percent": ("a positive percentage", lambda value: value > 0),
    "money": ("an amount of money, whole or in cents", lambda value: value >= 0 and 100 % value.denominator == 0),
    "measure": ("a positive number", lambda value: value > 0),
    "fraction": ("a positive number", lambda value: value > 0),
    "multiple": ("a positive number", lambda value: value > 0),
}


class Broken(ValueError):
    """Values that a template cannot take; `rule` is condition, slot, kind or value."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.rule, self.reason = rule, reason


def bind(template: Template, values: Mapping[str, object]) -> Values:
    """Every slot's value, from the given ones (text or JSON numbers). Raises Broken, TemplateError."""
    ready = compiled(template)
    if unknown := sorted(set(values) - set(ready.slots)):
        raise Broken("slot", f"no slot `{unknown[0]}`; this template has {', '.join(ready.slots) or 'none'}")
    given = {name: _read(ready.slots[name], value) for name, value in values.items()}
    made = {name: given[name] if name in given else _default(ready, name, given) for name in ready.slots}
    for name in values:
        partner = ready.ties.get(name, name)
        if partner in given and made[partner] != made[name]:
            raise Broken("condition", f"condition `{partner} == {name}`: {partner} = {exact_text(made[partner])}, "
                                      f"{name} = {exact_text(made[name])}")
    if broken := ready.broken(made):
        raise Broken("condition", broken)
    return made


def exact_text(value: Value) -> str:
    return value if isinstance(value, str) else exact(value)  # type: ignore[arg-type]


def _default(ready: Compiled, name: str, given: Mapping[str, Value]) -> Value:
    """The value of a slot that is not given: its tied partner's where that is, otherwise the seed's."""
    partner = ready.ties.get(name, name)
    tied = [other for other in given if ready.ties.get(other, other) == partner]
    if tied:
        return given[tied[0]]
    return seeds_own(ready.slots[name])


def seeds_own(slot: Slot) -> Value:
    """The slot's value in the seed."""
    return slot.value if slot.kind in WORD_KINDS else number(slot.value)


def _read(slot: Slot, value: object) -> Value:
    if slot.kind in WORD_KINDS:
        return _word(slot, value)
    read = read_number(value, percent=slot.kind == "percent")
    if read == number(slot.value):
        return read
    what, holds = KIND_RULES.get(slot.kind, ("", lambda _: True))
    if not holds(read):
        raise Broken("kind", f"slot `{slot.name}` is a {slot.kind} and takes {what}, not {exact(read)}")
    return read


def _word(slot: Slot, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Broken("value", f"slot `{slot.name}` takes a word, not {json.dumps(value, default=str)[:60]}")
    word = value.strip()
    parts = word.split("|") if slot.kind == "object" else [word]
    if len(parts) != (2 if slot.kind == "object" else 1) or not all(NAME.fullmatch(part) for part in parts):
        form = 'an object written "singular|plural"' if slot.kind == "object" else f"a {slot.kind}"
        raise Broken("value", f"slot `{slot.name}` takes {form}, not `{word[:60]}`")
    return word


def read_number(value: object, *, percent: bool = False) -> Number:
    """ "3", "-3", "1/2", "1 1/2", "0.5", ".5", "1,200", "20%", "$3.50" or a JSON number, exactly. Raises Broken.

    "20%" is 20 for a percent slot and 1/5 for any other.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = repr(value)
    if not isinstance(value, str):
        raise Broken("value", f"`{json.dumps(value, default=str)[:60]}` is not a number")
    text = value.strip().replace("−", "-")
    share = text.endswith("%")
    text = text.removesuffix("%").strip()
    sign, text = ("-", text[1:].strip()) if text.startswith("-") else ("", text)
    text = text.removeprefix("$").strip()
    if GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if text.startswith("."):
        text = f"0{text}"
    if len(text) > MAX_DIGITS:
        raise Broken("value", f"`{text[:MAX_DIGITS]}…` is too long for a number")
    read = _plain(text, value)
    read = -read if sign else read
    if share and not percent:
        read = Fraction(read) / 100
    return read.numerator if read.denominator == 1 else read


def _plain(text: str, shown: str) -> Number:
    if found := MIXED.fullmatch(text):
        units, top, under = map(int, found.groups())
        if under:
            return units + Fraction(top, under)
    try:
        if not text.startswith("-"):
            return number(text)
    except DomainError:
        pass
    raise Broken("value", f"`{shown[:60]}` is not a number")


def bound(templates: Mapping[str, Template], row: Mapping[str, object], line: int, recipe: str) -> Problem | Rejection:
    """A problem from one line of a file of values, or a rejection with the line and what is wrong with it."""
    content = json.dumps(row, ensure_ascii=False)
    binding_id = row.get("id")
    if not isinstance(binding_id, str | int) or isinstance(binding_id, bool) or binding_id == "":
        return _turned_down(str(line), line, "missing_id", "has no `id`", content)
    name = str(binding_id)
    template = templates.get(str(row.get("template_id", "")))
    if template is None:
        return _turned_down(name, line, "unknown_template", f"no template `{row.get('template_id', '')}`", content)
    values = row.get("values")
    if not isinstance(values, dict):
        return _turned_down(name, line, "value", '`values` is not an object {"slot": "3", …}', content)
    try:
        return problem_of(template, bind(template, values), 0, recipe, name)
    except Broken as broken:
        return _turned_down(name, line, broken.rule, broken.reason, content)
    except (TemplateError, ExpressionError, MarkupError) as error:
        return _turned_down(name, line, "bad_template", str(error), content)


def _turned_down(name: str, line: int, rule: str, reason: str, content: str) -> Rejection:
    return reject(name, "problems", rule, f"line {line}: {reason}", content=content, key=f"{line}")
