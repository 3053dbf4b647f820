"""From a seed to a template: read, bind, write, and accept only what gives the seed back to the letter."""

import re
from collections.abc import Sequence
from fractions import Fraction
from math import ceil

from schemas.records import Seed, Slot, Template, stable_id
from tasks.instantiate import TemplateError, compiled, problem_of, solution_of
from tasks.instantiate.markup import NUMBERS, MarkupError, render
from tasks.lift import conditions, domains, nouns
from tasks.lift.bind import bind
from tasks.lift.bound import Bound, Unlifted
from tasks.lift.people import people
from tasks.lift.steps import Step, Unreadable, read_steps
from tasks.lift.text import Texts, Writer, apply
from tasks.lift.trees import Expr, Site, comes_to
from tasks.tools.expressions import ExpressionError, compile_program
from tasks.tools.numbers import Mention, read_numbers
from tasks.verify import check_solution

_ALGEBRA = re.compile(r"(?<![A-Za-z$])(?:\d+(?:\.\d+)?)?[a-zA-Z]\s*(?:[=+/]|\*|-\s)\s*[\d$(a-zA-Z]|=\s*\d*[a-zA-Z]\b(?!\w)|\bLet (?:[a-zA-Z]\b|us call)")
_MAX_TEXT = 6000
PROOFS, PROOF_SEED = 4, 20240917  # draws on which a template's text must hold
ROUND, FINE, LOOSE = "round", "fine", "loose"  # numbers as round as the seed's; any near them; in any order too
FEW = 40  # draws below which a template tries less round numbers


def lift(seed: Seed) -> Template:
    """The template of one seed. Raises `Unlifted` with the rule and the reason."""
    if len(seed.question) + len(seed.solution) > _MAX_TEXT:
        raise Unlifted("too_long", f"question and solution have more than {_MAX_TEXT} characters")
    steps = _steps(seed.solution)
    mentions = read_numbers(seed.question)
    if not mentions:
        raise Unlifted("no_numbers", "the question holds no number")
    bound = bind(seed.question, mentions, seed.solution, steps, _answer(seed.answer))
    writer = Writer(seed.question, mentions, seed.solution, steps, bound)
    texts = writer.write()
    for draws, enough in ((ROUND, FEW), (FINE, 2), (LOOSE, 2)):
        template = _template(seed, mentions, steps, bound, writer, texts, draws)
        capacity = _gives_the_seed_back(seed, template)
        if capacity >= enough:
            _reads_true(template)
            return template
    raise Unlifted("no_draw", "its conditions leave no other values to draw")


def _steps(solution: str) -> list[Step]:
    if _ALGEBRA.search(re.sub(r"<<[^>]*>>", "", solution).replace(" x ", " * ")):
        raise Unlifted("algebra", "the solution reasons with letters")
    try:
        steps = read_steps(solution)
    except Unreadable as error:
        raise Unlifted("unreadable", str(error)) from None
    if not steps:
        raise Unlifted("no_steps", "the solution writes no arithmetic")
    wrong = next((s for s in steps if not comes_to(s.left, s.right.value)), None)
    if wrong is not None:
        raise Unlifted("wrong_arithmetic", f"{solution[wrong.start:wrong.end]} does not hold")
    return steps


def _answer(text: str) -> Fraction:
    try:
        return Fraction(text.replace(",", "").replace("$", "").rstrip("%. ").strip())
    except (ValueError, ZeroDivisionError):
        raise Unlifted("answer", f"the final answer {text!r} is no plain number") from None


def _template(seed: Seed, mentions: Sequence[Mention], steps: Sequence[Step], bound: Bound, writer: Writer, texts: Texts,
              draws: str) -> Template:
    names = _Names(mentions, bound, texts)
    program = _program(steps, bound, texts, names)
    conds = _conditions(seed.solution, mentions, steps, bound, writer, names)
    decimals = _decimals(seed.solution, writer)
    slots = [_slot(symbol, mentions, seed.question, bound, texts, names, symbol in decimals, draws != ROUND) for symbol in writer.slots]
    answer = steps[bound.answer].right.value
    if draws != LOOSE:
        conditions.of_kin(slots, seed.question, conds)
    if draws != LOOSE and answer >= 1:
        conds.keep(f"answer <= {ceil(answer) * 4}", hard=False)
    persons = people(seed.question, seed.solution)
    question = apply(seed.question, texts.question + [e for _, edits, _ in persons for e in edits])
    solution = apply(seed.solution, _with_answer(seed.solution, texts, bound) + [e for _, _, edits in persons for e in edits])
    last = steps[bound.answer]
    identity = stable_id("template", seed.id, question, solution, program)
    return Template(
        id=identity, parents=[seed.id], template_id=identity, seed_id=seed.id, origin="lifted", name="", topic="arithmetic", difficulty=0,
        question=question, solution=solution, slots=[*slots, *(slot for slot, _, _ in persons)], conditions=conds.hard,
        program=program, check="", answer=f"{{r{bound.answer + 1}}}", answer_kind="integer" if last.right.value.denominator == 1 else "decimal",
        answer_unit=_answer_unit(seed.solution, last), source=seed.source, licence=seed.licence, preferences=conds.soft)


