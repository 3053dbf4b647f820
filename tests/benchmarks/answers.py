"""Accuracy and CPU time of `tasks.tools.answers` on labelled pairs, beside Math-Verify where its interpreter is named.

    python -m tests.benchmarks.answers [--peer /path/to/venv/bin/python] [--misses FILE]

The peer runs in its own environment (`pip install "math-verify[antlr4_13_2]==0.9.0"`), on the same pairs,
each file right after ours. Unknown counts as "not equal"; rows whose label hangs on policy (null) are left out.
"""

import argparse
import json
import subprocess
from pathlib import Path
from time import process_time

from tasks.tools.answers import check

ANSWERS = Path(__file__).parents[3] / "shared" / "data" / "answers"
PEER = """
import json, sys, time, logging
logging.disable(logging.CRITICAL)
from math_verify import parse, verify
rows = [json.loads(line) for line in open(sys.argv[1])]
said, since = [], time.process_time()
for row in rows:
    try:
        gold = parse("$" + row["reference"] + "$")
        own = row["candidate"] if row["kind"] == "solution" else "$" + row["candidate"] + "$"
        said.append(bool(verify(gold, parse(own))))
    except Exception:
        said.append(False)
print(json.dumps([said, time.process_time() - since]))
"""


def main() -> None:
    """Prints a line a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", default="", help="python of an environment that holds math-verify")
    parser.add_argument("--misses", type=int, default=0, help="show so many of our misses a file")
    parser.add_argument("--only", default="*", help="a pattern of file names")
    options = parser.parse_args()
    for path in sorted(ANSWERS.glob(f"{options.only}.jsonl")):
        if path.name != "references.jsonl":
            _file(path, options.peer, options.misses)


def _file(path: Path, peer: str, misses: int) -> None:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    since = process_time()
    verdicts = [check(row["candidate"], row["reference"], row["problem"]) for row in rows]
    spent = process_time() - since
    said = [verdict.status == "equal" for verdict in verdicts]
    unknown = sum(verdict.status == "unknown" for verdict in verdicts)
    slow = sorted(verdict.seconds for verdict in verdicts)
    line = (f"{path.stem:18} {_score(rows, said)}  unknown {unknown:3}  "
            f"p99 {slow[len(slow) * 99 // 100] * 1e3:6.2f} ms  max {slow[-1] * 1e3:6.1f} ms")
    if peer:
        done = subprocess.run([peer, "-c", PEER, str(path)], capture_output=True, text=True, check=True)
        theirs, took = json.loads(done.stdout)
        line += f"  | Math-Verify {_score(rows, theirs)}, CPU {took / spent:.0f}x ours"
    print(line, flush=True)
    wrong = [(row, v) for row, v, s in zip(rows, verdicts, said, strict=True) if row["label"] not in (None, s)]
    for row, verdict in wrong[:misses]:
        print("   ", row["id"], row["label"], "|", row["reference"][:90], "|",
              verdict.extracted[:90].replace("\n", " "), "|", verdict.status, verdict.reason[:90])


def _score(rows: list[dict[str, object]], said: list[bool]) -> str:
    pairs = [(row["label"], given) for row, given in zip(rows, said, strict=True) if row["label"] is not None]
    accepts = sum(given and not label for label, given in pairs)
    rejects = sum(label and not given for label, given in pairs)
    return f"{100 - 100 * (accepts + rejects) / len(pairs):6.2f} % of {len(pairs):4} (FA {accepts}, FR {rejects})"


if __name__ == "__main__":
    main()
