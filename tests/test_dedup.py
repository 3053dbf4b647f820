"""Dedup: repeats in every guise go, number-only variants stay, and the order of input changes nothing."""

import json
import random
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ParameterError
from schemas.records import Conflict, Example
from schemas.table import Table
from tasks import dedup
from tasks.dedup.near import near_pairs
from tasks.dedup.repeats import settle
from tasks.tools.embeddings import encoder
from tasks.tools.prints import Prints
from tasks.tools.twins import Decision
from tests.repeats import FIRST_VARIANT, PLUS, TEST, VARIANTS, a_run, example, examples, final, lines

JARS = "Amina fills 4 jars with 12 olives each. She eats 5 olives. How many olives does Amina have left?"
REPEATS = {  # what repeats JARS, and by which rule
    "case": (" amina FILLS 4 jars with 12 olives each; she eats 5 olives.  How many olives does Amina have left",
             "exact"),
    "quotes": ("“Amina” fills 4 jars with 12 olives each. She eats 5 olives. How many olives does Amina have left?",
               "exact"),
    "name": ("Henrik fills 4 jars with 12 olives each. She eats 5 olives. How many olives does Henrik have left?",
             "same_wording"),
    "words": ("Amina fills four jars with a dozen olives each. She eats five olives. How many olives does Amina have "
              "left?", "same_wording"),
    "told": ("There are 12 olives in each of the 4 jars that Amina filled. After she has eaten 5 of the olives, how "
             "many remain?", "same_numbers"),
}
OTHERS = {  # what looks like JARS and is another problem
    "numbers": ("Amina fills 6 jars with 12 olives each. She eats 5 olives. How many olives does Amina have left?",
                "67"),
    "exchanged": ("Amina fills 12 jars with 4 olives each. She eats 5 olives. How many olives does Amina have left?",
                  "43"),
    "story": ("A tram has 12 rows of 4 seats. Today 5 seats are taken out for repair. How many people can sit?", "43"),
    "answer": ("Amina fills 4 jars with 12 olives each. She eats 5 olives. How many olives did Amina put into jars?",
               "48"),
}


@pytest.fixture(scope="module", autouse=True)
def one_child() -> Iterator[None]:
    with encoder():  # the model is loaded once for all tests of this file
        yield


def deduplicated(folder: Path, rows: list[Example], shard: int = 50) -> Table[Example]:
    with a_run(folder) as run:
        return dedup.by_meaning(examples(run, rows, shard))


def test_repeats_go_by_their_rules(tmp_path: Path) -> None:
    rows = [example("a", JARS, "43"), *(example(f"b-{name}", text, "43") for name, (text, _) in REPEATS.items())]
    table = deduplicated(tmp_path, rows)
    assert [row.id for row in table.rows()] == ["a"]
    rejected = {row.row_id: row for row in table.rejections.rows()}
    assert {name: rejected[f"b-{name}"].rule for name in REPEATS} == {name: rule for name, (_, rule) in REPEATS.items()}
    assert all(row.twin_id == "a" and row.twin == JARS and 0.75 < row.score <= 1 for row in rejected.values())


def test_other_problems_stay(tmp_path: Path) -> None:
    rows = [example("a", JARS, "43"), *(example(f"b-{name}", *other) for name, other in OTHERS.items())]
    assert deduplicated(tmp_path, rows).count() == len(rows)


def test_draws_of_one_template_repeat_only_with_the_same_numbers(tmp_path: Path) -> None:
    story = "{} has {} {} and buys {} more. How many {} does {} have now?"

    def draw(id: str, name: str, first: int, thing: str, second: int) -> Example:
        return example(id, story.format(name, first, thing, second, thing, name), str(first + second), "template_1")

    rows = [draw("a", "Amina", 3, "pens", 8), draw("b", "Amina", 8, "pens", 3), draw("c", "Amina", 4, "pens", 7),
            draw("d", "Jonas", 3, "kazoos", 8)]
    table = deduplicated(tmp_path, rows)
    assert [row.id for row in table.rows()] == ["a", "b", "c"]
    assert [(row.row_id, row.twin_id) for row in table.rejections.rows()] == [("d", "a")]