class _Names:
    """Symbols of the reading as the names and constants of the template."""

    def __init__(self, mentions: Sequence[Mention], bound: Bound, texts: Texts) -> None:
        self.mentions, self.bound, self.names = mentions, bound, texts.names

    def __call__(self, code: str) -> str:
        return re.sub(r"\b[qr]\d+\b", lambda m: self.names.get(m.group()) or str(self.mentions[int(m.group()[1:])].value), code)

    def expr(self, expr: Expr) -> str:
        """An expression's text over the template's names, every operand in its own parentheses where it needs them."""
        if isinstance(expr, Site):
            code = self(self.bound.by_place[expr.start].code)
            return code if re.fullmatch(r"\w+|\w+\([^()]*\)|\([^()]*\)", code) else f"({code})"
        return f"({self.expr(expr.left)} {expr.sign} {self.expr(expr.right)})"


def _program(steps: Sequence[Step], bound: Bound, texts: Texts, names: _Names) -> str:
    lines = [f"r{k + 1} = {names(bound.codes[k])}" for k in range(len(steps))]
    lines += [f"{name} = {names(code)}" for code, name in texts.helpers.items()]
    return "\n".join([*lines, f"answer = r{bound.answer + 1}"])


def _conditions(solution: str, mentions: Sequence[Mention], steps: Sequence[Step], bound: Bound, writer: Writer, names: _Names) -> conditions.Conditions:
    into = conditions.Conditions()
    for symbol in (s for s in writer.slots if s in bound.frozen or s in writer.out.literal):
        into.keep(f"{names(symbol)} == {names.mentions[int(symbol[1:])].value}")
    for first, second in bound.ties:
        if first in writer.slots and second in writer.slots:
            into.keep(f"{names(first)} == {names(second)}")
    for relation in bound.sums:
        into.keep(names(relation))
    for name in re.findall(r"denominator\((n\d+)\)", " ".join(names(c) for c in bound.codes)):
        if not any(f"numerator({name})" in names(c) for c in bound.codes):
            into.keep(f"numerator({name}) == 1")
    conditions.of_steps(solution, steps, names.expr, into)
    conditions.of_shares([(names(s), mentions[int(s[1:])]) for s in writer.slots], into)
    return into


def _slot(symbol: str, mentions: Sequence[Mention], question: str, bound: Bound, texts: Texts, names: _Names, decimal: bool,
          fine: bool) -> Slot:
    mention = mentions[int(symbol[1:])]
    held = symbol in bound.frozen or symbol in texts.literal
    span = domains.fixed(mention.value) if held else domains.domain(mention, question, decimal, fine)
    return Slot(names(symbol), domains.kind(mention, question), _unit(mention, question), mention.start, mention.end, str(mention.value),
                span.low, span.high, span.step, list(span.choices))


def _decimals(solution: str, writer: Writer) -> set[str]:
    """The slots that the solution writes with a decimal point somewhere, alone or inside a helper: their draws need one."""
    return {symbol for place, code in writer.codes.items() if re.match(r"\d*\.\d", solution[place:place + 12])
            for symbol in re.findall(r"q\d+", code)}


def _unit(mention: Mention, question: str) -> str:
    return "%" if mention.role == "percent" else "dollars" if mention.role == "money" else nouns.unit(question, mention.end)


def _answer_unit(solution: str, last: Step) -> str:
    if solution[max(0, last.start - 1):last.start] == "$":
        return "dollars"
    after = re.match(r"[\d,.]*", solution[last.end:])
    return nouns.unit(solution, last.end + (after.end() if after else 0))


def _with_answer(solution: str, texts: Texts, bound: Bound) -> list[tuple[int, int, str]]:
    """The last line, `#### 72`."""
    found = re.search(r"####[ ]*\$?(-?[\d,.]*\d)", solution)
    if found is None:
        return texts.solution
    written = found.group(1)
    value = Fraction(written.replace(",", ""))
    number = value.numerator if value.denominator == 1 else value
    style = next((s for s in ("", ",", "money", ".2", ".1", ".2,") if NUMBERS[s](number) == written), None)
    if style is None:
        raise Unlifted("style", f"the final answer {written} is written in no style that we know")
    return [*texts.solution, (found.start(1), found.end(1), f"{{r{bound.answer + 1}{':' if style else ''}{style}}}")]


def _reads_true(template: Template) -> None:
    """Raises `Unlifted` unless some draws, re-read from their text alone, hold: a loose number bound wrongly shows here."""
    ready = compiled(template)
    for values in ready.draw(PROOF_SEED, 0, PROOFS):
        if values is not None:
            problem = problem_of(template, values, 0, "lift")
            finding = check_solution(problem.question, solution_of(problem, template).solution, problem.answer)
            if finding.status == "failed":
                raise Unlifted("text", f"a draw's solution contradicts itself: {finding.reason}")


def _gives_the_seed_back(seed: Seed, template: Template) -> int:
    """How many draws there are. Raises `Unlifted` unless the seed's own values reproduce its question, solution and answer."""
    try:
        own = {s.name: s.value if s.kind == "name" else Fraction(s.value) for s in template.slots}
        numbers = {n: v.numerator if isinstance(v, Fraction) and v.denominator == 1 else v for n, v in own.items()}
        values = numbers | compile_program(template.program)(numbers)
        for part, text in (("question", seed.question), ("solution", seed.solution)):
            if render(getattr(template, part), values) != text:
                raise Unlifted("round_trip", f"the {part} does not come back from the seed's own values")
        if Fraction(render(template.answer, values).replace(",", "")) != _answer(seed.answer):
            raise Unlifted("round_trip", "the answer does not come back from the seed's own values")
        return compiled(template).capacity
    except (ExpressionError, MarkupError, TemplateError) as error:
        raise Unlifted("round_trip", str(error)) from None
