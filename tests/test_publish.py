"""Publishing: the real command, `huggingface_hub` and `datasets` against ScriptedHub, which misbehaves on request."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from flows.cli import app, guarded
from flows.commands.publish import publish as publish_command
from schemas.errors import InputError, MathmillError, ParameterError, RunError, ToolError
from schemas.plan import Plan
from schemas.records import Example, stable_id
from schemas.run import open_run
from schemas.table import write_file, write_shard
from tasks import export
from tasks.publish.draft import Choice, of_run
from tasks.publish.growing import of_set
from tasks.publish.send import Sent, repository, send
from tasks.tools import hub_writer
from tasks.tools.each import whole
from tasks.tools.flags import flag
from tasks.tools.hub_writer import Hub
from tests.conftest import ROOT, Done, mathmill_in
from tests.fake_hub import READER, TOKEN, Blob, Cut, Hold, Meanwhile, Refuse, ScriptedHub, at
from tests.test_export import example, exported

LOAD = """
import datasets, json, sys
found = datasets.load_dataset(sys.argv[1])
print(json.dumps({name: list(split) for name, split in found.items()}))
"""
NOTHING = Choice()


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedHub]:
    with ScriptedHub(part=20_000) as hub:
        yield hub


@pytest.fixture
def hub(server: ScriptedHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ScriptedHub:
    """The stand-in, empty. This process's `huggingface_hub` talks to it, as a user who may write, and never waits."""
    from huggingface_hub import constants
    from huggingface_hub.utils import _http

    server.settled()
    server.repos.clear()
    server.stored.clear()
    home = tmp_path / "home"
    for name, value in (("ENDPOINT", server.url), ("HF_HUB_OFFLINE", False), ("HF_HUB_DISABLE_XET", True),
                        ("HUGGINGFACE_CO_URL_TEMPLATE", server.url + "/{repo_id}/resolve/{revision}/{filename}"),
                        ("HF_HUB_CACHE", str(home / "hub")), ("HF_TOKEN_PATH", str(home / "token"))):
        monkeypatch.setattr(constants, name, value)
    for name, value in (("HF_TOKEN", TOKEN), ("HF_ENDPOINT", server.url), ("HF_HUB_OFFLINE", "0")):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(hub_writer, "pause", lambda seconds: None)
    monkeypatch.setattr(_http, "time", SimpleNamespace(sleep=lambda seconds: None))
    _http.close_session()
    return server


def environment(server: ScriptedHub, folder: Path, **more: str) -> dict[str, str]:
    """What a process of its own needs to find the stand-in."""
    return {"HF_ENDPOINT": server.url, "HF_TOKEN": TOKEN, "HF_HOME": str(folder / "home"), "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1", **more}


def command(server: ScriptedHub, folder: Path, *words: str, check: bool = True, **more: str) -> Done:
    return mathmill_in(folder, "publish", *words, check=check, **environment(server, folder, **more))


def publish(run: Path, repo: str = "user/set", choice: Choice = NOTHING, public: bool = False,
            replacing: bool = False) -> Sent:
    """What the command does, in this process."""
    draft, hub = of_run(run, repo, choice), Hub()
    return send(hub, draft, repository(hub, repo, public), replacing)


def loaded(server: ScriptedHub, folder: Path, repo: str, **more: str) -> dict[str, list[dict[str, Any]]]:
    """All rows by split, as `datasets` gives them."""
    done = subprocess.run([sys.executable, "-c", LOAD, repo], capture_output=True, text=True, timeout=120, check=False,
                          env={**os.environ, **environment(server, folder, **more)})
    assert done.returncode == 0, done.stderr
    read: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    return read


def rows(folder: Path, split: str) -> list[dict[str, Any]]:
    return [row for path in sorted(folder.glob(f"{split}*.parquet")) for row in pq.read_table(path).to_pylist()]


