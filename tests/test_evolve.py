"""Evolve: what each mode asks, what it does with the answer, and what it refuses."""

import json
from dataclasses import replace
from typing import Any

import pytest

from schemas.records import Brief, Problem, Rejection, Seed
from tasks.asking import Unfit, talked
from tasks.compose import MODES, brief, written
from tasks.evolve import change, culture, kept, perturb, reverse, rewrite
from tasks.tools.llm import Failure
from tests.pretend import Pretend

PEARS = "Mara has 12 pears and buys 5 more at $0.40 each. She gives half of all pears to Omar. How many pears has Omar?"
SEED = Seed("s1", [], PEARS, "12 + 5 = 17\n17 / 2 = 8.5\n#### 8.5", "8.5", "own", "MIT", 1)
NEW = "Nadia has 31 plums in 4 bowls and eats 3. How many plums are left?"


def one(mode: str, model: Pretend, ingredients: tuple[str, ...] = (), seed: Seed = SEED, number: int = 0) -> Any:
    made = brief(seed, mode, number, list(ingredients))
    [row] = talked(lambda row: written(row, "test", "pretend"), [(made,)], model.ask_all, "problems")
    return row


def refused(row: Any, rule: str) -> bool:
    assert isinstance(row, Rejection), row
    assert row.reason
    return row.rule == rule


@pytest.mark.parametrize("mode", sorted(change.DOTAMATH))
def test_a_change_is_told_to_the_model_and_leaves_no_answer(mode: str) -> None:
    model = Pretend(change={"problem": NEW})
    row = one(mode, model)
    assert isinstance(row, Problem)
    assert (row.question, row.answer, row.answer_policy, row.gold_level) == (NEW, "", "vote", "none")
    assert (row.seed_id, row.operation, row.mode, row.generation_depth) == ("s1", "evolve", mode, 1)
    assert change.DOTAMATH[mode] in model.asked[0].turns[0].text
    assert PEARS in model.asked[0].turns[0].text


def test_dotamath_has_ten_changes_and_mugglemath_five_of_them() -> None:
    assert len(change.DOTAMATH) == 10
    assert len(change.MUGGLEMATH) == 5
    assert set(change.MUGGLEMATH) < set(change.DOTAMATH)


def test_a_second_turn_of_a_seed_is_another_request() -> None:
    model = Pretend(change={"problem": NEW})
    one("harder", model)
    one("harder", model, number=1)
    assert [ask.seed for ask in model.asked] == [None, 1]


def test_the_editor_is_shown_what_the_adviser_said() -> None:
    model = Pretend(suggest={"suggestions": ["Count the bowls.", "Add a day."]}, edit={"problem": NEW})
    row = one("suggest_edit", model)
    assert model.names() == ["suggest", "edit"]
    assert "1. Count the bowls.\n2. Add a day." in model.asked[1].turns[0].text
    assert json.loads(row.values)["suggestions"] == ["Count the bowls.", "Add a day."]
    assert refused(one("suggest_edit", Pretend(suggest={"suggestions": []})), "no_suggestion")


def test_layers_build_on_each_other() -> None:
    model = Pretend(build_on=lambda ask: {"problem": f"{ask.turns[0].text.split(chr(10))[1]} And then?"})
    row = one("layered", model)
    assert row.question == f"{PEARS} And then? And then?"
    assert row.generation_depth == 2


def test_asking_anything_takes_two_calls() -> None:
    model = Pretend(declare={"statement": "Omar has 8.5 pears."}, ask_about={"problem": NEW})
    assert one("ask_anything", model).question == NEW
    assert "Omar has 8.5 pears." in model.asked[1].turns[0].text


def test_fobar_asks_for_a_number_and_needs_no_model() -> None:
    model = Pretend()
    row = one("fobar", model)
    assert not model.asked
    assert row.answer in ("12", "5", "0.40")
    assert row.answer_policy == "preserve"
    assert "known to be 8.5" in row.question
    assert row.question.startswith(PEARS.replace(row.answer, "x", 1))
    assert (row.model, row.prompt_hash) == ("", "")


def test_what_has_no_number_or_no_answer_cannot_be_reversed() -> None:
    assert refused(one("fobar", Pretend(), seed=replace(SEED, question="How far is far?")), "no_number")
    assert refused(one("fobar", Pretend(), seed=replace(SEED, answer="")), "no_answer")
    assert refused(one("fobar", Pretend(), seed=replace(SEED, question="Solve x + 3 = 5.")), "no_number")


