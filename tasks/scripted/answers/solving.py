"""Solutions: in steps, as a program, in turns with a program's output. What is not known gets a plausible wrong one.

A solver gives the text and what is wrong with it, "" for nothing.
"""

import random
import re
from collections.abc import Callable

from tasks.scripted.asked import Request
from tasks.scripted.stock import MARKS, Known, Stock

Solver = Callable[[Request, random.Random, Stock], tuple[str, str]]
UNKNOWN, MISLED = "cannot_solve", "misled"  # misled: by what the program of an earlier turn printed
PRINTED = re.compile(r"printed:\n(.{1,200})")  # the words before a program's output, in the turns with tools
SUM = re.compile(r"<<([\d+\-*/^() ]+)=(-?\d+)>>")
SHARED = 0.5
WORDS = ("amount", "part", "quantity", "share", "value", "result")
MORE_WORDS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def worked(request: Request, rng: random.Random, stock: Stock) -> tuple[str, str]:
    """A worked solution in the style of a chat: no calculator marks, the answer in a box."""
    question = problem(request)
    if (known := stock.find(question)):
        steps = MARKS.sub("", known.solution.partition("####")[0]).strip()
        return f"{steps}\n\\boxed{{{known.answer}}}", ""
    answer = guess(question, rng)
    return f"Putting the numbers together gives {answer}.\n\\boxed{{{answer}}}", UNKNOWN


def guess(question: str, rng: random.Random) -> str:
    """An answer that looks like one. Half of the samples make the mistake that lies nearest: models err alike, too."""
    numbers = [int(found) for found in re.findall(r"\d{1,9}", question)] or [rng.randrange(2, 20)]
    last, first = numbers[-1], numbers[0]
    if rng.random() < SHARED:
        return str(last + 1)
    return str(rng.choice((sum(numbers), last + 1, first * last, abs(first - last), sum(numbers) + last, 2 * first)))


def problem(request: Request) -> str:
    return request.sections.get("Problem") or request.sections.get("Facts") or next(iter(request.sections.values()), "")


def program(request: Request, rng: random.Random, stock: Stock) -> tuple[str, str]:
    code, wrong = _code(request, rng, stock)
    return f"```python\n{code}\n```", wrong


def with_tools(request: Request, rng: random.Random, stock: Stock) -> tuple[str, str]:
    """A program first; once its output is shown, the conclusion, which believes it."""
    if request.turns and (printed := PRINTED.search(request.turns[-1])):
        known, answer = stock.find(problem(request)), printed[1].strip()
        wrong = "" if known and known.answer == answer else MISLED if known else UNKNOWN
        return f"Program: every line follows. Output: it fits the problem.\n\\boxed{{{answer}}}", wrong
    code, wrong = _code(request, rng, stock)
    plan = {"in_subtasks": "1. What is the first part?\n2. What is the whole?\n"}.get(request.name, "First, compute.\n")
    return f"{plan}```python\n{code}\n```", wrong


def _code(request: Request, rng: random.Random, stock: Stock) -> tuple[str, str]:
    """A program that prints the answer."""
    known = stock.find(problem(request))
    steps = (known and _steps(known)) or _split(known.answer if known else guess(problem(request), rng), rng)
    return _styled(steps, request.name, rng), "" if known else UNKNOWN


def _steps(known: Known) -> list[str]:
    """The right sides of the solution's own calculations, `{0}` for the first's result; [] if they do not suffice."""
    marks, sums = MARKS.findall(known.solution), SUM.findall(known.solution)
    if not sums or len(sums) < len(marks) or len(sums) > len(MORE_WORDS) or sums[-1][1] != known.answer:
        return []
    made: list[str] = []
    for number, (formula, _) in enumerate(sums):
        parts = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", formula)
        if "/" in formula and not (parts and int(parts[2]) and int(parts[1]) % int(parts[2]) == 0):
            return []  # it would print 2.5 or 2.0 where the answer is 5/2 or 2
        held = {result: f"{{{place}}}" for place, (_, result) in enumerate(sums[:number])}
        told = re.sub(r"(?<![\d{])\d+", lambda found, held=held: held.get(found[0], found[0]), formula)  # type: ignore[misc]
        made.append(re.sub(r"\s*(//|\*\*|[+*-])\s*", r" \1 ", told.replace("/", "//").replace("^", "**")).strip())
    return made


def _split(answer: str, rng: random.Random) -> list[str]:
    """A sum that comes to the answer; a text as it is."""
    if not re.fullmatch(r"-?\d+", answer):
        return [repr(answer)]
    part = rng.randrange(1, 50)
    return [str(int(answer) - part), str(part), "{0} + {1}"]


def _styled(steps: list[str], style: str, rng: random.Random) -> str:
    """The program: short names, a comment a line, or names that tell, as the prompt wants it."""
    word = rng.choice(WORDS)
    short = style in ("program_bare", "program_commented")
    names = [f"v{place}" if short else f"{MORE_WORDS[place - 1]}_{word}" for place in range(1, len(steps) + 1)]
    lines = []
    for place, (name, step) in enumerate(zip(names, steps, strict=True)):
        if style == "program_commented":
            lines.append(f"# the {MORE_WORDS[place]} {word}")
        lines.append(f"{name} = {step.format(*names)}" if step[0] not in "'\"" else f"{name} = {step}")
    return "\n".join([*lines, f"print({names[-1]})"])


SOLVERS: dict[str, Solver] = {
    "solve": worked, "reflect": worked, "with_tools": with_tools, "in_subtasks": with_tools, "check_twice": with_tools,
    "program_bare": program, "program_named": program, "program_commented": program}
