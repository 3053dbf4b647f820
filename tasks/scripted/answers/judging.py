"""What is said about problems: whether they have an answer, their concepts, marks, flags."""

import random
import re
from typing import Any

from tasks.scripted.answers.writing import Replier
from tasks.scripted.asked import Sections
from tasks.scripted.stock import Stock
from tasks.scripted.variants import LACKING


def _determined(sections: Sections, _: random.Random, stock: Stock) -> dict[str, Any]:
    found = stock.find(sections["Problem"])
    known = found is not None and found.answer != LACKING
    return {"determined": known, "reason": "all is told" if known else "a number is missing",
            "missing": "" if known else "a number"}


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


def _related(sections: Sections, _: random.Random, __: Stock) -> dict[str, Any]:
    numbers = [sorted(re.findall(r"\d+", sections[name])) for name in ("Exercise", "Test item")]
    same = numbers[0] == numbers[1]
    return {"reason": "The numbers are the same." if same else "The numbers differ.",
            "relation": "same" if same else "other"}


JUDGES: dict[str, Replier] = {
    "has_answer": _determined, "concepts_of": _concepts, "suggest": _suggested, "grade": _graded, "flags": _flagged,
    "open_faithful": _passed, "same_item": _related}