@pytest.mark.parametrize(("text", "number"), [("It weighs 1,250 g.", "1250"), ("It costs $0.40.", "0.40"),
                                              ("A pipe of 3.5 m.", "3.5"), ("It takes 20% more.", "20")])
def test_a_number_is_masked_whole(text: str, number: str) -> None:
    question, masked = reverse.masked(brief(replace(SEED, question=text), "fobar", 0, []))
    assert masked == number
    assert "x" in question
    assert not any(sign.isdigit() for sign in question)


def test_a_statement_must_keep_its_x() -> None:
    row = one("self_verification", Pretend(declare={"statement": "Mara has x pears; Omar gets 8.5."}))
    assert row.question.endswith("What is the value of x?")
    assert refused(one("self_verification", Pretend(declare={"statement": "Omar gets 8.5."})), "lost_x")


def test_a_restated_problem_must_not_tell_its_answer() -> None:
    def told(number: str) -> Any:
        return one("bf_trans", Pretend(forward={"problem": f"Mara buys {number} pears. How many had she?"}))

    gold = one("fobar", Pretend()).answer  # the same brief masks the same number but for its mode
    row = told("1000")
    assert row.answer == gold
    assert refused(told(row.answer), "tells_answer")


def test_a_distractor_keeps_every_word_and_has_a_number() -> None:
    said = "The shop opened 7 years ago."
    row = one("distractor", Pretend(distract={"problem": f"{said} {PEARS}", "inserted": said}))
    assert (row.answer, row.answer_policy, row.gold_level) == ("8.5", "preserve", "human")
    changed = PEARS.replace("12", "13")
    other = {"problem": f"{said} {changed}", "inserted": said}
    assert refused(one("distractor", Pretend(distract=other)), "lost_words")
    plain = {"problem": f"It rained. {PEARS}", "inserted": "It rained."}
    assert refused(one("distractor", Pretend(distract=plain)), "no_number")


def test_a_problem_without_a_premise_must_be_undetermined() -> None:
    short = PEARS.replace("12 pears", "pears")
    dropped = {"problem": short, "removed": "12"}
    row = one("missing_premise", Pretend(drop_premise=dropped, has_answer={"determined": False}))
    assert (row.answer, row.answer_policy, row.gold_level) == ("cannot be determined", "unanswerable", "teacher")
    assert refused(one("missing_premise", Pretend(drop_premise=dropped, has_answer={"determined": True})),
                   "still_answerable")
    invented = {"problem": short.replace("5 more", "6 more"), "removed": "12"}
    assert refused(one("missing_premise", Pretend(drop_premise=invented)), "invented")


def test_a_swapped_question_comes_from_the_other_problem() -> None:
    row = one("swapped_question", Pretend(has_answer={"determined": False}), ("A cow eats hay. How much hay is that?",))
    assert row.question == PEARS.replace("How many pears has Omar?", "How much hay is that?")
    assert refused(one("swapped_question", Pretend(), ("Name the capital.",)), "no_question")


def test_a_paraphrase_keeps_its_numbers() -> None:
    told = "Omar gets half of what Mara has: 12 pears and 5 more, bought at 0.40 dollars each. How many does he get?"
    row = one("paraphrase", Pretend(paraphrase={"problem": told}))
    assert (row.answer, row.gold_level) == ("8.5", "human")
    assert refused(one("paraphrase", Pretend(paraphrase={"problem": told.replace("5", "6")})), "other_numbers")


def test_a_translation_keeps_its_digits() -> None:
    told = "Mara a 12 poires et en achète 5 à 0,40 $ pièce. Elle donne la moitié à Omar. Combien en a Omar ?"
    row = one("translated", Pretend(translate={"problem": told}), ("French",))
    assert row.answer == "8.5"
    assert refused(one("translated", Pretend(translate={"problem": told + " 3"}), ("French",)), "other_numbers")


def test_a_persona_is_told_and_leaves_the_answer_open() -> None:
    model = Pretend(persona={"problem": NEW})
    row = one("persona", model, ("A tailor.",))
    assert "A tailor." in model.asked[0].turns[0].text
    assert (row.answer_policy, json.loads(row.values)) == ("vote", {"persona": "A tailor."})


CHOICE = replace(SEED, question="What is 2 + 3?\n(A) 4\n(B) 5\n(C) 6", answer="5")
OPEN = {"is_choice": True, "can_stand_alone": True, "problem": "What is 2 + 3?", "answer": "5", "asks": "a sum",
        "form": "a number"}


