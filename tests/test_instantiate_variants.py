"""Variants: only where the text is plain, one step more or fewer that the text tells, and answers that follow."""

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from schemas.plan import Plan
from schemas.records import Rejection, Template
from schemas.run import open_run
from schemas.table import write_shard
from tasks import instantiate
from tasks.instantiate.clauses import EVENTS, REMARKS, owned
from tasks.instantiate.compiled import Compiled
from tasks.instantiate.variants import MODES, known, variants
from tasks.instantiate.write import pairs
from tasks.tools.expressions import evaluate
from tests.handmade import handmade, slot, template

PENS = template(
    "pens", "{p1} has {n1} red pens. {p1} has {n2} times as many blue pens. {p1} loses {n3} of the pens. How many "
    "pens does "
    "{p1} have left?",
    "{p1} has {n1}*{n2} = <<{n1}*{n2}={r1}>>{r1} blue pens.\nWith the red ones that is {n1}+{r1} = "
    "<<{n1}+{r1}={r2}>>{r2}."
    "\n{p1} has {r2}-{n3} = <<{r2}-{n3}={r3}>>{r3} pens left.\n#### {r3}",
    [slot("p1", "name", "Ada", "female"), slot("n1", "count", "6", "3..20"), slot("n2", "multiple", "2", "2..4"),
     slot("n3", "count", "5", "2..8")],
    "r1 = n1*n2\nr2 = n1 + r1\nr3 = r2 - n3\nanswer = r3", ["r3 > 1"])
MARKET = template(
    "market", "{p1} bought {n1} melons for ${n2} each at the market. She also bought {n3} cabbages for ${n4} each. "
    "How much "
    "did {p1} spend in total?",
    "The melons cost {n1}*{n2} = $<<{n1}*{n2}={r1}>>{r1}.\nThe cabbages cost {n3}*{n4} = $<<{n3}*{n4}={r2}>>{r2}.\n"
    "{p1} spent {r1}+{r2} = $<<{r1}+{r2}={r3}>>{r3} in total.\n#### {r3}",
    [slot("p1", "name", "Ada", "female"), slot("n1", "count", "6", "3..20"), slot("n2", "money", "2", "2..9"),
     slot("n3", "count", "5", "2..8"), slot("n4", "money", "3", "1..5")],
    "r1 = n1*n2\nr2 = n3*n4\nr3 = r1 + r2\nanswer = r3", [])


def made(parent: Template, mode: str) -> Template:
    found = variants(parent, mode)
    assert isinstance(found, Template), found.reason
    assert (found.mode, found.parents, found.template_id) == (mode, [parent.id], found.id)
    return found


def texts(of: Template, count: int = 60) -> list[tuple[str, str, str, dict[str, object]]]:
    """(question, solution, answer, values) of some draws."""
    ready = Compiled(of)
    batch = ready.take(3, count)
    problems, solutions = pairs(ready, batch, "test")
    rows = [{name: column[row] for name, column in batch.columns.items()} for row in range(len(problems))]
    return [(problem.question, solution.solution, problem.answer, row)
            for problem, solution, row in zip(problems, solutions, rows, strict=True)]


@pytest.mark.parametrize("parent", [PENS, MARKET], ids=lambda parent: parent.name)
@pytest.mark.parametrize(("mode", "more"), [("p1", 1), ("p2", 2)])
def test_clauses_more(parent: Template, mode: str, more: int) -> None:
    found = made(parent, mode)
    base = Compiled(parent)
    for question, solution, answer, row in texts(found):
        before = base.program.run({item.name: [row[item.name]] for item in parent.slots}, 1)["answer"][0]
        steps = re.findall(r"<<([^=]*)=([^>]*)>>", solution)
        assert len(steps) == parent.solution.count("<<") + more
        assert all(evaluate(left, {}) == Fraction(right) for left, right in steps)
        assert Fraction(answer) == Fraction(steps[-1][1])
        assert int(answer) != before or more == 2
        assert solution.endswith(f"#### {answer}")
        for turn in range(1, more + 1):
            assert re.search(rf"\b{row[f'k{turn}']}\b", question)
        assert question.count("?") == 1
        assert re.search(r"[a-z]\. (How many|How much)", question)


