"""Compose: briefs keep the mix and use all seeds, each mode's draft follows its policy, walks stay in the graph."""

from collections import Counter
from random import Random

import pytest

from schemas.errors import ParameterError
from schemas.records import Brief, Concepts, Problem, Rejection, Seed
from tasks.asking import talked
from tasks.compose import MODES, _briefed, _unlike, alone, brief, graph, shared_out, stock, written
from tasks.compose.fresh import BREAK
from tests.pretend import Pretend

SEED = Seed("s1", [], "Mara has 12 pears and buys 5 more. How many pears has she now?", "12 + 5 = 17\n#### 17", "17",
            "own", "MIT", 1)
OTHER = Seed("s2", [], "A tank holds 90 litres and loses 4 litres an hour. How long does it last?", "90 / 4\n#### 22.5",
             "22.5", "own", "MIT", 2)
FRESH = "A bus has 40 seats, 3 rows of which are taken. How many people are on it?"


class Seeds:
    """As much of a table as `_briefed` needs."""

    name = "seeds"

    def __init__(self, *rows: Seed) -> None:
        self._rows = rows

    def rows(self) -> tuple[Seed, ...]:
        return self._rows


def briefs(mix: dict[str, float], size: int, seed: int = 0) -> list[Brief]:
    return list(_briefed(mix, size, seed, ["A tailor who counts buttons."], Seeds(SEED, OTHER)))  # type: ignore[arg-type]


def one(made: Brief, model: Pretend) -> Problem | Rejection:
    [row] = talked(lambda row: written(row, "test", "pretend"), [(made,)], model.ask_all, "problems")
    return row


def test_the_mix_holds_at_every_moment() -> None:
    mix = {"suggest_edit": 50.0, "layered": 20.0, "from_topic": 20.0, "distractor": 10.0}
    modes = list(shared_out(mix, 1000))
    assert Counter(modes) == {"suggest_edit": 500, "layered": 200, "from_topic": 200, "distractor": 100}
    for size in (10, 37, 500):
        counted = Counter(modes[:size])
        assert all(abs(counted[mode] - size * share / 100) <= 1 for mode, share in mix.items())


def test_every_seed_is_used_as_often_as_any_other() -> None:
    made = briefs({"numbers": 1, "harder": 1}, 8)
    assert Counter((row.mode, row.seed_id, row.number) for row in made).most_common(1)[0][1] == 1
    assert Counter((row.mode, row.seed_id) for row in made) == {
        (mode, seed): 2 for mode in ("numbers", "harder") for seed in ("s1", "s2")}
    assert len({row.id for row in made}) == 8


def test_briefs_hang_on_the_seed_alone() -> None:
    mix = {"persona": 1.0, "from_hardness": 1.0, "cultural": 1.0}
    assert briefs(mix, 12) == briefs(mix, 12)
    assert briefs(mix, 12) != briefs(mix, 12, seed=1)


@pytest.mark.parametrize("mode", sorted(stock.INGREDIENTS))
def test_each_mode_gets_the_ingredients_it_asks_for(mode: str) -> None:
    [made] = briefs({mode: 1}, 1)
    assert made.ingredients
    assert all(made.ingredients)
    assert (made.question == "") == (mode in stock.ALONE)


def test_all_that_ship_can_be_drawn_from() -> None:
    people = stock.personas()
    assert len(people) == len(set(people)) == 500
    assert all(person.endswith(".") and len(person) < 200 for person in people)
    assert len(stock.concepts()) > 60
    assert len(stock.HARDNESS) == 9


@pytest.mark.parametrize("mode", ["from_topic", "from_hardness", "from_grid"])
def test_what_starts_from_ingredients_seeds_nothing_and_needs_a_vote(mode: str) -> None:
    [made] = briefs({mode: 1}, 1)
    row = one(made, Pretend())
    assert isinstance(row, Problem), row
    assert (row.answer, row.answer_policy, row.gold_level) == ("", "vote", "none")
    assert (row.seed_id, row.operation, row.mode, row.generation_depth) == ("", "compose", mode, 1)
    assert row.model == "pretend"
    assert row.prompt_hash


