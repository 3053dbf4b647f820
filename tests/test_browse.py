"""`mathmill browse`: filter, read and flag in a real browser; sealed tables stay as they are; strangers are refused."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from schemas.errors import InputError
from schemas.manifest import verify
from tasks.report.shelf import Shelf
from tasks.tools.flags import flag, flagged, flags_file, unflag
from tests.browser import THEMES, WIDTHS, axe, chromium, sealed
from tests.conftest import ROOT, mathmill_in
from tests.shown import TAKEN, left_running, shown_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shown_run(tmp_path_factory.mktemp("shelf") / "run")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "flows", "browse", str(folder), "--port", str(port)], cwd=ROOT)
    for _ in range(300):
        with socket.socket() as ask:
            if ask.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.2)
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def answer(address: str, data: bytes | None = None, **headers: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data, headers), timeout=60) as found:
            return int(found.status), found.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_record_is_flagged_and_unflagged_by_keyboard_alone(address: str, folder: Path, browser: Any) -> None:
    page, _ = sealed(browser, WIDTHS[0], "light")
    page.goto(f"{address}/?q=example_0&page=2")
    page.locator("article a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=This record is not flagged.")
    for _ in range(3):  # past the skip link and the way back
        page.keyboard.press("Tab")
    page.keyboard.type(f"odd {TAKEN}")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=This record is flagged.")
    name = page.inner_text("h1")
    assert flagged(folder) == {name}
    page.goto(f"{address}/?flagged=1")
    assert page.locator("article").count() == 1
    assert TAKEN in page.inner_text("article")
    page.goto(f"{address}/record/{name}?back={quote('q=example_0&page=2')}")
    page.locator("button >> nth=1").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=This record is not flagged.")
    assert flagged(folder) == set()
    page.locator("header a").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=page 2 of")
    assert verify(folder) == []
    page.close()


def test_the_form_filters_by_keyboard(address: str, browser: Any) -> None:
    page, _ = sealed(browser, WIDTHS[1], "dark")
    page.goto(address)
    page.locator("#difficulty").focus()
    page.keyboard.type("3")
    page.locator("#q").focus()
    page.keyboard.type('made "example_00"')
    page.keyboard.press("Enter")
    page.wait_for_selector("text=2 records in kept")
    assert page.input_value("#difficulty") == "3"
    page.close()


@pytest.mark.parametrize("theme", THEMES)
def test_texts_run_nothing_and_fit_at_both_widths(address: str, browser: Any, theme: str) -> None:
    for width in WIDTHS:
        page, asked = sealed(browser, width, theme)
        for path in ("/", "/?page=2", "/?table=rejected", "/?table=planted", "/record/example_011"):
            page.goto(address + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert page.evaluate("document.scripts.length + document.images.length") == 0
            assert page.title().startswith("mathmill ")
        assert len(asked) == 5
        assert "<mfrac>" in page.content()
        page.close()


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing(address: str, browser: Any, theme: str) -> None:
    page, _ = sealed(browser, WIDTHS[0], theme)
    for path in ("/", "/?table=rejected", "/record/example_010"):
        page.goto(address + path)
        assert axe(page) == [], path
    page.close()


def test_every_table_filter_and_page_can_be_had(folder: Path) -> None:
    shelf = Shelf(folder)
    assert {"kept", "rejected", "seeds", "problems", "solutions", "verdicts", "rates", "examples"} <= set(shelf.views)
    assert set(shelf.kind("kept").choices) == {"topic", "difficulty"}
    assert shelf.kind("rejected").choices == {"step": ["clean", "distinct"], "rule": ["conflict", "exact", "ngram"]}
    seen = [row["id"] for number in (1, 2, 3) for row in shelf.listed({"table": "examples", "page": str(number)}).rows]
    assert seen == sorted(set(seen))
    assert len(seen) == shelf.listed({"table": "examples"}).total == 60
    assert shelf.listed({"table": "rejected", "step": "clean"}).total == 6
    assert shelf.listed({"topic": "topic 1", "difficulty": "2"}).total == 4
    assert shelf.listed({"q": "EXAMPLE_00 made"}).total == 8
    assert shelf.listed({"q": '"No. 1."'}).total == 1
    assert (found := shelf.listed({"page": "99999"})).at == found.pages == 2
    assert shelf.listed({"q": "nobody wrote this", "page": "7"}).total == 0


def test_a_record_of_any_table_can_be_read(folder: Path) -> None:
    shelf = Shelf(folder)
    for table in shelf.views:
        name = shelf.listed({"table": table}).rows[0]["id"]
        record, roots = shelf.record(name)
        assert record.id == name
        assert roots[0].view == "seeds", table
    with pytest.raises(InputError, match="no record"):
        shelf.record("nobody")


def test_strangers_are_refused(address: str) -> None:
    assert answer(address, Host="evil.example")[0] == 400
    assert answer(f"{address}/flag/x", b"do=flag&token=guessed")[0] == 403
    assert answer(f"{address}/flag/x", b"x" * 20_000)[0] == 413
    status, told = answer(f"{address}/record/nobody")
    assert (status, "this run holds no record 'nobody'" in told) == (404, True)


def test_odd_filters_are_answered(address: str) -> None:
    for query in ("page=-1", "page=99999", "page=%D9%A3", "table=drop", "table=rejected&rule=%27", "q=%27%3B--",
                  "q=%00", "q=%FF%22", "difficulty=x", f"q={quote(TAKEN)}", "flagged=1&table=verdicts"):
        assert answer(f"{address}/?{query}")[0] == 200, query
    assert 'href="//evil' not in answer(f"{address}/record/example_001?back=//evil.example")[1]


def test_a_run_that_is_not_there_a_port_that_is_taken_are_one_message(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for words, told in (((str(folder), "--port", port), "the port cannot be had: Address already in use"),
                            (("nobody",), "there is no run 'nobody'"), (("empty",), "this folder is no run")):
            done = mathmill_in(tmp_path, "browse", *words, check=False)
            assert done.returncode == 2
            assert told in done.stderr
            assert done.stderr.count("mend:") == 1
            assert "Traceback" not in done.stderr
            assert "http://" not in done.stdout


def test_a_run_that_was_killed_can_be_browsed(tmp_path: Path) -> None:
    left_running(shown_run(tmp_path / "run", rows=3), 2**22 + 1)
    shelf = Shelf(tmp_path / "run")
    assert "its process is gone" in shelf.state
    assert shelf.listed({}).total == 3


def test_flags_come_and_go(tmp_path: Path) -> None:
    flag(tmp_path / "run", "a", "why")
    flag(tmp_path / "run", "b")
    unflag(tmp_path / "run", "a")
    assert flagged(tmp_path / "run") == {"b"}
    flags_file(tmp_path / "run").write_text("[1]")
    with pytest.raises(InputError):
        flagged(tmp_path / "run")
