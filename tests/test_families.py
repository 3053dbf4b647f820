"""The families that ship: their number and kinds, each one drawn, checked and read again; and files of a user's own."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from schemas.errors import InputError, ParameterError
from schemas.records import Problem, Solution, Template
from schemas.run import Run, open_run
from tasks import families
from tasks.instantiate.compiled import compiled
from tasks.instantiate.write import pairs
from tasks.tools.files import data_path
from tasks.verify import by_program, check_solution
from tasks.verify.program import route_of

FILES = sorted(path.stem for path in data_path("templates").glob("*.toml"))
TOPICS = {"arithmetic", "ratio", "percent", "rates", "number theory", "counting", "probability", "linear equations",
          "quadratic equations", "systems", "sequences", "geometry", "calculus"}
KINDS = ("integer", "rational", "decimal", "percent", "expression", "set", "interval", "pair")
DRAWS = 50
READ = 2  # draws of a level whose program and text are checked with sympy, which costs milliseconds each
# A hole left open, or an annotation left half; "{1, 2}" is a set.
LEFT = re.compile(r"\{[^{}]*[^-\d,/ {}][^{}]*\}|\{\}|\[\[|<<[^>]*$", re.MULTILINE)
NOTE = re.compile(r"<<[^<>]*>>")


@cache
def shipped(stem: str) -> list[Template]:
    return families.load(data_path("templates", f"{stem}.toml"), drawn=False)


DRAWN: dict[str, tuple[list[Problem], list[Solution]]] = {}


def drawn(template: Template) -> tuple[list[Problem], list[Solution]]:
    if template.id not in DRAWN:
        ready = compiled(template)
        DRAWN[template.id] = pairs(ready, ready.take(11, DRAWS), "templates")
    return DRAWN[template.id]


def everything() -> list[Template]:
    return [template for stem in FILES for template in shipped(stem)]


def first_phrasings(stem: str) -> list[Template]:
    return list({(row.name, row.difficulty): row for row in reversed(shipped(stem))}.values())


def test_there_are_enough_families_of_every_topic_and_kind() -> None:
    names: dict[str, set[str]] = defaultdict(set)
    for row in everything():
        names[row.topic].add(row.name)
        names[row.answer_kind].add(row.name)
    assert len({row.name for row in everything()}) >= 66
    assert {row.topic for row in everything()} == TOPICS
    assert {kind: len(names[kind]) for kind in KINDS if len(names[kind]) < 3} == {}
    assert {topic: len(names[topic]) for topic in TOPICS if len(names[topic]) < 5} == {}


def test_names_and_ids_are_unique_and_every_level_is_there() -> None:
    rows = everything()
    assert len({row.id for row in rows}) == len(rows)
    levels = defaultdict(set)
    for row in rows:
        levels[row.topic, row.name].add(row.difficulty)
        assert (row.template_id, row.origin, row.licence, row.source) == (row.id, "family", "MIT", "mathmill")
    assert {name for name, found in levels.items() if found != {1, 2, 3, 4, 5}} == set()
    assert len({name for _, name in levels}) == len(levels)


def test_what_is_more_than_arithmetic_has_a_check_of_its_own() -> None:
    beyond = {"integer": (), "decimal": (), "rational": (), "percent": ()}
    bare = {row.name for row in everything() if not row.check and row.answer_kind not in beyond}
    assert bare == set()
    assert sum(bool(row.check) for row in everything()) > 0.8 * len(everything())


@pytest.mark.parametrize("stem", FILES)
def test_every_level_and_phrasing_draws_clean_and_distinct_problems(stem: str) -> None:
    for row in shipped(stem):
        problems, solutions = drawn(row)
        where = f"{row.name}, level {row.difficulty}"
        possible = min(DRAWS, compiled(row).capacity)
        assert len(problems) >= possible > 20, where
        assert len({problem.question for problem in problems}) >= 0.9 * possible, where
        for problem, solution in zip(problems, solutions, strict=True):
            text = f"{problem.question}\n{solution.solution}"
            assert not LEFT.search(text), f"{where}: {text}"
            assert "  " not in NOTE.sub("", text), f"{where}: {text}"


@pytest.mark.parametrize("stem", FILES)
def test_draws_meet_the_conditions(stem: str) -> None:
    for row in first_phrasings(stem):
        ready = compiled(row)
        for values in ready.draw(3, 0, 6):
            assert values is None or ready.broken(values) is None, row.name


@pytest.mark.parametrize("stem", FILES)
def test_answers_are_reached_another_way_and_the_text_holds(stem: str) -> None:
    for row in first_phrasings(stem):
        problems, solutions = drawn(row)
        route = route_of(row)
        for problem, solution in list(zip(problems, solutions, strict=True))[:READ]:
            verdict = by_program(problem, solution, route)
            assert verdict.status == "passed", f"{row.name}: {verdict.reason}"
            found = check_solution(problem.question, solution.solution, problem.answer)
            assert found.status == "passed", f"{row.name}: {found.reason}"


def test_a_wrong_program_and_a_wrong_text_are_found_out() -> None:
    row = next(row for row in shipped("rates") if row.name == "catching-up")
    wrong = replace(row, id="other", program=row.program + " + 1")
    problem, solution = drawn(wrong)[0][0], drawn(wrong)[1][0]
    assert by_program(problem, solution, route_of(wrong)).status == "failed"
    assert check_solution(problem.question, solution.solution, problem.answer).status == "failed"


def work(row: Template) -> float:
    """How much there is to read and compute: characters of the solutions, their equations twice, on average."""
    texts = [solution.solution for solution in drawn(row)[1]]
    return sum(len(text) + sum(map(len, NOTE.findall(text))) for text in texts) / len(texts)


def test_higher_levels_ask_for_more_work() -> None:
    found: dict[str, dict[int, float]] = defaultdict(dict)
    for stem in FILES:
        for row in first_phrasings(stem):
            found[row.name][row.difficulty] = work(row)
    assert {name: levels for name, levels in found.items() if levels[5] <= levels[1]} == {}
    mean = [sum(levels[level] for levels in found.values()) / len(found) for level in families.LEVELS]
    assert mean == sorted(mean)


# --- a user's own files

GOOD = '''
topic = "rates"
[[family]]
name = "walk"
answer_kind = "decimal"
questions = ["{p} walks {s} km and then {t} km. How far is that, in km?"]
solution = """
Together that is {s} + {t} = <<{s}+{t}={answer}>>{answer} km.
#### {answer}"""
program = "answer = s + t"
slots.p = {kind = "name", pool = "any"}
slots.s = {kind = "measure", low = 2, high = 9, from = {2 = {low = "2.5", step = 0.5}}}
slots.t = {kind = "measure", choices = ["3", "5"]}
'''


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_levels_change_what_they_name_and_keep_the_rest(tmp_path: Path) -> None:
    later = '[family.from.3]\nprogram = "answer = 2 * s + t"\nquestions = ["{p}: {s}, {s}, {t}?", "{p}? {t}, {s}"]\n'
    rows = families.load(written(tmp_path, GOOD + later))
    assert [(row.difficulty, row.slots[1].low, row.slots[1].step) for row in rows[:3]] == [
        (1, "2", ""), (2, "2.5", "0.5"), (3, "2.5", "0.5")]
    assert [row.difficulty for row in rows] == [1, 2, 3, 3, 4, 4, 5, 5]
    assert {row.solution for row in rows} == {rows[0].solution}
    assert rows[-1].program == "answer = 2 * s + t"


def test_the_example_in_the_docstring_is_a_family(tmp_path: Path) -> None:
    example = re.findall(r"(?m)^    (.*)\n|^$\n", (families.__doc__ or "").partition("[[family]]")[2])
    text = 'topic = "rates"\n[[family]]\n' + "\n".join(example)
    assert [row.difficulty for row in families.load(written(tmp_path, text))] == [1, 2]


@pytest.mark.parametrize(("old", "new", "told"), [
    ("{t} km. How", "{u} km. How", "`u` is neither a slot nor a name"),
    ("answer = s + t", "answer = s + q", "`q` is read by the program before it is known"),
    ("answer = s + t", "total = s + t", "last line sets `answer`"),
    ("answer = s + t", "answer = open(s)", "not a function of the language"),
    ("answer = s + t", 'answer = s + t"\ncheck = "import os', "is not run here"),
    ("answer = s + t", 'answer = s + t"\nconditions = ["s > 20"]\ncheck = "', "no draw meets the conditions s > 20"),
    ("#### {answer}", "The end.", "does not end with `#### {answer}`"),
    ('answer_kind = "decimal"', 'answer_kind = "number"', "answer_kind `number` is none of"),
    ('answer_kind = "decimal"', 'answer_kind = "decimal"\nhint = "add"', "unknown entry `hint`"),
    ('pool = "any"', 'pool = "dragons"', "no pool of a name"),
    ("slots.t", "slots.w = {kind = 'count', low = 1, high = 2}\nslots.t", "slot `w` is used by no text"),
    ("low = 2, high = 9", "low = 2", "neither `choices` nor `low` and `high`"),
    ("low = 2, high = 9", "low = 2, high = 1", "nothing to draw"),
    ("{p} walks", "Somebody walks", "`p` is used by no text"),
    ("{s}+{t}=", "{s:furlong}+{t}=", "no style `furlong`"),
    ('topic = "rates"', "", "has no `topic`"),
    ('name = "walk"', "", "has no `name`"),
    ("[[family]]", "[[families]]", "holds no `[[family]]`"),
    ("[[family]]", "[[family", "not TOML"),
])
def test_a_faulty_file_is_told_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(InputError) as error:
        families.load(path)
    assert told in str(error.value)
    assert str(path) in str(error.value)
    assert "mend:" in str(error.value)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with open_run(tmp_path / "run") as opened:
        yield opened


def test_shipped_keeps_to_topics_and_levels(run: Run) -> None:
    rows = list(families.shipped(topics=["number-theory", "Rates"], difficulty=[2]).rows())
    assert {(row.topic, row.difficulty) for row in rows} == {("number theory", 2), ("rates", 2)}


def test_shipped_reads_a_users_file(run: Run, tmp_path: Path) -> None:
    assert {row.name for row in families.shipped(file=str(written(tmp_path, GOOD))).rows()} == {"walk"}


@pytest.mark.parametrize(("asked", "told"), [
    ({"topics": "alchemy"}, "there is no topic 'alchemy'"), ({"difficulty": 7}, "there is no level 7")])
def test_unknown_topics_and_levels_are_told(run: Run, asked: dict[str, object], told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        families.shipped(**asked)  # type: ignore[arg-type]
