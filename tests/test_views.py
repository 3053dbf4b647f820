"""Views for trainers: golds that scorers accept, rows that loaders read, nothing flagged, one message a fault."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from schemas.errors import InputError, MathmillError, ParameterError, RunError
from schemas.manifest import read_manifest, write_manifest
from schemas.records import Example
from tasks.tools.answers import equivalent
from tasks.tools.flags import flag
from tasks.tools.warehouse import Warehouse
from tasks.views import VIEWS, chat, view_of, write
from tasks.views.certify import Said, certify, completion, form, scored
from tasks.views.gold import canonical, wrong
from tasks.views.page import pages
from tasks.views.source import Attempt, Group, source_of
from tasks.views.steps import prm
from tasks.views.turns import in_turns
from tasks.views.view import Choice, Column, Left, Row, View
from tests.conftest import ROOT, mathmill_in

TRAINERS = Path(os.environ.get("MATHMILL_TRAINERS") or "/tmp/trlenv/bin/python")
MATH500 = ROOT.parent / "shared" / "data" / "benchmarks" / "math500.jsonl"
with_trainers = pytest.mark.skipif(
    not TRAINERS.exists(), reason=f"no trl and verl at {TRAINERS}: name their python by MATHMILL_TRAINERS")

GOLDS = [
    ("1,200", "1200"), ("10,\\!080", "10080"), ("$1{,}000$", "1000"), ("\\$32,\\!348", "32348"), (".5", "0.5"),
    ("50\\%", "50\\%"), ("50%", "50\\%"), ("90^\\circ", "90"), ("90 degrees", "90"), ("5.4 \\text{ cents}", "5.4"),
    ("864 \\mbox{ inches}^2", "864"), ("\\frac43", "\\frac{4}{3}"), ("\\dfrac 59", "\\frac{5}{9}"),
    ("\\frac{270}7\\text{ degrees}", "\\frac{270}{7}"), ("-3/4", "-\\frac{3}{4}"), ("11\\sqrt2", "11\\sqrt{2}"),
    ("sqrt(2)", "\\sqrt{2}"), ("2*x + 1", "2 x + 1"), ("x**10", "x^{10}"), ("2^{10}", "2^{10}"), ("pi/4", "\\pi/4"),
    ("(1/2)x + 3", "\\frac{1}{2}x + 3"), ("{1, 2}", "\\{1, 2\\}"), ("{}", "{}"), ("[1, 2)", "[1, 2)"),
    ("no solution", "\\text{no solution}"), ("\\emptyset", "\\emptyset"),
    ("x \\in [1,2]", "[1,2]"), ("(-oo, 3]", "(-\\infty, 3]"), ("(1, 2) U (3, 4)", "(1, 2) \\cup (3, 4)"),
    ("\\left( 3, \\frac{\\pi}{2} \\right)", "( 3, \\frac{\\pi}{2} )"), ("x=5", "5"), ("y = 2x + 3", "y = 2x + 3"),
    ("3 and 5", "3, 5"), ("\\text{(C)}", "C"), ("(B)", "B"), ("Monday", "\\text{Monday}"),
    ("\\text{ east }", "\\text{east}"), ("\\boxed{7}", "7"), ("\\(7\\)", "7"), ("4210_{5}", "4210_5"),
    ("\\begin{pmatrix} -1/3 \\\\ 2 \\end{pmatrix}", "\\begin{pmatrix} -\\frac{1}{3} \\\\ 2 \\end{pmatrix}"),
    ("", ""), ("$", "$"), ("\\frac", "\\frac"),
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two finished runs with a teacher that errs: `words` has wrong attempts, `programs` has turns."""
    folder = tmp_path_factory.mktemp("runs")
    mathmill_in(folder, "run", "rft", "--teacher", "scripted:--faults wrong_answer=0.25,wrong_step=0.2", "--size", "16",
                "--samples", "4", "--out", "words")
    mathmill_in(folder, "run", "mario", "--teacher", "scripted:--faults wrong_answer=0.3", "--size", "8", "--out",
                "programs")
    return folder


def exported(run: Path, view: str, out: Path, choice: Choice | None = None, with_flagged: bool = False) -> list[Row]:
    """The rows of a view, train before test."""
    write.export(source_of(run, with_flagged), VIEWS[view], out, choice)
    return [row for file in sorted((out / "data").glob("*.parquet"), reverse=True) for row in pq.read_table(
        file).to_pylist()]


