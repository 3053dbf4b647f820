"""Which golds do TRL's and verl's own scorers accept: as the source writes them, and in their certified form.

    python -m tests.benchmarks.certify --trainers /tmp/trlenv/bin/python [FILE…]

The files have a column `answer`; MATH-500 unless told. Each gold form is tried with two right completions (the answer
as the source writes it, and in canonical form) and with a wrong one, which must be refused.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from tasks.tools.answers import equivalent
from tasks.views.certify import TRAINERS, completion, form, scored
from tasks.views.gold import canonical, wrong

MATH500 = Path(__file__).parents[3] / "shared" / "data" / "benchmarks" / "math500.jsonl"
Writing = Callable[[str], str]


def main() -> None:
    """Prints a table for each file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, default=[MATH500])
    parser.add_argument("--trainers", default="", help="the python of an environment with trl and verl")
    parser.add_argument("--misses", type=int, default=5, help="show so many a line")
    options = parser.parse_args()
    for path in options.files:
        golds = [str(json.loads(line)["answer"]) for line in path.read_text().splitlines()]
        _file(path.stem, golds, options.trainers, options.misses)


def _file(name: str, golds: list[str], python: str, misses: int) -> None:
    kept = sum(equivalent(gold, canonical(gold)).status == "equal" for gold in golds)
    print(f"{name}: {len(golds)} golds, {sum(gold != canonical(gold) for gold in golds)} rewritten, "
          f"{kept} the same by mathmill's own judge")
    for trainer in TRAINERS:
        golds_as: dict[str, Writing] = {
            "bare, as the source": str, "$…$, as the source": lambda gold: f"${gold}$",
            "certified": lambda gold, trainer=trainer: form(gold, trainer)}  # type: ignore[misc]
        said_as: dict[str, Writing] = {"canonical": canonical, "as the source": str,
                                       "wrong": lambda gold: wrong(canonical(gold))}
        for gold_form, written in golds_as.items():
            for said, answer in said_as.items():
                _line(trainer, gold_form, said, [(written(gold), answer(gold)) for gold in golds], python, misses)


def _line(trainer: str, gold_form: str, said: str, pairs: list[tuple[str, str]], python: str, misses: int) -> None:
    asked = [pair for pair in pairs if pair[1]]
    since = perf_counter()
    scores, versions, missing = scored([(gold, completion(text)) for gold, text in asked], trainer, python)
    if missing:
        print(f"  {missing}")
        return
    accepted, silent = sum(score == 1 for score, _ in scores), sum(score is None for score, _ in scores)
    print(f"  {trainer:5} {versions[trainer]:7} gold {gold_form:19} completion {said:13} accepted {accepted:5} of "
          f"{len(asked):5}, no answer {silent:4}  {perf_counter() - since:5.1f} s", flush=True)
    odd = [pair for pair, (score, _) in zip(asked, scores, strict=True) if (score == 1) == (said == "wrong")]
    for gold, text in odd[:misses if gold_form == "certified" else 0]:
        print(f"      {gold}  |  {text}")


if __name__ == "__main__":
    main()
