"""The report of a large run: how long it takes to build, how big it is, when it is first seen; and the local site.

    python -m tests.benchmarks.report [--rows 100000] [--recipe lifted] [--run FOLDER]

Makes one finished run (`--run` uses one that is there, or keeps it there), then prints: seconds to build the page, by
the command and in its two halves (best of three); its bytes; milliseconds to the first paint in Chromium at both
widths (median of five fresh browsers' pages, `performance` entries); milliseconds of the pages of `mathmill browse`
(median of five, after a first that makes the views). Limits: 2 MB, 1 s to the first paint, 1 s a page.
"""

import argparse
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from tasks.report.asked import asked
from tasks.report.facts import facts_of
from tasks.report.page import page
from tasks.report.shelf import Shelf
from tests.browser import WIDTHS, chromium

ROOT = Path(__file__).parents[2]
TIMES = 5


def mathmill(*words: str) -> None:
    """The command, in its own process."""
    subprocess.run([sys.executable, "-m", "flows", *words], cwd=ROOT, check=True, capture_output=True)


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    since = time.perf_counter()
    work()
    return time.perf_counter() - since


def build(run: Path, out: Path) -> None:
    facts = facts_of(run)
    command = min(timed(lambda: mathmill("report", str(run), "--out", str(out))) for _ in range(3))
    halves = [min(timed(work) for _ in range(3)) for work in (lambda: facts_of(run),
                                                              lambda: page("report.html.jinja", **facts))]
    print(f"{facts['rows']:,} rows: page built in {command:.1f} s by the command (facts {halves[0]:.1f} s, HTML "
          f"{halves[1]:.1f} s); {out.stat().st_size:,} bytes", flush=True)


def paint(out: Path) -> None:
    for width in WIDTHS:
        with chromium() as browser:
            found = [_paint(browser, width, out) for _ in range(TIMES)]
        print(f"{width} px: first paint {statistics.median(found):.0f} ms ({min(found):.0f} to {max(found):.0f})",
              flush=True)


def _paint(browser: object, width: int, out: Path) -> float:
    context = browser.new_context(viewport={"width": width, "height": 900})  # type: ignore[attr-defined]
    shown = context.new_page()
    shown.goto(out.as_uri())
    shown.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
    times = shown.evaluate("performance.getEntriesByType('paint').map(entry => entry.startTime)")
    context.close()
    return max(map(float, times))


@contextmanager
def served(run: Path) -> Iterator[str]:
    """The address of `mathmill browse`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "flows", "browse", str(run), "--port", str(port)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        server.stdout.readline()  # it says where it is when it can be reached
        yield f"http://127.0.0.1:{port}"
        server.terminate()


def pages(run: Path) -> dict[str, str]:
    """Pages of the site, by what they show."""
    shelf = Shelf(run)
    first, last = shelf.listed({}), shelf.listed({"page": "99999999"})
    [row] = asked(shelf.house, f"SELECT topic, mode FROM {shelf.kind('kept').view} LIMIT 1")
    word = first.rows[0]["text"].split()[-1]
    return {"first page": "/", "last page": f"/?page={last.at}", "a topic": f"/?topic={quote(row['topic'])}",
            "a level": "/?difficulty=3", "a word": f"/?q={quote(word)}",
            "a word, page 100": f"/?q={quote(word)}&page=100",
            "three words": f"/?q=how+many+{quote(word)}", "a word that is nowhere": "/?q=zzzzqqqq",
            "rejected": "/?table=rejected", "verdicts, last page": "/?table=verdicts&page=99999999",
            "solutions, a word": f"/?table=solutions&q={quote(word)}",
            "a record with its lineage": f"/record/{first.rows[0]['id']}", "another": f"/record/{last.rows[-1]['id']}"}


def browse(run: Path) -> None:
    with served(run) as address:
        for name, path in pages(run).items():
            once = timed(lambda at=address + path: urllib.request.urlopen(at).read())  # type: ignore[misc]
            took = [timed(lambda at=address + path: urllib.request.urlopen(at).read())  # type: ignore[misc]
                    for _ in range(TIMES)]
            print(f"{name:<28} {statistics.median(took) * 1000:6.0f} ms (first {once * 1000:.0f})", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--recipe", default="lifted")
    parser.add_argument("--run", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as spare:
        run = given.run or Path(spare) / "run"
        if not (run / "run.json").exists():
            words = ("run", given.recipe, "--size", str(given.rows), "--out", str(run))
            print(f"run made in {timed(lambda: mathmill(*words)):.0f} s", flush=True)
        out = Path(spare) / "report.html"
        build(run, out)
        paint(out)
        browse(run)


if __name__ == "__main__":
    main()
