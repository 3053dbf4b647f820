"""sft, conditioned_sft, tir, sharegpt: a problem and its solution as a chat. One row an example."""

from collections.abc import Iterator

from schemas.errors import ParameterError
from schemas.records import Example
from tasks.views.source import Group
from tasks.views.turns import Turns, in_turns
from tasks.views.view import COMMON, Choice, Column, Left, Row, View, assistant, common, user

CONTROLS = ("topic", "difficulty", "solve_rate", "steps", "answer_kind", "mode")
SPEAKERS = {"user": "human", "assistant": "gpt", "tool": "observation"}


def sft(group: Group, choice: Choice) -> Iterator[Row | Left]:
    """The question and the solution."""
    for example in group.examples:
        yield {**common("sft", group, example), "messages": [user(example.problem), assistant(example.solution)]}


def conditioned_sft(group: Group, choice: Choice) -> Iterator[Row | Left]:
    """The same with a line before the question that says what the problem and its solution are like."""
    for example in group.examples:
        if not (line := control(group, example, choice.control)):
            yield Left("nothing is known of it that a control line could tell")
            continue
        yield {**common("conditioned_sft", group, example), "control": line,
               "messages": [user(f"{line}\n\n{example.problem}"), assistant(example.solution)]}


def control(group: Group, example: Example, names: tuple[str, ...]) -> str:
    """The control line, "[topic: percent; difficulty: 3 of 5; steps: 4]"; "" where nothing is known."""
    steps = sum(bool(line.strip()) for line in example.solution.splitlines())
    told = {"topic": example.topic, "difficulty": f"{example.difficulty} of 5" if example.difficulty else "",
            "solve_rate": "" if group.rate is None else f"{group.rate:.1f}", "steps": str(steps),
            "answer_kind": example.answer_kind, "mode": example.mode}
    parts = [f"{name.replace('_', ' ')}: {told[name]}" for name in names if told[name]]
    return f"[{'; '.join(parts)}]" if parts else ""


def controls(text: str) -> tuple[str, ...]:
    """"topic,steps" as names. Raises `ParameterError` for one that there is not."""
    names = tuple(filter(None, (name.strip() for name in text.split(","))))
    if unknown := [name for name in names if name not in CONTROLS]:
        raise ParameterError(f"a control line cannot tell {unknown[0]!r}", where="--control",
                             mend=f"there are: {', '.join(CONTROLS)}")
    return names


def tir(group: Group, choice: Choice) -> Iterator[Row | Left]:
    """Turns of the assistant and of the tool, with a mark a turn."""
    for example in group.examples:
        turns = in_turns(example.solution)
        yield Left(turns.wrong) if turns.wrong else {
            **common("tir", group, example), "messages": [user(example.problem), *turns.messages],
            "trained": [0, *turns.trained]}


def sharegpt(group: Group, choice: Choice) -> Iterator[Row | Left]:
    """The same in the words of ShareGPT; what a tool printed is an observation."""
    for example in group.examples:
        turns = in_turns(example.solution)
        said = Turns([assistant(example.solution)]) if turns.wrong else turns
        yield {**common("sharegpt", group, example), "conversations": [
            {"from": SPEAKERS[message["role"]], "value": message["content"]}
            for message in (user(example.problem), *said.messages)]}


VIEWS = (
    View("sft", "problems and solutions as chats, for supervised fine-tuning", {
        "messages": Column("chat", "user: the problem; assistant: its solution"), **COMMON}, sft),
    View("conditioned_sft", "the same with a control line before each problem", {
        "messages": Column("chat", "user: the control line and the problem; assistant: its solution"),
        "control": Column("text", "the line alone"), **COMMON}, conditioned_sft),
    View("tir", "solutions that run programs, in turns, with a mask", {
        "messages": Column("chat", "user, then assistant and tool by turns; the tool's are programs' outputs"),
        "trained": Column("marks", "of each message: 1 where loss is to be taken, 0 for the problem and for outputs"),
        **COMMON}, tir, empty="take a run of a recipe whose solutions run programs: mario, dotamath, cosc"),
    View("sharegpt", "the chats in ShareGPT's words, as LLaMA-Factory and axolotl read them", {
        "conversations": Column("conversation", "human, then gpt; observation is what a program printed"),
        **COMMON}, sharegpt),
)
