"""The tasks: quotas met exactly, the same tables every time, a user's own values, rejections with their reason."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import InputError, ParameterError
from schemas.plan import Plan
from schemas.records import Problem, Rejection, Solution, Template
from schemas.run import open_run
from schemas.table import Table, write_shard
from tasks import instantiate
from tasks.instantiate import Broken, bind
from tasks.instantiate.bind import read_number
from tasks.instantiate.quotas import Capacity, Quota, cut, shares
from tests.handmade import clips, handmade


def drawn(folder: Path, templates: Sequence[Template], size: int, seed: int = 1
          ) -> tuple[Table[Problem], Table[Solution], Table[Quota]]:
    with open_run(folder, Plan("test", {"size": size, "seed": seed})) as run:
        table = run.table("templates", Template)
        write_shard(table.shard(0), templates, Template)
        problems = instantiate.templates(table, size=size, seed=seed)
        return problems, instantiate.solutions(problems, table), run.table("quotas", Quota)


def test_exactly_the_size_asked_for(tmp_path: Path) -> None:
    problems, solutions, _ = drawn(tmp_path / "run", handmade(), 1000)
    rows, worked = list(problems.rows()), list(solutions.rows())
    assert len(rows) == len(worked) == 1000
    assert problems.rejections.count() == solutions.rejections.count() == 0
    assert [item.problem_id for item in worked] == [item.id for item in rows]
    assert len({item.id for item in rows}) == 1000
    counts = Counter(item.template_id for item in rows)
    assert len(counts) == 15
    # the two small spaces (66 and 100 draws) still give their even share of 66 or 67
    assert set(counts.values()) <= {66, 67}


def test_small_templates_give_all_and_others_fill_up(tmp_path: Path) -> None:
    problems, _, _ = drawn(tmp_path / "run", handmade(), 12_000)
    counts = Counter(item.template_id for item in problems.rows())
    assert counts.total() == 12_000
    assert sorted(counts.values())[:2] == [66, 100]
    assert len(problems.shards()) > 1


def test_long_draws_are_cut_and_stay_distinct(tmp_path: Path) -> None:
    made = next(item for item in handmade() if item.name == "train")
    problems, _, quotas = drawn(tmp_path / "run", [made], 12_000)
    assert quotas.count() == 3
    assert len({item.values for item in problems.rows()}) == 12_000


def test_the_same_tables_whatever_the_order_of_work(tmp_path: Path) -> None:
    one, other = (drawn(tmp_path / name, handmade(), 500, seed=9)[0] for name in ("one", "other"))
    assert [path.read_bytes() for path in one.shards()] == [path.read_bytes() for path in other.shards()]
    more = drawn(tmp_path / "more", handmade(), 700, seed=9)[0]
    assert {item.id for item in one.rows()} <= {item.id for item in more.rows()}


def test_templates_that_give_nothing_are_turned_down(tmp_path: Path) -> None:
    broken = replace(clips(), id="broken", template_id="broken", conditions=["n1 >"])
    empty = replace(clips(), id="empty", template_id="empty", conditions=["n1 > 500"])
    problems, _, quotas = drawn(tmp_path / "run", [broken, clips(), empty], 300)
    assert problems.count() == 100
    assert quotas.count() == 1
    rejections = Table(tmp_path / "run" / "capacities.rejected", Rejection)
    assert {(item.row_id, item.rule) for item in rejections.rows()} == {("broken", "bad_template"),
                                                                               ("empty", "no_draw")}


@given(st.lists(st.integers(1, 300), min_size=1, max_size=40), st.integers(0, 5000))
def test_shares(capacities: list[int], size: int) -> None:
    given_out = shares(capacities, size)
    assert sum(given_out) == min(size, sum(capacities))
    assert all(0 <= given <= capacity for given, capacity in zip(given_out, capacities, strict=True))
    top = max(given_out)
    assert all(given >= top - 1 or given == capacity for given, capacity in zip(given_out, capacities, strict=True))


def test_a_small_size_is_spread_over_the_table() -> None:
    assert shares([10] * 10, 2) == [0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    quotas = cut([Capacity("c1", [], "a", 900_000, 1_000_003), Capacity("c2", [], "b", 50, 50)], 20_050)
    assert sum(quota.count for quota in quotas) == 20_050
    assert [quota.start for quota in quotas] == [0, 5555, 11111, 16666, 0]


# --- a user's own values


@pytest.mark.parametrize(("given", "value"), [
    ("3", 3), (3, 3), ("1/2", Fraction(1, 2)), ("0.5", Fraction(1, 2)), (0.5, Fraction(1, 2)), (".5", Fraction(1, 2)),
    ("1,200", 1200), ("20%", Fraction(1, 5)), ("$3.50", Fraction(7, 2)), ("1 1/2", Fraction(3, 2)), (" 7 ", 7),
    ("-3", -3), ("-$1,000.25", Fraction(-4001, 4)), ("12/4", 3),
])
def test_numbers_as_people_write_them(given: object, value: Fraction) -> None:
    assert read_number(given) == value
    assert read_number("20%", percent=True) == 20


@pytest.mark.parametrize("given", ["", "three", "1/0", "1,20", "1e9", "--3", "3 apples", None, True, [], {}, "9" * 50,
                                   float("nan"), float("inf"), "1/2/3", "٣"])
def test_not_a_number(given: object) -> None:
    with pytest.raises(Broken):
        read_number(given)


@pytest.mark.parametrize("made", handmade(), ids=lambda made: made.name)
def test_the_seeds_values_give_the_seed_back(made: Template) -> None:
    own = {item.name: item.value for item in made.slots}
    assert bind(made, own) == bind(made, {})
    first, again = (instantiate.problem_of(made, bind(made, values), 0, "test") for values in (own, {}))
    assert first == again
    assert all(item.value.partition("|")[2] or item.value in first.question for item in made.slots
               if item.kind in ("name", "object"))


@pytest.mark.parametrize(("values", "message"), [
    ({"n1": "25"}, "condition `is_int(r1)`: r1 = 25/2"), ({"n1": "0"}, "count and takes a positive whole number"),
    ({"n1": "2.5"}, "positive whole number, not 5/2"), ({"n9": "1"}, "no slot `n9`; this template has p1, n1"),
    ({"n1": "many"}, "`many` is not a number"), ({"p1": 7}, "takes a word"), ({"p1": "<b>"}, "takes a name"),
])
def test_broken_values_say_what_is_broken(values: dict[str, object], message: str) -> None:
    with pytest.raises(Broken, match=message.replace("(", r"\(").replace(")", r"\)")):
        bind(clips(), values)


def test_the_drawing_range_does_not_bind_a_user() -> None:
    problem = instantiate.problem_of(clips(), bind(clips(), {"n1": "1,000,000", "p1": "Zoë"}), 0, "test")
    assert problem.answer == "1500000"
    assert problem.question.startswith("Zoë strung 1000000 beads")


def test_a_tied_slot_follows_its_partner() -> None:
    made = next(item for item in handmade() if item.name == "same")
    assert bind(made, {"n1": "30"})["n2"] == 30
    assert bind(made, {"n2": "30"})["n1"] == 30
    with pytest.raises(Broken, match="n1 == n2"):
        bind(made, {"n1": "30", "n2": "36"})


def bindings(folder: Path, text: str) -> tuple[list[Problem], list[Rejection]]:
    file = folder / "bindings.jsonl"
    file.write_text(text, encoding="utf-8")
    with open_run(folder / "run", Plan("test", {"seed": 0})) as run:
        table = run.table("templates", Template)
        write_shard(table.shard(0), handmade(), Template)
        problems = instantiate.bindings(table, file)
        return list(problems.rows()), list(problems.rejections.rows())


def test_bindings_from_a_file(tmp_path: Path) -> None:
    rows = [{"id": "a", "template_id": clips().id, "values": {"n1": "50", "p1": "Ada"}},
            {"id": 7, "template_id": clips().id, "values": {"n1": 52}},
            {"id": "b", "template_id": clips().id, "values": {"n1": "51"}},
            {"id": "c", "template_id": "nowhere", "values": {}},
            {"template_id": clips().id, "values": {}},
            {"id": "d", "template_id": clips().id, "values": ["n1"]},
            {"id": "e", "template_id": clips().id, "values": {"zz": "1"}},
            {"id": "a", "template_id": clips().id, "values": {"n1": "50", "p1": "Ada"}}]
    problems, rejections = bindings(tmp_path, "\n".join(map(json.dumps, rows)))
    assert [(item.binding_id, item.answer) for item in problems] == [("a", "75"), ("7", "78")]
    assert [(item.rule, item.reason.partition(":")[0]) for item in rejections] == [
        ("condition", "line 3"), ("unknown_template", "line 4"), ("missing_id", "line 5"), ("value", "line 6"),
        ("slot", "line 7"), ("duplicate", "line 8")]
    assert "condition `is_int(r1)`: r1 = 51/2" in rejections[0].reason


def test_a_bad_line_stops_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 2"):
        bindings(tmp_path, '{"id": "a", "template_id": "x", "values": {}}\n{"id": "b"')


def test_unknown_modes_are_refused(tmp_path: Path) -> None:
    with open_run(tmp_path, Plan("test", {"seed": 0})) as run, pytest.raises(ParameterError, match="p9"):
        instantiate.with_variants(run.table("templates", Template), ["p9"])
