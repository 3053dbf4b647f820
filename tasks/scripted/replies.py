"""What each prompt is answered. The prompt is found by its system text; what no function knows is filled by schema.

To teach a new prompt: a function `(sections, rng, stock) -> dict` here or in a module beside, in `REPLIES` under
the prompt's name.
"""

import calendar
import importlib
import json
import pkgutil
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from schemas.records import Seed
from tasks import prompts
from tasks.lift.assemble import lift
from tasks.lift.bound import Unlifted
from tasks.prompts import Prompt, sections_of
from tasks.scripted.stock import FRAMES, REMARKS, Known, Stock
from tasks.scripted.variants import LACKING

Sections = Mapping[str, str]
Replier = Callable[[Sections, random.Random, Stock], dict[str, Any]]
MARKS = re.compile(r"<<[^<>]*>>")
CALENDAR = frozenset(name.lower() for name in (*calendar.day_name, *calendar.month_name))
STARTERS = frozenset(("what", "how", "yesterday", "today", "since", "besides", "five", "nine", "ten", "twelve",
                      "fifteen", "slugs", "fencing", "mrs", "grandfather", "mondays", "saturdays"))
OUTPUT = "printed:"  # the lead's words before a program's output, in the turns of solving with tools


@dataclass(frozen=True, slots=True)
class Request:
    """What a request comes to: the prompt's name ("" for one that is not ours), its sections, the later turns."""

    name: str
    sections: Sections
    turns: tuple[str, ...]  # what the user said after the first message
    schema: Mapping[str, Any]


@cache
def by_system() -> dict[str, Prompt]:
    """Our prompts by their system text."""
    names = [module.name for module in pkgutil.iter_modules(prompts.__path__)]
    found = [importlib.import_module(f"tasks.prompts.{name}") for name in names]
    return {one.PROMPT.system: one.PROMPT for one in found if hasattr(one, "PROMPT")}


def read(body: Mapping[str, Any]) -> Request:
    """A chat request as this teacher sees it."""
    messages = body["messages"]
    system = next((one["content"] for one in messages if one["role"] == "system"), "")
    said = [one["content"] for one in messages if one["role"] == "user"]
    prompt = by_system().get(system) or by_system().get(system.strip())
    own = json.loads(prompt.schema) if prompt and prompt.schema else {}
    return Request(prompt.name if prompt else "", sections_of(said[0] if said else ""), tuple(said[1:]),
                   _schema(body) or own)


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = body.get("response_format") or {}
    found = wanted.get("json_schema", {}).get("schema") or wanted.get("schema") or {}
    return found if isinstance(found, dict) else {}


def reply(request: Request, rng: random.Random, stock: Stock) -> tuple[str, bool]:
    """The text of an answer, and whether the problem in it is one that this teacher could solve, or none was asked."""
    replier = REPLIES.get(request.name)
    if request.name in SOLVING or (replier is None and not request.schema):
        return SOLVING.get(request.name, _worked)(request, rng, stock)
    found = replier(request.sections, rng, stock) if replier else {}
    return json.dumps({**filled(request.schema, rng, stock), **found}, ensure_ascii=False), True


# --- by schema


def filled(schema: Mapping[str, Any], rng: random.Random, stock: Stock) -> Any:
    """Something that meets a JSON schema; a property called "problem" is a problem of the stock."""
    if "enum" in schema:
        return rng.choice(list(schema["enum"]))
    kind = schema.get("type", "object")
    if kind == "object":
        known, properties = rng.choice(stock.drawn), schema.get("properties", {})
        own = {"problem": known.question, "question": known.question, "answer": known.answer,
               "topics": [known.topic.replace("_", " ")], "rationale": "1. Choose a topic. 2. Choose numbers that fit."}
        return {name: own[name] if name in own else filled(part, rng, stock) for name, part in properties.items()}
    if kind == "array":
        return [filled(schema.get("items", {"type": "string"}), rng, stock)]
    return {"boolean": True, "integer": 4, "number": 4, "string": "as the problem tells"}.get(kind)


# --- solving


def _boxed(known: Known) -> str:
    """A worked solution in the style of a chat: no calculator marks, the answer in a box."""
    steps = MARKS.sub("", known.solution.partition("####")[0]).strip()
    return f"{steps}\n\\boxed{{{known.answer}}}"


def _guess(question: str) -> str:
    """A wrong answer that looks like one."""
    numbers = re.findall(r"\d+", question)
    return str(int(numbers[-1]) + 1) if numbers else "1"


