"""Decontamination: test items in every disguise are kept out and shown, what only resembles them goes on."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import InputError, ParameterError, ToolError
from schemas.records import Example
from schemas.table import Table
from tasks import decontaminate, dedup
from tasks.decontaminate.items import read_items
from tasks.tools import embeddings, models
from tasks.tools.embeddings import encoder
from tasks.tools.facts import cleaning
from tests.repeats import REPHRASED, TEST, a_run, example, examples, final, lines

FERRY = ("A ferry carries 36 cars on each crossing. It makes 5 crossings before noon and 4 crossings after noon, and "
         "on the last crossing 9 places stay empty. How many cars does the ferry carry that day?")
BAKER = ("Rosa bakes 24 scones every morning. She sells them at $2 each and throws 3 away. How much does Rosa earn in "
         "6 days?")
SHORT = "What is 15% of 240?"
ITEMS = [{"id": "ferry", "question": FERRY, "answer": "36 * 9 = 324\n324 - 9 = 315\n#### 315"},
         {"id": "baker", "question": BAKER, "answer": "#### 252"},
         {"id": "short", "question": SHORT, "answer": "#### 36"}]
PLANTED = {  # what repeats an item: text, answer, rule, item
    "same": (FERRY, "315", "exact", "ferry"),
    "dressed": (f"  {FERRY.upper()} ", "315", "exact", "ferry"),
    "short": ("what is 15% of 240", "36", "exact", "short"),
    "numbers": (FERRY.replace("36", "52").replace("5 ", "7 ").replace("9", "11"), "561", "ngram", "ferry"),
    "framed": (f"Read this with care. {FERRY} Show every step of your work.", "315", "ngram", "ferry"),
    "swapped": ("Malik bakes 30 muffins every morning. He sells them at $4 each and throws 2 away. How much does Malik "
                "earn in 5 days?", "560", "ngram", "baker"),
    "retold": ("Every morning 40 scones come out of Rosa's oven. 5 of them are thrown away, the others are sold for $3 "
               "each. What does Rosa earn in 4 days?", "420", "template_twin", "baker"),
    "rephrased": ("On every trip a ferry takes 36 cars. Before noon there are 5 trips, and after noon 4 more; on the "
                  "final trip 9 of the places are left empty. In all, how many cars did it take that day?", "315",
                  "same_problem", "ferry"),
}
CLEAN = {
    "ferry": ("A ferry burns 18 liters of fuel an hour. How many liters does it burn in 7 hours?", "126"),
    "baker": ("Rosa has 24 scones on 6 plates, the same number on each. How many scones are on 2 plates?", "8"),
    "its numbers": ("A cellar has 36 shelves with 9 jars on each. A cat breaks 4 jars of plums and 5 of pears. How "
                    "many jars stay whole?", "315"),
    "short": ("What is the sum of 15 and 240?", "255"),
}


@pytest.fixture(scope="module", autouse=True)
def one_child() -> Iterator[None]:
    with encoder():  # the model is loaded once for all tests of this file
        yield


@pytest.fixture
def items(tmp_path: Path) -> Path:
    path = tmp_path / "guarded.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in ITEMS))
    return path


def cleaned(folder: Path, rows: list[Example], *test_sets: object, shard: int = 50) -> Table[Example]:
    with a_run(folder) as run:
        return decontaminate.against(examples(run, rows, shard), test_sets=[str(given) for given in test_sets])


def test_planted_items_are_kept_out_and_shown(tmp_path: Path, items: Path) -> None:
    rows = [example(name, text, answer) for name, (text, answer, _, _) in PLANTED.items()]
    rows += [example(f"clean {name}", *clean) for name, clean in CLEAN.items()]
    table = cleaned(tmp_path / "run", rows, items)
    assert {row.id for row in table.rows()} == {f"clean {name}" for name in CLEAN}
    texts = {item["id"]: item["question"] for item in ITEMS}
    found = {row.row_id: (row.rule, row.twin_id) for row in table.rejections.rows()}
    assert found == {name: (rule, f"guarded:{item}") for name, (_, _, rule, item) in PLANTED.items()}
    assert all(row.twin == texts[row.twin_id.split(":")[1]] for row in table.rejections.rows())


def test_counts_by_test_set_are_noted(tmp_path: Path, items: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text(json.dumps({"problem": "How many edges has a cube?"}) + "\n")
    with a_run(tmp_path / "run") as run:
        decontaminate.against(examples(run, [example("a", FERRY, "315")]), test_sets=[str(items), f"cubes={other}"])
        noted = run.record["notes"]["clean.test_sets"]
    assert noted["guarded"] == {"items": 3, "exact": 1, "ngram": 0, "alike": 0, "same_problem": 0, "template_twin": 0,
                                "rephrased": 0, "same_numbers": 0}
    assert noted["cubes"]["items"] == 1
    assert any(line.startswith("Test set guarded (3 items)") and "exact 1" in line for line in cleaning(run))


def test_without_test_sets_all_go_on(tmp_path: Path) -> None:
    table = cleaned(tmp_path, [example("a", FERRY), example("b", BAKER)])
    assert ([row.id for row in table.rows()], table.name) == (["a", "b"], "clean")


def test_order_and_sharding_change_nothing(tmp_path: Path, items: Path) -> None:
    rows = [example(name, text, answer) for name, (text, answer, _, _) in PLANTED.items()]
    rows += [example(f"clean {name}", *clean) for name, clean in CLEAN.items()]
    tables = [cleaned(tmp_path / "one", rows, items), cleaned(tmp_path / "two", rows[::-1], items, shard=4)]
    one, two = [sorted((row.row_id, row.rule, row.twin_id, row.score) for row in table.rejections.rows())
                for table in tables]
    assert one == two


def test_files_of_every_form_are_read_alike(tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["problem", "solution", "answer"], [BAKER, "…", "252"]])
    pq.write_table(pa.table({"prompt": [BAKER], "expected_answer": ["252"]}), tmp_path / "b.parquet")
    (tmp_path / "c.json").write_text(json.dumps([{"query": BAKER, "gold": 252}]))
    found = read_items([str(tmp_path / name) for name in ("a.csv", "b.parquet", "c.json")])
    assert [item.set for item in found] == ["a", "b", "c"]
    assert len({(item.text, item.print.block, item.print.mask) for item in found}) == 1


def test_faults_of_test_sets_name_the_place(tmp_path: Path, items: Path) -> None:
    empty = tmp_path / "hole.jsonl"
    empty.write_text('{"question": "How many?"}\n{"question": " "}\n')
    for given, place in ((empty, "line 2"), (tmp_path / "none.jsonl", "none.jsonl")):
        with pytest.raises(InputError) as caught:
            read_items([str(given)])
        assert place in str(caught.value)
        assert caught.value.mend
    with pytest.raises(ParameterError, match="two test sets are called 'guarded'"):
        read_items([str(items), f"guarded={empty}"])


def test_dedup_hands_its_prints_and_vectors_on(tmp_path: Path, items: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.tools import prints

    with a_run(tmp_path / "run") as run:
        told = "Rosa bakes 24 scones each morning, sells each for $2 but throws 3 away. What does she earn in 6 days?"
        rows = [example("a", BAKER, "252"), example("b", told, "252"), example("c", CLEAN["ferry"][0], "126")]
        distinct = dedup.by_meaning(examples(run, rows))
        monkeypatch.setattr(prints, "take_one", lambda *_: pytest.fail("read again"))
        clean = decontaminate.against(distinct, test_sets=[str(items)])
        assert [row.id for row in clean.rows()] == ["c"]
        assert [row.id for row in run.table("clean.prints", prints.Print).rows()] == ["c"]


def test_a_model_that_cannot_be_had_is_told(tmp_path: Path, items: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_run(tmp_path / "run") as run:
        table = examples(run, [example("a", CLEAN["ferry"][0])])
        for model, message in (("nobody/nothing", "not on this disk"), ("./nowhere", "no such folder")):
            with pytest.raises(ToolError, match=message):
                decontaminate.against(table, test_sets=[str(items)], embedder=model)
    monkeypatch.setattr(models, "WEIGHTS", "0" * 64)
    with pytest.raises(ToolError, match="not the official ones"):
        models.locate()


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with encoder(str(tmp_path)) as encode, pytest.raises(ToolError, match="no model could be loaded"):
        encode(["a text"])


def test_a_child_that_dies_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with encoder() as encode:
        assert encode(["a text", "another", "a text"]).shape == (3, 384)
        child = embeddings._open[models.DEFAULT_MODEL].children[0]
        monkeypatch.setattr(embeddings, "_open", {})
    with encoder() as encode:  # a child of its own, as `_open` forgot the other
        encode(["a text"])
        embeddings._open[models.DEFAULT_MODEL].children[0]._process.kill()
        with pytest.raises(ToolError, match="the embedding process died"):
            encode(["another text"])
    assert child._process.is_alive()


@pytest.mark.skipif(not REPHRASED.exists(), reason="GSM8K and its rephrased test set lie in ../shared/data, not here")
def test_rephrased_gsm8k_is_kept_out_and_gsm8k_train_goes_on(tmp_path: Path) -> None:
    """In whole: 98.4 % of 1,315 rephrased problems and 0.19 % of 7,473 training problems, see `tasks/decontaminate`."""
    rephrased = lines(REPHRASED)[:120]
    train = lines(TEST.with_name("train.jsonl"))[:200]
    rows = [example(f"rephrased {i}", row["problem"], row["answer"]) for i, row in enumerate(rephrased)]
    rows += [example(f"train {i}", row["question"], final(row["answer"])) for i, row in enumerate(train)]
    guarded = tmp_path / "gsm8k.jsonl"
    guarded.write_text("".join(json.dumps(row) + "\n" for row in lines(TEST)[:130]))
    table = cleaned(tmp_path / "run", rows, guarded)
    gone = [row.row_id for row in table.rejections.rows()]
    assert sum(id.startswith("rephrased") for id in gone) >= 0.9 * len(rephrased)
    assert sum(id.startswith("train") for id in gone) <= 0.02 * len(train)
