"""`mathmill report`: one page, nothing loaded, nothing run, at two widths and in two themes in a real browser."""

import re
from pathlib import Path

import pytest

from schemas.errors import RunError
from tasks.report.facts import facts_of
from tasks.report.mathematics import typeset
from tasks.report.page import page
from tests.browser import THEMES, WIDTHS, chromium
from tests.conftest import mathmill_in

ATTACK = r"<script>document.title='taken'</script> \(\text{<script>document.title='taken'</script>}\) \(\frac{1}{2}\)"


@pytest.fixture(scope="module")
def written(real_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("page") / "report.html"
    mathmill_in(out.parent, "report", str(real_run), "--out", str(out))
    return out


def test_the_page_tells_the_runs_own_counts(written: Path, real_run: Path) -> None:
    facts, text = facts_of(real_run), written.read_text()
    assert facts["rows"] == facts["run"]["steps"]["clean"]["kept"] > 0
    assert f"{facts['rows']:,} rows" in text
    assert "Wilson interval" in text
    assert len(facts["kept"]) == 8
    assert all(row["from_template"] and row["from_seed"] and row["verdicts"] for row in facts["kept"])


def test_the_page_loads_nothing(written: Path) -> None:
    text = written.read_text()
    assert not re.search(r"<script|<link (?!rel=\"icon\" href=\"data:)|@import|url\(|\bsrc=", text)


def test_texts_cannot_break_out(real_run: Path) -> None:
    facts = facts_of(real_run)
    facts["kept"][0].update(problem=ATTACK, answer=ATTACK, source=ATTACK)
    text = page("report.html.jinja", **{**facts, "twins_found": facts["twins"]})
    assert "<script" not in text
    assert "<mfrac>" in text


@pytest.mark.parametrize("formula", [r"\(\text{<img src=x onerror=alert(1)>}\)", r"\(\href{javascript:alert(1)}{x}\)",
                                     r"\(\style{background:url(x)}{x}\)"])
def test_formulas_carry_no_foreign_markup(formula: str) -> None:
    assert not re.search(r"<img|href=|style=", typeset(formula))


def test_money_is_no_formula() -> None:
    assert "<math" not in typeset("It costs $5 and then $7, or $3-$4 each.")


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run"):
        facts_of(tmp_path)


def test_a_browser_shows_it_without_sideways_scroll(written: Path) -> None:
    with chromium() as browser:
        for width, theme in ((width, theme) for width in WIDTHS for theme in THEMES):
            shown = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
            shown.goto(written.as_uri())
            assert shown.evaluate("document.documentElement.scrollWidth") <= width
            assert (shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)") == (
                theme == "light")
            shown.close()
