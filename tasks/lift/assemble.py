"""From a seed to a template: read, bind, write, and accept only what gives the seed back to the letter.

`legible` reads, `bind` binds, `text` writes, `program` computes, `domains` and `conditions` say what may be drawn,
`proofs` decide whether the template stands.
"""

import re
from fractions import Fraction
from math import ceil

from schemas.records import Seed, Slot, Template, stable_id
from tasks.instantiate.markup import NUMBERS
from tasks.lift import conditions, domains, nouns
from tasks.lift.agree import Edit
from tasks.lift.bind import bind
from tasks.lift.bound import Unlifted
from tasks.lift.codes import narrow, symbols
from tasks.lift.draft import Draft, apply
from tasks.lift.legible import answer_of, story_of
from tasks.lift.people import people
from tasks.lift.program import conditions_of, program_of
from tasks.lift.proofs import capacity, gives_the_seed_back, reads_true
from tasks.lift.text import write
from tasks.tools.numbers import Mention

ROUND, FINE, LOOSE = "round", "fine", "loose"  # numbers as round as the seed's; any near them; in any order too
FEW = 40  # draws below which a template tries less round numbers
MOST = 4  # times the seed's answer that a draw's may be: beyond that a story loses its measure
_ANSWER = re.compile(r"####[ ]*\$?(-?[\d,.]*\d)")
_ANSWER_STYLES = ("", ",", "money", ".2", ".1", ".2,")


def lift(seed: Seed) -> Template:
    """The template of one seed. Raises `Unlifted` with the rule and the reason."""
    story = story_of(seed)
    draft = write(story, bind(story, answer_of(seed)))
    for draws, enough in ((ROUND, FEW), (FINE, 2), (LOOSE, 2)):
        template = _template(seed, draft, draws)
        gives_the_seed_back(seed, template)
        if capacity(template) >= enough:
            reads_true(template)
            return template
    raise Unlifted("no_draw", "its conditions leave no other values to draw")


def _template(seed: Seed, draft: Draft, draws: str) -> Template:
    last = draft.story.steps[draft.bound.answer]
    holds = conditions_of(draft)
    slots = [_slot(symbol, draft, fine=draws != ROUND) for symbol in draft.slots]
    if draws != LOOSE:
        _near_the_seed(slots, seed.question, last.right.value, holds)
    persons = people(seed.question, seed.solution)
    question = apply(seed.question, draft.question + [edit for person in persons for edit in person.question])
    solution = apply(seed.solution, [*draft.solution, *_answer_line(draft), *(e for p in persons for e in p.solution)])
    program = program_of(draft)
    identity = stable_id("template", seed.id, question, solution, program)
    return Template(
        id=identity, parents=[seed.id], template_id=identity, seed_id=seed.id, origin="lifted", name="",
        topic="arithmetic", difficulty=0, question=question, solution=solution,
        slots=[*slots, *(person.slot for person in persons)], conditions=holds.hard, program=program, check="",
        answer=f"{{r{draft.bound.answer + 1}}}",
        answer_kind="integer" if last.right.value.denominator == 1 else "decimal", answer_unit=_answer_unit(draft),
        source=seed.source, licence=seed.licence, preferences=holds.soft)


def _near_the_seed(slots: list[Slot], question: str, answer: Fraction, holds: conditions.Conditions) -> None:
    """What draws are to have in common with the seed, where that leaves enough of them."""
    conditions.of_kin(slots, question, holds)
    if answer >= 1:
        holds.keep(f"answer <= {ceil(answer) * MOST}", hard=False)


def _slot(symbol: str, draft: Draft, fine: bool) -> Slot:
    mention, question = draft.story.mention(symbol), draft.story.question
    if symbol in draft.bound.frozen | draft.literal:
        span = domains.fixed(mention.value)
    else:
        span = domains.domain(mention, question, symbol in _decimals(draft), fine)
    return Slot(draft.names[symbol], domains.kind(mention, question), _unit(mention, question), mention.start,
                mention.end, str(mention.value), span.low, span.high, span.step, list(span.choices))


def _decimals(draft: Draft) -> set[str]:
    """The slots that the solution writes with a decimal point, alone or inside a helper: their draws need one."""
    return {symbol for place, code in draft.codes.items()
            if re.match(r"\d*\.\d", draft.story.solution[place:place + 12]) for symbol in symbols(code)}


def _unit(mention: Mention, question: str) -> str:
    if mention.role in ("percent", "money"):
        return "%" if mention.role == "percent" else "dollars"
    return nouns.unit(question, mention.end)


def _answer_unit(draft: Draft) -> str:
    solution, last = draft.story.solution, draft.story.steps[draft.bound.answer]
    if solution[max(0, last.start - 1):last.start] == "$":
        return "dollars"
    written = re.match(r"[\d,.]*", solution[last.end:])  # after an annotation the result is written once more
    return nouns.unit(solution, last.end + (written.end() if written else 0))


def _answer_line(draft: Draft) -> list[Edit]:
    """The last line, `#### 72`. Raises `Unlifted` (rule: style)."""
    found = _ANSWER.search(draft.story.solution)
    if found is None:
        return []
    written = found.group(1)
    number = narrow(Fraction(written.replace(",", "")))
    style = next((s for s in _ANSWER_STYLES if NUMBERS[s](number) == written), None)
    if style is None:
        raise Unlifted("style", f"the final answer {written} is written in no style that we know")
    return [(found.start(1), found.end(1), f"{{r{draft.bound.answer + 1}{':' if style else ''}{style}}}")]
