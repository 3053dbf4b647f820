"""Variants of a template: one or two clauses more (p1, p2), one fewer (m1), one that changes nothing (noop).

A variant is a template in its own right, with its parent's id in `parents` and its `mode`. No model reads the text, so
a variant is made only where its pattern leaves no doubt (`clauses`); all else is "variant_not_applicable".
Source of the modes: GSM-Symbolic (Mirzadeh et al. 2024): M1, P1, P2 and NoOp. Departure: theirs were written by hand.
"""

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from schemas.errors import ParameterError
from schemas.records import Rejection, Slot, Template, reject, stable_id
from tasks.instantiate import pools
from tasks.instantiate.clauses import (
    ABOUT,
    EVENTS,
    FORMS,
    HOLE,
    NOT_DOLLARS,
    PAST,
    PRESENT,
    REMARKS,
    UNSAFE,
    VERBS,
    Event,
    Remark,
    liked,
    owned,
)
from tasks.instantiate.draw import key_of
from tasks.tools.expressions import ExpressionError, Step, parse_program

MODES = ("p1", "p2", "m1", "noop")
SENTENCE_END = re.compile(r"[.!?][\"”’)]?\s+(?=[A-Z\x00\"“])")
ANSWER_LINE = re.compile(r"\n#### \{(?P<name>\w+)(?::(?P<style>money|money,|,|\.2))?\}\s*$")
NUMBER_HOLE = re.compile(r"\{(?P<name>[nk]\d+)\b[^{}]*\}")
LETTER = re.compile(r"\bW's|\b[WOKNTV]\b")
COUNTED = re.compile(r"\b(?:two|three|four|five|six|both|following|these|items?|things?)\b", re.IGNORECASE)
START = {"has": "In all that makes", "have": "In all that makes", "purse": "In all that makes",
         "spent": "In all that is", "earned": "In all that is", "did": "In all that makes"}


class Unfit(ValueError):
    """Why a template has no variant of a mode."""


def known(modes: Sequence[str]) -> tuple[str, ...]:
    """The modes wanted, without `base`, each once. Raises ParameterError for an unknown one."""
    for mode in modes:
        if mode not in MODES and mode != "base":
            raise ParameterError(f"no mode `{mode}`", where="modes", mend=f"use some of {', '.join(MODES)}")
    return tuple(mode for mode in dict.fromkeys(modes) if mode != "base")


def variants(template: Template, mode: str) -> Template | Rejection:
    """The template's variant of a mode, or a rejection "variant_not_applicable" with its reason."""
    try:
        frame = read(template)
        made = {"p1": _longer, "p2": _longer, "m1": _shorter, "noop": _remarked}[mode](frame, mode)
    except (Unfit, ExpressionError) as error:
        return reject(template.id, "variants", "variant_not_applicable", f"{mode}: {error}", key=mode,
                      content=template.question)
    return replace(made, id=(name := stable_id("template", template.id, mode)), template_id=name,
                   parents=[template.id], mode=mode)


@dataclass(frozen=True, slots=True)
class Frame:
    """A template read for variants: its question cut before the final sentence, and what that sentence asks."""

    template: Template
    body: str
    final: str
    kind: str  # has, purse, spent, earned, did; "about" where only a person is known; "" where not even that
    who: str
    thing: str
    verb: str
    tail: str
    past: bool | None  # the story's tense, None where it is mixed
    value: str  # the name that holds the base answer
    style: str  # the answer's style


def read(template: Template) -> Frame:
    """What is understood of a template's question. Raises Unfit where even its end is not."""
    if template.mode != "base":
        raise Unfit("it is a variant already")
    masked = HOLE.sub(lambda hole: "\x00" * len(hole[0]), template.question)
    ends = [end.end() for end in SENTENCE_END.finditer(masked)]
    if not ends:
        raise Unfit("the question is one sentence")
    body, final = template.question[:ends[-1]], template.question[ends[-1]:].strip()
    line = ANSWER_LINE.search(template.solution)
    if not line or template.answer.partition(":")[0].rstrip("}") not in ("{answer", "{" + line["name"]):
        raise Unfit("the answer is not one plain number")
    kind, found = _asked(final)
    part = found.groupdict() if found else {}
    who, thing, verb, tail = (part.get(name) or "" for name in ("who", "thing", "verb", "tail"))
    return Frame(template, body, final, kind, who, thing, verb, tail, _tense(body, masked[:ends[-1]]), line["name"],
                 line["style"] or "")


def _asked(final: str) -> tuple[str, re.Match[str] | None]:
    for kind, form in FORMS.items():
        if (found := form.fullmatch(final)) and _person(found["who"]):
            return kind, found
    found = ABOUT.fullmatch(final)
    return ("about", found) if found and _person(found["who"]) else ("", None)


