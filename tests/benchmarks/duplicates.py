"""The share of pairs called duplicate, by kind: mathmill's own rules beside SemHash and plain cosine.

    python -m tests.benchmarks.duplicates [--half tuning|held-out|both] [--errors KIND] [--semhash PYTHON]

Judged through the product: for each kind the task `dedup.by_meaning` gets one table with both texts of every pair, and
a pair counts where one of the two is dropped with the other as its twin. "others" counts rows dropped with a row of
another pair as their twin (a repeat in the data set itself, or a mistake).

Kinds: the eight of GSM-Plus testmini with their originals in GSM8K test, the even problems for tuning and the odd ones
held out; GSM8K test and the rephrasings of LMSYS (held out); GSM8K train with two sentences or two numbers exchanged,
or the last sentence put first; two draws of each shipped template, as if the template were not known; and
`tests/cases/pairs.toml`, every second one held out.

`PYTHON` is the interpreter of an environment with `semhash` and `model2vec[distill]`. SemHash stands at its default
threshold; its default weights are on the Hub alone, so it gets a static model distilled from the same MiniLM.
"""

import argparse
import json
import re
import subprocess
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasks import dedup
from tasks.tools.embeddings import encoder
from tasks.tools.models import locate
from tasks.tools.numbers import read_numbers
from tests.repeats import PLUS, REPHRASED, TEST, VARIANTS, a_run, example, examples, final, lines

PAIRS = Path(__file__).parents[1] / "cases" / "pairs.toml"
COSINE = 0.95
HALVES = ("tuning", "held out")
# (kind, what it should be): "same" from 85 %, else at most so many percent
BARS = {"paraphrase": "same", "numbers": "1", "digits": "1", "decimals": "", "operation": "2", "reversed": "",
        "distractor": "", "critical": "", "lmsys": "same", "sentences moved": "same", "question first": "same",
        "two exchanged": "1", "template": "1", "own same": "same", "own other": ""}
# Arguments: the folder of MiniLM, and where the model distilled from it is or goes.
STATIC = """
import json, os, sys, time
os.environ["HF_HUB_OFFLINE"] = "1"
from pathlib import Path
from model2vec import StaticModel
from semhash import SemHash
folder = Path(sys.argv[2])
if not folder.exists():
    from model2vec.distill import distill
    distill(model_name=sys.argv[1], pca_dims=256).save_pretrained(folder)
model = StaticModel.from_pretrained(folder)
"""
SEMHASH = STATIC + """
for line in sys.stdin:
    one, other = json.loads(line)
    hashed = SemHash.from_records([one], model=model)
    print(int(one == other or len(hashed.deduplicate([other]).selected) == 0), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two problems; `kind` as in `BARS`, `half` 0 for tuning and 1 for held out."""

    kind: str
    half: int
    texts: tuple[str, str]
    answers: tuple[str, str]


def pairs() -> Iterator[Pair]:
    """All there are; those of data that is not here are left out."""
    if PLUS.exists():
        yield from _plus()
        originals = _originals()
        for row in lines(REPHRASED):
            question, answer = originals[int(row["id"].rpartition("-")[2])]
            yield Pair("lmsys", 1, (question, row["problem"]), (answer, row["answer"]))
        yield from _made()
    yield from _own()
    yield from _drawn()


def _originals() -> list[tuple[str, str]]:
    return [(row["question"], final(row["answer"])) for row in lines(TEST)]


def _plus() -> Iterator[Pair]:
    originals = _originals()
    words = [set(question.lower().split()) for question, _ in originals]
    rows = lines(PLUS)
    for group, start in enumerate(range(0, len(rows), len(VARIANTS))):
        variants = dict(zip(VARIANTS, _in_order(rows[start:start + len(VARIANTS)]), strict=True))
        said = set(variants["numbers"]["problem"].lower().split())  # differs from its original in numbers alone
        question, answer = originals[max(
            range(len(words)), key=lambda n: len(words[n] & said) / len(words[n] | said))]
        for kind, row in variants.items():
            yield Pair(kind, group % 2, (question, row["problem"]), (answer, row["answer"]))


def _in_order(group: list[dict[str, str]]) -> list[dict[str, str]]:
    """Variants so that the one without an answer comes last; in 15 of 300 groups they stand turned round."""
    last = max(place for place, row in enumerate(group) if row["answer"] == "None")
    return group[last + 1:] + group[:last + 1]


def _made() -> Iterator[Pair]:
    for place, row in enumerate(lines(TEST.with_name("train.jsonl"))[:300]):
        question, answer = row["question"], final(row["answer"])
        sentences = re.split(r"(?<=[.?!])\s+", question.strip())
        first, middle, last = sentences[0], sentences[1:-1], sentences[-1]
        found = [mention for mention in read_numbers(question) if mention.style == "digits" and mention.role != "label"]
        made = {"sentences moved": " ".join((first, middle[1], middle[0], *middle[2:], last)) if middle[1:] else "",
                "question first": " ".join((last, first, *middle)) if sentences[1:] else "", "two exchanged": ""}
        if len({mention.value for mention in found}) > 1:
            one, two = found[0], next(mention for mention in found if mention.value != found[0].value)
            made["two exchanged"] = "".join((question[:one.start], two.text, question[one.end:two.start], one.text,
                                             question[two.end:]))
        yield from (Pair(kind, place % 2, (question, text), (answer, answer)) for kind, text in made.items() if text)


