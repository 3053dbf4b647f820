"""Publishing when something goes wrong: tokens, refusals, others at work in the repository, broken connections."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from flows.cli import app, guarded
from schemas.errors import InputError, ParameterError, ToolError
from tasks.publish.draft import Choice, of_run
from tasks.publish.send import Sent, repository, send
from tasks.tools import hub_writer
from tasks.tools.flags import flag
from tasks.tools.hub_writer import Hub
from tests.conftest import ROOT
from tests.fake_hub import READER, TOKEN, Blob, Cut, Hold, Meanwhile, Refuse, ScriptedHub, at
from tests.publishing import NOTHING, command, environment, failed, holds, publish, rows

pytest_plugins = "tests.publishing"


# What goes wrong

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