def test_one_text_with_two_answers_is_a_conflict(tmp_path: Path) -> None:
    rows = [example("a", JARS, "43"), example("b", JARS, "42"), example("c", JARS, "43.0"), example("d", JARS, "")]
    table = deduplicated(tmp_path, rows)
    assert not table.count()
    gone = {row.row_id: (row.rule, row.twin_id) for row in table.rejections.rows()}
    assert gone == {"a": ("conflict", "b"), "b": ("conflict", "a"), "c": ("exact", "a"), "d": ("exact", "a")}
    told = conflicts_of(tmp_path)
    assert {(row.row_id, row.twin_id, row.rule, row.kept) for row in told} == {
        ("a", "b", "same_text", False), ("b", "a", "same_text", False)}
    assert {(row.answer, row.twin_answer) for row in told} == {("43", "42"), ("42", "43")}


def test_equal_answers_in_other_writing_are_no_conflict(tmp_path: Path) -> None:
    rows = [example(id, JARS, answer) for id, answer in (("a", "1/2"), ("b", "0.5"), ("c", "\\frac{1}{2}"))]
    table = deduplicated(tmp_path, rows)
    assert [row.rule for row in table.rejections.rows()] == ["exact", "exact"]
    assert conflicts_of(tmp_path) == []


def test_other_words_and_another_answer_are_told_and_stay(tmp_path: Path) -> None:
    told = "There are 12 olives in each of the 4 jars that Amina fills. She eats 5 olives. How many olives are left?"
    put = "Amina fills 4 jars with 12 olives each. She eats 5 olives. What did she put into all of the jars?"
    other = JARS.replace("Amina", "Olga")
    rows = [example("a", JARS, "43"), example("b", told, "53"), example("c", put, "48"), example("d", other, "41")]
    table = deduplicated(tmp_path, rows)
    assert table.count() == 4
    assert {(row.row_id, row.twin_id, row.rule) for row in conflicts_of(tmp_path)} == {
        ("b", "a", "same_numbers"), ("d", "a", "same_wording"), ("d", "b", "same_numbers")}


def test_published_rows_are_never_repeated_and_never_struck(tmp_path: Path) -> None:
    published = tmp_path / "published.jsonl"
    texts = [JARS, JARS.upper(), REPEATS["told"][0], OTHERS["story"][0]]
    published.write_text("".join(json.dumps({"problem": text, "answer": "43"}) + "\n" for text in texts))
    rows = [example("a", JARS.replace("Amina", "Olga"), "43"), example("b", *OTHERS["numbers"]),
            example("c", REPEATS["words"][0], "43"), example("d", JARS, "99")]
    for turn, source in enumerate((str(published), str(tmp_path / "0" / "published-0"))):
        with a_run(tmp_path / str(turn)) as run:
            table = dedup.by_meaning(examples(run, rows), published=[source])
        assert [row.id for row in table.rows()] == ["b"]
        gone = {row.row_id: row for row in table.rejections.rows()}
        assert {id: row.rule for id, row in gone.items()} == {"a": "same_wording", "c": "same_wording", "d": "conflict"}
        assert all(row.twin.casefold() == JARS.casefold() and row.twin_id.startswith("row_") for row in gone.values())
        assert (run.folder / "published-0").exists() == (turn == 0), "prints beside a table of ours are used"


def conflicts_of(folder: Path) -> list[Conflict]:
    return list(Table(folder / "conflicts", Conflict).rows())


