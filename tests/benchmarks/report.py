"""The report of a large run: how long it takes to build, how big it is, when it is first seen; and the local site.

    python -m tests.benchmarks.report [--rows 100000] [--recipe lifted] [--run FOLDER]

Makes one finished run (`--run` uses one that is there, or keeps it there), then prints: seconds to build the page, by
the command and in its two halves (best of three); its bytes; milliseconds to the first paint in Chromium at both
widths (median of five fresh contexts, `performance` entries); milliseconds of the pages of `mathmill browse` (median
of five, after a first that makes the views). Beside each time stands the processor's: where other programs keep the
cores busy, that is what can be compared. Limits: 2 MB, 1 s to the first paint, 1 s a page.
"""

import argparse
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import psutil

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


class Took(NamedTuple):
    """Seconds by the clock, and of the processor in all threads."""

    clock: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.clock * 1000:,.0f} ms, {self.cpu * 1000:,.0f} ms of processor"


def timed(work: Callable[[], object], busy: Callable[[], float] = time.process_time) -> Took:
    """How long it took; `busy` tells the seconds that the processor was at it so far."""
    since, before = time.perf_counter(), busy()
    work()
    return Took(time.perf_counter() - since, busy() - before)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _busy(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


def build(run: Path, out: Path) -> None:
    facts = facts_of(run)
    command = min(timed(lambda: mathmill("report", str(run), "--out", str(out)), _children) for _ in range(3))
    halves = [min(timed(work) for _ in range(3)) for work in (lambda: facts_of(run),
                                                              lambda: page("report.html.jinja", **facts))]
    print(f"{facts['rows']:,} rows, {out.stat().st_size:,} bytes\npage by the command: {command}\n"
          f"  facts: {halves[0]}\n  HTML: {halves[1]}", flush=True)


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
    times: list[float] = []
    while len(times) < 2:  # first-paint and first-contentful-paint; the page's own policy forbids wait_for_function
        shown.wait_for_timeout(50)
        times = shown.evaluate("performance.getEntriesByType('paint').map(entry => entry.startTime)")
    context.close()
    return max(times)


@contextmanager
def served(run: Path) -> Iterator[tuple[str, int]]:
    """The address of `mathmill browse`, and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "flows", "browse", str(run), "--port", str(port)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        server.stdout.readline()  # it says where it is when it can be reached
        yield f"http://127.0.0.1:{port}", server.pid
        server.terminate()


def pages(run: Path) -> dict[str, str]:
    """Pages of the site, by what they show."""
    shelf = Shelf(run)
    first, last = shelf.listed({}), shelf.listed({"page": "99999999"})
    [row] = asked(shelf.house, f"SELECT topic, mode FROM {shelf.kind('kept').view} LIMIT 1")
    word = first.rows[0]["text"].split()[-1]
    return {"first page": "/", "last page": f"/?page={last.at}", "a topic": f"/?topic={quote(row['topic'])}",
            "a level": "/?difficulty=3", "a word": f"/?q={quote(word)}",
            "a word, page 20": f"/?q={quote(word)}&page=20",
            "three words": f"/?q=how+many+{quote(word)}", "a word that is nowhere": "/?q=zzzzqqqq",
            "rejected": "/?table=rejected", "verdicts, last page": "/?table=verdicts&page=99999999",
            "solutions, a word": f"/?table=solutions&q={quote(word)}",
            "a record with its lineage": f"/record/{first.rows[0]['id']}", "another": f"/record/{last.rows[-1]['id']}"}


def browse(run: Path) -> None:
    with served(run) as (address, pid):
        busy = partial(_busy, psutil.Process(pid))
        for name, path in pages(run).items():
            first, *took = (timed(partial(_read, address + path), busy) for _ in range(TIMES + 1))
            middle = Took(*map(statistics.median, zip(*took, strict=True)))
            print(f"{name:<26} {middle} (first {first.clock * 1000:,.0f} ms)", flush=True)


def _read(address: str) -> None:
    with urllib.request.urlopen(address) as answer:
        answer.read()


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
            print(f"run made in {timed(lambda: mathmill(*words)).clock:.0f} s", flush=True)
        out = Path(spare) / "report.html"
        build(run, out)
        paint(out)
        browse(run)


if __name__ == "__main__":
    main()