def _problem(request: Request) -> str:
    return request.sections.get("Problem") or request.sections.get("Facts") or next(iter(request.sections.values()), "")


def _worked(request: Request, rng: random.Random, stock: Stock) -> tuple[str, bool]:
    question = _problem(request)
    if (known := stock.find(question)):
        return _boxed(known), True
    return f"Putting the numbers together gives {_guess(question)}.\n\\boxed{{{_guess(question)}}}", False


def _code(question: str, rng: random.Random, stock: Stock) -> tuple[str, str, bool]:
    """A program that prints the answer; the answer; whether it is known."""
    known = stock.find(question)
    answer = known.answer if known else _guess(question)
    if re.fullmatch(r"-?\d+", answer):
        part = rng.randrange(1, 50)
        code = f"first = {int(answer) - part}\nsecond = {part}\ntotal = first + second\nprint(total)"
    else:
        code = f"answer = {answer!r}\nprint(answer)"
    return code, answer, known is not None


def _program(request: Request, rng: random.Random, stock: Stock) -> tuple[str, bool]:
    code, _, known = _code(_problem(request), rng, stock)
    return f"```python\n{code}\n```", known


def _with_tools(request: Request, rng: random.Random, stock: Stock) -> tuple[str, bool]:
    """A program first; once its output is shown, the conclusion."""
    code, answer, known = _code(_problem(request), rng, stock)
    if request.turns and OUTPUT in request.turns[-1]:
        return f"Program: every line follows. Output: it fits the problem.\n\\boxed{{{answer}}}", known
    plan = {"in_subtasks": "1. What is the first part?\n2. What is the whole?\n"}.get(request.name, "First, compute.\n")
    return f"{plan}```python\n{code}\n```", known


SOLVING: dict[str, Callable[[Request, random.Random, Stock], tuple[str, bool]]] = {
    "solve": _worked, "reflect": _worked, "with_tools": _with_tools, "in_subtasks": _with_tools,
    "check_twice": _with_tools, "program_bare": _program, "program_named": _program, "program_commented": _program}


# --- writing and rewriting problems


def _framed(sections: Sections, rng: random.Random, _: Stock) -> dict[str, Any]:
    return {"problem": rng.choice(FRAMES) + sections["Problem"]}


def _persona(sections: Sections, rng: random.Random, _: Stock) -> dict[str, Any]:
    who = re.sub(r"[.:?!]", "", sections["Person"].splitlines()[0])[:120].strip()
    return {"problem": f"{who} asks: {sections['Problem']}"}


def _translated(sections: Sections, _: random.Random, __: Stock) -> dict[str, Any]:
    return {"problem": f"[{sections['Language'].splitlines()[0][:30]}] {sections['Problem']}"}


def _distracted(sections: Sections, rng: random.Random, _: Stock) -> dict[str, Any]:
    remark = rng.choice(REMARKS)
    return {"problem": remark + sections["Problem"], "inserted": remark.strip()}


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+", text.strip())


def _dropped(sections: Sections, rng: random.Random, _: Stock) -> dict[str, Any]:
    parts = _sentences(sections["Problem"])
    which = next((i for i, part in enumerate(parts[:-1]) if re.search(r"\d", part)), 0)
    return {"problem": " ".join(parts[:which] + parts[which + 1:]) or sections["Problem"], "removed": parts[which]}


def _determined(sections: Sections, _: random.Random, stock: Stock) -> dict[str, Any]:
    found = stock.find(sections["Problem"])
    known = found is not None and found.answer != LACKING
    return {"determined": known, "reason": "all is told" if known else "a number is missing",
            "missing": "" if known else "a number"}


def _declared(sections: Sections, _: random.Random, __: Stock) -> dict[str, Any]:
    *story, asks = _sentences(sections["Problem"])
    return {"statement": f"{' '.join(story)} Asked {asks.rstrip('?.')}, one must say {sections['Answer']}."}


def _forward(sections: Sections, _: random.Random, __: Stock) -> dict[str, Any]:
    told = re.sub(r"\bx\b", "a certain number", sections["Problem"], count=1)
    return {"problem": f"{told} The answer was {sections['Answer']}. What was the certain number?"}


def _planned(_: Sections, rng: random.Random, stock: Stock) -> dict[str, Any]:
    plan = "1. Choose concepts. 2. Find where they meet. 3. Make it hard. 4. Sketch the solution. 5. Read it again."
    return {"problem": rng.choice(stock.drawn).question, "rationale": plan}


