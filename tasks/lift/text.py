"""Turn question and solution into markup: every number that may change becomes a hole that gives the seed's text back.

The question's numbers are slots. A number in the solution is an operand or a result of a step, or it stands loose in
the prose ("the 3 boxes together"): those are for `loose`.
"""

import re
from collections.abc import Iterator

from tasks.lift import facts
from tasks.lift.bound import Bound
from tasks.lift.draft import DIGITS, MONEY, Draft
from tasks.lift.loose import Loose
from tasks.lift.steps import Step
from tasks.lift.story import Story
from tasks.lift.trees import Site, leaves
from tasks.tools.numbers import Mention, read_numbers

_ORDINAL_WORDS = (
    "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth", "thirteenth",
    "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth")
_ORDINALS = {word: n for n, word in enumerate(_ORDINAL_WORDS, 3)}


def write(story: Story, bound: Bound) -> Draft:
    """Both texts. Raises `Unlifted` (rules: loose, style)."""
    draft = Draft(story, bound)
    draft.literal |= _ordinals(draft) | _facts(draft)
    for symbol in draft.slots:
        draft.slot(symbol)
    for k, step in enumerate(story.steps):
        _step(draft, k, step)
    loose = Loose(draft)
    for mention in list(_unexplained(draft)):
        loose.write(mention)
    return draft


def _ordinals(draft: Draft) -> set[str]:
    """"Five scrolls … the fifth scroll", "3 days … on the fourth day": what an ordinal repeats is not drawn."""
    text = (draft.story.question + " " + draft.story.solution).lower()
    said = {read_ordinal(word) for word in re.findall(r"\b(?:\d+(?:st|nd|rd|th)|[a-z]+(?:rd|th))\b", text)}
    said |= {n - 1 for n in said}
    return {s for s in draft.slots if draft.story.values[s] > 2 and draft.story.values[s] in said
            and draft.story.mention(s).role == "plain"}


def read_ordinal(word: str) -> int:
    """The number of "fifth" or "18th", 0 for a word that is none."""
    return int(word[:-2]) if word[0].isdigit() else _ORDINALS.get(word, 0)


def _facts(draft: Draft) -> set[str]:
    """What is so in the world, or counts what the text names, keeps its value: see `facts`."""
    story = draft.story
    return {s for s in draft.slots if facts.is_fact(story.question, story.solution, story.mention(s))}


def _step(draft: Draft, k: int, step: Step) -> None:
    """The operands where the step has them and where the prose repeats them, then the result likewise."""
    own = list(leaves(step.left))
    code = {site.start: draft.bound.by_place[site.start].code for site in own}
    for site in own:
        _put(draft, site, code[site.start])
    for site in step.echo:
        twin = next((o for o in own if o.value == site.value), None)
        if twin is not None:
            own.remove(twin)
            _put(draft, site, code[twin.start])
    result = code[step.left.start] if isinstance(step.left, Site) else f"r{k}"
    for site in (step.right, *step.shown):
        _put(draft, site, result)


def _put(draft: Draft, site: Site, code: str) -> None:
    dollar = draft.story.solution[site.start - 1:site.start] == "$"
    draft.replace(site.start, site.end, code, MONEY if dollar else DIGITS)


def _unexplained(draft: Draft) -> Iterator[Mention]:
    """The numbers of the solution outside annotations, steps and the last line."""
    solution = draft.story.solution
    covered = [(step.start, step.end) for step in draft.story.steps if step.annotated]
    last = solution.rfind("####")
    for mention in read_numbers(solution):
        inside = any(a <= mention.start < b for a, b in covered)
        if not inside and mention.start not in draft.codes and not mention.start >= last >= 0:
            yield mention