def test_a_choice_becomes_an_open_question_when_the_judge_agrees() -> None:
    row = one("opened", Pretend(open_question=OPEN, open_faithful={"passes": True, "issues": []}), seed=CHOICE)
    assert (row.question, row.answer, row.answer_policy) == ("What is 2 + 3?", "5", "preserve")
    no = {"passes": False, "issues": ["It asks for less."]}
    assert refused(one("opened", Pretend(open_question=OPEN, open_faithful=no), seed=CHOICE), "judge")
    shown = {**OPEN, "problem": "Is it (A) or (B)?"}
    assert refused(one("opened", Pretend(open_question=shown), seed=CHOICE), "shows_choices")
    assert refused(one("opened", Pretend(open_question={**OPEN, "can_stand_alone": False}), seed=CHOICE),
                   "needs_choices")


def test_an_open_question_stays_and_costs_nothing() -> None:
    model = Pretend()
    assert one("opened", model).question == PEARS
    assert not model.asked
    assert not rewrite.has_choices(PEARS)


MARKED = {"slotted": PEARS.replace("Mara", "{a}").replace("Omar", "{b}").replace("pears", "{c}"),
          "slots": [{"slot": "a", "kind": "person_female", "words": "Mara"},
                    {"slot": "{b}", "kind": "person_male", "words": "Omar"},
                    {"slot": "c", "kind": "food", "words": "pears"}]}


def test_another_culture_changes_words_alone() -> None:
    row = one("cultural", Pretend(mark_entities=MARKED), ("west_africa",))
    told = json.loads(row.values)["entries"]
    known = culture.dictionary()["west_africa"]
    assert told["a"] in known["person_female"]
    assert told["b"] in known["person_male"]
    assert row.question == PEARS.replace("Mara", told["a"]).replace("Omar", told["b"]).replace("pears", told["c"])
    assert row.answer == "8.5"
    kept.keep_numbers(PEARS, row.question)


@pytest.mark.parametrize(("change_", "rule"), [
    ({"slotted": PEARS, "slots": []}, "no_entity"),
    ({"slotted": MARKED["slotted"] + " Soon?"}, "not_faithful"),
    ({"slotted": str(MARKED["slotted"]).replace("12", "13")}, "not_faithful"),
    ({"slots": MARKED["slots"][:2]}, "slots"),
    ({"slots": [*MARKED["slots"][:2], {"slot": "c", "kind": "food", "words": "12 pears"}]}, "slots"),
])
def test_a_marked_text_that_is_not_the_problem_is_refused(change_: dict[str, Any], rule: str) -> None:
    assert refused(one("cultural", Pretend(mark_entities={**MARKED, **change_}), ("east_asia",)), rule)


def test_every_region_has_every_kind() -> None:
    assert set(culture.dictionary()) == set(culture.REGIONS)
    for entries in culture.dictionary().values():
        assert all(len(entries[kind]) >= 3 for kind in ("person_female", "person_male", "place", "food", "clothing"))


@pytest.mark.parametrize("failure", [Failure("refused", "no"), Failure("schema", "bad"), Failure("budget", "used up")])
def test_a_failed_call_is_a_rejection_with_its_kind(failure: Failure) -> None:
    row = one("harder", Pretend(change=failure))
    assert refused(row, failure.kind)
    assert row.reason == failure.words
    assert PEARS in row.content


def test_an_empty_problem_is_refused() -> None:
    assert refused(one("harder", Pretend(change={"problem": "  "})), "no_problem")


def test_numbers_may_be_said_in_words_and_one_is_a_pronoun() -> None:
    kept.keep_numbers("He has 3 dogs.", "Three dogs are his, and one must feed them.")
    with pytest.raises(Unfit):
        kept.keep_numbers("He has 3 dogs.", "He has dogs.")


@pytest.mark.parametrize("mode", sorted(set(MODES) - {"from_concepts", "from_topic", "from_hardness", "from_grid"}))
def test_the_scripted_teacher_serves_every_mode(mode: str) -> None:
    from tasks import compose
    from tests.test_compose import Seeds

    rows: list[Brief] = list(compose._briefed({mode: 1}, 2, 0, ["A tailor."], Seeds(SEED, CHOICE)))  # type: ignore[arg-type]
    made = list(talked(lambda row: written(row, "test", "pretend"), [(row,) for row in rows], Pretend().ask_all, "p"))
    assert len(made) == 2
    assert perturb.MODES