# --- golds


@pytest.mark.parametrize(("answer", "gold"), GOLDS)
def test_a_gold_is_rewritten_as_scorers_read_it(answer: str, gold: str) -> None:
    assert canonical(answer) == gold
    assert canonical(gold) == gold, "once is enough"


@pytest.mark.parametrize(("answer", "gold"), [pair for pair in GOLDS if len(pair[0]) > 1])
def test_a_rewritten_gold_means_the_same_and_a_wrong_one_does_not(answer: str, gold: str) -> None:
    assert answer == gold or equivalent(answer, gold).status == "equal"
    assert not wrong(gold) or equivalent(wrong(gold), gold).status == "different"


def test_nearly_every_gold_has_a_wrong_answer_to_try() -> None:
    assert [gold for _, gold in GOLDS if not wrong(gold)] == [
        "{}", "\\emptyset", "", "$", "\\frac"]


def test_what_cannot_be_rewritten_for_certain_stays() -> None:
    for odd in ("\\begin{cases} 1 \\end{cases}", "a < b < c ...", "k\\pi, k \\in \\mathbb{Z}"):
        assert canonical(odd) == odd


def test_each_trainer_gets_its_own_form() -> None:
    assert form("\\frac43", "trl") == "$\\frac{4}{3}$"
    assert form("\\frac43", "verl") == "\\frac{4}{3}"


# --- certified


def test_without_a_scorer_nothing_is_pretended() -> None:
    found = certify(["1", "2"], "trl", sys.executable)
    assert "No module named 'trl'" in found.missing
    assert found.said == {gold: Said(None, found.missing, None) for gold in ("1", "2")}


