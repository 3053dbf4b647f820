"""Answer conflicts: rows that ask the same and answer otherwise. One of the two is wrong, whichever it is.

    same_text     the same text but for case, spaces and punctuation: neither row goes on
    same_wording  the same words and numbers in the same order, other names or things: told, both go on
    same_numbers  the same numbers, and text and question mean the same: told, both go on

Answers are compared as `tasks.verify` compares them, so that 1/2 and 0.5 are no conflict. Pairs of two templates are
not looked at: their answers come from programs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from schemas.records import Conflict, stable_id
from tasks.dedup.corpus import Bools, Corpus, amounts
from tasks.dedup.repeats import CONFLICT, EXACT, starts_of
from tasks.dedup.words import Words
from tasks.tools.answers import check
from tasks.tools.prints import Prints
from tasks.tools.signature import nameless
from tasks.tools.twins import Decision, Rows
from tasks.tools.vectors import Lookup, paired

MEANING = 0.85  # cosine of the texts without numbers and names
WORDS = 0.2  # of the content words of two texts: so many both have, before their meaning is looked at
ASKED = 0.5  # the same of their questions: the same story may ask for this and for that
BATCH = 20_000  # texts whose words are compared at a time
LARGE = 400  # rows of one group that are compared with each other; beyond it, each with its neighbours in rank


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows of the corpus that answer the same question otherwise; the `later` one in rank first."""

    later: int
    earlier: int
    rule: str
    score: float


def same_text(corpus: Corpus, decision: Decision, ranked: Rows) -> list[Pair]:
    """Drops rows under test that contradict another of the same text; of those with equal answers one stays."""
    groups, answers = _read(corpus, [corpus.prints.wording], _kept(decision, ranked))
    found = list[Pair]()
    for group in groups:
        for row in group[group < corpus.new].tolist():
            rival = next((other for other in group.tolist() if _differ(answers[row], answers[other])), None)
            if rival is not None:
                decision.drop(row, rival, CONFLICT)
                found.append(Pair(row, rival, "same_text", 1.0))
            elif row != group[0]:
                decision.drop(row, group[0], EXACT)
    return found


def same_wording(corpus: Corpus, decision: Decision, ranked: Rows) -> list[Pair]:
    """Kept rows of one wording and the same numbers in the same order, each beside the first of another answer."""
    prints, rows = corpus.prints, _kept(decision, ranked)
    rows = rows[prints.numbers[rows].any(axis=1) & (prints.family[rows] == 0)]
    groups, answers = _read(corpus, [prints.mask, prints.order], rows)
    pairs = ((row, next((other for other in group[:place].tolist() if _differ(answers[row], answers[other])), None))
             for group in groups for place, row in enumerate(group.tolist()))
    return [Pair(row, other, "same_wording", 1.0) for row, other in pairs if other is not None]


def same_numbers(corpus: Corpus, decision: Decision, ranked: Rows, name: str, model: str) -> list[Pair]:
    """Kept rows of the same numbers in other words, whose meaning and question are the same and answers differ."""
    later, earlier = _comparable(corpus, _kept(decision, ranked))
    if not len(later):
        return []
    prints = corpus.prints
    texts = corpus.masked(np.unique(prints.mask[np.concatenate([later, earlier])]))
    vectors = Lookup.of({mask: nameless(text) for mask, text in texts.items()}, name, model)
    scores = paired(vectors[prints.mask[later]], vectors[prints.mask[earlier]])
    close = np.flatnonzero(scores >= MEANING)
    told = corpus.columns(np.concatenate([later[close], earlier[close]]), ("problem", "answer"))
    return [Pair(int(later[i]), int(earlier[i]), "same_numbers", float(scores[i])) for i in close
            if _asks_the_same(told["problem"][int(later[i])], told["problem"][int(earlier[i])])
            and _differ(told["answer"][int(later[i])], told["answer"][int(earlier[i])])]