def test_a_clause_fewer() -> None:
    found = made(MARKET, "m1")
    assert "cabbages" not in found.question + found.solution
    assert [item.name for item in found.slots] == ["p1", "n1", "n2"]
    for question, solution, answer, row in texts(found, 20):
        assert answer == str(row["n1"] * row["n2"])  # type: ignore[operator]
        assert solution.count("<<") == 1
        assert question.endswith("at the market. How much did " + str(row["p1"]) + " spend in total?")


def test_no_clause_fewer_where_nothing_would_be_left_over() -> None:
    found = variants(PENS, "m1")
    assert isinstance(found, Rejection)
    assert "taken away" in found.reason


@pytest.mark.parametrize("parent", [PENS, MARKET], ids=lambda parent: parent.name)
def test_a_clause_that_changes_nothing(parent: Template) -> None:
    found = made(parent, "noop")
    assert (found.program, found.solution, found.answer) == (parent.program, parent.solution, parent.answer)
    base = Compiled(parent)
    for question, _, answer, row in texts(found):
        values = {item.name: row[item.name] for item in parent.slots}
        assert answer == str(base.program.run({name: [value] for name, value in values.items()}, 1)["answer"][0])
        assert len(question) > len(texts(parent, 1)[0][0]) - 40
        assert "k1" not in question
    assert "k1" not in found.program
    assert "{k1" in found.question


@pytest.mark.parametrize(("question", "reason"), [
    ("{p1} has {n1} red pens. If {p1} finds {n2} more, how many pens does {p1} have?", "not one that a clause"),
    ("{p1} gets {n1} pens every day. Then {p1} has {n2} days off. How many pens does {p1} have?", "says `every`"),
    ("{p1} had {n1} pens and now has {n2} more. {p1} is glad and was tired. How many pens does {p1} have?", "tense"),
    ("{p1} has {n1} ideas. {p1} has {n2} more. How many ideas does {p1} have now?", "`ideas` is not surely"),
    ("{p1} has {n1} pens. {p1} has {n2} more. How many more pens does {p1} have?", "`more pens` is not surely"),
    ("How many pens are {n1} and {n2} pens?", "one sentence"),
])
def test_doubtful_texts_are_left_alone(question: str, reason: str) -> None:
    doubtful = template("doubtful", question, "That is {n1}+{n2} = <<{n1}+{n2}={r1}>>{r1}.\n#### {r1}",
                        [slot("p1", "name", "Ada", "female"), slot("n1", "count", "6", "3..20"),
                         slot("n2", "count", "2", "2..4")], "r1 = n1 + n2\nanswer = r1", [])
    found = variants(doubtful, "p1")
    assert isinstance(found, Rejection)
    assert reason in found.reason
    assert found.rule == "variant_not_applicable"


def test_a_variant_has_no_variants() -> None:
    assert isinstance(variants(made(PENS, "p1"), "noop"), Rejection)


def test_clauses_are_whole_sentences() -> None:
    for events in (event for pair in EVENTS.values() for group in pair for event in group):
        assert events.past.endswith(".")
        assert 0 < events.low < events.high
        assert not events.present or events.present.endswith(".")
    assert all(remark.past.endswith(".") and remark.low < remark.high for remark in REMARKS)
    assert owned("pens")
    assert owned("pairs of socks")
    assert not owned("trucks")


def test_the_table_of_variants(tmp_path: Path) -> None:
    assert known(["base", "p1", "p1"]) == ("p1",)
    parents = [*handmade(), PENS, MARKET]
    with open_run(tmp_path, Plan("test", {"seed": 0})) as run:
        table = run.table("templates", Template)
        write_shard(table.shard(0), parents, Template)
        assert instantiate.with_variants(table, ()) == table
        found = instantiate.with_variants(table, MODES)
        rows = list(found.rows())
        assert found.count() + found.rejections.count() == 5 * len(parents)
        assert [row for row in rows if row.mode == "base"] == parents
        problems = instantiate.templates(found, size=400, seed=2)
        assert {row.mode for row in problems.rows()} == {"base", *MODES}
        assert problems.count() == 400
        only = [row for row in rows if row.mode == "noop"]
        assert len(only) > 2
        assert all(replace(row, conditions=[]).program == next(p for p in parents if p.id == row.parents[0]).program
                   for row in only)