def _person(who: str) -> bool:
    return who.startswith("{") or who in ("he", "she", "they") or who in pools.names()


def _tense(body: str, masked: str) -> bool | None:
    """True where the story is told in the past, None where that is not clear."""
    ends = [end.end() for end in SENTENCE_END.finditer(masked[:-1])]
    for text in (body, body[ends[-1]:] if ends else body):
        plain = HOLE.sub(" ", text)
        past, present = bool(PAST.search(plain)), bool(PRESENT.search(plain))
        if past != present:
            return past
    return None


def _checked(frame: Frame) -> None:
    """Raises Unfit unless one more event would change the answer by just its number."""
    if frame.kind not in EVENTS:
        raise Unfit("the final question is not one that a clause could extend")
    if frame.kind in ("has", "have", "did") and (not owned(frame.thing) or frame.template.answer_kind != "integer"):
        raise Unfit(f"`{frame.thing}` is not surely something that can be given or had more of")
    if frame.kind == "did" and frame.verb not in VERBS:
        raise Unfit(f"no past tense of `{frame.verb}` is known")
    if frame.kind in ("purse", "spent", "earned") and ("$" not in frame.body or NOT_DOLLARS.search(frame.body)):
        raise Unfit("the money is not in dollars")
    if unsafe := UNSAFE.search(HOLE.sub(" ", frame.body)):
        raise Unfit(f"the story says `{unsafe[0]}`: one event more may not simply add up")
    if frame.past is None and frame.kind in ("has", "have", "purse"):
        raise Unfit("the story's tense is mixed")
    if not frame.past and frame.kind in ("spent", "earned", "did"):
        raise Unfit("the question's tense is not the story's")


def _longer(frame: Frame, mode: str) -> Template:
    """p1 or p2: one or two events before the final question, each a step more in the solution."""
    _checked(frame)
    first, second = (_sounding(frame, events) for events in EVENTS[frame.kind])
    pick = key_of("event", frame.template.id)
    events = [_picked((*first, *second), pick)] if mode == "p1" else [_picked(first, pick), _picked(second, pick)]
    made = _with_named_answer(frame.template, frame.value)
    base = _base(made, frame.value)
    for turn, event in enumerate(events, 1):
        made, base = _extended(frame, made, base, event, turn)
    question = frame.body + " ".join(_event_text(frame, event, f"k{turn}") for turn, event in enumerate(events, 1))
    return replace(made, question=f"{_renamed(question, frame.value, base)} {frame.final}")


def _sounding(frame: Frame, events: Sequence[Event]) -> list[Event]:
    return [event for event in events if not re.search(event.unless, frame.template.question, re.IGNORECASE)]


def _picked(events: Sequence[Event], pick: int) -> Event:
    if not events:
        raise Unfit("every clause that could follow is in the story already")
    return events[pick % len(events)]


def _base(template: Template, name: str) -> str:
    return "base" if name == "answer" else name


def _with_named_answer(template: Template, value: str) -> Template:
    """The template with its old answer under a name of its own, so that a step can follow it."""
    *before, last = template.program.strip().split("\n")
    if {"base", "k1", "k2", "w1", "w2"} & {step.name for step in parse_program(template.program)} | {
            slot.name for slot in template.slots} & {"base", "k1", "k2", "w1", "w2"}:
        raise Unfit("its program uses the names that a variant needs")
    if value != "answer":
        if last.replace(" ", "") != f"answer={value}":
            raise Unfit("the solution ends with another name than the program")
        return replace(template, program="\n".join(before))
    renamed = re.compile(r"\banswer\b")
    return replace(
        template, program="\n".join([*before, renamed.sub("base", last)]),
        conditions=[renamed.sub("base", text) for text in template.conditions],
        preferences=[renamed.sub("base", text) for text in template.preferences],
        question=_renamed(template.question, "answer", "base"), solution=_renamed(template.solution, "answer", "base"))


def _renamed(markup: str, old: str, new: str) -> str:
    """Holes of `answer` as holes of the name that now holds that value."""
    return re.sub(r"\{answer(?=[:?#}])", "{" + new, markup) if old == "answer" else markup