def holds(hub: ScriptedHub, folder: Path, repo: str = "user/set") -> None:
    """The repository has each file of the draft, byte for byte, and none besides but git's own."""
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    there = {name: blob.data for name, blob in hub.repos[repo].files.items() if name != ".gitattributes"}
    assert sorted(there) == sorted(files)
    assert there == files
    assert not any(TOKEN.encode() in data for data in there.values())


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A small finished run with a data set of two splits."""
    exported(tmp_path / "run", [drawn(draw, template) for template in range(12) for draw in range(5)], name="a-set")
    return tmp_path / "run"


def drawn(draw: int, template: int) -> Example:
    """An example with parents of its own."""
    return example(draw, template, parents=[stable_id("problem", draw, template)])


def test_a_run_is_read_back_as_it_is(real_run: Path, server: ScriptedHub, tmp_path: Path) -> None:
    server.settled()
    server.repos.clear()
    told = command(server, tmp_path, str(real_run), "--repo", "user/real").stdout
    assert "120 rows are on" in told
    assert "private" in told
    assert server.repos["user/real"].private
    assert [title for _, title, _ in server.repos["user/real"].commits][1].startswith("120 rows, lifted ")
    read = loaded(server, tmp_path, "user/real")
    assert set(read) == {"train", "test"}
    for split, found in read.items():
        assert found == rows(real_run / "dataset" / "data", split)
    table = {row["id"]: row for row in rows(real_run / "clean", "part")}
    assert {row["id"]: row for found in read.values() for row in found} == table
    server.settled()
    again = command(server, tmp_path, str(real_run), "--repo", "user/real")
    assert "nothing was sent" in again.stdout
    assert server.sent == 0
    assert len(server.repos["user/real"].commits) == 2
    assert TOKEN not in told + again.stdout + again.stderr


def test_by_xet_it_arrives_just_the_same(run: Path, tmp_path: Path) -> None:
    """The Xet client, real on both ways, with a folder of this machine for its store."""
    store = tmp_path / "store"
    store.mkdir()
    with ScriptedHub(xet=store) as hub:
        command(hub, tmp_path, "run", "--repo", "user/set", HF_HUB_DISABLE_XET="0")
        files = hub.repos["user/set"].files
        assert [name for name, blob in files.items() if blob.xet] == [
            "data/test-00000-of-00001.parquet", "data/train-00000-of-00001.parquet"]
        assert hub.sent == 0
        read = loaded(hub, tmp_path, "user/set", HF_HUB_DISABLE_XET="0")
    for split in ("train", "test"):
        assert read[split] == rows(run / "dataset" / "data", split)


def test_a_dry_run_talks_to_nobody(run: Path, hub: ScriptedHub, tmp_path: Path) -> None:
    told = command(hub, tmp_path, "run", "--repo", "user/set", "--dry-run", HF_TOKEN="")
    assert hub.log == []
    assert hub.repos == {}
    for name in ("README.md", "manifest.json", "data/train-00000-of-00001.parquet"):
        assert name in told.stdout
    assert "60 rows" in told.stdout
    assert (tmp_path / "run.hub" / "user--set" / "README.md").exists()
    assert told.stdout.count("\n") == 5


def test_files_are_as_the_viewer_wants_them(run: Path, hub: ScriptedHub) -> None:
    publish(run)
    parquet = {name: blob for name, blob in hub.repos["user/set"].files.items() if name.endswith(".parquet")}
    assert sorted(parquet) == ["data/test-00000-of-00001.parquet", "data/train-00000-of-00001.parquet"]
    for blob in parquet.values():
        assert blob.lfs
        assert len(blob.data) < 500_000_000
        footer = pq.read_metadata(pa.BufferReader(blob.data))
        for group in range(footer.num_row_groups):
            assert footer.row_group(group).total_byte_size < 100_000_000
            assert all(footer.row_group(group).column(column).has_offset_index for column in range(footer.num_columns))


def test_the_card_tells_the_hub_and_the_reader(real_run: Path, hub: ScriptedHub, tmp_path: Path) -> None:
    publish(real_run, "team/real", public=True)
    assert not hub.repos["team/real"].private
    files = hub.repos["team/real"].files
    front, text = files["README.md"].data.decode().split("---\n", 2)[1:]
    told = yaml.safe_load(front)
    assert told["license"] == "mit"
    assert {one["split"]: one["path"] for one in told["configs"][0]["data_files"]} == {
        "train": "data/train-*", "test": "data/test-*"}
    assert sum(split["num_examples"] for split in told["dataset_info"]["splits"]) == 120
    assert told["dataset_info"]["download_size"] == sum(len(one.data) for one in files.values() if one.lfs)
    for part in ("# team/real", "## From seeds to examples", "by_text rejects a right answer", "Duplicates:",
                 "Contamination: not looked for", "| grade_school.jsonl | MIT |", "mathmill run lifted size=120"):
        assert part in text
    assert str(tmp_path) not in text + files["manifest.json"].data.decode()
    assert str(real_run) not in text + files["manifest.json"].data.decode()
    (tmp_path / "data").mkdir()
    for name, blob in files.items():
        if blob.lfs:
            (tmp_path / name).write_bytes(blob.data)
    snippets = [line for line in text.split("```sql\n")[1].split("```")[0].splitlines() if line.startswith("SELECT")]
    assert len(snippets) == 3
    for line in snippets:  # DuckDB's hf:// needs a network: the same over the files
        assert "'hf://datasets/team/real/data/" in line
        assert duckdb.sql(line.replace("hf://datasets/team/real", str(tmp_path))).fetchall()


# What may not be published

def test_only_a_whole_run_is_published(run: Path, hub: ScriptedHub) -> None:
    record = json.loads((run / "run.json").read_text())
    shard = next((run / "clean").glob("*.parquet"))
    content = shard.read_bytes()
    shard.write_bytes(content[:-9] + b"x" + content[-8:])
    with pytest.raises(RunError, match="only a whole run"):
        publish(run)
    shard.write_bytes(content)
    (run / "run.json").write_text(json.dumps({**record, "state": "failed"}))
    with pytest.raises(RunError, match="the run is failed, not finished"):
        publish(run)
    assert hub.log == []


def test_a_licence_is_never_made_up(tmp_path: Path, hub: ScriptedHub) -> None:
    exported(tmp_path / "run", [example(1, 1, licence=""), example(2, 1), example(3, 2)], name="a-set")
    with pytest.raises(InputError, match="1 rows come from sources that state no licence"):
        publish(tmp_path / "run")
    assert hub.log == []
    publish(tmp_path / "run", choice=Choice(licence="cc-by-4.0"))
    card = hub.repos["user/set"].files["README.md"].data.decode()
    assert yaml.safe_load(card.split("---\n")[1])["license"] == ["cc-by-4.0", "mit"]
    assert "the publisher states it: cc-by-4.0" in card


def test_a_stated_licence_does_not_override_one(run: Path, hub: ScriptedHub) -> None:
    with pytest.raises(ParameterError, match="every row states its licence"):
        publish(run, choice=Choice(licence="cc0-1.0"))
    assert hub.log == []


def test_flagged_rows_wait_for_a_decision(run: Path, hub: ScriptedHub) -> None:
    data = rows(run / "dataset" / "data", "train")
    flag(run, data[3]["id"], "odd")
    flag(run, data[9]["parents"][0], "its problem is odd")
    with pytest.raises(InputError, match="2 of its rows are flagged"):
        publish(run)
    assert hub.log == []
    publish(run, choice=Choice(with_flagged=False))
    draft = run.parent / "run.hub" / "user--set"
    assert rows(draft / "data", "train") == [row for number, row in enumerate(data) if number not in (3, 9)]
    assert rows(draft / "data", "test") == rows(run / "dataset" / "data", "test")
    card = (draft / "README.md").read_text()
    assert "A reader marked 2 rows as odd" in card
    assert "58 math problems" in card
    holds(hub, draft)
    publish(run, choice=Choice(with_flagged=True))
    assert len(rows(draft / "data", "train")) == len(data)
    holds(hub, draft)


# Updates

def test_what_is_there_is_not_sent_again(run: Path, hub: ScriptedHub) -> None:
    publish(run)
    hub.settled()
    assert publish(run).added == []
    assert hub.sent == 0
    assert not [line for line in hub.log if "commit" in line or line.startswith("PUT")]
    assert len(hub.repos["user/set"].commits) == 2


def test_a_new_card_alone_does_not_send_the_data(run: Path, hub: ScriptedHub) -> None:
    publish(run)
    hub.settled()
    flag(run, "problem_nobody_has")
    data = rows(run / "dataset" / "data", "test")
    flag(run, data[0]["id"])
    sent = publish(run, choice=Choice(with_flagged=False))
    assert sent.added == ["README.md", "data/test-00000-of-00001.parquet", "manifest.json"]
    assert hub.sent == len(hub.repos["user/set"].files["data/test-00000-of-00001.parquet"].data)
    assert len(hub.repos["user/set"].commits) == 3


def other(folder: Path, templates: range = range(20, 30), draws: range = range(1000, 1003)) -> Path:
    """Another run, of other parameters."""
    made = [drawn(draw, template) for template in templates for draw in draws]
    with open_run(folder, Plan("lifted", {"seed": 7, "size": len(made), "name": "other"})):
        export.parquet(whole(lambda: iter(made), into=Example, name="clean"), name="other")
    return folder


def test_another_run_replaces_only_when_told(run: Path, hub: ScriptedHub, tmp_path: Path) -> None:
    publish(run)
    second = other(tmp_path / "second")
    with pytest.raises(InputError, match="it holds another data set"):
        publish(second)
    assert len(hub.repos["user/set"].commits) == 2
    publish(second, replacing=True)
    holds(hub, tmp_path / "second.hub" / "user--set")


def append(run: Path, repo: str = "user/set") -> None:
    publish_command(str(run), repo, append=True)


def test_an_appended_run_sends_its_rows_alone(run: Path, hub: ScriptedHub, tmp_path: Path) -> None:
    publish(run)
    before = dict(hub.repos["user/set"].files)
    second = other(tmp_path / "second", range(6, 26))  # templates 6 to 11 are known
    hub.settled()
    append(second)
    after = hub.repos["user/set"].files
    new = sorted(name for name in after if name not in before)
    assert new == ["data/test-added-00001-00000-of-00001.parquet", "data/train-added-00001-00000-of-00001.parquet"]
    assert all(after[name] == blob for name, blob in before.items() if name.endswith(".parquet"))
    assert hub.sent == sum(len(after[name].data) for name in new)
    draft = tmp_path / "second.hub" / "user--set"
    holds(hub, draft)
    read = loaded(hub, tmp_path, "user/set")
    assert {side: sorted(row["id"] for row in found) for side, found in read.items()} == {
        side: sorted(row["id"] for row in rows(draft / "data", side)) for side in ("train", "test")}
    sides = {side: rows(draft / "data", side) for side in ("train", "test")}
    assert len({row["id"] for side in sides.values() for row in side}) == 60 + 60
    for key in ("template_id", "seed_id"):
        assert not {row[key] for row in sides["train"]} & {row[key] for row in sides["test"]}
    card = (draft / "README.md").read_text()
    assert "120 math problems" in card
    assert "These rows came in 2 batches" in card
    hub.settled()
    append(second)
    assert hub.sent == 0
    assert len(hub.repos["user/set"].commits) == 3


def test_rows_that_are_there_are_not_appended(run: Path, hub: ScriptedHub, tmp_path: Path) -> None:
    publish(run)
    append(other(tmp_path / "second", range(10, 14), range(3, 8)))  # of templates 10 and 11, draws 3 and 4 are there
    ids = [row["id"] for side in ("train", "test")
           for row in rows(tmp_path / "second.hub" / "user--set" / "data", side)]
    assert len(ids) == len(set(ids)) == 60 + 20 - 4
    assert hub.repos["user/set"].commits[-1][1].startswith("76 rows, lifted ")


def test_a_set_that_grows_sends_each_batch_once(hub: ScriptedHub, tmp_path: Path) -> None:
    folder = tmp_path / "nightly"
    grow(folder, 0)
    grow(folder, 1)
    draw = publish_set(folder)
    assert [name for name in draw.added if name.endswith("parquet")] == [
        "data/train-00000-00000-of-00001.parquet", "data/train-00001-00000-of-00001.parquet"]
    hub.settled()
    assert publish_set(folder).added == []
    grow(folder, 2)
    assert publish_set(folder).added == ["README.md", "data/train-00002-00000-of-00001.parquet", "manifest.json"]
    assert hub.sent == len(hub.repos["user/set"].files["data/train-00002-00000-of-00001.parquet"].data)
    draft = tmp_path / "nightly.hub" / "user--set"
    holds(hub, draft)
    made = [row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    order = [sorted(made[start:start + 20], key=lambda row: (row["template_id"], row["id"])) for start in (0, 20, 40)]
    assert rows(draft / "data", "train") == [row for part in order for row in part]
    assert "| new to the set | 66 | 60 | 6 | known 6 |" in (draft / "README.md").read_text()


def test_the_card_of_a_set_adds_up_what_its_runs_tell(run: Path, hub: ScriptedHub, tmp_path: Path) -> None:
    folder = tmp_path / "nightly"
    grow(folder, 0, run)
    grow(folder, 1, other(tmp_path / "second"))
    publish_set(folder)
    card = (tmp_path / "nightly.hub" / "user--set" / "README.md").read_text()
    assert "| clean | 90 | 90 | 0 |  |" in card  # 60 and 30
    assert "mathmill run lifted seed=7 size=30 name=other" in card
    assert str(tmp_path) not in card


def test_a_flagged_row_of_a_set_changes_its_shard_alone(hub: ScriptedHub, tmp_path: Path) -> None:
    folder = tmp_path / "nightly"
    grow(folder, 0)
    grow(folder, 1)
    publish_set(folder)
    flag(folder, pq.read_table(folder / "part-00001.parquet")["id"][0].as_py())
    with pytest.raises(InputError, match="1 of its rows are flagged"):
        publish_set(folder)
    assert publish_set(folder, with_flagged=False).added == [
        "README.md", "data/train-00001-00000-of-00001.parquet", "manifest.json"]


def test_a_set_with_a_batch_that_does_not_fit_is_not_published(hub: ScriptedHub, tmp_path: Path) -> None:
    folder = tmp_path / "nightly"
    grow(folder, 0)
    grow(folder, 1)
    shutil.copy(folder / "part-00001.parquet", tmp_path / "kept")
    write_shard(folder / "part-00001.parquet", [example(1, 1)], Example)
    with pytest.raises(RunError, match="holds 1 rows, its account says 20"):
        publish_set(folder)
    shutil.copy(tmp_path / "kept", folder / "part-00001.parquet")
    (folder / "part-00000.json").unlink()
    with pytest.raises(RunError, match="has no account"):
        publish_set(folder)
    shutil.copy(tmp_path / "kept", folder / "part-00001.parquet")
    write_file(folder / "part-00000.json", json.dumps({"run": "gone/0", "brought": 20, "added": 20}).encode())
    table = pq.read_table(folder / "part-00001.parquet")
    pq.write_table(table.append_column("new", pa.array(["x"] * 20)), folder / "part-00001.parquet")
    with pytest.raises(RunError, match="has other columns than"):
        publish_set(folder)
    assert hub.log == []


def grow(folder: Path, number: int, run: Path | None = None) -> None:
    """One more batch, as `flows.schedule_set` leaves it; its run is gone, unless given."""
    made = [example(100 * number + draw, draw) for draw in range(20)]
    told = {"run": str(run or f"data/runs/lifted/{number:016x}"), "brought": 22, "added": 20, "seed": number}
    write_file(folder / f"part-{number:05d}.json", json.dumps(told).encode())
    write_shard(folder / f"part-{number:05d}.parquet", made, Example)


def publish_set(folder: Path, with_flagged: bool | None = None) -> Sent:
    draft, hub = of_set(folder, "user/set", Choice(with_flagged)), Hub()
    return send(hub, draft, repository(hub, "user/set", False))


# What goes wrong

def failed(call: Callable[[], Any], kind: type[MathmillError] = ToolError) -> str:
    """The one message of a call that fails; the token is not in it, nor in what led to it."""
    with pytest.raises(kind) as caught:
        call()
    error: BaseException | None = caught.value
    told = str(error)
    assert told.count("mend:") == 1
    while error is not None:
        assert TOKEN not in f"{error} {error!r}"
        error = error.__cause__
    return told


def test_without_a_token_it_says_how_to_get_one(run: Path, hub: ScriptedHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN")
    assert "there is no token" in failed(lambda: publish(run))
    assert not [line for line in hub.log if "agent" not in line]


def test_a_wrong_token_is_not_repeated(run: Path, hub: ScriptedHub, tmp_path: Path) -> None:
    """The stand-in repeats it in its answer, as a careless server or proxy might, and tracebacks are asked for."""
    wrong = "hf_wrongwrongwrong"
    done = command(hub, tmp_path, "run", "--repo", "user/set", check=False, HF_TOKEN=wrong, MATHMILL_DEBUG="1")
    assert done.returncode == ToolError.exit_code
    assert done.stderr.splitlines()[-2].startswith("mathmill: HF_TOKEN: the Hub does not know this token")
    assert wrong not in done.stdout + done.stderr
    assert hub.repos == {}


def test_a_token_that_may_only_read(run: Path, hub: ScriptedHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", READER)
    assert "may only read" in failed(lambda: publish(run))
    assert hub.repos == {}


@pytest.mark.parametrize(("status", "says"), [(403, "this token may not do that"), (401, "does not know this token")])
def test_a_token_that_the_store_refuses(run: Path, hub: ScriptedHub, monkeypatch: pytest.MonkeyPatch, status: int,
                                        says: str) -> None:
    """By Xet the upload has a token of its own, and its client an error for all that goes wrong."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    hub.faults.append(at(1, Refuse(status), "xet-write-token", -1))
    assert says in failed(lambda: publish(run))
    assert len(hub.repos["user/set"].commits) == 1