@cache
def _plain_words(stock: Stock) -> frozenset[str]:
    return frozenset(re.findall(r"\b[a-z][\w-]+", " ".join(known.question for known in stock.all)))


def _entities(sections: Sections, _: random.Random, stock: Stock) -> dict[str, Any]:
    """First names alone: capitalised words that are never written small, and no day or month."""
    text, slots = sections["Problem"], list[dict[str, str]]()
    for name in dict.fromkeys(re.findall(r"\b[A-ZÀ-Þ][^\W\d_]+", text)):
        if name.lower() not in _plain_words(stock) | CALENDAR and name.lower() not in STARTERS:
            slot = f"person_{len(slots) + 1}"
            text = re.sub(rf"\b{name}\b", f"{{{slot}}}", text)
            slots.append({"slot": slot, "kind": "person", "words": name})
    return {"slotted": text, "slots": slots}


def _generalised(sections: Sections, _: random.Random, __: Stock) -> dict[str, Any]:
    """The template that lifting makes of a worked problem, its words left as they are."""
    text, solution = sections["Problem"], sections["Solution"]
    seed = Seed("s", [], text, solution, solution.rpartition("####")[2].strip(), "", "", 1)
    try:
        made = lift(seed)
    except Unlifted:
        return {"question": text, "numbers": [], "program": "answer = 0", "conditions": []}
    numbers = [slot for slot in made.slots if slot.low and slot.start < slot.end]
    for slot in sorted(numbers, key=lambda one: -one.start):
        text = f"{text[:slot.start]}{{{{{slot.name}}}}}{text[slot.end:]}"
    return {"question": text, "program": made.program, "conditions": [*made.conditions, *made.preferences],
            "numbers": [{"name": slot.name, "value": slot.value, "low": slot.low, "high": slot.high,
                         "whole": "." not in slot.value + slot.low + slot.step} for slot in numbers]}


def _kept_problem(key: str) -> Replier:
    return lambda sections, _, __: {key: sections["Problem"]}


def _open(sections: Sections, rng: random.Random, stock: Stock) -> dict[str, Any]:
    question, _, choices = re.sub(r"\s*\(A\)", "\n(A)", sections["Problem"], count=1).partition("\n(A)")
    return {"is_choice": bool(choices), "can_stand_alone": True, "problem": question.strip() if choices else "",
            "answer": sections["Answer"], "asks": "a value", "form": "a number"}


def _concepts(sections: Sections, rng: random.Random, stock: Stock) -> dict[str, Any]:
    known = stock.find(sections["Problem"]) or rng.choice(stock.drawn)
    other = rng.choice(stock.drawn)
    return {"topics": [known.topic.replace("_", " ")], "knowledge_points": sorted({
        f"{known.topic.replace('_', ' ')} of whole numbers", f"word problems on {other.topic.replace('_', ' ')}"})}


def _suggested(_: Sections, rng: random.Random, __: Stock) -> dict[str, Any]:
    ideas = ["Ask for the total over several days.", "Give one number as a fraction.", "Add one more condition."]
    return {"suggestions": rng.sample(ideas, 2)}


def _graded(_: Sections, rng: random.Random, __: Stock) -> dict[str, Any]:
    return {"reason": "It can be understood and has one answer.",
            **{name: rng.choice((3, 4, 4, 5)) for name in ("clear", "complete", "real", "rich")}}


def _flagged(_: Sections, __: random.Random, ___: Stock) -> dict[str, Any]:
    return {"field": "arithmetic", "choice": False, "several_parts": False, "yes_no": False, "proof": False}


def _passed(_: Sections, __: random.Random, ___: Stock) -> dict[str, Any]:
    return {"issues": [], "passes": True}


REPLIES: dict[str, Replier] = {
    "paraphrase": _framed, "persona": _persona, "translate": _translated, "distract": _distracted,
    "drop_premise": _dropped, "has_answer": _determined, "declare": _declared, "mark_entities": _entities,
    "open_question": _open, "open_faithful": _passed, "concepts_of": _concepts, "suggest": _suggested, "grade": _graded,
    "flags": _flagged, "forward": _forward, "from_hardness": _planned,
    "generalise": _generalised}
PROBLEM_WRITING: Sequence[str] = (
    "ask_about", "build_on", "change", "edit", "from_concepts", "from_grid", "from_hardness", "from_topic",
    "similar")
