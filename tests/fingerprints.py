"""Makes the fingerprints that ship, from ../shared/data: python -m tests.fingerprints

To be run again whenever signatures or prints change (`tests/test_decontaminate.py` says so). Only sets under the MIT
licence: GSM8K, MATH, MATH-500, SVAMP, MAWPS, GSM-Hard.
"""

from pathlib import Path

from tasks.decontaminate.fingerprints import write_fingerprints
from tasks.decontaminate.items import Source, fingerprints_of
from tests.repeats import DATA, TEST

SHIPPED = Path(__file__).parents[1] / "data" / "fingerprints"
BENCHMARKS = DATA / "benchmarks"
SETS = {"gsm8k": TEST, **{name: BENCHMARKS / f"{file}.jsonl" for name, file in (
    ("math", "math_test"), ("math500", "math500"), ("svamp", "svamp"), ("mawps", "mawps"), ("gsm_hard", "gsm_hard"))}}


def main() -> None:
    """Writes them all."""
    for name, path in SETS.items():
        made = SHIPPED / f"{name}.parquet"
        rows = write_fingerprints(made, fingerprints_of(Source(name, str(path))))
        print(f"{name}: {rows:,} items, {made.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
