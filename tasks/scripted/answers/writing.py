"""Problems: drawn from the stock, or the given one rewritten so that the teacher still knows it."""

import calendar
import random
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from tasks.scripted.asked import Sections
from tasks.scripted.stock import FRAMES, REMARKS, Stock

Replier = Callable[[Sections, random.Random, Stock], dict[str, Any]]
CALENDAR = frozenset(name.lower() for name in (*calendar.day_name, *calendar.month_name))
STARTERS = frozenset(("what", "how", "yesterday", "today", "since", "besides", "five", "nine", "ten", "twelve",
                      "fifteen", "slugs", "fencing", "mrs", "grandfather", "mondays", "saturdays"))
# These ask for another problem: one is drawn, whatever is told.
NEW: Sequence[str] = ("ask_about", "build_on", "change", "edit", "from_concepts", "from_grid", "from_hardness",
                      "from_topic", "similar")


def _drawn(_: Sections, rng: random.Random, stock: Stock) -> dict[str, Any]:
    return {"problem": rng.choice(stock.drawn).question}


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


def _open(sections: Sections, rng: random.Random, stock: Stock) -> dict[str, Any]:
    question, _, choices = re.sub(r"\s*\(A\)", "\n(A)", sections["Problem"], count=1).partition("\n(A)")
    return {"is_choice": bool(choices), "can_stand_alone": True, "problem": question.strip() if choices else "",
            "answer": sections["Answer"], "asks": "a value", "form": "a number"}


WRITERS: dict[str, Replier] = {
    **dict.fromkeys(NEW, _drawn), "from_hardness": _planned, "paraphrase": _framed, "persona": _persona,
    "translate": _translated, "distract": _distracted, "drop_premise": _dropped, "declare": _declared,
    "forward": _forward, "mark_entities": _entities, "open_question": _open}
