"""What decontamination flags, and what it should not: GSM8K and competition text, in halves.

    python -m tests.benchmarks.decontaminate [gsm8k] [competition] [--sample N] [--show SET] [--level L] [--set N=V]

gsm8k        GSM8K's test set against its rephrased twin (LMSYS) and against GSM8K's training set; beside it what 13
             words in a row find (as they are, and by our rule, which leaves numbers, names and formulas out)
competition  MATH's test set against itself reworded (`rewording`: light, framed, heavy; numbers = template twins), and
             against sets that should be clean of it: AIME 1983-2023, CollegeMath, OlympiadBench

Reads `../shared/data`. The rule `alike` was made on rewordings of even number ("tuned on"); those of odd number were
looked at when done, and so were all that are `framed`. Cosines were chosen with all of GSM8K in sight, the words that a
run must hold with all of AIME. `--show aime` prints the pairs flagged there, to be read: MATH holds AIME problems.
"""

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from schemas.records import Example
from tasks import decontaminate
from tasks.tools.signature import plain_text
from tests.benchmarks import rewording
from tests.repeats import DATA, REPHRASED, TEST, a_run, example, examples, final, lines

BENCHMARKS = DATA / "benchmarks"
GUARDED = BENCHMARKS / "math_test.jsonl"
CLEAN = {"aime": "aime_1983_2023", "college": "college_math", "olympiad": "olympiadbench_en"}
SEED = 7


def grade_school(sample: int) -> Iterator[Example]:
    """Rephrased test problems, then training problems; the id tells set and place."""
    train = lines(TEST.with_name("train.jsonl"))
    for i, row in _some(lines(REPHRASED), sample):
        yield example(f"rephrased-{i}", row["problem"], final(row["answer"]))
    for i, row in _some(train, sample):
        yield example(f"train-{i}", row["question"], final(row["answer"]))


def competition(sample: int) -> Iterator[Example]:
    """MATH's test problems reworded in four ways, then the problems of other sets."""
    for i, row in _some(lines(GUARDED), sample):
        for kind in (rewording.light, rewording.framed, rewording.heavy, rewording.numbers):
            if text := kind(row["problem"], i):
                yield example(f"{kind.__name__}-{i}", text, "" if kind is rewording.numbers else row["answer"])
    for name, file in CLEAN.items():
        for i, row in _some(lines(BENCHMARKS / f"{file}.jsonl"), sample):
            yield example(f"{name}-{i}", row["problem"], row["answer"])


def _some(rows: Sequence[dict[str, str]], sample: int) -> list[tuple[int, dict[str, str]]]:
    numbered = list(enumerate(rows))
    return sorted(random.Random(SEED).sample(numbered, min(sample, len(rows))), key=lambda pair: pair[0])


def measured(given: Sequence[Example], guarded: Path, level: str, moved: Sequence[str], show: str) -> None:
    """Runs the product and prints the share flagged of each set, by half and by rule."""
    problems = {row.id: row.problem for row in given}
    with tempfile.TemporaryDirectory() as folder, a_run(Path(folder)) as run:
        table = decontaminate.against(examples(run, given, 2_000), test_sets=[str(guarded)], level=level,
                                      thresholds=moved)
        gone = {row.row_id: row for row in table.rejections.rows()}
    plain = _plain_runs(row.get("problem") or row["question"] for row in lines(guarded))
    for name in dict.fromkeys(id.partition("-")[0] for id in problems):
        own = [id for id in problems if id.startswith(f"{name}-")]
        halves = [[id for id in own if int(id.partition("-")[2]) % 2 == half] for half in (0, 1)]
        share = [sum(id in gone for id in half) / max(len(half), 1) for half in (*halves, own)]
        rules = Counter(gone[id].rule for id in own if id in gone)
        words = sum(bool(_runs(problems[id]) & plain) for id in own) / len(own)
        print(f"{name:10} {sum(id in gone for id in own):5} of {len(own):5}, {share[2]:.2%} (tuned on {share[0]:.2%}, "
              f"held out {share[1]:.2%}); 13 words as they are {words:.2%}; {dict(rules)}")
    for id, row in gone.items():
        if show and id.startswith(show):
            print(f"\n{id} {row.rule} {row.score}\n  {problems[id]}\n  = {row.twin}")


def _plain_runs(texts: Iterator[str]) -> set[tuple[str, ...]]:
    return {run for text in texts for run in _runs(text)}


def _runs(text: str, n: int = 13) -> set[tuple[str, ...]]:
    words = plain_text(text).split()
    return {tuple(words[i:i + n]) for i in range(len(words) - n + 1)}


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["gsm8k", "competition"])
    parser.add_argument("--sample", type=int, default=100_000)
    parser.add_argument("--show", default="")
    parser.add_argument("--level", default="default")
    parser.add_argument("--set", action="append", default=[])
    given = parser.parse_args()
    for part in given.parts:
        rows, guarded = (grade_school, TEST) if part == "gsm8k" else (competition, GUARDED)
        print(f"-- {part}, against {guarded.name}, level {given.level} {' '.join(given.set)}")
        measured(list(rows(given.sample)), guarded, given.level, given.set, given.show)


if __name__ == "__main__":
    main()
