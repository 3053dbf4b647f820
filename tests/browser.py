"""A real Chromium for tests: without network but 127.0.0.1, any width and theme."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

WIDTHS = (390, 1280)
THEMES = ("light", "dark")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser; skips where there is none."""
    place = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if place is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=place, args=FLAGS)
        yield browser
        browser.close()


def sealed(browser: Any, width: int, theme: str) -> tuple[Any, list[str]]:
    """A page, and the addresses that it asks for; a dialog that a script opens is among them."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    asked: list[str] = []
    page.on("request", lambda request: None if request.url.startswith("data:") else asked.append(request.url))
    page.on("dialog", lambda dialog: (asked.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    return page, asked


def axe(page: Any) -> list[str]:
    """What axe-core finds wrong with the page that is open, each with the first place; skips where it is not."""
    checker = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    return [f"{found['id']}: {found['nodes'][0]['html'][:200]}" for found in checker.run(page).response["violations"]]
