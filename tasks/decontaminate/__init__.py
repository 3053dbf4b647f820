"""Decontaminate: of examples, those that repeat an item of a test set do not go on. Each shows its item.

    exact          the item's text but for case, spaces and punctuation
    ngram          13 words in a row with an item, numbers and names not counted
    same_numbers   an item's numbers and answer, and the texts mean much the same
    meaning        an item's story with other numbers and names: near to it and nearer than its neighbours are

All but the first look at wordings (numbers and names masked, things that pools exchange made alike), each once, so that
a template of a thousand draws costs what one problem costs. Share of rows flagged against GSM8K's test set, in percent:

                                      clean      rephrased by LMSYS     GSM-Plus, 298 of each kind
                                   7,473 train   1,315   renamed too   other numbers   paraphrase
    all four rules                     0.36       95.9       50            100.0           94.6
    ngram alone                        0.11        0.1        0.1           97.7            5.4
    meaning alone                      0.32       86.5       49.7          100.0           83.2
      without names, 0.87              0.17       37.3       36.9           99.0           33.2
      with names, 0.83                 0.21       86.5       33.7          100.0           83.2
      with names, 0.88, no crowding    0.21       75.7       23.3           99.7           66.4
    13 words as they are               0.05        0.0        0.0           75.2            5.4
    plain cosine of 0.85               0.20       91.8         -            99.3           89.6

`THRESHOLD` and `NAMED` are where each view flags 0.2 % of the training problems, many of them true twins ("a train
travels # miles in # hours. At the same rate, how many additional hours …"). Limits: half of what is retold in other
words, names and numbers at once passes, so does another language; of SVAMP's short stories 1.3 % are flagged.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from schemas.errors import ParameterError
from schemas.records import Example
from schemas.run import current_run
from schemas.table import Table
from tasks.decontaminate.items import Item, read_items
from tasks.decontaminate.rules import (
    RULES,
    kept_masks,
    near_items,
    same_meaning,
    same_numbers,
    same_text,
    shared_words,
)
from tasks.tools.each import each, rest
from tasks.tools.embeddings import encoder
from tasks.tools.orchestrator import task
from tasks.tools.prints import Print, Prints, masked_texts, problems_at, take
from tasks.tools.signature import nameless, numberless
from tasks.tools.twins import Decision, Told, Twin, decided, strike
from tasks.tools.vectors import Lookup

NGRAM = 13
THRESHOLD = 0.87  # without names, where the stories alone must be alike
NAMED = 0.04  # below it with the names left in: they tell stories apart, so less likeness says more
DOUBTFUL = 0.75  # wordings this near to an item are looked at with their names
NAME = "clean"
REASONS = {
    "exact": "the same text as test item {item}",
    "ngram": "{n} words in a row with test item {item}, numbers and names not counted ({score:.0%} of its runs)",
    "same_numbers": "the numbers and the answer of test item {item}, and means the same (cosine {score:.3f})",
    "meaning": "the story of test item {item} with numbers masked (cosine less crowding {score:.3f})",
}


@task
def against(examples: Table[Example], *, test_sets: Sequence[str] = (), embedder: str = "", ngram: int = NGRAM,
            threshold: float = THRESHOLD) -> Table[Example]:
    """Table `clean`: `examples` without those that repeat an item of `test_sets`, each a rejection that shows the item.

    `test_sets` are files (JSONL, JSON, CSV, Parquet), `path` or `name=path`; with none, all examples go on. `ngram` is
    the length of a run of words, `threshold` the cosine, less crowding, from which a story is an item's (0 to 1).

    Raises `InputError` for a test set that cannot be read, `ParameterError`, and `ToolError` if no model can be had.
    """
    if ngram < 1 or not 0 < threshold <= 1:
        raise ParameterError(f"ngram is a whole number from 1 and threshold a cosine between 0 and 1, not {ngram}, "
                             f"{threshold}", mend=f"leave them at {NGRAM} and {THRESHOLD}")
    if not test_sets:
        return each(_all, examples, into=Example, name=NAME)
    prints = take(examples)
    twins = decided(examples, NAME, lambda: _twins(examples, prints, read_items(test_sets), embedder, ngram, threshold))
    return strike(examples, prints, twins, NAME)


def _all(examples: list[Example]) -> list[Example]:
    return examples


def _twins(examples: Table[Example], table: Table[Print], items: list[Item], embedder: str, ngram: int,
           threshold: float) -> Iterable[list[Twin]]:
    prints = Prints.load(table)
    decision = Decision.none_yet(len(prints))
    same_text(prints, items, decision)
    texts = masked_texts(table, kept_masks(prints, decision)[0])
    shared_words(prints, texts, items, ngram, decision)
    rest()  # the workers hold templates, the encoder a model: not both at once
    with encoder(embedder):  # one child for all that is embedded here
        _by_meaning(examples, prints, texts, items, embedder, threshold, decision)
    _count(items, decision)

    def tell(row: int) -> Told:
        item, rule = items[decision.twin[row]], RULES[decision.rule[row]]
        reason = REASONS[rule].format(item=item.print.id, n=ngram, score=decision.score[row])
        return prints.id[row].decode(), rule, reason, item.print.id, item.text

    return decision.told(prints.starts, tell)


def _by_meaning(examples: Table[Example], prints: Prints, texts: dict[int, str], items: list[Item], embedder: str,
                threshold: float, decision: Decision) -> None:
    sets = [item.set for item in items]
    bare = {mask: nameless(texts[mask]) for mask in kept_masks(prints, decision)[0].tolist()}
    bare |= {item.print.mask: nameless(item.print.masked) for item in items}
    wordings = Lookup.of(bare, f"{NAME}.wordings", embedder)
    same_numbers(prints, items, wordings, decision)
    masks, speakers = kept_masks(prints, decision)
    near = near_items(wordings[masks], wordings[np.array([item.print.mask for item in items])], sets)
    same_meaning(prints, masks, texts, near, threshold, decision)

    doubtful = (near.cosine >= DOUBTFUL) & decision.kept[speakers]
    named = dict(enumerate(numberless(item.text) for item in items))
    problems = problems_at(examples, prints.starts, np.sort(speakers[doubtful]))
    spoken = [len(items) + i for i in range(int(doubtful.sum()))]
    named |= dict(zip(spoken, (numberless(problems[row]) for row in speakers[doubtful].tolist()), strict=True))
    if spoken:
        vectors = Lookup.of(named, f"{NAME}.problems", embedder).vectors
        near = near_items(vectors[len(items):], vectors[:len(items)], sets)
        same_meaning(prints, masks[doubtful], texts, near, threshold - NAMED, decision)


def _count(items: list[Item], decision: Decision) -> None:
    """What each test set met, for run.json and the card."""
    sizes = Counter(item.set for item in items)
    hits = Counter((items[twin].set, RULES[rule]) for twin, rule in
                   zip(decision.twin[~decision.kept], decision.rule[~decision.kept], strict=True))
    current_run().note(f"{NAME}.test_sets", {
        name: {"items": size, **{rule: hits[name, rule] for rule in RULES}} for name, size in sizes.items()})