def test_somebody_elses_name(run: Path, hub: ScriptedHub) -> None:
    assert "'stranger' is neither you nor an organization of yours: you are user, team" in failed(
        lambda: publish(run, "stranger/set"))


def test_what_a_fine_grained_token_may_do_is_seen_when_it_does_it(run: Path, hub: ScriptedHub) -> None:
    """Asked who it is, it does not name all organizations that it may write for."""
    fine = {"name": "user", "orgs": [], "auth": {"accessToken": {"role": "fineGrained"}}}
    hub.faults.append(at(1, Refuse(200, fine), "whoami"))
    publish(run, "team/set")
    assert len(hub.repos["team/set"].commits) == 2


def test_a_name_that_the_hub_does_not_take(run: Path, hub: ScriptedHub) -> None:
    assert "the Hub takes no such name" in failed(lambda: publish(run, "user/a--b"), InputError)
    assert hub.repos == {}


def test_an_organization_where_one_may_not_write(run: Path, hub: ScriptedHub) -> None:
    says = {"error": "You don't have the rights", "x": TOKEN}
    hub.faults.append(at(1, Refuse(403, says), "repos/create"))
    assert "this token may not do that: You don't have the rights" in failed(lambda: publish(run, "team/set"))


def test_a_private_data_set_that_the_token_does_not_reach(run: Path, hub: ScriptedHub) -> None:
    """The Hub answers as if there were none: 404, and says 409 when one is to be made."""
    exists = {"error": "You already created this dataset repo", "url": f"{hub.url}/datasets/user/set"}
    hub.faults.append(at(1, Refuse(404, {"error": "no"}, {"X-Error-Code": "RepoNotFound"}), "GET /api/datasets", -1))
    hub.faults.append(at(1, Refuse(409, exists), "repos/create"))
    assert "it is there, but this token may not see it" in failed(lambda: publish(run))


