"""Decontaminate: of examples, those that repeat an item of a test set do not go on. Each shows its item.

    exact          the item's text but for case, spaces and punctuation
    ngram          13 words in a row with an item, numbers and names not counted
    same_problem   an item's numbers and answer, and the texts mean much the same
    rephrased      the text as it stands means an item's; less likeness will do where most numbers are shared
    template_twin  an item's story with other numbers and names: near to it and nearer than its neighbours are

The cheap rules look at wordings (numbers and names masked, things that pools exchange made alike), each once, so that
a template of a thousand draws costs what one problem costs; `rephrased` embeds one text of each wording that is near.

Measured against GSM8K's test set (`python -m tests.benchmarks.decontaminate`): flagged are 98.4 % of 1,315 problems
rephrased by LMSYS and 0.19 % of 7,473 training problems (14; of them eight share 13 words, two thirds are true twins:
"a train travels # miles in # hours. At the same rate, how many additional hours …"). The thresholds were chosen with
all of these in sight. 13 words as they are find none of the rephrased. Limits: what is retold in other words, names and
numbers at once mostly passes, so does another language; competition text was not measured.
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
    rephrased,
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
from tasks.tools.vectors import Lookup, cosines

NGRAM = 13
THRESHOLD = 0.91  # without names, where the stories alone must be alike
NAMED = 0.04  # below it with the names left in: they tell stories apart, so less likeness says more
DOUBTFUL = 0.75  # wordings this near to an item are looked at with their names
OPEN = 0.55  # wordings less near than this to every item are not looked at as they stand
REPHRASED_AT = 0.88  # with numbers and names as they are
NAME = "clean"
REASONS = {
    "exact": "the same text as test item {item}",
    "ngram": "{n} words in a row with test item {item}, numbers and names not counted ({score:.0%} of its runs)",
    "same_problem": "the numbers and the answer of test item {item}, and means the same (cosine {score:.3f})",
    "rephrased": "test item {item} in other words (cosine {score:.3f})",
    "template_twin": "the story of test item {item} with numbers masked (cosine less crowding {score:.3f})",
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
    _retold(examples, prints, items, wordings, embedder, decision)
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


def _retold(examples: Table[Example], prints: Prints, items: list[Item], wordings: Lookup, embedder: str,
            decision: Decision) -> None:
    """Rephrased rows: one text of each wording that is at all near to an item is embedded as it stands."""
    masks, speakers = kept_masks(prints, decision)
    held = wordings[np.array([item.print.mask for item in items])]
    close = np.array([(cosines(wordings[masks[i:i + 1]], held) >= OPEN).any() for i in range(len(masks))], bool)
    if not close.any():
        return
    rows = np.flatnonzero(decision.kept & np.isin(prints.mask, masks[close]))
    problems = problems_at(examples, prints.starts, rows)
    texts = {int(prints.mask[row]): problems[row] for row in speakers[close].tolist()}
    own = Lookup.of({-1 - i: item.text for i, item in enumerate(items)}, f"{NAME}.items", embedder)
    told = Lookup.of(texts, f"{NAME}.told", embedder)
    rephrased(prints, problems, told, own[-1 - np.arange(len(items))], items, REPHRASED_AT, decision)


def _count(items: list[Item], decision: Decision) -> None:
    """What each test set met, for run.json and the card."""
    sizes = Counter(item.set for item in items)
    hits = Counter((items[twin].set, RULES[rule]) for twin, rule in
                   zip(decision.twin[~decision.kept], decision.rule[~decision.kept], strict=True))
    current_run().note(f"{NAME}.test_sets", {
        name: {"items": size, **{rule: hits[name, rule] for rule in RULES}} for name, size in sizes.items()})
