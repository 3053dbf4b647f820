"""How fast texts become vectors, beside plain sentence-transformers in fp32.

    python -m tests.benchmarks.embedding [--texts 2000] [--times 3]

GSM8K's training questions (`../shared/data`). Both sides take turns, so that what else the machine does hits both;
"plain" is `SentenceTransformer.encode` as it comes, fp32, in its default batches and with its default threads, in a
process of its own whose model is loaded beforehand. CPU seconds count all threads and processes.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import monotonic

import numpy as np

from tasks.tools.embeddings import encoder
from tasks.tools.models import locate
from tests.repeats import TEST, lines

PLAIN = """
import json, sys, time
import numpy as np
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(sys.argv[1], device="cpu")
for line in sys.stdin:
    texts = json.loads(line)
    began, cpu = time.monotonic(), time.process_time()
    vectors = model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
    seconds = time.monotonic() - began, time.process_time() - cpu
    np.save(sys.argv[2], vectors)
    print(*seconds, flush=True)
"""


def cpu_of(*processes: int) -> float:
    """User and system seconds that these processes and their threads have used."""
    ticks = 0
    for process in processes:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    import json
    import tempfile

    from tasks.tools import embeddings

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=2_000)
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    texts = [row["question"] for row in lines(TEST.with_name("train.jsonl"))[:given.texts]]
    found: dict[str, list[tuple[float, float]]] = {"mathmill": [], "plain": []}
    with tempfile.TemporaryDirectory() as folder, encoder() as encode:
        kept = Path(folder, "plain.npy")
        plain = subprocess.Popen([sys.executable, "-c", PLAIN, str(locate().folder), str(kept)], text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert plain.stdin is not None
        assert plain.stdout is not None
        encode(texts[:600] * 2)  # loads the model
        for _ in range(given.times):
            children = [child._process.pid for team in embeddings._open.values() for child in team.children]
            began, cpu = monotonic(), cpu_of(os.getpid(), *children)
            ours = encode(texts)
            now = [child._process.pid for team in embeddings._open.values() for child in team.children]
            found["mathmill"].append((monotonic() - began, cpu_of(os.getpid(), *now) - cpu))
            plain.stdin.write(json.dumps(texts) + "\n")
            plain.stdin.flush()
            seconds, its = map(float, plain.stdout.readline().split())
            found["plain"].append((seconds, its))
        alike = np.einsum("ij,ij->i", ours, np.load(kept))
        plain.stdin.close()
        plain.wait()
    print(f"{len(texts):,} texts, {given.times} turns, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
          f"cosine of both {alike.mean():.5f}, at least {alike.min():.5f}")
    for name, turns in found.items():
        wall, cpu = (median(times) for times in zip(*turns, strict=True))
        print(f"{name:10} {len(texts) / wall:7.0f} texts/s  {1000 * cpu / len(texts):6.2f} CPU ms a text")
    ratios = [(theirs[i] / ours[i]) for ours, theirs in zip(found["mathmill"], found["plain"], strict=True)
              for i in (0, 1)]
    print(f"ratio: wall {median(ratios[::2]):.2f}, CPU {median(ratios[1::2]):.2f}")


if __name__ == "__main__":
    main()
