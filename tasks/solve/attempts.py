"""One attempt at a problem, as a talk: in words, by a program, or in turns of words and programs."""

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from schemas.records import Problem
from tasks.asking import Program, Step, Unfit
from tasks.prompts import (
    Prompt,
    check_twice,
    in_subtasks,
    program_bare,
    program_commented,
    program_named,
    solve,
    with_tools,
)
from tasks.tools.answers.extract import extract
from tasks.tools.jail import Outcome
from tasks.tools.llm import Reply, Turn

BLOCK = re.compile(r"```(?:python|py)[ \t]*\n(.*?)(?:```|\Z)", re.DOTALL)
SHOWN = 1_000  # characters of a program's output that the model is shown
WORDS = {"solve": solve.PROMPT}
PROGRAMS = {"named": program_named.PROMPT, "commented": program_commented.PROMPT, "bare": program_bare.PROMPT}
TURNS = {"tools": with_tools.PROMPT, "subtasks": in_subtasks.PROMPT, "checked": check_twice.PROMPT}
PRINTED = {
    "tools": "The program printed:\n{output}",
    "subtasks": "The program printed:\n{output}\nCheck the results of the sub-tasks, then conclude or mend.",
    "checked": "The program printed:\n{output}\nCheck in two parts, Program and Output.",
}
FAILED = "The program did not end well:\n{output}\nSay what went wrong and write a better program."


@dataclass(frozen=True, slots=True)
class Worked:
    """An attempt that came to its end; `turns` counts the model's."""

    text: str
    answer: str
    prompt: Prompt
    turns: int = 1


Attempt: TypeAlias = Generator[Step, Any, Worked]
Settings: TypeAlias = dict[str, Any]  # of `Ask`, that differ from the prompt's own
Style: TypeAlias = Callable[[Problem, int, Settings], Attempt]


def in_words(problem: Problem, sample: int, settings: Settings, prompt: Prompt = solve.PROMPT) -> Attempt:
    """Step by step, to a box."""
    reply = yield prompt.ask({"Problem": problem.question}, sample=sample, **settings)
    _ended(reply)
    return Worked(reply.text.strip(), extract(reply.text, problem.question).text, prompt)


def by_program(problem: Problem, sample: int, settings: Settings, prompt: Prompt) -> Attempt:
    """One program, run; what it prints last is the answer."""
    reply = yield prompt.ask({"Problem": problem.question}, sample=sample, **settings)
    _ended(reply)
    code = _code(reply.text) or reply.text
    ran = yield Program(code)
    if ran.status != "ok":
        raise Unfit(f"program_{ran.status}", _output(ran))
    lines = ran.stdout.strip().splitlines()
    if not lines:
        raise Unfit("no_output", "the program printed nothing")
    return Worked(f"{fenced('python', code)}\n{fenced('output', _output(ran))}", lines[-1].strip(), prompt)


def in_turns(problem: Problem, sample: int, settings: Settings, style: str, most: int) -> Attempt:
    """Words and programs by turns, each program's output or error shown to the model, `most` turns at most."""
    prompt = TURNS[style]
    ask, told = prompt.ask({"Problem": problem.question}, sample=sample, **settings), ""
    for turn in range(1, most + 1):
        reply = yield ask
        _ended(reply)
        said, code = _until_program(reply.text)
        told += said + "\n"
        if not code:
            return Worked(told.strip(), extract(said, problem.question).text, prompt, turn)
        ran = yield Program(code)
        told += fenced("output", _output(ran)) + "\n"
        shown = (PRINTED[style] if ran.status == "ok" else FAILED).format(output=_output(ran))
        ask = replace(ask, turns=(*ask.turns, Turn("assistant", said), Turn("user", shown)))
    raise Unfit("turns", f"no conclusion after {most} turns")


def fenced(kind: str, text: str) -> str:
    return f"```{kind}\n{text.strip()}\n```"


def _ended(reply: Reply) -> None:
    if reply.finish == "length":
        raise Unfit("cut_off", "the answer was cut off at its longest")


def _code(text: str) -> str:
    found = BLOCK.findall(text)
    return str(found[-1]).strip() if found else ""


def _until_program(text: str) -> tuple[str, str]:
    """The text up to the end of its first program, and that program: what follows it was made up."""
    found = BLOCK.search(text)
    if not found:
        return text.strip(), ""
    return text[:found.start()].rstrip() + "\n" + fenced("python", found[1]), found[1].strip()


def _output(ran: Outcome) -> str:
    """What a model may see of a run."""
    if ran.status == "ok":
        return ran.stdout.strip()[:SHOWN] or "(nothing)"
    last = ran.stderr.strip().splitlines()[-1:] or [""]
    return f"{ran.status}: {last[0]}"[:SHOWN].rstrip(": ")
