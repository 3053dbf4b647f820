"""Any data set against any test set: where test sets come from, levels, fingerprints, rechecking, what is written."""

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.commands.decontaminate import decontaminate
from flows.decontaminate import decontaminate as flow
from schemas.errors import InputError, MathmillError, ParameterError, RunError
from schemas.manifest import verify
from schemas.records import Rejection
from tasks.asking import talked
from tasks.decontaminate.fingerprints import read_fingerprints, write_fingerprints
from tasks.decontaminate.grey import Grey, compared
from tasks.decontaminate.items import Source, fingerprints_of, read_items, resolve
from tasks.decontaminate.known import fetch, known
from tasks.decontaminate.levels import LEVELS, levels_of
from tasks.decontaminate.likeness import framed, likeness, tokens
from tasks.decontaminate.runs import run_keys
from tasks.kept import check_writable, write_kept
from tasks.tools import hub
from tasks.tools.llm import Ask, Failure, Reply
from tests.conftest import Command
from tests.fake_hub import Blob, Repo, ScriptedHub
from tests.fingerprints import SETS, SHIPPED
from tests.repeats import DATA

FERRY = ("A ferry carries 36 cars on each crossing. It makes 5 crossings before noon and 4 crossings after noon, and "
         "on the last crossing 9 places stay empty. How many cars does the ferry carry that day?")
CLEAN = "Rosa has 24 scones on 6 plates, the same number on each. How many scones are on 2 plates?"
OTHER_NUMBERS = FERRY.replace("36", "52").replace("5 ", "7 ")
SAME_NUMBERS = ("In the cellar stand 36 shelves. 5 jars of plums and 4 jars of pears are on each of them, but the cat "
                "broke 9 jars in all. How many jars are whole?")


@pytest.fixture
def hashed(tmp_path: Path) -> str:
    """A test set of one item as fingerprints: what it finds needs no model."""
    (tmp_path / "texts.jsonl").write_text(json.dumps({"id": "ferry", "question": FERRY, "answer": "#### 315"}) + "\n")
    write_fingerprints(tmp_path / "guard.parquet", fingerprints_of(resolve(f"guard={tmp_path / 'texts.jsonl'}")))
    return f"guard={tmp_path / 'guard.parquet'}"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    rows = [{"question": FERRY, "answer": "315", "score": 1.50}, {"question": CLEAN, "answer": "8", "score": 2e3},
            {"question": OTHER_NUMBERS, "answer": "0"}, {"question": SAME_NUMBERS, "answer": "315"}, {"question": " "}]
    path = tmp_path / "mine.jsonl"
    path.write_text("\n\n".join(map(json.dumps, rows)) + "\n")
    return path


def test_the_command_tells_counts_and_pairs_and_writes_what_may_stay(mathmill: Command, tmp_path: Path, hashed: str,
                                                                     mine: Path) -> None:
    words = ("decontaminate", str(mine), "--against", hashed, "--out", "run")
    told = json.loads(mathmill(*words, "--json", "--write", "kept.jsonl").stdout)
    assert (told["rows"], told["kept"], told["flagged"], told["unreadable"]) == (4, 1, 3, 1)
    assert told["by_rule"] == {"exact": 1, "ngram": 1, "same_numbers": 1}
    assert (told["test_sets"]["guard"]["items"], told["test_sets"]["guard"]["texts"]) == (1, False)
    assert told["levels"]["level"] == "default"
    assert {pair["item_id"] for pair in told["pairs"]} == {"guard:ferry"}
    assert (tmp_path / "kept.jsonl").read_text().splitlines() == [mine.read_text().split("\n\n")[1]]
    shown = mathmill(*words).stdout  # found finished
    assert "4 rows (1 more hold no problem): 3 flagged, 1 may stay" in shown
    assert "guard (fingerprints)" in shown
    assert "only fingerprints are here, which find exact, ngram and same_numbers" in shown


