"""Told anew for another region: its names, places and things in place of those that tie a problem elsewhere.

A model marks what belongs to a culture; the words are exchanged by dictionary, the same for the same, no two alike.
That the marked text is the problem itself is not judged by a model: putting the words back must give it again, word by
word, and no number may be inside a slot.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from random import Random

from schemas.records import Brief
from tasks.asking import Unfit
from tasks.evolve.drafts import Draft, Mode, Writer, text
from tasks.prompts import mark_entities
from tasks.tools.files import data_path

SLOT = re.compile(r"\{(\w+)\}")
REGIONS = ("west_africa", "south_asia", "east_asia", "latin_america", "middle_east", "northern_europe")


@cache
def dictionary() -> dict[str, dict[str, list[str]]]:
    """Region -> kind -> entries."""
    return tomllib.loads(data_path("concepts", "regions.toml").read_text())


def cultural(brief: Brief) -> Writer:
    """The problem for the region that the first ingredient names; numbers and answer stay."""
    prompt, region = mark_entities.PROMPT, brief.ingredients[0]
    reply = yield prompt.ask({"Problem": brief.question})  # the same for all regions, so it is paid once
    slotted = text(reply, "slotted")
    slots = {str(slot["slot"]).strip("{}"): (str(slot["kind"]), str(slot["words"]))
             for slot in (reply.data or {}).get("slots", [])}
    faithful(brief.question, slotted, slots)
    entries = drawn(slots, region, Random(f"{brief.id} {region}"))
    told = SLOT.sub(lambda match: entries[match[1]], slotted)
    return Draft(told, "preserve", prompt, brief.answer, {"region": region, "slotted": slotted, "entries": entries})


def faithful(question: str, slotted: str, slots: Mapping[str, tuple[str, str]]) -> None:
    """Raises `Unfit` unless the words, put back into the slots, give the question again."""
    used = set(SLOT.findall(slotted))
    if not used:
        raise Unfit("no_entity", "nothing in the problem belongs to a culture")
    if used != set(slots):
        raise Unfit("slots", f"the text has the slots {sorted(used)}, the list {sorted(slots)}")
    words = [word for _, word in slots.values()]
    if len(set(words)) < len(words) or any(re.search(r"\d", word) for word in words):
        raise Unfit("slots", "two slots stand for the same words, or one for a number")
    if SLOT.sub(lambda match: slots[match[1]][1], slotted).split() != question.split():
        raise Unfit("not_faithful", "putting the words back does not give the problem again")


def drawn(slots: Mapping[str, tuple[str, str]], region: str, rng: Random) -> dict[str, str]:
    """An entry for each slot, no two alike; what the region has no entry for keeps its words."""
    found: dict[str, str] = {}
    for slot, (kind, words) in slots.items():
        known = dictionary()[region]
        pool = known["person_female"] + known["person_male"] if kind == "person" else known.get(kind, [])
        free = [entry for entry in pool if entry not in found.values()]
        found[slot] = rng.choice(free) if free else words
    return found


MODES: dict[str, Mode] = {"cultural": cultural}