def test_a_public_data_set_is_not_filled_by_accident(run: Path, hub: ScriptedHub) -> None:
    publish(run, public=True)
    assert "this data set is public already" in failed(lambda: publish(run), ParameterError)
    publish(run, "user/other")
    assert "this data set is private already" in failed(lambda: publish(run, "user/other", public=True), ParameterError)


@pytest.mark.parametrize(("on", "says"), [
    ("validate-yaml", {"errors": [{"message": '"license" must be one of [apache-2.0, mit]'}], "warnings": []}),
    ("/commit/", {"error": 'Invalid metadata in README.md: "license" must be one of [apache-2.0, mit]'})])
def test_a_rejected_card(run: Path, hub: ScriptedHub, on: str, says: dict[str, Any]) -> None:
    hub.faults.append(at(1, Refuse(400, says), on))
    told = failed(lambda: publish(run), InputError)
    assert "user/set/README.md: the Hub refuses the card:" in told
    assert '"license" must be one of [apache-2.0, mit]' in told
    assert len(hub.repos["user/set"].commits) == 1
    assert bool(hub.sent) == (on == "/commit/")  # it is looked at before anything large goes up


def test_a_rejected_commit_is_no_rejected_card(run: Path, hub: ScriptedHub) -> None:
    hub.faults.append(at(1, Refuse(400, {"error": "the path is not allowed"}), "/commit/"))
    assert "the Hub refuses the commit: the path is not allowed" in failed(lambda: publish(run), InputError)