def test_formulas_keep_their_signs(tmp_path: Path) -> None:
    rows = [example("a", "Solve x^2 - 3x + 2 = 0.", "{1, 2}"), example("b", "Solve x^2 + 3x + 2 = 0.", "{1, 2}"),
            example("c", "Solve x² − 3x + 2 = 0.", "{1, 2}"), example("d", "How many divisors has 5²?", "3"),
            example("e", "How many divisors has 52?", "3")]
    table = deduplicated(tmp_path, rows)
    assert [(row.row_id, row.twin_id, row.rule) for row in table.rejections.rows()] == [("c", "a", "exact")]


def test_order_and_sharding_change_nothing(tmp_path: Path) -> None:
    rows = [example("a", JARS, "43"), *(example(f"b-{name}", text, "43") for name, (text, _) in REPEATS.items()),
            *(example(f"c-{name}", *other) for name, other in OTHERS.items())]
    found = []
    for turn in range(3):
        random.Random(turn).shuffle(rows)
        table = deduplicated(tmp_path / str(turn), rows, shard=3 + turn)
        assert table.count() + table.rejections.count() == len(rows)
        found.append((sorted(row.id for row in table.rows()),
                      sorted((row.row_id, row.twin_id, row.rule, row.score) for row in table.rejections.rows())))
    assert found[0] == found[1] == found[2]


def test_a_row_twice_is_kept_once(tmp_path: Path) -> None:
    table = deduplicated(tmp_path, [example("a", JARS), example("a", JARS), example("a", JARS)], shard=2)
    assert [row.id for row in table.rows()] == ["a"]
    assert len({row.id for row in table.rejections.rows()}) == 2


def test_an_empty_table_gives_an_empty_table(tmp_path: Path) -> None:
    assert deduplicated(tmp_path, []).count() == 0


def test_a_threshold_out_of_range_is_refused(tmp_path: Path) -> None:
    with a_run(tmp_path) as run, pytest.raises(ParameterError, match="between 0 and 1"):
        dedup.by_meaning(examples(run, [example("a", JARS)]), threshold=75)


def test_a_resumed_run_decides_nothing_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [example(f"{i:02}", JARS, "43") for i in range(6)]
    with a_run(tmp_path) as run:
        table = dedup.by_meaning(examples(run, rows, 2))
        before = [path.read_bytes() for path in table.shards()]
        table.shard(1).unlink()
        monkeypatch.setattr(dedup, "_twins", lambda *_: pytest.fail("decided again"))
        assert [path.read_bytes() for path in dedup.by_meaning(run.table("examples", Example)).shards()] == before


TRAY = "A baker bakes 6 trays of 8 rolls, sells 30 rolls at $2 each and gives 5 away. How much money does he get?"
RETOLD = "Each roll costs $2 in a bakery. Out of 6 trays that hold 8 of them, 30 are sold. What is the baker's income?"
MORE = f"He also eats 3 rolls. {TRAY}"


def test_a_paraphrase_that_leaves_a_number_out_goes_and_an_addition_stays(tmp_path: Path) -> None:
    rows = [example("a", TRAY, "60"), example("b", RETOLD, "60"), example("c", MORE, "60")]
    table = deduplicated(tmp_path, rows)
    assert [(row.row_id, row.twin_id, row.rule) for row in table.rejections.rows()] == [("b", "a", "near_duplicate")]


def test_a_family_is_capped_only_if_asked(tmp_path: Path) -> None:
    rows = [example(f"{i}", f"Amina has {i + 2} pens and buys {i + 12}. How many has she?", f"{2 * i + 14}", "t")
            for i in range(5)]
    assert deduplicated(tmp_path / "all", rows).count() == 5
    with a_run(tmp_path / "two") as run:
        table = dedup.by_meaning(examples(run, rows[::-1]), per_family=2)
    assert sorted(row.id for row in table.rows()) == ["0", "1"]
    assert {(row.rule, row.twin_id) for row in table.rejections.rows()} == {("per_family", "0")}


