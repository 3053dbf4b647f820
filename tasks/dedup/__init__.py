"""Dedup: of examples that say the same problem twice, one goes on.

    exact          the same text but for case, spaces and punctuation
    same_wording   the same words, numbers and answer; only names and things were exchanged
    same_numbers   the same numbers and answer, and the texts mean the same (a paraphrase)
    near_duplicate the same answer and most numbers, told in other words (a paraphrase that leaves a number out)
    per_family     no repeat: one more of a template (or wording) that has `per_family` rows already; off unless asked

A number-only variant of a template is never a repeat. Which row of several is kept hangs on their ids alone, so the
order of input changes nothing.
"""

from collections.abc import Iterable

import numpy as np

from schemas.errors import ParameterError
from schemas.records import Example
from schemas.run import current_run
from schemas.table import Table
from tasks.dedup.meaning import drop_alike, unsettled
from tasks.dedup.near import drop_near, near_pairs
from tasks.dedup.repeats import RULES, cap_families, in_order, mixed_blocks, settle
from tasks.tools.each import rest
from tasks.tools.embeddings import encoder
from tasks.tools.orchestrator import task
from tasks.tools.prints import Print, Prints, masked_texts, problems_at, take
from tasks.tools.signature import nameless
from tasks.tools.twins import Decision, Told, Twin, decided, strike
from tasks.tools.vectors import Lookup

THRESHOLD = 0.75
NAME = "distinct"
REASONS = {
    "exact": "the same text as its twin",
    "same_wording": "the same words, numbers and answer as its twin, with other names or things",
    "same_numbers": "the same numbers and answer as its twin, and means the same (cosine {score:.3f})",
    "near_duplicate": "its twin's answer and most of its numbers, told in other words (cosine {score:.3f})",
    "per_family": "its template or wording has as many rows as were asked for",
}


@task
def by_meaning(examples: Table[Example], *, embedder: str = "", threshold: float = THRESHOLD,
               per_family: int = 0) -> Table[Example]:
    """Table `distinct`: `examples` without repeats; each repeat is a rejection that names its twin, rule and score.

    `embedder` is a Hub id or folder of sentence-transformers ("": all-MiniLM-L6-v2), `threshold` the cosine from which
    two texts with the same numbers and answer are one problem, `per_family` how many rows a template keeps (0: all).
    Raises `ToolError` if a model is needed and none is had.
    """
    if not 0 < threshold <= 1:
        raise ParameterError(f"threshold is a cosine between 0 and 1, not {threshold}", mend="leave it at 0.75")
    if per_family < 0:
        raise ParameterError(f"per_family is a number of rows, not {per_family}", mend="0 keeps all")
    prints = take(examples)
    twins = decided(examples, NAME, lambda: _twins(examples, prints, embedder, threshold, per_family))
    return strike(examples, prints, twins, NAME)


def _twins(examples: Table[Example], table: Table[Print], embedder: str, threshold: float,
           per_family: int) -> Iterable[list[Twin]]:
    prints = Prints.load(table)
    ranked = in_order(prints)
    decision = settle(prints, ranked)
    blocks = list(mixed_blocks(prints, decision, ranked))
    later, earlier = near_pairs(prints, decision, ranked)
    masks = np.unique(prints.mask[np.concatenate([later, earlier, *blocks])])
    masked = masked_texts(table, masks)
    rest()  # the workers hold templates, the encoder a model: not both at once
    with encoder(embedder):  # one child for both
        wordings = Lookup.of({mask: nameless(text) for mask, text in masked.items()},
                             f"{NAME}.wordings", embedder)
        doubtful = unsettled(blocks, prints, wordings, threshold)
        texts = Lookup.of(problems_at(examples, prints.starts, doubtful), f"{NAME}.problems", embedder)
    drop_alike(blocks, prints, wordings, texts, threshold, decision)
    drop_near(later, earlier, prints, wordings, masked, threshold, decision)
    if per_family:
        cap_families(prints, decision, ranked, per_family)
    current_run().note(f"{NAME}.search", {
        "rows": len(prints), "blocks with more than one wording": len(blocks),
        "rows in them": sum(map(len, blocks)), "pairs with most numbers": len(later), "wordings embedded": len(masks),
        "problems embedded": len(doubtful)})
    return _told(examples, prints, decision)


def _told(examples: Table[Example], prints: Prints, decision: Decision) -> Iterable[list[Twin]]:
    """The decision as rows, one list a shard."""
    texts = problems_at(examples, prints.starts, np.unique(decision.twin[~decision.kept]))

    def tell(row: int) -> Told:
        twin, rule = int(decision.twin[row]), RULES[decision.rule[row]]
        reason = REASONS[rule].format(score=decision.score[row])
        if prints.block[row] != prints.block[twin]:
            reason += ", with another answer: one of the two is wrong"
        return prints.id[row].decode(), rule, reason, prints.id[twin].decode(), texts[twin]

    return decision.told(prints.starts, tell)