def test_a_recheck_leaves_the_old_run_untouched_and_names_it(tmp_path: Path, hashed: str, mine: Path) -> None:
    (tmp_path / "other.jsonl").write_text(json.dumps({"question": "What is a ferry?"}) + "\n")
    write_fingerprints(tmp_path / "other.parquet", fingerprints_of(resolve(str(tmp_path / "other.jsonl"))))
    old = tmp_path / "old"
    flow.run(out=old, data=[str(mine)], against=[str(tmp_path / "other.parquet")])
    before = {path: sha256(path.read_bytes()).hexdigest() for path in old.rglob("*") if path.is_file()}
    table = flow.run(out=tmp_path / "new", recheck=str(old), against=[hashed])
    assert {path: sha256(path.read_bytes()).hexdigest() for path in old.rglob("*") if path.is_file()} == before
    assert verify(old) == verify(tmp_path / "new") == []
    record = json.loads((tmp_path / "new" / "run.json").read_text())
    assert record["notes"]["rechecked"]["run_id"] == json.loads((old / "run.json").read_text())["run_id"]
    flagged = (tmp_path / "new" / "flagged.txt").read_text().split()
    assert sorted(flagged) == sorted(row.row_id for row in table.rejections.rows())
    assert len(flagged) == 3
    (old / "run.json").write_text((old / "run.json").read_text().replace('"state": "finished"', '"state": "failed"'))
    with pytest.raises(RunError, match="not finished"):
        flow.run(out=tmp_path / "third", recheck=str(old), against=[hashed])


def test_thresholds_are_settable_named_and_noted(tmp_path: Path, hashed: str, mine: Path) -> None:
    moved = levels_of("strict", ["ngram=8", "rephrased=0.9"])
    assert (moved.ngram, moved.rephrased, moved.alike) == (8, 0.9, LEVELS["strict"].alike)
    for level, given, message in (("strickt", [], "did you mean 'strict'"), ("strict", ["rephrase=1"], "'rephrased'"),
                                  ("strict", ["alike=much"], "from 0 to 1"), ("strict", ["ngram=0.5"], "whole number")):
        with pytest.raises(ParameterError) as caught:
            levels_of(level, given)
        assert message in str(caught.value)
    table = flow.run(out=tmp_path / "run", data=[str(mine)], against=[hashed], level="lenient", thresholds=["alike=2"])
    assert {row.rule for row in table.rejections.rows()} == {"exact", "same_numbers"}  # no runs of words: other numbers
    noted = json.loads((tmp_path / "run" / "run.json").read_text())["notes"]["clean.levels"]
    assert (noted["level"], noted["moved"], noted["alike"], noted["ngram"]) == ("lenient", ["alike=2"], 2.0, 0)


def test_a_short_name_means_texts_that_are_here_then_the_hub_then_fingerprints(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATHMILL_TEST_SETS", str(tmp_path))
    assert resolve("gsm8k").hashed
    monkeypatch.setattr(hub, "reachable", lambda: True)
    assert resolve("gsm8k") == Source("gsm8k", "openai/gsm8k:main@test", "gsm8k")
    assert resolve("mine=gsm8k").name == "mine"
    (tmp_path / "gsm8k.jsonl").write_text(json.dumps({"problem": CLEAN, "answer": "8"}) + "\n")
    assert resolve("gsm8k") == Source("gsm8k", str(tmp_path / "gsm8k.jsonl"))
    assert [item.print.id for item in read_items(["gsm8k"])] == ["gsm8k:1"]


def test_what_is_fetched_can_be_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"question": FERRY, "answer": "36 * 9 - 9 = 315\n#### 315"}]
    monkeypatch.setattr(hub, "load", lambda _: hub.HubSet("MIT", "mark", ["question", "answer"], rows))
    path, count = fetch("gsm8k", tmp_path)
    [item] = read_items([str(path)])
    assert (count, item.text, item.print.id) == (1, FERRY, "gsm8k:1")
    assert {"source", "licence"} <= json.loads(path.read_text()).keys()
    with pytest.raises(InputError, match="no column 'problem'"):
        fetch("math500", tmp_path)


