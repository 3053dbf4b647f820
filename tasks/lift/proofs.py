"""What a template must show before `assemble` accepts it: that it gives its seed back, and that its draws read true."""

from fractions import Fraction

from schemas.records import Seed, Template
from tasks.instantiate import TemplateError, compiled, problem_of, solution_of
from tasks.instantiate.markup import MarkupError, Value, render
from tasks.lift.bound import Unlifted
from tasks.lift.codes import narrow
from tasks.lift.legible import answer_of
from tasks.tools.expressions import ExpressionError, compile_program
from tasks.verify import check_solution

PROOFS, PROOF_SEED = 4, 20240917  # draws on which a template's text must hold


def gives_the_seed_back(seed: Seed, template: Template) -> None:
    """Raises `Unlifted` (rule: round_trip) unless the seed's own values reproduce its texts and answer."""
    try:
        values = _own_values(template)
        for part, text in (("question", seed.question), ("solution", seed.solution)):
            if render(getattr(template, part), values) != text:
                raise Unlifted("round_trip", f"the {part} does not come back from the seed's own values")
        if Fraction(render(template.answer, values).replace(",", "")) != answer_of(seed):
            raise Unlifted("round_trip", "the answer does not come back from the seed's own values")
    except (ExpressionError, MarkupError) as error:
        raise Unlifted("round_trip", str(error)) from None


def _own_values(template: Template) -> dict[str, Value]:
    """Every name's value in the seed. Raises ExpressionError."""
    words: dict[str, Value] = {slot.name: slot.value for slot in template.slots if slot.kind == "name"}
    numbers = {slot.name: narrow(Fraction(slot.value)) for slot in template.slots if slot.kind != "name"}
    results = compile_program(template.program)(numbers)
    return words | numbers | {name: value for name, value in results.items() if not isinstance(value, tuple)}


def capacity(template: Template) -> int:
    """How many draws there are. Raises `Unlifted` (rule: round_trip) for a template that does not hold together."""
    try:
        return compiled(template).capacity
    except (ExpressionError, MarkupError, TemplateError) as error:
        raise Unlifted("round_trip", str(error)) from None


def reads_true(template: Template) -> None:
    """Raises `Unlifted` (rule: text) unless some draws, re-read from their text alone, hold.

    A loose number that was bound wrongly shows here.
    """
    for values in compiled(template).draw(PROOF_SEED, 0, PROOFS):
        if values is not None:
            problem = problem_of(template, values, 0, "lift")
            finding = check_solution(problem.question, solution_of(problem, template).solution, problem.answer)
            if finding.status == "failed":
                raise Unlifted("text", f"a draw's solution contradicts itself: {finding.reason}")
