"""For every operand of the steps, the sources that have its value: what `readings` chooses from."""

from collections.abc import Sequence
from fractions import Fraction

from tasks.lift.bound import Unlifted
from tasks.lift.sources import Source, constants, converted, plain, ratio_pairs, ratios, structural
from tasks.lift.steps import Step
from tasks.lift.story import Story
from tasks.lift.trees import Site, leaves
from tasks.tools.numbers import Mention


def options(story: Story) -> list[list[Source]]:
    """The sources of each operand, in order. Raises `Unlifted` (rule: unbound) where one has none."""
    offered = _offered(story)
    text = story.question + "\n" + story.solution
    out: list[list[Source]] = []
    for k, step in enumerate(story.steps):
        partners = {site.start: pair for pair in ratio_pairs(step.left) for site in pair}
        for site in leaves(step.left):
            found = [source for number, source in offered if number == site.value]
            found += _results(story.steps[:k], site.value, "%" in text)
            found += constants(site.value, text)
            # A fraction of the question written as one is that fraction, not two numbers that happen to be equal.
            pair = partners.get(site.start)
            found = _parts(site, pair, story.mentions) or _hundredths(site, pair, story.mentions) or found
            found = found or ([] if isinstance(step.left, Site) else structural(site.value))
            if not found:
                raise Unlifted("unbound", f"{site.text} in step {k + 1} is no number of the question, earlier result "
                                          "or known constant")
            out.append(_preferred(found))
    return out


def _offered(story: Story) -> list[tuple[Fraction, Source]]:
    """What the question's numbers can stand for; one that only names something stands for itself and is not drawn."""
    out: list[tuple[Fraction, Source]] = []
    for i, mention in enumerate(story.mentions):
        if mention.role != "label":
            out.extend(plain(mention, i))
            out.extend(converted(mention, i, story.question[mention.end:mention.end + 14]))
        elif mention.style in ("digits", "clock", "ordinal"):
            out.append((mention.value, Source(str(mention.value), "", "constant")))
    return out


def _results(steps: Sequence[Step], number: Fraction, percents: bool) -> list[Source]:
    """The results among these steps that have the value, or, where the text speaks of percents, a hundredfold of it."""
    found = [Source(f"r{j}", f"r{j}", "result") for j, step in enumerate(steps) if step.right.value == number]
    return found + [Source(f"r{j}/100", f"r{j}", "derived") for j, step in enumerate(steps)
                    if percents and step.right.value == 100 * number]


def _hundredths(site: Site, pair: tuple[Site, Site] | None, mentions: Sequence[Mention]) -> list[Source]:
    """`20` of "20/100" as a percent of that value, if the question gives one."""
    if pair is None or site is not pair[0] or pair[1].value != 100:
        return []
    return [Source(f"q{i}", f"q{i}", "plain")
            for i, mention in enumerate(mentions) if mention.role == "percent" and mention.value == site.value]


def _parts(site: Site, pair: tuple[Site, Site] | None, mentions: Sequence[Mention]) -> list[Source]:
    """`3` of "3/4" as the numerator of a fraction that the question gives, `4` as its denominator."""
    if pair is None:
        return []
    side = "numerator" if site is pair[0] else "denominator"
    return [Source(f"{side}({code})", f"q{i}", "plain")
            for i, mention in enumerate(mentions) for number, code in ratios(mention, i)
            if number.numerator == pair[0].value and number.denominator == pair[1].value]


def _preferred(found: list[Source]) -> list[Source]:
    """Without repeats; what is spelled plainly before what must be derived."""
    unique = list(dict.fromkeys(found))
    plainly = any(source.kind in ("plain", "result") for source in unique)
    return sorted(unique, key=lambda s: s.kind == "derived") if plainly else unique