def told(corpus: Corpus, pairs: list[Pair], decision: Decision) -> Iterator[Conflict]:
    """The pairs as records; those of published rows alone are left out."""
    pairs = [pair for pair in pairs if pair.later < corpus.new]
    rows = np.array([row for pair in pairs for row in (pair.later, pair.earlier)], np.int64)
    columns = corpus.columns(rows, ("id", "problem", "answer"))
    for pair in pairs:
        (one, other), (text, its), (answer, wrong) = (
            (columns[name][pair.later], columns[name][pair.earlier]) for name in ("id", "problem", "answer"))
        yield Conflict(id=stable_id("conflict", one, other), parents=[one, other], row_id=one, problem=text,
                       answer=answer, twin_id=other, twin=its, twin_answer=wrong, rule=pair.rule,
                       score=round(pair.score, 4), kept=bool(decision.keeps(pair.later)))


def _kept(decision: Decision, ranked: Rows) -> Rows:
    return ranked[decision.kept[ranked]]


def _groups(keys: list[Rows], rows: Rows) -> Iterator[Rows]:
    """Rows that agree in all keys, at least two, each group in the order of `rows`."""
    rows = rows[np.lexsort([key[rows] for key in keys])]
    starts = starts_of([key[rows] for key in keys])
    sizes = np.diff(np.append(starts, len(rows)))
    for start, size in zip(starts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
        yield rows[start:start + size]


def _read(corpus: Corpus, keys: list[Rows], rows: Rows) -> tuple[list[Rows], Mapping[int, str]]:
    """Groups of equal keys, and the answers of their rows."""
    groups = list(_groups(keys, rows))
    every = np.concatenate(groups) if groups else np.zeros(0, np.int64)
    return groups, corpus.columns(every, ("answer",))["answer"]


def _differ(one: str, other: str) -> bool:
    """Surely another answer: not where one is missing, and not where nobody can tell."""
    return bool(one and other) and one != other and check(one, other).status == "different"


def _comparable(corpus: Corpus, rows: Rows) -> tuple[Rows, Rows]:
    """Pairs (later, earlier) of the same numbers, other answers and wordings, and many of the same words."""
    prints, sums = corpus.prints, amounts(corpus.prints)
    rows = rows[(sums[rows] != 0) & ~prints.terse[rows]]
    batch, size = list[Rows](), 0
    found = [np.zeros((0, 2), np.int64)]
    for group in _groups([sums], rows):
        if len(np.unique(prints.answer[group])) > 1 and not prints.family[group].all():
            batch.append(group)
            size += len(group)
        if size >= BATCH:
            found += _alike_in_words(corpus, batch)
            batch, size = [], 0
    found += _alike_in_words(corpus, batch) if batch else []
    later, earlier = np.concatenate(found).T
    return later, earlier


def _alike_in_words(corpus: Corpus, groups: list[Rows]) -> Iterator[Rows]:
    prints = corpus.prints
    words = Words.of(corpus.masked(np.unique(prints.mask[np.concatenate(groups)])))
    for group in groups:
        for start in range(0, len(group), LARGE):
            part = group[start:start + LARGE]
            alike = (words.all(prints.mask[part]) >= WORDS) & _open(prints, part)
            later, earlier = np.nonzero(np.tril(alike, -1))
            yield np.column_stack([part[later], part[earlier]])


def _open(prints: Prints, rows: Rows) -> Bools:
    """Which pairs could contradict each other: of other answers and wordings, not both from templates."""
    drawn = prints.family[rows] != 0
    pairs: Bools = ((prints.answer[rows][:, None] != prints.answer[rows])
                    & (prints.mask[rows][:, None] != prints.mask[rows]) & ~(drawn[:, None] & drawn))
    return pairs


def _asks_the_same(one: str, other: str) -> bool:
    first, second = _question(one), _question(other)
    return len(first & second) >= ASKED * len(first | second)


def _question(problem: str) -> set[str]:
    """The words of the last sentence that asks, or else of the last one."""
    sentences = [part for part in problem.replace("?", "?\n").replace(". ", ".\n").splitlines() if part.strip()]
    asked = [part for part in sentences if part.rstrip().endswith("?")] or sentences[-1:]
    return {word.strip("?.,!").casefold() for word in asked[-1].split()} if asked else set()