def test_the_hub_s_own_client_fetches_a_test_set(mathmill: Command, tmp_path: Path) -> None:
    rows = [{"problem": FERRY, "solution": "…", "answer": "315", "unique_id": "test/1"}]
    with ScriptedHub() as server:
        server.repos["HuggingFaceH4/MATH-500"] = Repo("HuggingFaceH4/MATH-500", private=False)
        server.repos["HuggingFaceH4/MATH-500"].commit("all", {"test.jsonl": Blob(json.dumps(rows[0]).encode(), False)})
        done = mathmill("test-sets", "fetch", "math500", "--to", "sets", HF_ENDPOINT=server.url, HF_HUB_OFFLINE="0",
                        HF_HOME=str(tmp_path / "home"))
    assert "math500: 1 items in sets/math500.jsonl" in done.stdout
    [item] = read_items([str(tmp_path / "sets" / "math500.jsonl")])
    assert (item.text, item.print.id) == (FERRY, "math500:test/1")


def test_the_list_of_test_sets_is_whole() -> None:
    assert {"gsm8k", "math", "math500", "aime24", "aime25", "amc23", "olympiadbench", "college_math", "svamp", "asdiv",
            "mawps", "gsm_plus", "gsm_symbolic", "minerva_math", "omni_math", "gaokao2023en", "mmlu_stem"} <= {*known()}
    for told in known().values():
        assert hub.is_hub_id(told.hub), told.name
        assert told.licence
        assert told.url.startswith("https://")
        assert told.fingerprints is None or told.licence == "MIT"


@pytest.mark.parametrize(("name", "content", "message"), [
    ("none.jsonl", None, "there is no such file"), ("empty.jsonl", b"", "holds no rows"),
    ("odd.jsonl", b'{"words": "How many?"}\n', "no column looks like the problem"),
    ("latin.jsonl", '{"question": "Combien coûte le thé?"}\n'.encode("latin-1"), "not UTF-8"),
    ("broken.parquet", b"PAR1 and nothing else", "not a sound Parquet file"),
    ("half.jsonl", b'{"question": "How many?"', "bad JSON")])
