"""The items of test sets with their prints: from files, the Hub, or, where no text is here, shipped fingerprints."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from schemas.errors import InputError, ParameterError
from tasks.decontaminate.fingerprints import (
    Fingerprint,
    are_fingerprints,
    fingerprint,
    print_of,
    read_fingerprints,
)
from tasks.decontaminate.known import Known, known, known_as
from tasks.sample import final_answer
from tasks.tools import hub
from tasks.tools.files import ENDINGS, map_columns
from tasks.tools.prints import Print, take_one
from tasks.verify.claims import GUESSES, rows_of, text

COLUMNS: Mapping[str, Sequence[str]] = {
    "problem": (*GUESSES["problem"], "text", "question_concat"), "answer": GUESSES["answer"], "id": GUESSES["id"]}


class Source(NamedTuple):
    """Where a test set is read from: a file, a folder, a Hub id, or a file of fingerprints."""

    name: str
    place: str
    usual: str = ""  # the short name of a usual test set that the Hub holds
    hashed: bool = False

    @property
    def given(self) -> str:
        """As a word that names just this, wherever and whenever it is read."""
        return f"{self.name}={self.place}"


@dataclass(frozen=True, slots=True)
class Item:
    """One problem of a test set; its print's id is `<set>:<id or line>`. Of a hashed one there is no text."""

    set: str
    text: str
    print: Print
    fingerprint: Fingerprint | None = None


def resolve(given: str) -> Source:
    """Where the test set lies that a user names: a file, `name=file`, a Hub id, or the short name of a usual one.

    Of a usual one: its fetched texts, else the Hub where it can be reached, else its fingerprints.
    Raises `InputError` for what is none of these.
    """
    name, equals, place = given.partition("=")
    if not equals or not name or Path(given).exists():
        name, place = "", given
    if Path(place).exists():
        return Source(name or Path(place).name.split(".")[0], place, hashed=are_fingerprints(Path(place)))
    if place in known():
        return _usual(name, known()[place])
    if hub.is_hub_id(place) and not place.lower().removesuffix(".gz").endswith(ENDINGS):
        usual = next((told for told in known().values() if told.hub == place), None)
        return Source(name or (usual.name if usual else place.partition("@")[0].rpartition("/")[2]), place,
                      usual.name if usual else "")
    if "/" in place or "." in place:
        raise InputError("there is no such file", where=place, mend="check the path")
    return _usual(name, known_as(place))


def _usual(name: str, told: Known) -> Source:
    if told.texts.exists():
        return Source(name or told.name, str(told.texts))
    if hub.reachable():
        return Source(name or told.name, told.hub, told.name)
    if told.fingerprints:
        return Source(name or told.name, str(told.fingerprints), hashed=True)
    raise InputError(f"the texts of {told.name} are not here, the Hugging Face Hub cannot be reached, and its licence "
                     f"({told.licence}) lets no fingerprints ship", where=told.name,
                     mend=f"mathmill test-sets fetch {told.name}, where it can be reached; or {told.name}=FILE")


def sources(test_sets: Iterable[str]) -> list[Source]:
    """All of them resolved. Raises `InputError`; `ParameterError` for a name given twice."""
    found: dict[str, Source] = {}
    for source in map(resolve, test_sets):
        if source.name in found:
            raise ParameterError(f"two test sets are called {source.name!r}: {found[source.name].place} and "
                                 f"{source.place}", mend=f"name one of them: other={source.place}")
        found[source.name] = source
    return list(found.values())


def read_items(test_sets: Sequence[str]) -> list[Item]:
    """All items, set after set, see `resolve`.

    Raises `InputError` for a set that cannot be read or a row without a problem; `ParameterError` as `sources` does.
    """
    return [item for source in sources(test_sets) for item in items_of(source)]


def items_of(source: Source) -> Iterator[Item]:
    """The items of one test set."""
    if source.hashed:
        yield from (Item(source.name, "", print_of(found, source.name), found)
                    for found in read_fingerprints(Path(source.place)))
        return
    columns: dict[str, str] = {}
    rows, _, _ = rows_of(source.place)
    for name, line, row in rows:
        columns = columns or _columns(row, source)
        cell = {key: text(row.get(column)) for key, column in columns.items()}
        where = source.place if Path(source.place).name == name or source.place == name else f"{source.place}/{name}"
        if not cell["problem"].strip():
            raise InputError(f"no problem in column {columns['problem']!r}", where=f"{where}, line {line}",
                             mend="fill it in or take the row out")
        said = cell.get("answer", "")
        # GSM8K keeps the worked solution in its answer column, MATH has no other than in its solution.
        answer = final_answer(said) or said
        yield Item(source.name, cell["problem"].strip(),
                   take_one(f"{source.name}:{cell.get('id') or line}", cell["problem"].strip(), answer))


def fingerprints_of(source: Source) -> list[Fingerprint]:
    """The fingerprints of a test set whose texts are here; of those that are none already."""
    return [item.fingerprint or fingerprint(item.print.id.removeprefix(f"{source.name}:"), item.print)
            for item in items_of(source)]


def _columns(row: Mapping[str, object], source: Source) -> dict[str, str]:
    given = known()[source.usual].columns if source.usual else {}
    try:
        return map_columns(row, ("problem",), given, optional=("answer", "id"), where=source.place,
                           guesses=COLUMNS)
    except InputError as error:
        raise InputError(error.what, where=source.place, mend="call the column of its problems 'problem'") from error
