"""What decontamination flags: GSM8K's test set against its rephrased twin (LMSYS) and against its training set.

    python -m tests.benchmarks.decontaminate [--show]

Reads `../shared/data`. `--show` prints the pairs that are flagged among the training problems, to be read. Both
halves were in sight when the thresholds were chosen, so neither is a blind test.
"""

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from schemas.records import Example
from tasks import decontaminate
from tests.repeats import REPHRASED, TEST, a_run, example, examples, final, lines


def rows() -> list[Example]:
    """Rephrased test problems, then training problems; the id tells set and place."""
    told = [example(f"rephrased-{i}", row["problem"], final(row["answer"])) for i, row in enumerate(lines(REPHRASED))]
    train = lines(TEST.with_name("train.jsonl"))
    return told + [example(f"train-{i}", row["question"], final(row["answer"])) for i, row in enumerate(train)]


def main(show: bool) -> None:
    given = rows()
    problems = {row.id: row.problem for row in given}
    with tempfile.TemporaryDirectory() as folder, a_run(Path(folder)) as run:
        table = decontaminate.against(examples(run, given, 2_000), test_sets=[str(TEST)])
        gone = list(table.rejections.rows())
    for name in ("rephrased", "train"):
        total = Counter(int(id.split("-")[1]) % 2 for id in problems if id.startswith(name))
        hits = Counter(int(row.row_id.split("-")[1]) % 2 for row in gone if row.row_id.startswith(name))
        rules = Counter(row.rule for row in gone if row.row_id.startswith(name))
        print(f"{name:10} {hits.total():5} of {total.total():5}, {hits.total() / total.total():.2%} (tuned on "
              f"{hits[0] / total[0]:.2%}, held out {hits[1] / total[1]:.2%})  {dict(rules)}")
    for row in gone if show else ():
        if row.row_id.startswith("train"):
            print(f"\n{row.row_id} {row.rule} {row.score}\n  {problems[row.row_id]}\n  {row.twin}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true")
    main(parser.parse_args().show)