@given(st.lists(st.sets(st.integers(1, 7), min_size=2, max_size=6), max_size=14), st.randoms())
def test_all_pairs_with_most_numbers_are_found(sets: list[set[int]], chance: random.Random) -> None:
    """Against a loop over pairs."""
    n = len(sets)
    numbers = np.array([sorted(found) + [0] * (6 - len(found)) for found in sets], np.int64).reshape(n, 6)
    answer = np.array([chance.randint(0, 1) for _ in sets], np.int64)
    each = np.arange(n)
    prints = Prints(np.array([f"{i:02}" for i in range(n)], np.bytes_), each, each, each, each, each * 0,
                    np.zeros(n, np.bool_), [], answer, numbers)
    later, earlier = near_pairs(prints, Decision.none_yet(n), np.argsort(prints.id))
    wanted = {(j, i) for i, j in combinations(range(n), 2) if answer[i] == answer[j]
              and len(sets[i] & sets[j]) >= 0.6 * len(sets[i] | sets[j])}
    assert set(zip(later.tolist(), earlier.tolist(), strict=True)) == wanted


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 5), max_size=12), st.randoms())
def test_settling_agrees_with_its_plain_meaning(keys: list[tuple[int, ...]], chance: random.Random) -> None:
    """Against a loop over pairs: one wording and answer, or one block and order with one mask or template."""
    ids = [f"{i:02}" for i in range(len(keys))]
    chance.shuffle(ids)
    wording, block, order, mask, family = np.array(keys, np.int64).reshape(-1, 5).T
    prints = Prints(np.array(ids, np.bytes_), wording, block, order, mask, family, np.zeros(len(ids), np.bool_), [],
                    block, np.zeros((len(ids), 1), np.int64))
    found = settle(prints, np.argsort(prints.id)).twin

    ranked = sorted(range(len(keys)), key=ids.__getitem__)
    kept = set(ranked)
    for alike in (lambda a, b: a[:2] == b[:2], lambda a, b: a[1:4] == b[1:4],
                  lambda a, b: a[1:3] + a[4:] == b[1:3] + b[4:] and a[4] != 0):
        for first, second in combinations(ranked, 2):
            if {first, second} <= kept and alike(keys[first], keys[second]):
                kept.discard(second)
    assert set(np.flatnonzero(found < 0).tolist()) == kept


@pytest.mark.skipif(not PLUS.exists(), reason="GSM-Plus lies in ../shared/data, which is not here")
def test_gsm_plus_paraphrases_go_and_number_variants_stay(tmp_path: Path) -> None:
    """Of 60 groups: the most paraphrases go, and of changed numbers and digits none."""
    originals = [(row["question"], final(row["answer"])) for row in lines(TEST)]
    words = [set(question.lower().split()) for question, _ in originals]
    rows: dict[str, Example] = {}
    for i, row in enumerate(lines(PLUS)[FIRST_VARIANT:FIRST_VARIANT + 60 * 8]):
        group, variant = divmod(i, 8)
        if VARIANTS[variant] in ("numbers", "digits", "paraphrase"):
            id = f"b-{VARIANTS[variant]}-{group}"
            rows[id] = example(id, row["problem"], row["answer"])
        if VARIANTS[variant] == "numbers":  # differs from its original in numbers alone, so it tells which that is
            said = set(row["problem"].lower().split())
            at = max(range(len(words)), key=lambda n: len(words[n] & said) / len(words[n] | said))
            rows[f"a-{group}"] = example(f"a-{group}", *originals[at])
    table = deduplicated(tmp_path, list(rows.values()))
    gone = {row.row_id: row.twin_id for row in table.rejections.rows()}
    paraphrases = [id for id in gone if id.startswith("b-paraphrase")]
    assert len(paraphrases) >= 0.85 * 60
    assert all(gone[id] == f"a-{id.rsplit('-', 1)[1]}" for id in paraphrases)
    assert not [id for id in gone if id.startswith(("b-numbers", "b-digits"))]
