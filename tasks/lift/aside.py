"""Numbers of the question that no step uses, for `doubts`: which may stand aside, and which are a doubt."""

import re
from fractions import Fraction
from itertools import combinations

from tasks.lift.bound import Bound, Unlifted
from tasks.lift.story import Story
from tasks.lift.words import stems
from tasks.tools.numbers import Mention

SMALL = 10  # a count up to this may say how many persons or things were named, and be used by no step
_ORDER = re.compile(r"\b(?:first|second|other|last|remaining)\s$")
_NO_SHARE = re.compile(r"[,.?]| (?!of|as|the|that|this|less|more|cup|mile|pound|hour|inch)[a-z]")


def stand_aside(i: int, bound: Bound, story: Story, used: set[str]) -> None:
    """A number that no step uses: it repeats one that is used, counts things named, or merely belongs to the story.

    What it could be taken for keeps its value. Raises `Unlifted` (rule: unused_number) for any other number.
    """
    mention, symbol = story.mentions[i], f"q{i}"
    if mention.role == "label" or mention.value == 1:
        bound.aside.add(symbol)
        return
    twins = [j for j, other in enumerate(story.mentions)
             if f"q{j}" in used and (other.value, other.role) == (mention.value, mention.role)]
    alike = [j for j in twins if nouns_after(story.question, story.mentions[j]) & nouns_after(story.question, mention)]
    if alike:
        bound.ties.append((f"q{alike[0]}", symbol))
        return
    counts_named = _names_a_few(mention) or mention.style == "dozen" or _names_a_part(story.question, mention)
    if not counts_named and not _is_idle(mention, story):
        raise Unlifted("unused_number", f"no step uses the {mention.text} of the question")
    bound.aside.add(symbol)
    bound.frozen.update(f"q{j}" for j in twins)
    bound.frozen |= _next_to(mention, story) if counts_named else _kin(i, bound, story)


def _names_a_few(mention: Mention) -> bool:
    """"Four friends", "in 2019": it counts what is named anyway, or dates it."""
    year = mention.style == "digits" and 1900 <= mention.value <= 2100
    few = mention.value <= (SMALL if mention.style == "word" else 4)
    return year or (few and mention.role == "plain" and mention.style in ("word", "digits"))


def _names_a_part(question: str, mention: Mention) -> bool:
    """ "The first half", "a third friend", "a quarter" among coins: no share of anything."""
    if mention.style != "part":
        return False
    before = question[max(0, mention.start - 12):mention.start].lower()
    after = question[mention.end:mention.end + 12]
    return (_ORDER.search(before) is not None
            or (mention.text.lower().startswith("a ") and _NO_SHARE.match(after) is not None))


def _is_idle(mention: Mention, story: Story) -> bool:
    """A plain number or price that no step arrives at: the story tells it for its own sake."""
    written = mention.role in ("plain", "money") and mention.style in ("digits", "comma", "decimal", "word")
    return written and not any(step.right.value == mention.value for step in story.steps)


def _next_to(mention: Mention, story: Story) -> set[str]:
    """Small counts one more or less than the one left aside: "3 tanks, one here and the other 2 there"."""
    return {f"q{j}" for j, m in enumerate(story.mentions)
            if abs(m.value - mention.value) == 1 and 1 < m.value <= SMALL and m.role == "plain"}


def _kin(i: int, bound: Bound, story: Story) -> set[str]:
    """The numbers that make the one left aside, or with it a constant of the steps: as it stays, so must they."""
    own = story.mentions[i].value
    others = [(f"q{j}", m.value) for j, m in enumerate(story.mentions)
              if j != i and m.role != "label" and m.value > 1]
    constants = {Fraction(source.code.strip("()")) for source in bound.by_place.values()
                 if source.kind == "constant" and source.code not in ("1", "100")}
    out = {q for q, v in others if constants & _made(own, v)}
    for (p, a), (q, b) in combinations(others, 2):
        if own in _made(a, b):
            out |= {p, q}
    return out


def _made(a: Fraction, b: Fraction) -> set[Fraction]:
    """What two numbers make by one operation; a division by zero adds nothing."""
    return {a + b, abs(a - b), a * b, a / b if b else a, b / a if a else b}


def nouns_after(question: str, mention: Mention) -> set[str]:
    """The stems of up to three words after the number, within its phrase."""
    after = re.match(r"[^.,;:?!\d]*", question[mention.end:mention.end + 40])
    return stems(" ".join((after.group() if after else "").split()[:3]))
