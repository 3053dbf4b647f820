"""A night, end to end: from an empty folder to a data set on the Hub that `datasets` reads back.

`infra.local up`, a schedule of every minute fires, its run ends and shows its artifacts in Prefect's own page, which a
real browser draws; `mathmill publish` sends it to a stand-in for the Hub. Nothing is done by hand in between.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from infra.local.process import relatives
from schemas.manifest import read_manifest, verify
from tests.browser import chromium
from tests.conftest import ROOT
from tests.fake_hub import ScriptedHub
from tests.publishing import environment, loaded
from tests.stacks import Stand, postgres_of, stand

NAME, REPO = "lifted/nightly", "user/nightly"
BAD = ['{"question": "How many?", "solution": "", "licence": "MIT"}',
       '{"question": "Ann has 3 apples and buys 4. How many?", "solution": "She has 3+4 = <<3+4=8>>8.\\n#### 8"}']


@pytest.fixture(scope="module")
def here() -> Iterator[Stand]:
    with stand() as made:
        yield made


@pytest.fixture(scope="module")
def fired(here: Stand) -> tuple[Path, dict[str, Any]]:
    """A run that the schedule started: its folder, and how it stands on the server."""
    seeds = (ROOT / "data" / "seeds" / "grade_school.jsonl").read_text().splitlines()[:25]
    (here.folder / "seeds.jsonl").write_text("\n".join([*seeds, *BAD]) + "\n")
    here.mathmill("deploy", "lifted", "--size", "60", "--seeds", "seeds.jsonl", "--licence", "mit", "--as", "nightly",
                  "--cron", "* * * * *")
    asked = {"deployments": {"id": {"any_": [here.deployment(NAME)["id"]]}}, "sort": "EXPECTED_START_TIME_ASC",
             "flow_runs": {"state": {"type": {"any_": ["COMPLETED", "FAILED"]}}}}
    here.until(lambda: bool(here.ask("flow_runs/filter", asked)), 600, "the schedule never fired")
    [folder] = [path for path in (here.folder / "data" / "runs" / "lifted").iterdir() if path.is_dir()]
    return folder, here.ask("flow_runs/filter", asked)[0]


def test_the_schedule_fires_and_the_run_is_whole(here: Stand, fired: tuple[Path, dict[str, Any]]) -> None:
    folder, run = fired
    assert run["auto_scheduled"]
    assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
    assert run["name"] == f"lifted {folder.name}"
    assert verify(folder) == []
    listed = here.mathmill("schedules").stdout.splitlines()[1]
    assert listed.startswith(f"{NAME}  * * * * *")


def test_its_artifacts_tell_the_same_as_its_manifest(here: Stand, fired: tuple[Path, dict[str, Any]]) -> None:
    folder, run = fired
    artifacts, steps = here.artifacts(run["id"]), read_manifest(folder)["steps"]
    due = {"progress-problems", *(f"{kind}-lifted" for kind in ("funnel", "rejections", "run", "report"))}
    assert due <= artifacts.keys()
    funnel = json.loads(artifacts["funnel-lifted"]["data"])
    assert [(row["step"], row["kept"], row["rejected"]) for row in funnel] == [
        (name, step["kept"], step["rejected"]) for name, step in steps.items()]
    rejected, rules = artifacts["rejections-lifted"]["data"], {name: step["rules"] for name, step in steps.items()}
    assert rules["seeds"] == {"no_solution": 1}
    assert "**seeds**: `no_solution`, 1 row\n\n* seed\\_" in rejected
    assert "**templates**: `wrong_arithmetic`, 1 row\n\n* seed\\_" in rejected
    assert "\\<\\<3\\+4\\=8\\>\\> does not hold" in rejected
    assert f"mathmill publish {folder} --repo" in artifacts["run-lifted"]["data"]
    report = folder.with_name(f"{folder.name}.html")
    assert report.as_uri() in artifacts["report-lifted"]["data"]
    assert "</html>" in report.read_text()


def test_a_browser_shows_the_run_its_funnel_and_its_schedule(
        here: Stand, fired: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    run, funnel = fired[1], here.artifacts(fired[1]["id"])["funnel-lifted"]
    pages = {"run": (f"runs/flow-run/{run['id']}", "Beginning flow run"),
             "funnel": (f"artifacts/artifact/{funnel['id']}", "expected"),
             "deployment": (f"deployments/deployment/{run['deployment_id']}", "Every minute")}
    with chromium() as browser:
        for name, (path, text) in pages.items():
            page = browser.new_page(viewport={"width": 1280, "height": 900})  # type: ignore[attr-defined]
            page.goto(f"{here.stack.url.removesuffix('/api')}/{path}", wait_until="domcontentloaded", timeout=120_000)
            page.get_by_text(text, exact=False).first.wait_for(timeout=120_000)
            page.screenshot(path=tmp_path / f"{name}.png", animations="disabled")
            page.close()
    assert {path.name for path in tmp_path.glob("*.png")} == {"run.png", "funnel.png", "deployment.png"}


def test_published_it_reads_back_equal(here: Stand, fired: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, _ = fired
    result = folder / read_manifest(folder)["result"]["path"]
    with ScriptedHub() as hub:
        here.mathmill("publish", str(folder), "--repo", REPO, **environment(hub, tmp_path))
        splits = loaded(hub, tmp_path, REPO)
    there = sorted((row for rows in splits.values() for row in rows), key=lambda row: str(row["id"]))
    here_rows = [row for path in sorted(result.rglob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    assert there
    assert there == sorted(here_rows, key=lambda row: str(row["id"]))


def test_down_leaves_nothing(here: Stand, fired: tuple[Path, dict[str, Any]]) -> None:
    here.stack.down()
    assert relatives(here.folder) == []
    assert postgres_of(here.folder) == []
    assert verify(fired[0]) == []