def _own() -> Iterator[Pair]:
    for kind, rows in tomllib.loads(PAIRS.read_text(encoding="utf-8")).items():
        for place, row in enumerate(rows):
            one, other = row.get("answers") or [row["answer"]] * 2
            yield Pair(f"own {kind}", place % 2, tuple(row["texts"]), (one, other))


def _drawn() -> Iterator[Pair]:
    """Two draws of each shipped template; where the numbers fell alike they are one problem, and left out."""
    from tasks.families import shipped
    from tasks.instantiate import templates
    from tasks.tools.signature import read

    with tempfile.TemporaryDirectory() as folder, a_run(Path(folder)):
        problems = defaultdict(list)
        table = shipped()
        for row in templates(table, size=2 * table.count()).rows():
            problems[row.template_id].append((row.question, row.answer))
    for place, drawn in enumerate(map(problems.__getitem__, sorted(problems))):
        if len(drawn) == 2 and read(drawn[0][0]).numbers != read(drawn[1][0]).numbers:
            yield Pair("template", place % 2, (drawn[0][0], drawn[1][0]), (drawn[0][1], drawn[1][1]))


def judged(chosen: Sequence[Pair]) -> tuple[list[bool], int]:
    """For pairs of one kind: whether each was called duplicate, and how many rows were dropped for another's."""
    rows = [example(f"{side}-{place:05}", pair.texts[end], pair.answers[end])
            for place, pair in enumerate(chosen) for end, side in enumerate("ab")]
    with tempfile.TemporaryDirectory() as folder, a_run(Path(folder)) as run:
        told = [(row.row_id, row.twin_id) for row in dedup.by_meaning(examples(run, rows)).rejections.rows()]
    own = {int(row[2:]) for row, twin in told if row[2:] == twin[2:]}
    return [place in own for place in range(len(chosen))], sum(row[2:] != twin[2:] for row, twin in told)


def by_cosine(chosen: Sequence[Pair]) -> list[bool]:
    with encoder() as encode:
        one, other = (encode([pair.texts[end] for pair in chosen]) for end in (0, 1))
    found: list[bool] = (np.einsum("ij,ij->i", one, other) > COSINE).tolist()
    return found


def by_semhash(chosen: Sequence[Pair], python: str, folder: Path) -> list[bool]:
    said = subprocess.run([python, "-c", SEMHASH, str(locate().folder), str(folder)], text=True, check=True,
                          input="".join(json.dumps(pair.texts) + "\n" for pair in chosen), stdout=subprocess.PIPE)
    return [line == "1" for line in said.stdout.split()]


def share(found: Iterable[bool]) -> str:
    marks = list(found)
    return f"{100 * sum(marks) / len(marks):5.1f}" if marks else "    -"


def show(found: Sequence[tuple[Pair, bool]], kind: str) -> None:
    """The pairs that went wrong, to be read."""
    for pair, duplicate in found:
        if pair.kind == kind and duplicate != (BARS[kind] == "same"):
            print(*(f"[{answer}] {text}" for text, answer in zip(pair.texts, pair.answers, strict=True)), "",
                  sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("tuning", "held-out", "both"), default="both")
    parser.add_argument("--kinds", nargs="*", default=list(BARS), choices=BARS)
    parser.add_argument("--errors", choices=BARS, help="print the pairs of this kind that went wrong")
    parser.add_argument("--semhash", metavar="PYTHON")
    parser.add_argument("--static", type=Path, default=Path(tempfile.gettempdir()) / "static_minilm",
                        help="where the distilled model is, or is put")
    given = parser.parse_args()
    halves = [number for number, name in enumerate(HALVES) if given.half in (name.replace(" ", "-"), "both")]
    everything = list(pairs())
    print(f"{'% called duplicate':18} {'half':9} {'pairs':>5} {'bar':>6} {'mathmill':>9} {'others':>8} "
          f"{'cosine':>7} {'SemHash*':>9}")
    with encoder():  # the model is loaded once
        for kind in given.kinds:
            for half in halves:
                chosen = [pair for pair in everything if (pair.kind, pair.half) == (kind, half)]
                if not chosen:
                    continue
                ours, others = judged(chosen)
                peer = by_semhash(chosen, given.semhash, given.static) if given.semhash else []
                bar = {"same": ">= 85", "": ""}.get(BARS[kind], f"<= {BARS[kind]}")
                print(f"{kind:18} {HALVES[half]:9} {len(chosen):5} {bar:>6} {share(ours):>9} {others:8} "
                      f"{share(by_cosine(chosen)):>7} {share(peer):>9}", flush=True)
                if kind == given.errors:
                    show(list(zip(chosen, ours, strict=True)), kind)
    print(f"cosine: all-MiniLM-L6-v2 above {COSINE}. *SemHash at its default threshold, with a static model distilled "
          "from all-MiniLM-L6-v2: its default weights are only on the Hub.")


if __name__ == "__main__":
    main()
