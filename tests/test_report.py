"""`mathmill report`: one page, nothing loaded, nothing run, at two widths and in two themes in a real browser."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import RunError
from schemas.manifest import write_manifest
from schemas.plan import Plan
from schemas.run import open_run
from tasks.report.charts import bars, intervals, stacked
from tasks.report.facts import facts_of
from tasks.report.mathematics import typeset
from tasks.report.page import page
from tests.browser import THEMES, WIDTHS, axe, chromium, sealed
from tests.conftest import mathmill_in
from tests.shown import TAKEN, left_running, shown_run

STYLE = Path(__file__).parents[1] / "tasks" / "report" / "style.css"
LOADS = re.compile(r"<script|<link (?!rel=\"icon\" href=\"data:)|@import|url\(|<[^>]+\b(src|on\w+)=|href=.javascript")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shown_run(tmp_path_factory.mktemp("shown") / "run")


@pytest.fixture(scope="module")
def facts(folder: Path) -> dict[str, Any]:
    return facts_of(folder)


@pytest.fixture(scope="module")
def written(folder: Path, facts: dict[str, Any]) -> Path:
    out = folder.with_name("shown.html")
    out.write_text(page("report.html.jinja", **facts))
    return out


def test_the_command_tells_the_runs_own_counts(real_run: Path, tmp_path: Path) -> None:
    mathmill_in(tmp_path, "report", str(real_run), "--out", "report.html")
    facts, text = facts_of(real_run), (tmp_path / "report.html").read_text()
    assert facts["rows"] == facts["run"]["steps"]["clean"]["kept"] > 0
    assert f"{facts['rows']:,} rows" in text
    assert "by_text: false accepts" in text
    assert len(facts["kept"]) == 8
    for row in facts["kept"]:
        assert [root.view for root in row["roots"]] == ["seeds"]
    assert not LOADS.search(text)


def test_every_part_of_the_issue_is_on_the_page(facts: dict[str, Any], written: Path) -> None:
    text = written.read_text()
    for title in ("Rows at each step", "Difficulty", "Solve rate, of each problem", "Topic", "Verdicts, by route",
                  "Families, the largest of 7", "Rows taken out, by rule", "Conflicts, by rule",
                  "How often the verifier itself errs"):
        assert f"<figcaption>{title}</figcaption>" in text
        assert f">{title}</title>" in text
    for part in ("0.2500 dollars", "svamp", "ngram 6", "by_text: false accepts", "3.33%", "Lineage of", "pyarrow",
                 "<mfrac>"):
        assert part in text, part
    assert sum(row["n"] for row in facts["difficulty"]) == facts["rows"] == 48
    assert sum(row["n"] for row in facts["rates"]) == 60


def test_a_pair_with_two_answers_is_shown_with_both(facts: dict[str, Any], written: Path) -> None:
    assert facts["conflicts"]["rules"] == [{"label": "same_text", "n": 6}]
    pair = facts["conflicts"]["pairs"][0]
    assert (pair["answer"], pair["twin_answer"]) == ("3", r"\frac{1}{2}")
    assert "6 pairs of rows ask the same and answer otherwise" in written.read_text()


def test_texts_cannot_break_out(written: Path) -> None:
    text = written.read_text()
    assert not LOADS.search(text)
    assert "1337" not in text


@pytest.mark.parametrize("drawn", [
    bars(TAKEN, [{"label": TAKEN, "n": 3}]), stacked("a", [{"label": "</svg>" + TAKEN, "x": 1, "y": 2}], ["x", "y"]),
    intervals("a", [{"label": '"]+alert(1)+["', "share": 0.1, "low": 0.0, "high": 0.5}]), bars("nothing", [])])
def test_charts_carry_their_data_and_no_foreign_markup(drawn: str) -> None:
    assert not re.search(r"<script|</svg>.", drawn)
    assert re.search(r'role="img" aria-labelledby="(chart-\d+) \1-data"', drawn)


def test_rows_of_one_name_get_a_bar_each() -> None:
    drawn = bars("Families", [{"label": "twice", "n": 2}, {"label": "twice", "n": 1}])
    assert drawn.count(">twice</text>") == drawn.count('fill="var(--bar)"') == 2


@pytest.mark.parametrize("formula", [r"\(\text{<img src=x onerror=alert(1)>}\)", r"\(\href{javascript:alert(1)}{x}\)",
                                     r"\(\style{background:url(x)}{x}\)"])
def test_formulas_carry_no_foreign_markup(formula: str) -> None:
    assert not re.search(r"<img|href=|style=", typeset(formula))


def test_money_is_no_formula() -> None:
    assert "<math" not in typeset("It costs $5 and then $7, or $3-$4 each.")


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run"):
        facts_of(tmp_path)


def test_a_run_that_failed_still_opens_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), open_run(tmp_path / "run", Plan("made", {"seed": 0})):
        raise ZeroDivisionError(TAKEN)
    text = page("report.html.jinja", **facts_of(tmp_path / "run"))
    assert "not finished: it failed" in text
    assert "ZeroDivisionError: &lt;script&gt;" in text


def test_a_killed_run_is_told_from_one_at_work(tmp_path: Path) -> None:
    folder = shown_run(tmp_path / "run", rows=5)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left_running(folder, gone.pid)
    assert "its process is gone" in page("report.html.jinja", **facts_of(folder))
    with open_run(folder, Plan("made", {"size": 5, "seed": 0, "name": f"of {TAKEN}"})):
        assert "it is at work now" in facts_of(folder)["state"]
    assert facts_of(folder)["state"] == ""


def test_a_run_that_did_nothing_yet_opens(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"run_id": "x", "recipe": "made", "state": "running"})
    assert "No step is done yet" in page("report.html.jinja", **facts_of(tmp_path))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


def test_a_browser_shows_it_without_sideways_scroll_and_without_a_script(written: Path, browser: Any) -> None:
    for width, theme in ((width, theme) for width in WIDTHS for theme in THEMES):
        shown, asked = sealed(browser, width, theme)
        shown.goto(written.as_uri())
        shown.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        assert (shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)") == (
            theme == "light")
        assert shown.evaluate("document.scripts.length + document.images.length") == 0
        assert shown.title() == "mathmill report: made " + shown.locator("header code").inner_text()
        assert asked == [written.as_uri()]
        shown.close()


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing(written: Path, browser: Any, theme: str) -> None:
    shown, _ = sealed(browser, WIDTHS[0], theme)
    shown.goto(written.as_uri())
    assert axe(shown) == []
    shown.close()


def test_the_keyboard_reaches_everything_in_order(written: Path, browser: Any) -> None:
    shown, _ = sealed(browser, WIDTHS[1], "light")
    shown.goto(written.as_uri())
    shown.keyboard.press("Tab")
    assert shown.evaluate("document.activeElement.className") == "skip"
    assert shown.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    places = []
    for _ in range(25):
        shown.keyboard.press("Tab")
        assert shown.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        places.append(shown.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)"))
    assert places == sorted(set(places))
    shown.locator("summary").first.focus()
    shown.keyboard.press("Enter")
    assert shown.evaluate("document.activeElement.parentElement.open")
    shown.locator(".skip").focus()
    shown.keyboard.press("Enter")
    assert shown.evaluate("document.activeElement.id") == "main"
    shown.close()


@pytest.mark.parametrize("theme", [0, 1], ids=THEMES)
def test_colours_stand_out(theme: int) -> None:
    """Text 4.5 to 1 on both grounds, bars and edges of fields 3 to 1 (WCAG 2.2 AA)."""
    colours = dict(re.findall(r"--(\w+):(#\w+)", STYLE.read_text().splitlines()[theme]))
    for ground in ("paper", "card"):
        for ink, least in {"ink": 4.5, "quiet": 4.5, "link": 4.5, "bar": 3, "bad": 3, "rest": 3, "edge": 3}.items():
            assert contrast(colours[ink], colours[ground]) >= least, f"{ink} on {ground}"


def contrast(one: str, other: str) -> float:
    """Of two colours, as WCAG counts it: from 1 to 21."""
    dark, light = sorted(map(_luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(sign * 2 for sign in colour[1:])
    parts = [int(digits[place:place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