def _extended(frame: Frame, made: Template, base: str, event: Event, turn: int) -> tuple[Template, str]:
    """One step more: `w = base ± k`."""
    number_name, result = f"k{turn}", f"w{turn}"
    sign = "+" if event.sign > 0 else "-"
    program = "\n".join(line for line in made.program.split("\n") if not line.startswith("answer"))
    program += f"\n{result} = {base} {sign} {number_name}\nanswer = {result}"
    solution = ANSWER_LINE.sub("", made.solution).rstrip() + "\n" + _step_text(frame, base, event, number_name, result)
    slot = Slot(number_name, "count" if frame.thing else "money", "", 0, 0, str((event.low + event.high) // 2),
                str(event.low), str(event.high), "1")
    shown = f"{{{result}{':' if frame.style else ''}{frame.style}}}"
    check = f"{made.check}\nanswer = answer {sign} {number_name}" if made.check else ""
    return replace(made, program=program, solution=f"{solution}\n#### {shown}", slots=[*made.slots, slot], check=check,
                   conditions=[*made.conditions, f"{result} > 1"], answer=shown), result


def _step_text(frame: Frame, base: str, event: Event, number_name: str, result: str) -> str:
    style = ":" + frame.style.rstrip(",") if frame.style.rstrip(",") else ""
    left, right = f"{{{base}{style}}}", f"{{{result}{style}}}"
    sum_text = f"{left}{'+' if event.sign > 0 else '-'}{{{number_name}}}"
    start = "That makes" if event.sign > 0 else "That leaves"
    if frame.thing:
        return f"{start} {sum_text} = <<{sum_text}={right}>>{right} {frame.thing}."
    return f"{start} {sum_text} = $<<{sum_text}={right}>>{right}."


def _event_text(frame: Frame, event: Event, number_name: str) -> str:
    return _said(frame, event.past if frame.past or not event.present else event.present, number_name)


def _said(frame: Frame, text: str, number_name: str) -> str:
    """A clause with its person, number and things; its letters (see `Event`) stand alone as words."""
    word = f"{{{number_name}:Word}}" if text.startswith("K") else f"{{{number_name}}}"
    his = {"he": "his", "she": "her"}.get(frame.who)
    owner = his or (frame.who[:-1] + ":poss}" if frame.who.startswith("{") else frame.who + "'s")
    objective = {"he": "him", "she": "her"}.get(frame.who, frame.who)
    filled = {"W's": owner, "W": frame.who, "O": objective, "K": word, "N": f"{{{number_name}:word}}", "T": frame.thing,
              "V": VERBS.get(frame.verb, "")}
    made = LETTER.sub(lambda part: filled[part[0]], text)
    return made[0].upper() + made[1:]


def _remarked(frame: Frame, mode: str) -> Template:
    """noop: a remark before the final question that no step uses."""
    if not frame.who or frame.who == "they":
        raise Unfit("the final question names no person")
    if frame.past is None and frame.kind not in ("spent", "earned", "did"):
        raise Unfit("the story's tense is mixed")
    if "k1" in frame.template.program or any(slot.name == "k1" for slot in frame.template.slots):
        raise Unfit("its program uses the names that a variant needs")
    fitting = [remark for remark in REMARKS if _fits(frame, remark)]
    if not fitting:
        raise Unfit("no remark is surely beside the point here")
    remark = fitting[key_of("remark", frame.template.id) % len(fitting)]
    # "has lived" goes with a story in either tense, "had lived" only with one told in the past throughout.
    told = remark.present if remark.present and PRESENT.search(HOLE.sub(" ", frame.body)) else remark.past
    slot = Slot("k1", "count", "", 0, 0, str(remark.low + 1), str(remark.low), str(remark.high), "1")
    conditions = [*frame.template.conditions, *([f"k1 < {frame.value}"] if remark.limited else [])]
    return replace(frame.template, question=f"{frame.body}{_said(frame, told, 'k1')} {frame.final}",
                   slots=[*frame.template.slots, slot], conditions=conditions)


def _fits(frame: Frame, remark: Remark) -> bool:
    if re.search(remark.unless, frame.template.question, re.IGNORECASE):
        return False
    if "about" in remark.kinds:
        return True
    if frame.kind not in remark.kinds or ("T" in remark.past.replace("The", "") and not owned(frame.thing)):
        return False
    return "like" not in remark.past or liked(frame.thing)


def _shorter(frame: Frame, mode: str) -> Template:
    """m1: the body's last sentence is cut, with all that only its numbers feed: one term of the last sum."""
    _checked(frame)
    start, own = _last_clause(frame)
    steps = {step.name: step for step in parse_program(frame.template.program)}
    last = steps[frame.value]
    fed = _fed(steps.values(), own)
    terms = _terms(last.tree)
    gone = [name for _, name in terms if name in own | fed]
    kept = [(sign, name) for sign, name in terms if name not in own | fed]
    if len(gone) != 1 or not kept or kept[0][0] == "-" or frame.value in fed:
        raise Unfit("the last sentence is not one term of the last step")
    if frame.tail.startswith("left") and all(sign == "+" for sign, _ in kept):
        raise Unfit("nothing would be taken away any more")
    _alone(frame, steps.values(), own | fed, start)
    return _without(frame, start, own | fed, kept)


def _last_clause(frame: Frame) -> tuple[int, set[str]]:
    """Where the last sentence of the body starts, and the number slots that it alone holds."""
    masked = HOLE.sub(lambda hole: "\x00" * len(hole[0]), frame.body)
    ends = [end.end() for end in SENTENCE_END.finditer(masked.rstrip())]
    if not ends:
        raise Unfit("there is no sentence to spare")
    sentence, rest = frame.body[ends[-1]:], frame.body[:ends[-1]] + frame.final
    if re.search(r"\d", HOLE.sub("", sentence)) or COUNTED.search(HOLE.sub("", rest)):
        raise Unfit("numbers in plain words may speak of the last sentence")
    numbers = {hole["name"] for hole in NUMBER_HOLE.finditer(sentence)}
    if not numbers or numbers & {hole["name"] for hole in NUMBER_HOLE.finditer(rest)}:
        raise Unfit("the last sentence has no numbers of its own")
    return ends[-1], numbers


def _fed(steps: Iterable[Step], own: set[str]) -> set[str]:
    """The results that only these numbers feed."""
    fed: set[str] = set()
    for step in steps:
        if step.reads and step.reads <= own | fed and step.name != "answer":
            fed.add(step.name)
    return fed


def _terms(tree: ast.expr) -> list[tuple[str, str]]:
    """The signed names of a sum such as a + b - c. Raises Unfit for anything else."""
    match tree:
        case ast.Name(id=name):
            return [("+", name)]
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=ast.Name(id=name)):
            return [*_terms(left), ("+" if isinstance(op, ast.Add) else "-", name)]
    raise Unfit("the last step is not a plain sum")


