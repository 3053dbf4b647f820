"""Choose one among the readings that fit, or turn the problem down as ambiguous.

Readings that compute the same on random values are one. Otherwise the words decide: the noun beside the operand in
the solution against the nouns beside each number in the question. Where they do not, numbers that could be taken for
each other are tied together (drawn equal, so that all readings agree), kept as they are, or held equal by a condition.
"""

from collections.abc import Sequence

from tasks.lift.bound import Bound, Unlifted
from tasks.lift.codes import code_of, index
from tasks.lift.evidence import Evidence
from tasks.lift.judge import Judge, Tie
from tasks.lift.sources import Reading
from tasks.lift.steps import Step
from tasks.lift.trees import Op, Site, operations

MOST_EQUAL = 2  # conditions of the form n4 == r1: with more of them hardly a draw is left


def settle(readings: list[Reading], judge: Judge, evidence: Evidence) -> Bound:
    """The reading to go by. Raises `Unlifted` (rule: ambiguous)."""
    operands = judge.story.operands
    classes = judge.classes(readings)
    if len(classes) == 1:
        return _bound(evidence.best(readings, operands), judge)
    winner = evidence.decides(classes, operands)
    if winner is not None and not any(map(_one_sided, judge.story.steps)):
        return _bound(winner, judge, likely=_told_apart(winner, readings))
    best = evidence.best(readings, operands)
    return _tied(best, readings, judge) or _kept(best, readings, judge) or _equal(best, readings, judge)


def _told_apart(winner: Reading, readings: Sequence[Reading]) -> list[Tie]:
    """The pairs of numbers that words alone keep apart."""
    plain = {(a.uses, b.uses) for rival in readings for a, b in zip(winner, rival, strict=True)
             if (a.code, b.code) == (a.uses, b.uses) and a.uses[0] == b.uses[0] == "q" and a.uses != b.uses}
    return sorted({(min(pair, key=index), max(pair, key=index)) for pair in plain})


def _one_sided(step: Step) -> bool:
    """Whether the step takes a number from, or divides it by, its equal: words do not tell which of them is which."""
    return any(_of_equals(op) for op in operations(step.left) if op.sign in "-/")


def _of_equals(op: Op) -> bool:
    return isinstance(op.left, Site) and isinstance(op.right, Site) and op.left.value == op.right.value


def _rivals(readings: Sequence[Reading]) -> list[set[str]]:
    """For each operand that could be read as more than one symbol, these symbols."""
    groups = [{source.uses for source in choices} for choices in zip(*readings, strict=True)]
    return [group for group in groups if len(group) > 1]


def _tied(best: Reading, readings: list[Reading], judge: Judge) -> Bound | None:
    """Rivals drawn alike, if all readings then agree."""
    groups = _rivals(readings)
    if not all(symbol.startswith("q") for group in groups for symbol in group):
        return None
    firsts = [min(group, key=index) for group in groups]
    ties = sorted({(first, symbol) for first, group in zip(firsts, groups, strict=True) for symbol in group - {first}})
    return _bound(best, judge, ties=ties) if len(judge.classes(readings, ties)) == 1 else None


def _kept(best: Reading, readings: list[Reading], judge: Judge) -> Bound | None:
    """Fewest numbers kept as they are, if all readings then agree: words for numbers, rivals, or both."""
    mentions = judge.story.mentions
    words = {f"q{i}" for i, m in enumerate(mentions) if m.style in ("part", "fold", "dozen")}
    rivals = {symbol for group in _rivals(readings) for symbol in group if symbol.startswith("q")}
    for kept in (words, rivals, rivals | words):
        if kept and len(judge.classes(readings, frozen=kept)) == 1:
            return _bound(best, judge, frozen=kept)
    return None


def _equal(best: Reading, readings: list[Reading], judge: Judge) -> Bound:
    """Keep equal, by condition, whatever an operand could be read as: then every reading computes the same."""
    pairs = {(min(a.code, b.code), max(a.code, b.code))
             for reading in readings for a, b in zip(best, reading, strict=True) if a.code != b.code}
    if len(pairs) > MOST_EQUAL or any("(" in code for pair in pairs for code in pair):
        raise _ambiguous(readings, judge)
    bound = _bound(best, judge)
    bound.sums += [f"{a} == {b}" for a, b in sorted(pairs)]
    return bound


def _ambiguous(readings: list[Reading], judge: Judge) -> Unlifted:
    """The refusal, told by the first operand in doubt."""
    codes = [sorted({source.code for source in choices}) for choices in zip(*readings, strict=True)]
    site, names = next((s, c) for s, c in zip(judge.story.operands, codes, strict=True) if len(c) > 1)
    return Unlifted("ambiguous", f"{site.text} can be read as any of {', '.join(names)}, with different answers")


def _bound(reading: Reading, judge: Judge, ties: Sequence[Tie] = (), frozen: set[str] | None = None,
           likely: Sequence[Tie] = ()) -> Bound:
    story = judge.story
    by_place = {site.start: source for site, source in zip(story.operands, reading, strict=True)}
    texts = {place: source.code for place, source in by_place.items()}
    codes = [code_of(step.left, texts) for step in story.steps]
    return Bound(by_place, codes, judge.last, list(ties), set(frozen or ()), list(likely))