def test_a_plan_without_its_steps_is_refused() -> None:
    [made] = briefs({"from_hardness": 1}, 1)
    row = one(made, Pretend(from_hardness={"rationale": "1. I think. 2. Done.", "problem": FRESH}))
    assert isinstance(row, Rejection)
    assert row.rule == "rationale"


def test_synthetic_problems_seed_nothing_further() -> None:
    made = Brief("b", [], "harder", 0, FRESH, "", "", [], "s1", 1, "own", "")
    row = one(made, Pretend())
    assert isinstance(row, Rejection)
    assert row.rule == "depth"


def test_a_problem_that_came_back_as_it_was_is_refused() -> None:
    row = one(brief(SEED, "harder", 0, []), Pretend(change={"problem": SEED.question.upper()}))
    assert isinstance(row, Rejection)
    assert row.rule == "unchanged"


def test_unknown_modes_are_told_with_the_known_ones() -> None:
    from tasks.compose import briefs as task

    with pytest.raises(ParameterError, match="suggest_edit"):
        task(Seeds(SEED), {"suggest": 1}, size=3)  # type: ignore[arg-type]


def test_equal_words_go_on_once() -> None:
    def problem(name: str, question: str) -> Problem:
        row = one(brief(SEED, "harder", 0, []), Pretend(change={"problem": question}))
        assert isinstance(row, Problem)
        return Problem(name, *[getattr(row, field) for field in list(Problem.__slots__)[1:]])

    rows = [problem("p1", FRESH), problem("p2", f"  {FRESH.lower()}"), problem("p3", FRESH + " Now?")]
    made = list(_unlike(Seeds(*rows)))  # type: ignore[arg-type]
    assert [row.id if isinstance(row, Problem) else row.twin_id for row in made] == ["p1", "p1", "p3"]


def test_walks_stay_among_what_occurs_together() -> None:
    rows = [Concepts(f"c{n}", [f"s{n}"], f"Question {n}?", topics, points, "own", "")
            for n, (topics, points) in enumerate([(["a"], ["p", "q"]), (["a", "b"], ["q", "r"]), (["z"], ["y", "w"])])]
    known = graph.graph_of(rows)
    assert known.topics == ["ta", "tb", "tz"]
    for number in range(200):
        topics, points = graph.walk(known, Random(number))
        assert topics
        assert points
        assert set(topics) <= {"a", "b"} or topics == ["z"]
        assert set(points) <= ({"p", "q", "r"} if topics != ["z"] else {"y", "w"})
        assert len(set(topics + points)) == len(topics + points)
    assert graph.nearest(rows, ["z"], ["y"])[0].id == "c2"


def test_steps_go_by_weight() -> None:
    rows = [Concepts(f"c{n}", [], "?", ["a"], ["often" if n else "seldom"], "", "") for n in range(20)]
    known = graph.graph_of(rows)
    firsts = Counter(graph.walk(known, Random(number))[1][0] for number in range(400))
    assert 0.85 < firsts["often"] / 400 < 0.97  # 20 to 2: a softmax of log(n + 1)


def test_a_walk_is_written_beside_its_examples() -> None:
    model = Pretend(from_concepts={"problem": FRESH})
    made = alone("from_concepts", 0, graph.ingredients(["rates"], ["speed"], [
        Concepts("c", [], "Example one?", ["rates"], ["speed"], "", "")]))
    row = one(made, model)
    assert isinstance(row, Problem)
    assert "Example one?" in model.asked[0].turns[0].text
    assert made.ingredients[0].split(BREAK) == ["rates"]


def test_modes_have_one_name_each() -> None:
    from tasks.compose import fresh
    from tasks.evolve import change, culture, deeper, perturb, reverse, rewrite

    parts = [module.MODES for module in (change, deeper, reverse, perturb, rewrite, culture, fresh)]
    assert sum(map(len, parts)) == len(MODES)
