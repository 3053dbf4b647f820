"""Bind every operand of a worked solution to its source, or say why it cannot be done.

`options` lists what each operand could be, `readings` keeps the combinations that fit the story, `settle` chooses among
them with the help of `judge` (do they compute the same?) and `evidence` (what do the words say?), and `doubts` turns
down what still looks like a guess.
"""

from fractions import Fraction

from tasks.lift import doubts
from tasks.lift.bound import Bound, Unlifted
from tasks.lift.evidence import Evidence
from tasks.lift.judge import Judge
from tasks.lift.options import options
from tasks.lift.readings import fitting, readings
from tasks.lift.settle import settle
from tasks.lift.story import Story
from tasks.lift.trees import Site
from tasks.tools.numbers import Mention

SMALL = 7  # persons named, sides, days: a count up to this may stand for something that the question does not number


def bind(story: Story, answer: Fraction) -> Bound:
    """Choose the reading. Raises `Unlifted` (rules: unbound, answer, ambiguous, readings, and those of `doubts`)."""
    last = _answer_step(story, answer)
    evidence = Evidence(story)
    fit = fitting(readings(options(story), story), story, evidence, last)
    judge = Judge(story, last)
    bound = settle(fit, judge, evidence)
    bound.frozen |= judge.idle(bound)
    bound.frozen |= _reused(bound, story, evidence)
    doubts.check(bound, story)
    return bound


def _answer_step(story: Story, answer: Fraction) -> int:
    """The last step that arrives at the final answer."""
    matches = [k for k, step in enumerate(story.steps) if step.right.value == answer]
    if not matches:
        raise Unlifted("answer", f"no step arrives at the final answer {answer}")
    return matches[-1]


def _reused(bound: Bound, story: Story, evidence: Evidence) -> set[str]:
    """Small numbers used more than once where the words do not say that each use means them: they are not drawn.

    "3 pounds, 4 pounds and 5 pounds, shared by the three: 12 / 3".
    """
    uses: dict[str, list[Site]] = {}
    for site in story.operands:
        symbol = bound.by_place[site.start].uses
        if symbol.startswith("q") and site.value == story.mention(symbol).value:
            uses.setdefault(symbol, []).append(site)
    return {symbol for symbol, sites in uses.items()
            if len(sites) > 1 and _is_small(story.mention(symbol)) and not _all_meant(sites, bound, evidence)}


def _is_small(mention: Mention) -> bool:
    return mention.value <= SMALL and mention.style in ("digits", "word", "fold")


def _all_meant(sites: list[Site], bound: Bound, evidence: Evidence) -> bool:
    """Whether no step uses the number twice, and the words beside each use name it."""
    steps = {evidence.at[site.start].step for site in sites}
    return len(steps) == len(sites) and all(evidence.meant(site, bound.by_place[site.start]) for site in sites)
