"""The command line: quick help, recipes found by module, parameters by words, one message and a code a fault."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.cli import FAULT, INTERRUPTED, app, guarded
from flows.commands import catalogue
from schemas.errors import InputError, ParameterError, RunError, StorageError, ToolError
from tests.conftest import ROOT, Command
from tests.test_imports import HEAVY

# Too slow for a help text. (pydantic is not here: typer itself reads a command's arguments with it, in 0.1 s.)
SLOW = {*HEAVY, "pyarrow", "numpy", "rich", "jinja2"}
COMMANDS = ("recipes", "run", "preview", "lift", "instantiate", "query", "lineage", "verify-run", "compare", "select",
            "dedup", "publish", "decontaminate", "test-sets", "export")


def raising(error: BaseException) -> Callable[[], None]:
    def command() -> None:
        raise error
    return command


@pytest.mark.parametrize("words", [["--help"], *([name, "--help"] for name in COMMANDS)], ids=" ".join)
def test_help_loads_nothing_slow(words: list[str]) -> None:
    script = ("import sys\nfrom flows.cli import app\ntry: app(sys.argv[1:])\nexcept SystemExit: pass\n"
              "print('loaded:', *sorted({name.split('.')[0] for name in sys.modules}))")
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=True, cwd=ROOT)
    text, _, loaded = done.stdout.rpartition("loaded:")
    assert "Usage" in text
    assert "typer" in loaded.split()
    assert not SLOW & set(loaded.split())


def test_help_names_every_command(mathmill: Command) -> None:
    assert all(f"\n  {name} " in mathmill("--help").stdout for name in COMMANDS)


def test_the_console_script_is_this_command() -> None:
    script = Path(sys.executable).with_name("mathmill")
    assert "RECIPE" in subprocess.run([script, "run", "--help"], capture_output=True, text=True, check=True).stdout


def test_recipes_are_the_modules(mathmill: Command) -> None:
    modules = sorted(path.stem for path in (ROOT / "flows" / "recipes").glob("[!_]*.py"))
    assert catalogue.names() == modules
    lines = mathmill("recipes").stdout.splitlines()
    assert [line.split()[0] for line in lines] == modules
    assert all(len(line.split()) > 3 for line in lines), "each says in a line what it does"


@pytest.mark.parametrize("name", catalogue.names())
def test_a_recipe_reads_aloud(name: str) -> None:
    """Six to fifteen lines, each parameter with a type, and what it is for where the name does not say it."""
    flow = catalogue.load(name)
    body = (ROOT / "flows" / "recipes" / f"{name}.py").read_text().partition(") -> ")[2].splitlines()[1:]
    assert 6 <= len(body) <= 15
    assert flow.name == name
    assert {"size", "seed"} <= set(flow.parameters)
    assert all(parameter.help for parameter in flow.parameters.values())


def test_parameters_of_a_recipe_are_shown(mathmill: Command) -> None:
    shown = mathmill("recipes", "lifted").stdout
    assert all(f"\n{name} " in shown for name in catalogue.load("lifted").parameters)


@pytest.mark.parametrize(("words", "says"), [
    (["liftd"], "did you mean 'lifted'?"),
    (["lifted", "sise=10"], "did you mean 'size'?"),
    (["lifted", "--sise", "10"], "did you mean 'size'?"),
    (["lifted", "size=ten"], "size is a whole number, not 'ten'"),
    (["lifted", "--seed", "5", "seed=6"], "'seed' is given twice"),
    (["lifted", "limit=5", "limit=6"], "limit is a whole number, not ['5', '6']"),
    (["lifted", "10"], "not of the form key=value"),
    (["lifted", "--limit"], "--limit has no value"),
    (["lifted", "size=0"], "size"),
    (["lifted", "size=-5"], "size"),
    (["lifted", "modes=p9"], "modes cannot be 'p9'"),
    (["lifted", "name=a b"], "'a b' cannot be the name"),
    (["lifted", "--seeds", "nosuch.jsonl"], "nosuch.jsonl"),
    (["lifted", "--decontaminate", "nosuch.jsonl"], "nosuch.jsonl"),
])
@pytest.mark.parametrize("command", ["run", "preview"])
def test_a_wrong_word_gives_one_message(command: str, words: list[str], says: str, tmp_path: Path,
                                        capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert guarded(lambda: app([command, *words])) == ParameterError.exit_code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("mathmill: ")
    assert says in shown.err
    assert "mend: " in shown.err
    assert list(tmp_path.iterdir()) == []


GOOD = json.dumps({"question": "How much is 2 + 3?", "answer": "2 + 3 = <<2+3=5>>5\n#### 5"}).encode() + b"\n"


@pytest.mark.parametrize(("name", "content", "says"), [
    ("bad.jsonl", GOOD + b"{nope\n", ("bad.jsonl, line 2", "bad JSON")),
    ("list.jsonl", GOOD + b"[1]\n", ("list.jsonl, line 2", "list")),
    ("columns.jsonl", b'{"a": 1, "b": 2}\n', ("columns.jsonl", "'a', 'b'", "--question-column")),
    ("latin.jsonl", GOOD + '{"question": "Zoé"}'.encode("latin-1"), ("latin.jsonl, line 2", "not UTF-8")),
    ("empty.jsonl", b"", ("empty.jsonl", "no rows")),
    ("long.jsonl", GOOD + b'{"question": "' + b"a" * 10_000_000 + b'"}', ("long.jsonl, line 2", "MB")),
    ("broken.parquet", b"PAR1 and no more", ("broken.parquet",)),
    ("words.docx", b"PK", ("words.docx", "ending")),
    ("answers.jsonl", b'{"question": "Why?", "answer": "Because."}\n', ("answers.jsonl", "row 1")),
])
def test_bad_seeds_are_named_with_place_and_mend(
        name: str, content: bytes, says: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).write_bytes(content)
    words = ["run", "lifted", "--seeds", str(tmp_path / name), "--out", str(tmp_path / "run")]
    assert guarded(lambda: app(words)) == InputError.exit_code
    message = capsys.readouterr().err.partition("mathmill: ")[2]
    assert all(text in message for text in says)
    assert "mend: " in message
    assert json.loads((tmp_path / "run" / "run.json").read_text())["state"] == "failed"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shut.jsonl").write_bytes(GOOD)
    (tmp_path / "shut.jsonl").chmod(0)
    assert guarded(lambda: app(["run", "lifted", "--seeds", str(tmp_path / "shut.jsonl")])) == InputError.exit_code
    assert "shut.jsonl" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["nosuch"], ["run"], ["query"], ["lift", "x.jsonl"], ["query", "SELECT 1", "--xyz"]],
                         ids=" ".join)
def test_wrong_usage_is_told_shortly(mathmill: Command, words: list[str]) -> None:
    done = mathmill(*words, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) < 8


@pytest.mark.parametrize("kind", [InputError, ParameterError, RunError, StorageError, ToolError])
def test_our_errors_show_place_and_mend(kind: type[InputError], capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(raising(kind("it broke", where="a.jsonl, line 3", mend="mend it"))) == kind.exit_code != 0
    assert capsys.readouterr().err == "mathmill: a.jsonl, line 3: it broke\n  mend: mend it\n"


def test_a_full_disk_is_a_storage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(raising(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/full"))) == StorageError.exit_code
    said = capsys.readouterr().err
    assert said.startswith("mathmill: /full: No space left on device\n  mend: ")


def test_our_own_faults_are_ours(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert guarded(raising(ZeroDivisionError("oh"))) == FAULT
    said = capsys.readouterr().err
    assert "ZeroDivisionError: oh" in said
    assert "Traceback" not in said
    assert "MATHMILL_DEBUG=1" in said
    monkeypatch.setenv("MATHMILL_DEBUG", "1")
    guarded(raising(ZeroDivisionError("oh")))
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(INTERRUPTED)])
def test_interruption_says_how_to_go_on(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(raising(error)) == INTERRUPTED == 130
    assert "same command" in capsys.readouterr().err


def test_a_closed_pipe_is_no_fault(tmp_path: Path) -> None:
    sql = "SELECT range FROM range(200000)"
    piped = f"{sys.executable} -m flows query '{sql}' --format csv | head -1"
    done = subprocess.run(piped, shell=True, cwd=ROOT, text=True, capture_output=True, check=True)
    assert done.stdout == "range\n"
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_a_run_with_one_line_and_leaves_it_resumable(tmp_path: Path, mathmill: Command) -> None:
    words = ["run", "templates", "--size", "30000", "--out", "run"]
    process = subprocess.Popen([sys.executable, "-m", "flows", *words], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "PYTHONPATH": str(ROOT)})
    until = time.monotonic() + 120
    while not list((tmp_path / "run").glob("problems/part-*")) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert "same command" in said
    assert "Traceback" not in said
    assert json.loads((tmp_path / "run" / "run.json").read_text())["state"] == "cancelled"
    assert not list((tmp_path / "run").rglob("*.tmp"))


def test_run_then_again_then_check(real_run: Path, mathmill: Command) -> None:
    """The same command finds the run finished; verify-run finds it whole, and finds a flipped byte."""
    before = {path: path.stat().st_mtime_ns for path in real_run.rglob("*.parquet")}
    again = mathmill("run", "lifted", "--size", "120", "--out", str(real_run))
    assert "finished" in again.stdout
    assert before == {path: path.stat().st_mtime_ns for path in real_run.rglob("*.parquet")}
    assert "is whole" in mathmill("verify-run", str(real_run)).stdout
    other = mathmill("run", "lifted", "--size", "121", "--out", str(real_run), check=False)
    assert other.returncode == RunError.exit_code
    assert "size" in other.stderr


def test_verify_run_finds_a_flipped_byte(real_run: Path, tmp_path: Path, mathmill: Command) -> None:
    run = tmp_path / "copy"
    shutil.copytree(real_run, run)
    shard = sorted(run.glob("solutions/part-*.parquet"))[0]
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    done = mathmill("verify-run", str(run), check=False)
    assert done.returncode == RunError.exit_code
    assert f"solutions/{shard.name}" in done.stderr


def test_preview_shows_five_and_writes_nothing(tmp_path: Path, mathmill: Command) -> None:
    shown = mathmill("preview", "lifted").stdout
    assert [line[:2] for line in shown.splitlines() if line[:2] in ("1.", "2.", "3.", "4.", "5.", "6.")] == [
        "1.", "2.", "3.", "4.", "5."]
    assert list(tmp_path.iterdir()) == []


def test_lift_alone_counts_and_writes_tables(tmp_path: Path, mathmill: Command) -> None:
    seeds = ROOT / "data" / "seeds" / "grade_school.jsonl"
    counts = json.loads(mathmill("lift", str(seeds), "--out", "lifted", "--json").stdout)
    lines = sum(1 for line in seeds.open() if line.strip())
    assert counts["templates"] + counts["rejected"] == lines
    assert sum(counts["rejected_by_rule"].values()) == counts["rejected"]
    asked = mathmill("query", "SELECT count(*) AS n FROM templates", "--runs", "lifted", "--format", "json").stdout
    assert json.loads(asked) == [{"n": counts["templates"]}]
    assert {"templates", "templates.rejected"} <= {path.name for path in (tmp_path / "lifted").iterdir()}


def test_instantiate_from_given_values(real_run: Path, tmp_path: Path, mathmill: Command) -> None:
    sql = "SELECT template_id, slots FROM templates ORDER BY template_id LIMIT 1"
    [template] = json.loads(mathmill("query", sql, "--runs", str(real_run), "--format", "json").stdout)
    number = next(slot for slot in template["slots"] if slot["low"] or slot["choices"])
    lines = [{"id": "as it was", "template_id": template["template_id"], "values": {}},
             {"id": "below nothing", "template_id": template["template_id"], "values": {number["name"]: "-7"}}]
    (tmp_path / "values.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    mathmill("instantiate", str(real_run), "--bindings", "values.jsonl", "--out", "bound")
    asked = mathmill("query", "SELECT binding_id FROM problems", "--runs", "bound", "--format", "json").stdout
    assert json.loads(asked) == [{"binding_id": "as it was"}]
    [why] = json.loads(mathmill("query", "SELECT reason FROM rejections", "--runs", "bound", "--format", "json").stdout)
    assert number["name"] in why["reason"]


def test_it_runs_as_a_wheel_lays_it_out(tmp_path: Path) -> None:
    """No checkout around the packages: what ships lies in tasks/data."""
    site = tmp_path / "site"
    for name in ("flows", "tasks", "schemas"):
        shutil.copytree(ROOT / name, site / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("seeds", "pools", "templates"):
        shutil.copytree(ROOT / "data" / name, site / "tasks" / "data" / name)
    words = ["run", "lifted", "--limit", "8", "--size", "20", "--out", "run"]
    done = subprocess.run([sys.executable, "-m", "flows", *words], cwd=tmp_path, capture_output=True, text=True,
                          check=False, env={**os.environ, "PYTHONPATH": str(site)})
    assert done.returncode == 0, done.stderr
    code = "import tasks, schemas, flows; print(tasks.__file__)"
    there = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True,
                           env={**os.environ, "PYTHONPATH": str(site)})
    assert there.stdout.startswith(str(site))
