"""Certified: every gold is run through a trainer's own stock scorer, with a completion known to be right and one known
to be wrong.

The scorers work in child processes of an interpreter that has the trainers (`scorer.py`): the one that the environment
variable MATHMILL_TRAINERS names, else ours. Where a scorer is not installed nothing is pretended: the answer is null.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from schemas.errors import ParameterError, ToolError
from tasks.views.gold import canonical, wrong
from tasks.views.scorer import SECONDS

VARIABLE = "MATHMILL_TRAINERS"
SCORER = Path(__file__).with_name("scorer.py")
TRAINERS = ("trl", "verl")
MEND = f"name the python of an environment with trl and verl, by --trainers or {VARIABLE}"
PART = 500  # golds a child at least: below that its start costs more than its work
Score = tuple[float | None, str]


class Said(NamedTuple):
    """What a scorer said of one gold: whether it accepts the right answer, why not, and whether it accepts a wrong."""

    accepted: bool | None  # None: it said nothing
    why: str
    fooled: bool | None  # None: not asked, or it said nothing


@dataclass(frozen=True, slots=True)
class Certificate:
    """What one trainer's scorer said of all golds; `versions` of what was at work, none where nothing was."""

    trainer: str
    said: Mapping[str, Said]  # by gold, as it was given
    versions: Mapping[str, str] = field(default_factory=dict)
    missing: str = ""  # why the scorer could not be run at all


def form(gold: str, trainer: str) -> str:
    """A gold answer as the trainer's scorer wants it: for TRL `$…$`, for verl bare."""
    return f"${canonical(gold)}$" if trainer == "trl" else canonical(gold)


def completion(answer: str) -> str:
    """What a model says that answers so, and no more."""
    return f"The final answer is $\\boxed{{{answer}}}$."


def certify(golds: Sequence[str], trainer: str, python: str = "") -> Certificate:
    """What `trainer`'s scorer says of each gold. Raises `ParameterError` where `python` is no interpreter."""
    different = list(dict.fromkeys(golds))
    asked = [(form(gold, trainer), completion(text)) for gold in different
             for text in (canonical(gold), wrong(canonical(gold))) if text]
    scores, versions, missing = scored(asked, trainer, python)
    left = iter(scores)
    said = {}
    for gold in different:
        right, bad = next(left), next(left) if wrong(canonical(gold)) else (None, "")
        said[gold] = Said(None, missing, None) if missing else _said(right, bad)
    return Certificate(trainer, said, versions, missing)


def _said(right: Score, bad: Score) -> Said:
    fooled = None if bad[0] is None else bad[0] > 0
    if right[0] is None:
        return Said(None, right[1] or "the scorer cannot read this gold", fooled)
    return Said(right[0] > 0, "" if right[0] > 0 else "the scorer refuses the right answer", fooled)


def interpreter(python: str = "") -> str:
    """The interpreter that has the trainers: as given, as the environment says, or this one."""
    return python or os.environ.get(VARIABLE, "") or sys.executable


def scored(asked: Sequence[tuple[str, str]], trainer: str, python: str = "") -> tuple[list[Score], dict[str, str], str]:
    """For each gold and completion the score, None with a reason where there is none; versions; why there are none.

    Raises `ParameterError` where `python` cannot be started.
    """
    size = max(PART, -(-len(asked) // (os.cpu_count() or 1)))
    parts = [asked[start:start + size] for start in range(0, len(asked), size)]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        done = list(pool.map(lambda part: _part(part, trainer, interpreter(python)), parts))
    missing = next((reason for *_, reason in done if reason), "")
    versions = next((found for _, found, _ in done if found), {})
    return [score for scores, *_ in done for score in scores], versions, missing


def _part(asked: Sequence[tuple[str, str]], trainer: str, python: str) -> tuple[list[Score], dict[str, str], str]:
    """One child's share; a child that died of a row is followed by another one, behind that row."""
    scores: list[Score] = []
    versions: dict[str, str] = {}
    while len(scores) < len(asked):
        lines, told = _child(asked[len(scores):], trainer, python)
        if not lines:
            if versions:
                raise ToolError(f"{trainer}'s scorer started once and never again: {told}", where=python,
                                mend="see that there is memory left, then repeat the command")
            return [(None, "")] * len(asked), {}, f"{trainer}'s scorer is not installed ({told})"
        versions = json.loads(lines[0])
        scores += [(score, why) for score, why in map(json.loads, lines[1:])]
        if len(scores) < len(asked):
            scores.append((None, f"the scorer came to no end in {SECONDS} seconds"))
    return scores, versions, ""


def _child(asked: Sequence[tuple[str, str]], trainer: str, python: str) -> tuple[list[str], str]:
    """The lines that a child said, and the last that it complained of."""
    quiet = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "DO_NOT_TRACK": "1", "TRL_EXPERIMENTAL_SILENCE": "1"}
    try:
        done = subprocess.run([python, "-I", str(SCORER), trainer], input="".join(map(_line, asked)),
                              capture_output=True, text=True, check=False, env={**os.environ, **quiet})
    except OSError as error:
        raise ParameterError(f"this interpreter cannot be started: {error.strerror}", where=python,
                             mend=MEND) from error
    lines = [line for line in done.stdout.split("\n") if line]
    if lines and not lines[0].startswith("{"):
        raise ParameterError("this is no python: it answers something else", where=python, mend=MEND)
    complaint = done.stderr.strip().splitlines()[-1:] or [f"it ended with code {done.returncode}"]
    return lines, complaint[0][:200]


def _line(pair: tuple[str, str]) -> str:
    return json.dumps(pair) + "\n"