def test_patience_ends_with_a_word_on_it(run: Path, hub: ScriptedHub) -> None:
    hub.faults.append(at(1, Refuse(429, headers={"Retry-After": "7"}), "/commit/", -1))
    assert "asks for patience" in failed(lambda: publish(run))


def test_the_hub_says_how_long_to_wait(run: Path, hub: ScriptedHub, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(hub_writer, "pause", waited.append)
    for on in ("whoami", "repos/create", "/commit/"):
        hub.faults.append(at(1, Refuse(429, headers={"Retry-After": "7"}), on, 2))
    publish(run)
    assert waited == [7.0] * 6
    holds(hub, run.parent / "run.hub" / "user--set")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_hub_that_fails_now_and_then(run: Path, hub: ScriptedHub, status: int) -> None:
    for on in ("whoami", "preupload", "objects/batch", "PUT /lfs", "/commit/"):
        hub.faults.append(at(1, Refuse(status), on))
    publish(run)
    assert len(hub.repos["user/set"].commits) == 2
    holds(hub, run.parent / "run.hub" / "user--set")


# Others at work in the same repository

def test_a_repository_that_moved_on_elsewhere(run: Path, hub: ScriptedHub) -> None:
    """Somebody adds a file of their own just before our commit: 412, another look, and both are there."""
    publish(run, "user/set")
    flag(run, rows(run / "dataset" / "data", "test")[0]["id"])
    repo = hub.repos["user/set"]
    hub.faults.append(at(1, Meanwhile(lambda: void(
        repo.commit("theirs", {**repo.files, "notes.txt": Blob(b"x", False)}))), "/commit/"))
    publish(run, choice=Choice(with_flagged=False))
    assert repo.files["notes.txt"].data == b"x"
    assert len(repo.commits) == 4
    assert [line for line in hub.log if "/commit/" in line][1:] == ["POST /api/datasets/user/set/commit/main"] * 2


def test_a_repository_whose_card_somebody_changed_meanwhile(run: Path, hub: ScriptedHub) -> None:
    publish(run)
    flag(run, rows(run / "dataset" / "data", "test")[0]["id"])
    repo = hub.repos["user/set"]
    hub.faults.append(at(1, Meanwhile(lambda: void(
        repo.commit("theirs", {**repo.files, "README.md": Blob(b"mine!", False)}))), "/commit/"))
    told = failed(lambda: publish(run, choice=Choice(with_flagged=False)), InputError)
    assert "somebody else changed README.md meanwhile" in told
    assert repo.files["README.md"].data == b"mine!"


def test_a_card_that_was_edited_on_the_hub_is_kept(run: Path, hub: ScriptedHub) -> None:
    publish(run)
    repo = hub.repos["user/set"]
    repo.commit("theirs", {**repo.files, "README.md": Blob(b"mine!", False)})
    assert "edited by somebody else" in failed(lambda: publish(run), InputError)
    assert repo.files["README.md"].data == b"mine!"
    publish(run, replacing=True)
    holds(hub, run.parent / "run.hub" / "user--set")


def test_data_that_somebody_mended_on_the_hub_is_kept(run: Path, hub: ScriptedHub) -> None:
    publish(run)
    repo, name = hub.repos["user/set"], "data/test-00000-of-00001.parquet"
    repo.commit("theirs", {**repo.files, name: Blob(b"mended", True)})
    assert f"somebody else changed {name}" in failed(lambda: publish(run), InputError)
    assert repo.files[name].data == b"mended"
    publish(run, replacing=True)
    holds(hub, run.parent / "run.hub" / "user--set")


def test_data_of_others_is_neither_mixed_nor_deleted(run: Path, hub: ScriptedHub) -> None:
    publish(run)
    repo = hub.repos["user/set"]
    repo.commit("theirs", {**repo.files, "data/train-theirs.parquet": Blob(b"x", True), "notes.txt": Blob(b"y", False)})
    flag(run, rows(run / "dataset" / "data", "test")[0]["id"])
    told = failed(lambda: publish(run, choice=Choice(with_flagged=False), replacing=True), InputError)
    assert "data that mathmill did not put there: data/train-theirs.parquet" in told
    assert len(repo.commits) == 3


def void(_: object) -> None:
    return None


# Broken off at any request

@pytest.fixture
def attempt(run: Path, hub: ScriptedHub) -> Callable[[], Sent]:
    """One more try to publish the same draft."""
    draft = of_run(run, "user/set", NOTHING)

    def publish_it() -> Sent:
        here = Hub()
        return send(here, draft, repository(here, "user/set", False))

    return publish_it


def emptied(hub: ScriptedHub) -> None:
    hub.settled()
    hub.repos.clear()
    hub.stored.clear()


def requests_of(attempt: Callable[[], Sent], hub: ScriptedHub) -> int:
    attempt()
    return len(hub.log)


@pytest.mark.parametrize("late", [False, True], ids=["before it is carried out", "after it was carried out"])
def test_broken_off_at_any_request_and_repeated(run: Path, hub: ScriptedHub, attempt: Callable[[], Sent],
                                                late: bool) -> None:
    """From request k on nothing comes through: the command fails. Repeated, it ends in one commit, every byte right."""
    total = requests_of(attempt, hub)
    size = sum(len(blob.data) for blob in hub.repos["user/set"].files.values() if blob.lfs)
    assert total > 10
    for number in range(1, total + 1):
        emptied(hub)
        hub.faults += [at(number, Cut(late), times=1), at(number + 1, Cut(), times=-1)]
        assert "is not sent again" in failed(attempt)
        if "user/set" in hub.repos:
            assert len(hub.repos["user/set"].files) in (1, 5), "all of it or nothing"
        sent = hub.sent
        hub.settled()
        attempt()
        assert len(hub.repos["user/set"].commits) == 2, f"one commit, broken off at {number}"
        holds(hub, run.parent / "run.hub" / "user--set")
        assert size <= sent + hub.sent <= 2 * size


def test_an_update_broken_off_at_any_request(run: Path, hub: ScriptedHub, attempt: Callable[[], Sent]) -> None:
    """Whoever looks sees the old data set or the new one; the third commit is the last."""
    attempt()
    repo = hub.repos["user/set"]
    flag(run, rows(run / "dataset" / "data", "test")[0]["id"])
    draft = of_run(run, "user/set", Choice(with_flagged=False))
    before, stored, number, calls = [*repo.commits], {**hub.stored}, 0, 1
    while number < calls:
        repo.commits[:], number = before, number + 1
        hub.stored = {**stored}
        hub.settled()
        hub.faults.append(at(number, Cut(late=number % 2 == 0), times=-1))
        with suppress(ToolError):
            send(Hub(), draft, repository(Hub(), "user/set", False))
        if len(repo.commits) > 2:
            holds(hub, draft.folder)
        hub.settled()
        send(Hub(), draft, repository(Hub(), "user/set", False))
        calls = max(calls, len(hub.log))
        assert len(repo.commits) == 3
        holds(hub, draft.folder)
    assert calls > 8


def test_a_network_that_drops_once_is_not_even_noticed(run: Path, hub: ScriptedHub,
                                                       attempt: Callable[[], Sent]) -> None:
    for number in range(1, requests_of(attempt, hub) + 1):
        for late in (False, True):
            emptied(hub)
            hub.faults.append(at(number, Cut(late)))
            attempt()
            assert len(hub.repos["user/set"].commits) == 2, f"one commit, dropped at {number}, {late}"
            holds(hub, run.parent / "run.hub" / "user--set")


@pytest.mark.parametrize("on", ["whoami", "PUT /lfs", "/commit/"])
def test_a_network_that_goes_silent(hub: ScriptedHub, attempt: Callable[[], Sent], monkeypatch: pytest.MonkeyPatch,
                                    on: str) -> None:
    """No answer and no end of the connection either, as behind a router that was switched off."""
    monkeypatch.setattr(hub_writer, "SILENCE", 0.2)
    hub.faults.append(at(1, Hold(threading.Event()), on, -1))
    assert "repeat the command" in failed(attempt)
    monkeypatch.setattr(hub_writer, "SILENCE", 20.0)
    hub.settled()
    attempt()
    assert len(hub.repos["user/set"].commits) == 2


def test_what_arrived_is_not_sent_again(run: Path, hub: ScriptedHub) -> None:
    hub.faults.append(at(1, Cut(), "/commit/", -1))
    assert "repeat the command" in failed(lambda: publish(run))
    sent = hub.sent
    assert sent
    hub.settled()
    publish(run)
    assert hub.sent == 0
    assert len(hub.repos["user/set"].commits) == 2


@pytest.mark.parametrize("on", ["PUT /lfs", "/commit/"])
def test_killed_in_the_middle_of_it(run: Path, hub: ScriptedHub, tmp_path: Path, on: str) -> None:
    held = threading.Event()
    hub.faults.append(at(1, Hold(held), on))
    process = subprocess.Popen([sys.executable, "-m", "flows", "publish", str(run), "--repo", "user/set"], cwd=tmp_path,
                               env={**os.environ, "PYTHONPATH": str(ROOT), **environment(hub, tmp_path)},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert held.wait(60)
    process.kill()
    assert process.wait(20) == -9
    assert len(hub.repos["user/set"].commits) == 1
    hub.settled()
    command(hub, tmp_path, str(run), "--repo", "user/set")
    assert len(hub.repos["user/set"].commits) == 2
    holds(hub, run.parent / "run.hub" / "user--set")


def test_a_hub_that_cannot_be_reached(run: Path, hub: ScriptedHub, tmp_path: Path) -> None:
    done = command(hub, tmp_path, "run", "--repo", "user/set", check=False, HF_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == ToolError.exit_code
    assert "the Hugging Face Hub cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr
    assert TOKEN not in done.stderr
    assert hub.log == []


@pytest.mark.parametrize(("words", "says"), [
    (["run", "--repo", "set"], "'set' is no name on the Hub"),
    (["run", "--repo", "a/b c"], "'a/b c' is no name on the Hub"),
    (["nosuch", "--repo", "user/set"], "there is no run 'nosuch'"),
    (["run", "--repo", "user/set", "--append", "--dry-run"], "--append goes with neither"),
    (["run"], "--repo")])
def test_a_wrong_word_gives_one_message(run: Path, hub: ScriptedHub, words: list[str], says: str,
                                        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(run.parent)
    assert guarded(lambda: app(["publish", *words])) == 2
    assert says in capsys.readouterr().err
    assert hub.log == []