def _alone(frame: Frame, steps: Iterable[Step], gone: set[str], start: int) -> None:
    """Raises Unfit unless what goes is used nowhere else, what stays still counts, and each line tells one step."""
    read: set[str] = set()
    for step in steps:
        if step.name not in gone and step.name not in (frame.value, "answer"):
            read |= step.reads
            if step.reads & gone:
                raise Unfit("an earlier step needs the last sentence")
    lines = frame.template.solution.rstrip().split("\n")[:-1]
    if not all(line.count("<<") == 1 for line in lines) or f"={{{frame.value}" not in lines[-1]:
        raise Unfit("the solution's lines are not one step each")
    stay = [line for line in lines[:-1] if not _mentions(line, gone)]
    if len(stay) != len(lines) - 1 - sum(f"={{{name}" in line for line in lines for name in gone):
        raise Unfit("another line of the solution speaks of the last sentence")


def _mentions(line: str, names: set[str]) -> bool:
    return any(hole in names for hole in re.findall(r"\{(\w+)", line))


def _without(frame: Frame, start: int, gone: set[str], kept: list[tuple[str, str]]) -> Template:
    """The template without its last sentence and all that only it feeds, the last sum written anew."""
    template = frame.template
    texts = dict(line.split(" = ", 1) for line in template.program.strip().split("\n"))
    texts[frame.value] = " ".join(f"{sign} {name}" for sign, name in kept).removeprefix("+ ")
    *lines, _, answer_line = template.solution.rstrip().split("\n")
    stay = [line for line in lines if not _mentions(line, gone)]
    if len(kept) > 1:
        stay.append(f"{START[frame.kind]} {_sum_text(frame, kept)}")
    elif kept[0][1] not in texts:
        raise Unfit("no step would be left")
    else:  # one result alone is the answer
        answer_line = answer_line.replace("{" + frame.value, "{" + kept[0][1])
    names = re.compile(rf"\b(?:{'|'.join(sorted(gone))})\b")
    return replace(
        template, question=f"{frame.body[:start]}{frame.final}", check="", solution="\n".join([*stay, answer_line]),
        program="\n".join(f"{name} = {text}" for name, text in texts.items() if name not in gone),
        slots=[slot for slot in template.slots if slot.name not in gone],
        conditions=[text for text in template.conditions if not names.search(text)],
        preferences=[text for text in template.preferences if not names.search(text)])


def _sum_text(frame: Frame, kept: list[tuple[str, str]]) -> str:
    style = ":" + frame.style.rstrip(",") if frame.style.rstrip(",") else ""
    shown = "".join(f"{sign}{{{name}{style}}}" for sign, name in kept).removeprefix("+")
    result = f"{{{frame.value}{style}}}"
    if frame.thing:
        return f"{shown} = <<{shown}={result}>>{result} {frame.thing}."
    return f"{shown} = $<<{shown}={result}>>{result}."