@pytest.mark.parametrize(("python", "says"), [("/nonexistent/python", "cannot be started"), ("/bin/echo", "no python")])
def test_a_wrong_interpreter_is_told(python: str, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        certify(["1"], "trl", python)


def test_a_row_on_which_a_scorer_dies_costs_that_row_alone(tmp_path: Path) -> None:
    """An interpreter that ends itself at a gold of 13, and accepts what is in the box all the same."""
    python = tmp_path / "python"
    python.write_text(f"#!{sys.executable}\n" + (
        "import json, os, sys\nprint(json.dumps({'trl': '0'}), flush=True)\n"
        "for line in sys.stdin:\n    gold, said = json.loads(line)\n    gold = gold.strip('$')\n"
        "    if gold == '13': os._exit(1)\n"
        "    print(json.dumps([float('{' + gold + '}' in said), '']), flush=True)\n"))
    python.chmod(0o755)
    found = certify(["12", "13", "14"], "trl", str(python))
    assert found.said["12"] == found.said["14"] == Said(True, "", False)
    assert found.said["13"].accepted is None
    assert "came to no end" in found.said["13"].why


@with_trainers
def test_stock_scorers_accept_every_kind_of_gold_and_no_wrong_one() -> None:
    golds = [answer for answer, gold in GOLDS if wrong(gold)]
    for trainer in ("trl", "verl"):
        found = certify(golds, trainer, str(TRAINERS))
        assert {gold for gold, said in found.said.items() if not said.accepted} == set()
        fooled = {gold for gold, said in found.said.items() if said.fooled}
        # math-verify reads no base of a number: 4210_6 is 4210_5 to it.
        assert fooled == ({"4210_{5}"} if trainer == "trl" else set())


@with_trainers
@pytest.mark.skipif(not MATH500.exists(), reason="../shared/data/benchmarks/math500.jsonl is not here")
def test_verl_accepts_all_of_math_500() -> None:
    """As does TRL, which takes longer: python -m tests.benchmarks.certify."""
    golds = [json.loads(line)["answer"] for line in MATH500.read_text().splitlines()]
    scores, versions, missing = scored([(form(gold, "verl"), completion(canonical(gold))) for gold in golds], "verl",
                                       str(TRAINERS))
    assert (missing, list(versions)) == ("", ["verl"])
    assert scores == [(1.0, "")] * 500


# --- rows


def test_every_view_loads_in_datasets(runs: Path, tmp_path: Path) -> None:
    import datasets

    for name, view in VIEWS.items():
        run = runs / ("programs" if name == "tir" else "words")
        _, facts = write.export(source_of(run), view, tmp_path / name)
        found = datasets.load_dataset(str(tmp_path / name), cache_dir=str(tmp_path / "cache"))
        assert {split: len(data) for split, data in found.items()} == {
            split["name"]: split["rows"] for split in facts["splits"]}
        assert found["train"].column_names == list(write.columns_of(view))
        assert len(set(found["train"]["id"])) == len(found["train"])
        assert not {"buckets", "drafts"} & {path.name for path in (tmp_path / name).iterdir()}


def test_the_split_is_that_of_the_runs_data_set(real_run: Path, tmp_path: Path) -> None:
    exported(real_run, "sft", tmp_path / "sft")

    def ids(folder: Path, split: str, column: str) -> set[str]:
        return {row[column] for file in (folder / "data").glob(f"{split}-*") for row in pq.read_table(file).to_pylist()}

    for split in ("train", "test"):
        assert ids(tmp_path / "sft", split, "example_id") == ids(real_run / "dataset", split, "id") != set()


def test_chosen_passed_and_rejected_failed(runs: Path, tmp_path: Path) -> None:
    said = {row[0]: row[1] for row in Warehouse([runs / "words"]).ask(
        "SELECT s.solution || s.problem_id, v.status FROM solutions s JOIN verdicts v ON v.solution_id = s.id").rows}
    rows = exported(runs / "words", "dpo", tmp_path / "dpo")
    assert len(rows) > 5
    for row in rows:
        assert said[row["chosen"][0]["content"] + row["problem_id"]] == "passed"
        assert said[row["rejected"][0]["content"] + row["problem_id"]] == "failed"
        assert row["rejected_why"]
    labelled = exported(runs / "words", "kto", tmp_path / "kto")
    assert {row["label"] for row in labelled} == {True, False}
    for row in labelled:
        assert row["label"] == (said[row["completion"][0]["content"] + row["problem_id"]] == "passed")


def test_pairs_of_a_problem_are_bounded_and_the_rest_is_counted(runs: Path, tmp_path: Path) -> None:
    all_of_them = exported(runs / "words", "dpo", tmp_path / "all", Choice(pairs=9))
    rows = exported(runs / "words", "dpo", tmp_path / "one", Choice(pairs=1))
    assert len({row["problem_id"] for row in rows}) == len(rows) < len(all_of_them)
    left = json.loads((tmp_path / "one" / "manifest.json").read_text())["left_out"]
    assert left["its problem has 1 pairs already"] == len(all_of_them) - len(rows)


def test_a_wrong_line_ends_its_steps(runs: Path, tmp_path: Path) -> None:
    rows = exported(runs / "words", "prm", tmp_path / "prm")
    assert {row["labels"][-1] for row in rows} == {True, False}
    for row in rows:
        assert len(row["labels"]) == len(row["completions"])
        assert all(row["labels"][:-1])
        assert row["labels"][-1] == (row["why"] == "")


def example(solution: str, **fields: Any) -> Example:
    told = {"id": "e1", "parents": ["p1", "s1"], "problem": "How much is 1 + 2?", "solution": solution, "answer": "3",
            "answer_kind": "integer", "answer_unit": "", "gold_level": "human", "verified_by": ["by_text"],
            "template_id": "t", "seed_id": "t", "topic": "", "difficulty": 0, "mode": "base", "recipe": "r",
            "source": "", "licence": ""}
    return Example(**{**told, **fields})


def group(*attempts: tuple[str, str], rate: float | None = None, **fields: Any) -> Group:
    tried = [Attempt(f"s{number}", text, "", status, "") for number, (text, status) in enumerate(attempts, 1)]
    return Group("p1", [example(tried[0].solution, **fields)], tried, rate)


@pytest.mark.parametrize(("solution", "status", "made"), [
    ("1 + 1 = 2\n\n2 + 1 = 3", "passed", (["1 + 1 = 2", "2 + 1 = 3"], [True, True])),
    ("Add.\n1 + 1 = 3\n3 + 1 = 4", "failed", (["Add.", "1 + 1 = 3"], [True, False])),
    ("1 + 1 = 2\n\\boxed{5}", "failed", "it is wrong, but in no line that is known"),
    ("It is three.", "passed", "none of its lines could be checked"),
    ("```python\nprint(1 + 1)\n```", "passed", "it has a program, and lines of programs are no steps"),
])
def test_steps_are_labelled_only_where_that_is_known(solution: str, status: str, made: object) -> None:
    (row,) = prm(group((solution, status)), Choice())
    assert (row.why if isinstance(row, Left) else (row["completions"], row["labels"])) == made


def test_attempts_that_became_examples_come_first_and_no_text_twice() -> None:
    tried = group(("right", "passed"), ("wrong", "failed"), ("wrong", "failed"), ("other", "passed"))
    assert [attempt.id for attempt in tried.of("failed")] == ["s2"]
    turned = Group("p1", [example("other")], tried.attempts, None)
    assert [attempt.solution for attempt in turned.of("passed")] == ["other", "right"]


PROGRAM, OUTPUT = "```python\nprint(3)\n```", "```output\n3\n```"


@pytest.mark.parametrize(("solution", "roles"), [
    (f"First.\n{PROGRAM}\n{OUTPUT}\nSo \\boxed{{3}}.", "assistant tool assistant"),
    (f"{PROGRAM}\n{OUTPUT}\nAgain.\n{PROGRAM}\n{OUTPUT}\nDone.", "assistant tool assistant tool assistant"),
    (f"{PROGRAM}\n{OUTPUT}", "assistant"),
    (f"{PROGRAM}\nSo 3.", "assistant"),
])
def test_turns_are_cut_where_a_tool_speaks(solution: str, roles: str) -> None:
    turns = in_turns(solution)
    assert " ".join(message["role"] for message in turns.messages) == roles
    assert turns.trained == [int(role == "assistant") for role in roles.split()]
    again = "\n".join(f"```output\n{message['content']}\n```" if message["role"] == "tool" else message["content"]
                      for message in turns.messages)
    assert solution.startswith(again)
    assert solution.removeprefix(again).strip() in ("", OUTPUT)


@pytest.mark.parametrize(("solution", "why"), [
    ("In words.", "no program"), (f"{OUTPUT}\n{PROGRAM}", "without a program before"),
    (f"{PROGRAM}\nWords.\n{OUTPUT}\nEnd.", "without a program before"),
    (f"{PROGRAM}\n{OUTPUT}\n{OUTPUT}\nEnd.", "without a program before"),
])
def test_a_text_that_is_no_talk_with_a_tool_is_not_cut(solution: str, why: str) -> None:
    assert why in in_turns(solution).wrong


def test_only_what_the_model_says_is_learnt(runs: Path, tmp_path: Path) -> None:
    rows = exported(runs / "programs", "tir", tmp_path / "tir")
    assert any("tool" in {message["role"] for message in row["messages"]} for row in rows)
    for row in rows:
        assert row["trained"] == [int(message["role"] == "assistant") for message in row["messages"]]
        assert row["messages"][-1]["role"] == "assistant"
        assert "```output" not in "".join(message["content"] for message in row["messages"])


def test_sharegpt_has_its_speakers_by_turns(runs: Path, tmp_path: Path) -> None:
    for row in exported(runs / "programs", "sharegpt", tmp_path / "sharegpt"):
        speakers = [turn["from"] for turn in row["conversations"]]
        assert set(speakers[::2]) <= {"human", "observation"}
        assert set(speakers[1::2]) == {"gpt"}
        assert len(speakers) % 2 == 0
    entries = json.loads((tmp_path / "sharegpt" / "dataset_info.json").read_text())
    assert all((tmp_path / "sharegpt" / entry["file_name"]).is_file() for entry in entries.values())


@pytest.mark.parametrize(("names", "line"), [
    (("topic", "difficulty"), "[topic: percent; difficulty: 3 of 5]"), (("solve_rate",), "[solve rate: 0.3]"),
    (("steps", "mode"), "[steps: 2; mode: base]"), ((), ""),
])
def test_the_control_line_tells_what_is_known(names: tuple[str, ...], line: str) -> None:
    known = group(("a\n\nb", "passed"), rate=0.25 + 0.01, topic="percent", difficulty=3)
    assert chat.control(known, known.example, names) == line


def test_a_control_line_stands_before_the_problem() -> None:
    (row,) = chat.conditioned_sft(group(("a", "passed")), Choice(control=("steps",)))
    assert not isinstance(row, Left)
    assert row["messages"][0]["content"] == "[steps: 1]\n\nHow much is 1 + 2?"
    (left,) = chat.conditioned_sft(group(("a", "passed")), Choice(control=("topic",)))
    assert isinstance(left, Left)


@pytest.mark.parametrize(("fields", "why"), [({"answer": " "}, "no gold"), ({"gold_level": "teacher"}, "by nothing")])
@pytest.mark.parametrize("view", ["rl_trl", "rl_verl"])
def test_no_reward_for_a_gold_that_nothing_backs(view: str, fields: dict[str, str], why: str) -> None:
    (left,) = VIEWS[view].rows(group(("a", "passed"), **fields), Choice())
    assert isinstance(left, Left)
    assert why in left.why


def test_rewards_hold_the_gold_in_the_trainers_own_form(real_run: Path, tmp_path: Path) -> None:
    for row in exported(real_run, "rl_trl", tmp_path / "trl"):
        assert row["solution"] == f"${canonical(row['answer'])}$"
        assert row["prompt"][0]["content"].endswith("\\boxed{}.")
    rows = exported(real_run, "rl_verl", tmp_path / "verl")
    for row in rows:
        assert row["data_source"] == "lighteval/MATH"
        assert row["reward_model"] == {"style": "rule", "ground_truth": canonical(row["answer"])}
    assert {row["extra_info"]["split"] for row in rows} == {"train", "test"}
    assert len({row["extra_info"]["index"] for row in rows}) == len(rows)


# --- flags


def test_what_is_flagged_is_left_out_and_counted(runs: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(runs / "words", tmp_path / "words"))
    before = exported(run, "dpo", tmp_path / "before")
    example_id, bad = before[0]["example_id"], before[-1]["rejected"][0]["content"]
    attempt = next(iter(Warehouse([run]).ask("SELECT id FROM solutions WHERE solution = ?", [bad]).rows))[0]
    flag(run, example_id, "odd")
    flag(run, attempt)
    after = exported(run, "dpo", tmp_path / "after")
    assert example_id not in {row["example_id"] for row in after}
    assert bad not in {row["rejected"][0]["content"] for row in after}
    left = json.loads((tmp_path / "after" / "manifest.json").read_text())["left_out"]
    assert left["an example that a reader flagged"] == left["an attempt that a reader flagged"] == 1
    assert exported(run, "dpo", tmp_path / "again", with_flagged=True) == before


# --- the folder


def test_the_same_run_gives_the_same_bytes(runs: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        exported(runs / "words", "kto", tmp_path / name)
    one, two = ({path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*")
                 if path.is_file()} for name in ("one", "two"))
    assert one == two


def test_a_view_is_there_whole_or_as_it_was(runs: Path, tmp_path: Path) -> None:
    def breaking(group: Group, choice: Choice) -> Iterator[Row | Left]:
        yield from VIEWS["sft"].rows(group, choice)
        raise OSError(28, "No space left on device")

    broken = View("sft", "breaks", VIEWS["sft"].columns, breaking)
    before = exported(runs / "words", "sft", tmp_path / "sft")
    for place in (tmp_path / "sft", tmp_path / "new"):
        with pytest.raises((MathmillError, OSError)):
            write.export(source_of(runs / "words"), broken, place)
    assert [path.name for path in tmp_path.iterdir()] == ["sft"]
    assert len(before) == sum(pq.read_metadata(file).num_rows for file in (tmp_path / "sft").rglob("*.parquet"))


def test_what_a_killed_export_left_is_swept(runs: Path, tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead, alive, other = (tmp_path / f"sft.{name}.tmp" for name in (ended.pid, os.getppid(), "x"))
    for place in (dead, alive, other):
        place.mkdir()
    exported(runs / "words", "sft", tmp_path / "sft")
    assert {path.name for path in tmp_path.iterdir()} == {"sft", alive.name, other.name}


def test_the_readme_tells_columns_counts_and_what_certified_means(runs: Path, tmp_path: Path) -> None:
    view = VIEWS["rl_trl"]
    place, facts = write.export(source_of(runs / "words"), view, tmp_path / "rl")
    text = (place / "README.md").read_text()
    assert all(f"`{name}`" in text for name in write.columns_of(view))
    assert f"{facts['rows']:,} rows" in text
    assert "What `certified_*` means" in text
    assert "not installed" in text
    assert str(runs) not in text + (place / "manifest.json").read_text(), "no folder of this machine"
    assert pages(facts, {"a": Column("text", "x")})["README.md"].startswith("---\nconfigs:")


# --- faults


@pytest.mark.parametrize(("view", "flavour", "says"), [
    ("sfft", "", "did you mean 'sft'"), ("xyz", "", "there are: sft"), ("rl", "", "two flavours"),
    ("rl", "x", "no flavour 'x'"), ("sft", "trl", "has no flavours"), ("rl_trl", "verl", "has no flavours")])
def test_a_view_that_there_is_not(view: str, flavour: str, says: str) -> None:
    with pytest.raises(ParameterError) as told:
        view_of(view, flavour)
    assert says in str(told.value)


def test_rl_has_two_names() -> None:
    assert view_of("rl", "verl") is view_of("rl_verl") is view_of("rl_verl", "verl")


def test_a_control_line_of_something_else() -> None:
    with pytest.raises(ParameterError, match="'mood'"):
        chat.controls("topic,mood")


def test_a_run_that_is_not_finished(runs: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(runs / "words", tmp_path / "words"))
    write_manifest(run, {**read_manifest(run), "state": "running"})
    with pytest.raises(RunError, match="running, not finished"):
        source_of(run)


def test_a_run_without_a_data_set(runs: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(runs / "words", tmp_path / "words"))
    shutil.rmtree(run / "dataset")
    with pytest.raises(RunError, match="exported no data set"):
        source_of(run)


def test_flags_that_are_none(runs: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(runs / "words", tmp_path / "words"))
    (tmp_path / "words.flags.json").write_text("[1]")
    with pytest.raises(InputError, match="no file of flags"):
        source_of(run)


@pytest.mark.parametrize(("view", "says"), [("dpo", "no attempt at its problem failed"), ("tir", "it has no program")])
def test_a_run_without_rows_for_a_view_says_why(view: str, says: str, real_run: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError) as told:
        write.export(source_of(real_run), VIEWS[view], tmp_path / view)
    assert f"120 left out: {says}" in str(told.value)
    assert "take a run of" in told.value.mend
    assert list(tmp_path.iterdir()) == []


def test_another_folder_is_not_overwritten(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    for place in (tmp_path, tmp_path / "mine"):
        with pytest.raises(ParameterError, match="something else than a view"):
            write.export(source_of(runs / "words"), VIEWS["sft"], place)
    assert (tmp_path / "mine").read_text() == "mine"


def test_the_command_writes_beside_the_run(runs: Path) -> None:
    done = mathmill_in(runs, "export", "words", "--view", "rl", "--flavour", "verl", MATHMILL_TRAINERS=sys.executable)
    assert "certified_verl: null, since verl's scorer is not installed" in done.stdout
    assert "MATHMILL_TRAINERS" in done.stdout
    assert (runs / "words.views" / "rl_verl" / "manifest.json").exists()
    told = json.loads(mathmill_in(runs, "export", "words", "--view", "sft", "--out", "mine", "--json").stdout)
    assert told["rows"] == sum(split["rows"] for split in told["splits"])
    failed = mathmill_in(runs, "export", "words", "--view", "nosuch", check=False)
    assert failed.returncode == ParameterError.exit_code
    assert failed.stderr.startswith("mathmill: --view: there is no view 'nosuch'")


# --- the trainers themselves


@with_trainers
def test_trainers_own_loaders_read_the_views(runs: Path, tmp_path: Path) -> None:
    """TRL's helpers, its chat template's mask beside ours; of training itself: tests/trainers.py FOLDER --steps."""
    for name, view in VIEWS.items():
        write.export(source_of(runs / ("programs" if name == "tir" else "words")), view, tmp_path / name)
    done = subprocess.run([TRAINERS, ROOT / "tests" / "trainers.py", tmp_path], capture_output=True, text=True,
                          check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["masks"] is True
    assert said["trl"] == {
        "sft": [True, ["text"]], "conditioned_sft": [True, ["text"]], "tir": [True, ["text"]],
        "sharegpt": ["human", "gpt"], "dpo": [True, ["completion", "label", "prompt"], True],
        "kto": [True, ["completion", "prompt"]], "rl_trl": [True, ["prompt"]], "rl_verl": [True, ["prompt"]],
        "prm": True}
