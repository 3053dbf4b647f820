"""Publishing: the real command, `huggingface_hub` and `datasets` against ScriptedHub; what goes up and what may not."""

import json
import shutil
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from flows.commands.publish import publish as publish_command
from schemas.errors import InputError, ParameterError, RunError
from schemas.plan import Plan
from schemas.records import Example
from schemas.run import open_run
from schemas.table import write_file, write_shard
from tasks import export
from tasks.publish.draft import Choice
from tasks.publish.growing import of_set
from tasks.publish.send import Sent, repository, send
from tasks.tools.each import whole
from tasks.tools.flags import flag
from tasks.tools.hub_writer import Hub
from tests.fake_hub import TOKEN, ScriptedHub
from tests.publishing import command, drawn, holds, loaded, publish, rows
from tests.test_export import example, exported

pytest_plugins = "tests.publishing"


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