def test_a_bad_test_set_is_one_clear_message(tmp_path: Path, mine: Path, name: str, content: bytes | None,
                                             message: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        flow.run(out=tmp_path / "run", data=[str(mine)], against=[str(tmp_path / name)])
    assert message in caught.value.what
    assert name in caught.value.where
    assert caught.value.mend


def test_unknown_names_tell_the_nearest_and_what_else_may_be_given(mathmill: Command, mine: Path) -> None:
    done = mathmill("decontaminate", str(mine), "--against", "gsm8", check=False)
    assert (done.returncode != 0, done.stdout) == (True, "")
    assert "did you mean 'gsm8k'?" in done.stderr
    with pytest.raises(InputError, match="its licence"):
        resolve("asdiv")
    with pytest.raises(InputError, match="could not be fetched"):
        fetch("gsm8k", mine.parent)
    for words, message in (([str(mine)], "no test set was given"), ([], "give either files or --recheck")):
        with pytest.raises(ParameterError, match=message):
            decontaminate(words, against=[])


def test_kept_parquet_keeps_its_columns_and_types(tmp_path: Path, hashed: str) -> None:
    source = pa.table({"question": [FERRY, CLEAN], "answer": ["315", "8"], "score": pa.array([1.5, 2.5], pa.float32()),
                       "tags": [["a"], ["b", "c"]]})
    pq.write_table(source, tmp_path / "mine.parquet")
    given = [str(tmp_path / "mine.parquet")]
    table = flow.run(out=tmp_path / "run", data=given, against=[hashed])
    assert write_kept(given, table, tmp_path / "kept.parquet") == 1
    assert pq.read_table(tmp_path / "kept.parquet").to_pylist() == source.slice(1).to_pylist()
    for out in ("kept.csv", "mine.parquet"):
        with pytest.raises(ParameterError):
            check_writable(given, tmp_path / out)
    with pytest.raises(MathmillError, match="two sources are called"):
        check_writable([*given, *given], tmp_path / "kept.jsonl")


def test_formulas_count_by_their_signs_and_forms_of_answers_do_not() -> None:
    one = r"Find the value of $\frac{2s^5}{s^3} - 6s^2$ for $s=3$."
    other = r"Consider this: what is \(\dfrac{2t^5}{t^3} -6 t^2\) if t = 3? Explain how you got it."
    assert likeness(tokens(one), tokens(other)) > 0.9 > likeness(tokens(one), tokens(one.replace("- 6s^2", "")))
    hello = "My uncle, who sells boats, wondered about this last night and nobody at the table knew: "
    assert framed(tokens(one), tokens(hello + one))
    assert not framed(tokens(one), tokens(f"{hello + one} And $x+1$?"))
    form = ("can be written as # where m and n are relatively prime positive integers and the sum of the squares is "
            "not divisible by the square of any prime find the value of the sum")
    assert run_keys(form, 13) == set()
    assert run_keys("a ferry carries # cars on each crossing and makes # crossings before noon and # after noon", 13)


def test_a_judge_rules_on_what_stays_a_little_below_a_threshold(tmp_path: Path) -> None:
    (tmp_path / "guard.jsonl").write_text(json.dumps({"id": "ferry", "question": FERRY, "answer": "315"}) + "\n")
    told = ("On every trip a ferry takes 36 cars. Before noon there are 5 trips, and after noon 4 more; on the final "
            "trip 9 of the places are left empty. In all, how many cars did it take that day?")
    rows = [{"question": told, "answer": "315"}, {"question": told.replace("36", "40"), "answer": "351"},
            {"question": "What is the derivative of a sine?", "answer": "the cosine"}]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    high = [f"{name}=1" for name in ("alike", "alike_other", "same_problem", "same_text", "rephrased", "template_twin",
                                     "rephrased_shared", "named_twin")]
    table = flow.run(out=tmp_path / "run", data=[str(tmp_path / "mine.jsonl")], against=[str(tmp_path / "guard.jsonl")],
                     thresholds=[*high, "grey=0.4"], judge="scripted")
    [gone] = table.rejections.rows()  # the scripted judge calls the same what has the same numbers
    assert (gone.rule, gone.twin_id, gone.twin) == ("judged", "guard:ferry", FERRY)
    assert "says the judge: The numbers are the same." in gone.reason
    notes = json.loads((tmp_path / "run" / "run.json").read_text())["notes"]
    assert {key: notes["clean.judge"][key] for key in ("same", "twin", "other", "undecided")} == {
        "same": 1, "twin": 0, "other": 1, "undecided": 0}
    assert (notes["clean.grey"], notes["clean.test_sets"]["guard"]["judged"]) == (2, 1)


def test_a_judge_that_fails_or_mumbles_is_no_verdict() -> None:
    pair = Grey("grey_1", ["row_1"], 0, "rephrased", 0.85, CLEAN, "guard:ferry", FERRY)
    mumbled = Reply("perhaps", "", {"reason": "", "relation": "perhaps"}, "stop", 1, 1, 0.0, False)
    for outcome, rule in ((mumbled, "no_verdict"), (Failure("refused", "no"), "refused")):
        def answer(asks: Iterable[Ask], outcome: Reply | Failure = outcome) -> Iterator[Reply | Failure]:
            return (outcome for _ in asks)

        [row] = talked(compared, [(pair,)], answer, "clean.rulings")
        assert isinstance(row, Rejection)
        assert row.rule == rule


@pytest.mark.skipif(not DATA.exists(), reason="the test sets lie in ../shared/data, not here")
def test_shipped_fingerprints_are_those_of_today_and_hold_no_text() -> None:
    """If this fails signatures have changed: python -m tests.fingerprints"""
    assert sorted(path.stem for path in SHIPPED.glob("*.parquet")) == sorted(SETS)
    for name, path in SETS.items():
        shipped = SHIPPED / f"{name}.parquet"
        assert shipped.stat().st_size < 2_000_000
        if name in ("gsm8k", "svamp"):
            assert list(read_fingerprints(shipped)) == fingerprints_of(Source(name, str(path)))
        texts = [field for field in pq.read_schema(shipped) if pa.types.is_string(field.type)]
        assert [field.name for field in texts] == ["id"]
        assert max(len(row.id) for row in read_fingerprints(shipped)) < 20
