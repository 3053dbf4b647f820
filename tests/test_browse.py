"""`mathmill browse`: filter, read and flag in a real browser; sealed tables stay as they are; strangers are refused."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.errors import InputError
from schemas.manifest import verify
from tasks.tools.flags import flag, flagged, flags_file, unflag
from tests.browser import chromium
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def address(real_run: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "flows", "browse", str(real_run), "--port", str(port)], cwd=ROOT)
    for _ in range(150):
        with socket.socket() as ask:
            if ask.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.2)
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait(20)
    flags_file(real_run).unlink(missing_ok=True)


def status(address: str, data: bytes | None = None, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data, headers), timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_a_record_is_flagged_by_keyboard_alone(address: str, real_run: Path) -> None:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.goto(f"{address}/?kind=kept&q=example_")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.locator("article a").first.focus()
        page.keyboard.press("Enter")
        page.locator("#remark").focus()
        page.keyboard.type("odd <script>text")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=This record is flagged.")
        name = page.inner_text("h1")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert flagged(real_run) == {name}
        page.goto(f"{address}/?flagged=1")
        assert page.locator("article").count() == 1
    assert verify(real_run) == []


def test_strangers_are_refused(address: str) -> None:
    assert status(address, Host="evil.example") == 400
    assert status(f"{address}/flag/x", b"do=flag&token=guessed") == 403
    assert status(f"{address}/flag/x", b"x" * 20_000) == 413
    assert status(f"{address}/record/nobody") == 404


def test_odd_filters_are_answered(address: str) -> None:
    for query in ("page=-1", "page=99999", "kind=drop", "kind=rejected&rule=%27", "q=%27%3B--"):
        assert status(f"{address}/?{query}") == 200


def test_flags_come_and_go(tmp_path: Path) -> None:
    flag(tmp_path / "run", "a", "why")
    flag(tmp_path / "run", "b")
    unflag(tmp_path / "run", "a")
    assert flagged(tmp_path / "run") == {"b"}
    flags_file(tmp_path / "run").write_text("[1]")
    with pytest.raises(InputError):
        flagged(tmp_path / "run")
