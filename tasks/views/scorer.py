"""The trainers' own scorers at work: a script for an interpreter that has them, and needs nothing of mathmill.

    PYTHON scorer.py trl|verl < asked.jsonl > said.jsonl

Each line asked is `[gold, completion]`; each line said `[score or null, why]`, in their order. The first line says
which versions are at work. A row that does not come to an end in `SECONDS` ends the process: who asked counts the
lines, and goes on behind it. All of it runs in the main thread, because math-verify's own timeouts work only there.
"""

import faulthandler
import importlib
import importlib.metadata
import importlib.util
import json
import logging
import sys
import types
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

SECONDS = 30  # TRL's own limits add up to 25
DATA_SOURCE = "lighteval/MATH"  # the name by which verl's stock router finds its scorer of boxed answers
STARTING = 300  # seconds; torch from a cold disk takes its time
Scorer = Callable[[str, str], Any]


def by_trl() -> Scorer:
    """TRL's `accuracy_reward`; None where it cannot read the gold."""
    rewards: Any = importlib.import_module("trl.rewards")
    importlib.import_module("math_verify")
    return lambda gold, text: rewards.accuracy_reward([[{"role": "assistant", "content": text}]], [gold])[0]


def by_verl() -> Scorer:
    """verl's `default_compute_score`, loaded without `verl` itself, whose import wants ray and a good deal more."""
    found = importlib.util.find_spec("verl")
    if found is None or not found.submodule_search_locations:
        raise ImportError("No module named 'verl'")
    root = found.submodule_search_locations[0]
    for name, place in (("verl", root), ("verl.utils", f"{root}/utils")):
        shell = types.ModuleType(name)
        shell.__path__ = [place]
        sys.modules[name] = shell
    scores: Any = importlib.import_module("verl.utils.reward_score")
    return lambda gold, text: scores.default_compute_score(DATA_SOURCE, text, gold)


SCORERS: dict[str, tuple[Callable[[], Scorer], tuple[str, ...]]] = {
    "trl": (by_trl, ("trl", "math-verify", "latex2sympy2_extended")), "verl": (by_verl, ("verl",))}


def main() -> None:
    """Reads all that is asked, says each line as soon as it is known."""
    said = sys.stdout
    logging.disable(logging.CRITICAL)
    make, packages = SCORERS[sys.argv[1]]
    with redirect_stdout(sys.stderr):  # verl prints its errors
        faulthandler.dump_traceback_later(STARTING, exit=True)
        score = make()
        faulthandler.cancel_dump_traceback_later()
        print(json.dumps({name: importlib.metadata.version(name) for name in packages}), file=said, flush=True)
        for line in sys.stdin:
            gold, text = json.loads(line)
            faulthandler.dump_traceback_later(SECONDS, exit=True)
            try:
                value, why = score(gold, text), ""
            except Exception as error:
                value, why = None, f"{type(error).__name__}: {error}"[:300]
            faulthandler.cancel_dump_traceback_later()
            print(json.dumps([value if value is None else float(value), why]), file=said, flush=True)


if __name__ == "__main__":
    main()
