"""Decontaminate: of examples, those that repeat an item of a test set do not go on. Each shows its item.

    exact          the item's text but for case, spaces and punctuation
    ngram          13 words in a row with an item; numbers, names, formulas and forms of answers not counted
    alike          an item's numbers, and most of its words and signs, formulas in whatever spelling
    same_problem   an item's numbers and answer, and the texts mean much the same
    rephrased      the text as it stands means an item's; less likeness will do where most numbers are shared
    template_twin  an item's story with other numbers and names: near to it and nearer than its neighbours are
    same_numbers   four numbers or more and the answer, where of the test set only fingerprints are here

The thresholds are `levels.Levels`. The cheap rules look at wordings (numbers and names masked, things that pools
exchange made alike), each once; `rephrased` embeds one text of each wording that is near.

Measured (`python -m tests.benchmarks.decontaminate`). Against GSM8K's test set flagged are 98.40 % of 1,315 problems
rephrased by LMSYS and 0.17 % of 7,473 training problems (13; seven are true twins, two nearly); 13 words as they are
find none and 4. The cosines were chosen with all of these in sight. Against MATH's test set: of 600 of its own
problems lightly reworded 99.7 % (items of odd number, not in sight when the rule `alike` was made: 99.7), heavily
98.8 % (99.7), with other numbers 64 %; of 600 of AIME 1983-2023 63, of which 35 were read, all twins of an item, for
MATH holds AIME; of CollegeMath none of 600, of OlympiadBench 3. These three sets were in sight.
In frames of prose that the rules had not seen 86 %; `alike` was then taught to look past prose, and the rules without
vectors find 89 %, of frames that hold numbers themselves less.
Limits: what is retold in other words, names and numbers at once mostly passes, so does another language; formulas with
other numbers are found only if words around them stay.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from schemas.records import Example
from schemas.run import current_run
from schemas.table import Table
from tasks.decontaminate.alike import alike
from tasks.decontaminate.grey import NAME, Doubts, ruled, write_grey
from tasks.decontaminate.items import Item, items_of, sources
from tasks.decontaminate.levels import Levels, levels_of
from tasks.decontaminate.recheck import flagged, rechecked
from tasks.decontaminate.rules import RULES, kept_masks, same_numbers, same_text, shared_words
from tasks.decontaminate.search import by_meaning
from tasks.tools.each import each, rest
from tasks.tools.embeddings import encoder
from tasks.tools.llm import Teacher
from tasks.tools.orchestrator import task
from tasks.tools.prints import Print, Prints, masked_texts, problems_at, take
from tasks.tools.twins import Decision, Told, Twin, decided, strike

__all__ = ["against", "flagged", "rechecked"]
REASONS = {
    "exact": "the same text as test item {item}",
    "ngram": "{n} words in a row with test item {item}, numbers and names not counted ({score:.0%} of its runs)",
    "alike": "the numbers of test item {item}, and {score:.0%} of words and signs in common",
    "same_problem": "the numbers and the answer of test item {item}, and means the same (cosine {score:.3f})",
    "rephrased": "test item {item} in other words (cosine {score:.3f})",
    "template_twin": "the story of test item {item} with numbers masked (cosine less crowding {score:.3f})",
    "same_numbers": "the numbers and the answer of test item {item}, of which only fingerprints are here",
}


@task
def against(examples: Table[Example], *, test_sets: Sequence[str] = (), embedder: str = "", level: str = "default",
            thresholds: Sequence[str] = (), judge: Teacher | None = None) -> Table[Example]:
    """Table `clean`: `examples` without those that repeat an item of `test_sets`, each a rejection that shows the item.

    `test_sets` are files (JSONL, JSON, CSV, Parquet), Hub ids or short names of the usual ones, each also as
    `name=…`; with none, all examples go on. `level` and `thresholds` (`name=value`): see `levels`. `judge` rules on
    rows that stay a little below a threshold.

    Raises `InputError` for a test set that cannot be read, `ParameterError`, and `ToolError` if no model can be had.
    """
    levels = levels_of(level, thresholds)
    if not test_sets:
        return each(_all, examples, into=Example, name=NAME)
    current_run().note(f"{NAME}.levels", {"level": level, "moved": list(thresholds), **asdict(levels)})
    items = _read(test_sets)  # first: what is wrong with them is known before hours of work
    prints = take(examples)
    twins = decided(examples, NAME, lambda: _twins(examples, prints, items, embedder, levels, judge is not None))
    if judge is not None:
        twins = ruled(twins, judge, twins_too=level != "lenient")
    return strike(examples, prints, twins, NAME)


def _all(examples: list[Example]) -> list[Example]:
    return examples


def _read(test_sets: Sequence[str]) -> list[Item]:
    """All items, set after set; where each set was read from is noted."""
    found = {source: list(items_of(source)) for source in sources(test_sets)}
    current_run().note(f"{NAME}.sources", {source.name: {
        "place": source.place, "items": len(items), "texts": not source.hashed} for source, items in found.items()})
    return [item for items in found.values() for item in items]


def _twins(examples: Table[Example], table: Table[Print], items: list[Item], embedder: str,
           levels: Levels, judged: bool) -> Iterable[list[Twin]]:
    items = sorted(items, key=lambda item: item.fingerprint is not None)  # those with texts first, set after set
    told = [item for item in items if item.fingerprint is None]
    prints = Prints.load(table)
    decision = Decision.none_yet(len(prints))
    same_text(prints, items, decision)
    texts = masked_texts(table, kept_masks(prints, decision)[0])
    shared_words(prints, texts, items, levels, decision)
    same_numbers(prints, items, decision)
    alike(examples, prints, told, levels, decision)
    doubts = Doubts(len(prints), levels.grey)
    if told:
        rest()  # the workers hold templates, the encoder a model: not both at once
        with encoder(embedder):  # one child for all that is embedded here
            by_meaning(examples, prints, texts, told, embedder, levels, decision, doubts)
    _count(items, decision)

    def tell(row: int) -> Told:
        item, rule = items[decision.twin[row]], RULES[decision.rule[row]]
        reason = REASONS[rule].format(item=item.print.id, n=levels.ngram, score=decision.score[row])
        return prints.id[row].decode(), rule, reason, item.print.id, item.text

    rows = doubts.open(decision)
    current_run().note(f"{NAME}.grey", len(rows))
    if judged:
        problems = problems_at(examples, prints.starts, rows)
        write_grey(doubts, decision, prints.starts, RULES, lambda row: (
            prints.id[row].decode(), problems[row], items[doubts.twin[row]].print.id, items[doubts.twin[row]].text))
    return decision.told(prints.starts, tell)


def _count(items: list[Item], decision: Decision) -> None:
    """What each test set met, for run.json and the card."""
    sizes = Counter(item.set for item in items)
    hits = Counter((items[twin].set, RULES[rule]) for twin, rule in
                   zip(decision.twin[~decision.kept], decision.rule[~decision.kept], strict=True))
    current_run().note(f"{NAME}.test_sets", {
        name: {"items": size, **{rule: hits[name, rule] for rule in RULES}} for name, size in sizes.items()})
