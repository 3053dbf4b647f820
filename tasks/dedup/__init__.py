"""Dedup: of examples that say the same problem twice, one goes on.

    exact          the same text but for case, spaces and punctuation
    same_wording   the same words, numbers and answer; only names and things were exchanged
    same_numbers   the same numbers and answer, and the texts mean the same (a paraphrase)
    near_duplicate the same answer and most numbers, told in other words (a paraphrase that leaves a number out)
    per_family     no repeat: one more of a template (or wording) that has `per_family` rows already; off unless asked
    conflict       the same text with another answer: one of the two is wrong, and neither goes on

A number-only variant of a template is never a repeat. Of several rows the one that is kept hangs on their ids alone, so
the order of input changes nothing; rows of published data sets come before all others. What contradicts another row
without being the same text goes on, and stands in the table `conflicts`.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from schemas.errors import ParameterError
from schemas.records import Conflict, Example
from schemas.run import current_run
from schemas.table import Table, write_shard
from tasks.dedup import conflicts
from tasks.dedup.corpus import Corpus
from tasks.dedup.meaning import drop_alike, unsettled
from tasks.dedup.near import drop_near, near_pairs, of_like_words
from tasks.dedup.repeats import RULES, cap_families, mixed_blocks, settle
from tasks.tools.each import rest
from tasks.tools.embeddings import encoder
from tasks.tools.orchestrator import task
from tasks.tools.prints import take
from tasks.tools.signature import nameless
from tasks.tools.twins import Decision, Rows, Told, Twin, decided, strike
from tasks.tools.vectors import Lookup

THRESHOLD = 0.75
NAME = "distinct"
REASONS = {
    "exact": "the same text as its twin",
    "same_wording": "the same words, numbers and answer as its twin, with other names or things",
    "same_numbers": "the same numbers and answer as its twin, and means the same (cosine {score:.3f})",
    "near_duplicate": "its twin's answer and most of its numbers, told in other words (cosine {score:.3f})",
    "per_family": "its template or wording has as many rows as were asked for",
    "conflict": "its twin's text with another answer: one of the two is wrong",
}


@task
def by_meaning(examples: Table[Example], *, embedder: str = "", threshold: float = THRESHOLD, per_family: int = 0,
               published: Sequence[str] = ()) -> Table[Example]:
    """Table `distinct`: `examples` without repeats; each repeat is a rejection that names its twin, rule and score.

    `embedder` is a Hub id or folder of sentence-transformers ("": all-MiniLM-L6-v2), `threshold` the cosine from which
    two texts with the same numbers and answer are one problem, `per_family` how many rows a template keeps (0: all).
    `published` are data sets (files, runs, Hub ids) that no row may repeat. Beside it the table `conflicts`.

    Raises `InputError` for a published set that cannot be read, `ToolError` if a model is needed and none is had.
    """
    if not 0 < threshold <= 1:
        raise ParameterError(f"threshold is a cosine between 0 and 1, not {threshold}", mend="leave it at 0.75")
    if per_family < 0:
        raise ParameterError(f"per_family is a number of rows, not {per_family}", mend="0 keeps all")
    prints = take(examples)
    twins = decided(examples, NAME, lambda: _twins(Corpus.of(examples, prints, published), embedder, threshold,
                                                   per_family))
    return strike(examples, prints, twins, NAME)


def _twins(corpus: Corpus, embedder: str, threshold: float, per_family: int) -> Iterable[list[Twin]]:
    prints, ranked = corpus.prints, corpus.ranked()
    decision = settle(prints, ranked, corpus.new)
    pairs = conflicts.same_text(corpus, decision, ranked)
    rest()  # the workers hold templates, the encoder a model: not both at once
    with encoder(embedder):  # its processes serve all that is embedded here
        _by_meaning(corpus, decision, ranked, embedder, threshold)
        pairs += conflicts.same_wording(corpus, decision, ranked)
        pairs += conflicts.same_numbers(corpus, decision, ranked, f"{NAME}.conflicts", embedder)
    if per_family:
        cap_families(prints, decision, ranked, per_family)
    listed = current_run().table("conflicts", Conflict)
    write_shard(listed.shard(0), sorted(conflicts.told(corpus, pairs, decision), key=lambda row: row.id), Conflict)
    current_run().note("conflicts", {"pairs": listed.count()})
    return _told(corpus, decision)


def _by_meaning(corpus: Corpus, decision: Decision, ranked: Rows, embedder: str, threshold: float) -> None:
    prints = corpus.prints
    blocks = list(mixed_blocks(prints, decision, ranked))
    later, earlier = near_pairs(prints, decision, ranked)
    mine = later < corpus.new
    later, earlier = later[mine], earlier[mine]
    found = len(later)
    masked = corpus.masked(np.unique(prints.mask[np.concatenate([later, earlier, *blocks])]))
    later, earlier = of_like_words(later, earlier, prints, masked)
    masks = np.unique(prints.mask[np.concatenate([later, earlier, *blocks])])
    wordings = Lookup.of({mask: nameless(masked[mask]) for mask in masks.tolist()}, f"{NAME}.wordings", embedder)
    doubtful = unsettled(blocks, prints, wordings, threshold)
    texts = Lookup.of(corpus.columns(doubtful, ("problem",))["problem"], f"{NAME}.problems", embedder)
    drop_alike(blocks, prints, wordings, texts, threshold, decision, masked)
    drop_near(later, earlier, prints, wordings, masked, threshold, decision)
    current_run().note(f"{NAME}.search", {
        "rows": corpus.new, "published rows looked at": len(prints) - corpus.new,
        "blocks with more than one wording": len(blocks), "rows in them": sum(map(len, blocks)),
        "pairs with most numbers": found,
        "of these with like words": len(later), "wordings embedded": len(masks), "problems embedded": len(doubtful)})


def _told(corpus: Corpus, decision: Decision) -> Iterable[list[Twin]]:
    """The decision as rows, one list a shard."""
    twins = corpus.columns(decision.twin[:corpus.new][~decision.kept[:corpus.new]], ("problem",))["problem"]

    def tell(row: int) -> Told:
        twin, rule = int(decision.twin[row]), RULES[decision.rule[row]]
        reason = REASONS[rule].format(score=decision.score[row])
        ids = corpus.prints.id
        return ids[row].decode(), rule, reason, ids[twin].decode(), twins[twin]

    return decision.told(corpus.prints.starts, tell)
