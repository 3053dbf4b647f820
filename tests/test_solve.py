"""Solve and judge: styles of attempts, early stops, second thoughts; verdicts by policy, rates, gates, paths."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from schemas.errors import ParameterError
from schemas.records import Example, Problem, Rejection, Solution, Verdict
from tasks.asking import Unfit, abreast, talked
from tasks.judge import looks, rated
from tasks.judge.gate import accept
from tasks.judge.paths import distinct, equations
from tasks.judge.worth import of_problem, verdicts
from tasks.solve import EARLY, thought_over, tried
from tasks.solve.attempts import BLOCK
from tasks.tools.llm import Ask, Failure
from tests.pretend import Pretend, reply

PROBLEM = Problem("p1", ["b1"], "Mara has 12 pears and buys 5 more. How many has she?", "17", "", "", "preserve",
                  "human", "", "s1", "", "test", "evolve", "seed", 0, "{}", 0, "", "")
OPEN = replace(PROBLEM, id="p2", answer="", answer_policy="vote", gold_level="none")
TRAP = replace(PROBLEM, id="p3", answer="cannot be determined", answer_policy="unanswerable")
RIGHT = "She has 12 + 5 = 17 pears.\n\\boxed{17}"


def solved(problem: Problem, model: Pretend, style: str = "solve", samples: int = 1, stop: Any = "never",
           turns: int = 4) -> list[Solution | Rejection]:
    return list(talked(lambda row: tried(row, style, samples, stop, turns, "solutions", "test", "pretend"),
                       [(problem,)], model.ask_all, "solutions"))


def by_sample(*texts: str) -> Any:
    """A model that answers each sample with its text."""
    return lambda ask: texts[ask.sample % len(texts)]


def box(answer: object) -> str:
    return f"It is {answer}.\n\\boxed{{{answer}}}"


def attempts(problem: Problem, *texts: str, mode: str = "solve") -> list[Solution]:
    rows = solved(problem, Pretend(solve=by_sample(*texts)), samples=len(texts))
    return [replace(row, mode=mode) for row in rows if isinstance(row, Solution)]


# --- words


def test_a_solution_in_words_has_the_answer_of_its_box() -> None:
    [row] = solved(PROBLEM, Pretend(solve=RIGHT))
    assert isinstance(row, Solution)
    assert (row.solution, row.answer, row.problem_id, row.model, row.mode) == (RIGHT, "17", "p1", "pretend", "solve")
    assert row.prompt_hash


def test_samples_are_samples_of_one_request() -> None:
    model = Pretend(solve=by_sample(box(1), box(2), box(3)))
    rows = solved(PROBLEM, model, samples=3)
    assert [ask.sample for ask in model.asked] == [0, 1, 2]
    assert len({replace(ask, sample=0) for ask in model.asked}) == 1
    assert [row.answer for row in rows if isinstance(row, Solution)] == ["1", "2", "3"]
    assert len({row.id for row in rows}) == 3


def test_a_failed_sample_is_a_rejection_beside_the_others() -> None:
    model = Pretend(solve=lambda ask: Failure("refused", "no") if ask.sample == 1 else RIGHT)
    rows = solved(PROBLEM, model, samples=3)
    assert [row.rule if isinstance(row, Rejection) else row.answer for row in rows] == ["17", "refused", "17"]


def test_what_was_cut_off_is_no_solution() -> None:
    class Short(Pretend):
        def ask_all(self, asks: Any) -> Any:
            for _ in asks:
                yield reply(RIGHT, "length")

    [row] = solved(PROBLEM, Short())
    assert isinstance(row, Rejection)
    assert row.rule == "cut_off"


# --- early stops


@pytest.mark.parametrize(("texts", "asked"), [
    ((box("1/2"), box("0.5"), box("\\frac12"), box("0.50")), EARLY), ((box(1), box(2)), 10), ((box(1), "Hm."), 10)])
def test_the_rest_is_spared_where_the_first_agree(texts: tuple[str, ...], asked: int) -> None:
    model = Pretend(solve=by_sample(*texts))
    rows = solved(PROBLEM, model, samples=10, stop="agreed")
    assert len(model.asked) == asked
    assert len(rows) == 10
    assert sum(isinstance(row, Rejection) and row.rule == "spared" for row in rows) == 10 - asked
    assert len({row.id for row in rows}) == 10


def test_greedy_first_and_again_where_that_is_wrong() -> None:
    model = Pretend(solve=by_sample(box(17)))
    assert Counter(type(row) for row in solved(PROBLEM, model, samples=6, stop="right")) == {Solution: 1, Rejection: 5}
    assert [ask.temperature for ask in model.asked] == [0.0]
    model = Pretend(solve=by_sample(box(16), box(17)))
    assert len(solved(PROBLEM, model, samples=6, stop="right")) == 6
    assert [ask.temperature for ask in model.asked] == [0.0, *[0.7] * 5]


def test_an_unknown_style_is_told_with_the_known_ones() -> None:
    with pytest.raises(ParameterError, match="named"):
        solved(PROBLEM, Pretend(), style="poem")


# --- programs, really run


@pytest.mark.parametrize("style", ["named", "commented", "bare"])
def test_a_program_is_run_and_what_it_prints_last_is_the_answer(style: str) -> None:
    code = "```python\nfrom fractions import Fraction\nprint('work')\nprint(Fraction(34, 2))\n```"
    [row] = solved(PROBLEM, Pretend(**{f"program_{style}": code}), style)
    assert isinstance(row, Solution), row
    assert row.answer == "17"
    assert row.solution.endswith("```output\nwork\n17\n```")


@pytest.mark.parametrize(("code", "rule"), [
    ("print(1 / 0)", "program_error"), ("x = 1", "no_output"), ("import socket\nsocket.socket().bind(('', 80))",
                                                                 "program_error")])
def test_a_program_that_does_not_end_well_is_no_solution(code: str, rule: str) -> None:
    [row] = solved(PROBLEM, Pretend(program_bare=f"```python\n{code}\n```"), "bare")
    assert isinstance(row, Rejection)
    assert row.rule in (rule, "program_violation")


# --- turns


def in_turns(*said: str) -> Pretend:
    """A model that says one thing after the other, by how many turns there were."""
    def answer(ask: Ask) -> str:
        return said[len(ask.turns) // 2]

    return Pretend(with_tools=answer, check_twice=answer, in_subtasks=answer)


def test_a_program_is_run_between_turns_and_shown() -> None:
    model = in_turns("First add.\n```python\nprint(12 + 5)\n```\n```output\n99\n```", f"So {box(17)}")
    [row] = solved(PROBLEM, model, "tools")
    assert isinstance(row, Solution), row
    assert row.answer == "17"
    assert "printed:\n17" in model.asked[1].turns[2].text
    assert "99" not in row.solution, "output that the model made up is cut"
    assert row.solution.index("First add.") < row.solution.index("```output\n17\n```") < row.solution.index("boxed")


def test_an_error_is_fed_back_and_mended() -> None:
    model = in_turns("```python\nprint(12 + pears)\n```", "```python\nprint(12 + 5)\n```", box(17))
    [row] = solved(PROBLEM, model, "checked")
    assert isinstance(row, Solution), row
    assert "NameError: name 'pears' is not defined" in model.asked[1].turns[2].text
    assert "NameError" in row.solution
    assert row.answer == "17"


def test_turns_are_bounded() -> None:
    model = in_turns(*["```python\nprint(1)\n```"] * 9)
    [row] = solved(PROBLEM, model, "subtasks", turns=3)
    assert isinstance(row, Rejection)
    assert row.rule == "turns"
    assert len(model.asked) == 3


def test_a_block_without_its_end_is_still_a_program() -> None:
    assert BLOCK.findall("```python\nprint(1)") == ["print(1)"]


def test_talks_abreast_end_on_their_own() -> None:
    def talk(number: int) -> Any:
        if number == 2:
            raise Unfit("two", "is refused")
        for turn in range(number):
            yield Ask("", (), tag="count", sample=turn)
        return number

    def all_talks(row: Problem) -> Any:
        found = yield from abreast([talk(number) for number in range(4)])
        assert [one.rule if isinstance(one, Unfit) else one for one in found] == [0, 1, "two", 3]
        return [row]

    assert list(talked(all_talks, [(PROBLEM,)], Pretend(count="x").ask_all, "t")) == [PROBLEM]


# --- second thoughts


def test_only_what_was_wrong_is_thought_over() -> None:
    [wrong] = attempts(PROBLEM, box(16))
    [verdict] = verdicts([wrong], [PROBLEM])
    model = Pretend(reflect=RIGHT)
    talk = lambda solution, verdict, problem: thought_over(solution, verdict, problem, "r", "test", "pretend")  # noqa: E731
    right = replace(verdict, status="passed")
    rows = list(talked(talk, [(wrong, verdict, PROBLEM), (wrong, right, PROBLEM)], model.ask_all, "r"))
    assert len(model.asked) == 1
    assert "17" not in model.asked[0].turns[0].text.replace("12 pears", ""), "the answer is not told"
    assert [row.answer for row in rows if isinstance(row, Solution)] == ["17", "16"]
    assert rows[0].parents == ["p1", wrong.id]


# --- judge


def statuses(problem: Problem, *texts: str, mode: str = "solve") -> list[tuple[str, str]]:
    found = list(verdicts(attempts(problem, *texts, mode=mode), [problem]))
    return [(verdict.method, verdict.status) for verdict in found]


def test_words_are_held_against_gold_with_their_equations() -> None:
    assert statuses(PROBLEM, RIGHT, box(16), "12 + 5 = 18, so\n\\boxed{17}") == [
        ("by_text", "passed"), ("by_text", "failed"), ("by_text", "failed")]


def test_programs_are_held_against_gold_by_their_answer() -> None:
    assert statuses(PROBLEM, box("17.0"), box(18), mode="tools") == [("by_answer", "passed"), ("by_answer", "failed")]


def test_without_gold_the_vote_decides_and_one_alone_is_unknown() -> None:
    assert statuses(OPEN, box("1/2"), box("0.5"), box(3)) == [
        ("by_agreement", "passed"), ("by_agreement", "passed"), ("by_agreement", "failed")]
    assert statuses(OPEN, box(3)) == [("by_agreement", "unknown")]


def test_a_trap_is_passed_by_whoever_sees_it() -> None:
    assert statuses(TRAP, box("cannot be determined"), box(17)) == [
        ("by_abstention", "passed"), ("by_abstention", "failed")]


def test_verdicts_stand_in_the_order_of_the_attempts() -> None:
    one, two = attempts(PROBLEM, RIGHT, box(16)), attempts(OPEN, box(1), box(1))
    mixed = [one[0], two[0], one[1], two[1]]
    assert [verdict.solution_id for verdict in verdicts(mixed, [OPEN, PROBLEM])] == [row.id for row in mixed]


def test_a_rate_has_its_interval_and_leaves_out_what_is_undecided() -> None:
    own = attempts(PROBLEM, RIGHT, RIGHT + " ", box(16), "Hm.")
    found = list(verdicts(own, [PROBLEM]))
    [rate, none] = rated([PROBLEM, OPEN], own, found)
    assert not isinstance(rate, Rejection)
    assert (rate.samples, rate.passed, rate.undecided, rate.answer) == (4, 2, 1, "17")
    assert rate.low < rate.share == 2 / 3 < rate.high
    assert isinstance(none, Rejection)
    assert none.rule == "no_attempt"


def gated(problem: Problem, gate: Any, most: int, *texts: str) -> list[Example | Rejection]:
    own = attempts(problem, *texts)
    return list(accept(own, list(verdicts(own, [problem])), [problem], {}, gate, most, "examples"))


@pytest.mark.parametrize(("gate", "kept"), [("strict", 1), ("lenient", 1), ("open", 2)])
def test_the_gate_is_the_recipes_choice(gate: str, kept: int) -> None:
    rows = gated(PROBLEM, gate, 0, RIGHT, box(16), "Hm, who knows")
    assert sum(isinstance(row, Example) for row in rows) == kept
    assert isinstance(rows[2], Rejection)
    assert rows[2].rule == "no_answer"


def test_what_no_gold_backs_is_held_at_the_level_of_who_does() -> None:
    def levels(*texts: str) -> list[tuple[str, str, list[str]]]:
        return [(row.answer, row.gold_level, row.verified_by) for row in gated(OPEN, "open", 1, *texts)
                if isinstance(row, Example)]

    assert levels(box(3), box(3)) == [("3", "consensus", ["by_agreement"])]
    assert levels(box(3)) == [("3", "teacher", [])]
    assert [(row.answer, row.gold_level) for row in gated(PROBLEM, "strict", 1, RIGHT) if isinstance(row, Example)] == [
        ("17", "human")]


def test_of_the_solutions_of_a_problem_the_first_go_on() -> None:
    rows = gated(PROBLEM, "strict", 2, RIGHT, RIGHT + " ", f"Sure. {RIGHT}")
    assert [getattr(row, "rule", "kept") for row in rows] == ["kept", "kept", "surplus"]


def test_paths_differ_in_their_equations() -> None:
    rows = gated(PROBLEM, "strict", 0, RIGHT, f"Let me add. {RIGHT}", "5 + 12 = 17, so it is 17.\n\\boxed{17}")
    examples = [row for row in rows if isinstance(row, Example)]
    made = list(distinct(examples))
    kept = [row for row in made if isinstance(row, Example)]
    assert len(examples) == 3
    assert len(kept) == 2
    assert len({equations(row.solution) for row in kept}) == 2
    [twin] = [row for row in made if isinstance(row, Rejection)]
    assert twin.twin_id in {row.id for row in kept}


# --- looks


@pytest.mark.parametrize(("question", "flags", "rule"), [
    ("What is 2 + 2?", {}, ""), ("Prove that 2 is even.", {}, "proof"), ("See www.x.org. What is 1?", {}, "hyperlink"),
    ("Pick. (A) 1 (B) 2 (C) 3", {}, "choice"), ("What is 2?", {"several_parts": True}, "several_parts"),
    ("Is 2 even?", {"yes_no": True}, "yes_no")])
def test_only_open_questions_pass(question: str, flags: dict[str, bool], rule: str) -> None:
    none = dict.fromkeys(("choice", "several_parts", "yes_no", "proof"), False)
    model = Pretend(flags={**none, "field": "arithmetic", **flags})
    [row] = talked(looks.sorted_out, [(replace(PROBLEM, question=question),)], model.ask_all, "open")
    assert getattr(row, "rule", "") == rule


def test_low_marks_are_refused_but_for_richness() -> None:
    def look(**marks: int) -> Problem | Rejection:
        told = {"clear": 4, "complete": 4, "real": 4, "rich": 4, "reason": "", **marks}
        [row] = talked(lambda row: looks.graded(row, 3), [(PROBLEM,)], Pretend(grade=told).ask_all, "graded")
        return row

    assert look(rich=1) == PROBLEM
    assert isinstance(look(complete=2), Rejection)


def test_a_verdict_names_what_it_judges() -> None:
    own = attempts(PROBLEM, RIGHT)
    [found] = of_problem(PROBLEM, own)
    assert isinstance(found, Verdict)
    assert found.parents == ["p1", own[0].id]
