"""What briefs draw their ingredients from: the curriculum, kinds of hardness, personas, regions, languages."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from random import Random

from schemas.errors import InputError
from schemas.records import Seed
from tasks.compose.fresh import BREAK
from tasks.evolve.culture import REGIONS
from tasks.tools.files import data_path, read_rows

HARDNESS = {
    "many steps": "no shortcut leads past at least four dependent steps",
    "across topics": "ideas of different areas are needed together",
    "hidden or backward relations": "what is needed must be inferred, or worked out from the end",
    "distraction": "something is told that looks useful and is not",
    "a model to be found": "the mathematics must first be seen in a situation that does not name it",
    "several ways": "there is a long way and a short one, and both are open",
    "skilled manipulation": "an expression must be transformed before anything can be done with it",
    "extreme cases": "largest, smallest or degenerate cases decide",
    "unusual form": "quantities are told by a table, a rule, a picture in words or a notation of the problem's own",
}
LEVELS = ("elementary school", "middle school", "high school", "first year of university")
TYPES = ("word problem", "calculation")
LANGUAGES = ("Spanish", "French", "German", "Portuguese", "Italian", "Swahili", "Turkish", "Indonesian")
PICKED, KINDS = 5, 2  # MathSmith's numbers

Draw = Callable[[Random, Sequence[Seed], Sequence[str]], list[str]]


@cache
def curriculum() -> dict[str, dict[str, dict[str, str]]]:
    """Area -> topic -> concept -> what it means."""
    return tomllib.loads(data_path("concepts", "taxonomy.toml").read_text())


@cache
def concepts() -> list[str]:
    return [f"{name}: {means}" for topics in curriculum().values() for found in topics.values()
            for name, means in found.items()]


def personas(file: str = "") -> list[str]:
    """The personas of a file with a column `persona`; "" for those that ship. Raises `InputError`."""
    path = file or data_path("personas", "personas.jsonl")
    found = [str(row["persona"]).strip() for _, row in read_rows(path) if row.get("persona")]
    if not found:
        raise InputError("it has no column 'persona'", where=str(path), mend="one persona a row, in that column")
    return found


def _topic(rng: Random, *_: object) -> list[str]:
    area = rng.choice(list(curriculum()))
    return [area.replace("_", " "), rng.choice(list(curriculum()[area])).replace("_", " ")]


def _hardness(rng: Random, *_: object) -> list[str]:
    kinds = rng.sample([f"{name}: {means}" for name, means in HARDNESS.items()], KINDS)
    return [BREAK.join(rng.sample(concepts(), PICKED)), BREAK.join(kinds)]


def _grid(rng: Random, *_: object) -> list[str]:
    return [rng.choice(LEVELS), rng.choice(TYPES), BREAK.join(rng.sample(concepts(), rng.choice((1, 2))))]


def _other(rng: Random, seeds: Sequence[Seed], _: object) -> list[str]:
    return [rng.choice(seeds).question]


def _persona(rng: Random, _: object, people: Sequence[str]) -> list[str]:
    return [rng.choice(people)]


def _region(rng: Random, *_: object) -> list[str]:
    return [rng.choice(REGIONS)]


def _language(rng: Random, *_: object) -> list[str]:
    return [rng.choice(LANGUAGES)]


# What each mode wants; those that are not here want nothing but their problem.
INGREDIENTS: Mapping[str, Draw] = {
    "from_topic": _topic, "from_hardness": _hardness, "from_grid": _grid, "swapped_question": _other,
    "persona": _persona, "cultural": _region, "translated": _language}
ALONE = ("from_topic", "from_hardness", "from_grid", "from_concepts")  # these start from no problem
