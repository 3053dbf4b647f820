"""Kills parts of a stack at random moments of a scheduled run, and compares the tables with an undisturbed run's.

    python -m tests.benchmarks.recovery --kills 10 --kinds flow worker server postgres machine

Each trial: an empty run folder, the deployment fired, `kill -9` at a random moment between the firing and the time that
an undisturbed run takes, and nothing else done by hand (after `machine`, which is all processes at once and the keeper
with them: `infra.local up`). Prints a line a trial and a table; fails if a run does not end COMPLETED, if its
tables differ in one byte, or if an artifact is missing.
"""

import argparse
import random
import shutil
import statistics
import sys
import time

from schemas.manifest import verify
from tests.processes import contents
from tests.stacks import KINDS, Stand, stand

RECIPE, ARTIFACTS = "lifted", {"funnel-lifted", "run-lifted"}
PATIENCE = 900.0  # seconds for a run to come back


def main(words: list[str]) -> int:
    options = _options(words)
    moments, found = random.Random(options.seed), dict[str, list[tuple[bool, float, int]]]()
    with stand() as here:
        here.mathmill("run", RECIPE, "--size", str(options.size), "--out", "unbroken", PREFECT_API_URL="")
        whole = contents(here.folder / "unbroken")
        here.mathmill("deploy", RECIPE, "--size", str(options.size))
        undisturbed = [_trial(here, "", 0.0, whole)[1] for _ in range(2)]
        print(f"undisturbed, from firing to the end: {undisturbed[0]:.0f} s, {undisturbed[1]:.0f} s; "
              f"{len(whole)} shards", flush=True)
        for number in range(options.kills):
            for kind in options.kinds:
                moment = moments.uniform(0.0, undisturbed[1])
                good, seconds, restarts, told = _trial(here, kind, moment, whole)
                found.setdefault(kind, []).append((good, seconds - undisturbed[1], restarts))
                print(f"{number + 1:3d} {kind:8} at {moment:5.1f} s: {'same tables' if good else 'FAULT'} after "
                      f"{seconds:5.0f} s, {told}", flush=True)
    print("\nkilled    trials  same tables  started again  s more: median  most")
    for kind, rows in found.items():
        more = [row[1] for row in rows]
        print(f"{kind:9} {len(rows):6} {sum(row[0] for row in rows):12} {sum(row[2] for row in rows):14} "
              f"{statistics.median(more):15.0f} {max(more):5.0f}")
    return 0 if all(row[0] for rows in found.values() for row in rows) else 1


def _options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=5, help="of each kind")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--size", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1, help="of the random moments")
    return parser.parse_args(words)


def _trial(here: Stand, kind: str, moment: float, whole: dict[str, bytes]) -> tuple[bool, float, int, str]:
    """Whether all is as it should be, seconds from firing to the end, restarts, and the run's states."""
    shutil.rmtree(here.folder / "data", ignore_errors=True)
    since, run_id = time.monotonic(), here.fire(f"{RECIPE}/mathmill")
    if kind:
        time.sleep(moment)
        while not here.kill(kind):  # a run's process comes up to a dozen seconds after the firing
            time.sleep(0.2)
        if kind == "machine":
            here.stack.up()
    run = here.finished(run_id, PATIENCE)
    seconds = time.monotonic() - since
    here.until(lambda: all(here.stack.status().values()), 60, "the stack is not whole again")
    faults = _faults(here, run_id, run, whole)
    told = ", ".join(here.states(run_id)) + "".join(f"\n    {fault}" for fault in faults)
    return not faults, seconds, run["run_count"] - 1, told


def _faults(here: Stand, run_id: str, run: dict[str, object], whole: dict[str, bytes]) -> list[str]:
    state = run["state"]
    assert isinstance(state, dict)
    if state["type"] != "COMPLETED":
        return [f"{state['type']}: {state['message']}", here.logs()]
    [folder] = [path for path in (here.folder / "data" / "runs" / RECIPE).iterdir() if path.is_dir()]
    tables = contents(folder)
    faults = [f"differs: {name}" for name in sorted({*whole, *tables}) if whole.get(name) != tables.get(name)]
    missing = ARTIFACTS - here.artifacts(run_id).keys()
    return [*faults, *verify(folder), *(f"no artifact {key}" for key in sorted(missing))]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
