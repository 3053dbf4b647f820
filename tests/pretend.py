"""An engine without a server: asks are answered in this process, by the scripted replies or a test's own."""

import json
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tasks.prompts import sections_of
from tasks.scripted import replies
from tasks.scripted.stock import stock
from tasks.tools.llm import Ask, Failure, Reply

Answer = Callable[[Ask], "str | dict[str, Any] | Failure"]


class Pretend:
    """`ask_all` as an engine has it; `asked` keeps what was asked. `answers` go by the prompt's name."""

    def __init__(self, **answers: "Answer | str | dict[str, Any] | Failure") -> None:
        self.answers, self.asked = answers, list[Ask]()

    def ask_all(self, asks: Iterable[Ask]) -> Iterator[Reply | Failure]:
        for ask in asks:
            self.asked.append(ask)
            own = self.answers.get(ask.tag, scripted)
            found = own(ask) if callable(own) else own
            yield found if isinstance(found, Failure) else reply(found)

    def names(self) -> list[str]:
        """Which prompts were asked, in order."""
        return [ask.tag for ask in self.asked]


def reply(found: "str | dict[str, Any]", finish: str = "stop") -> Reply:
    """What an engine gives for a text, or for the data of a structured answer."""
    text = found if isinstance(found, str) else json.dumps(found)
    return Reply(text, "", None if isinstance(found, str) else found, finish, 1, 1, 0.0, False)


def scripted(ask: Ask) -> "str | dict[str, Any]":
    """As the scripted teacher answers."""
    said = [turn.text for turn in ask.turns if turn.role == "user"]
    schema = json.loads(ask.schema) if ask.schema else {}
    request = replies.Request(ask.tag, sections_of(said[0]), tuple(said[1:]), schema)
    text, _ = replies.reply(request, random.Random(f"{said} {ask.sample}"), stock())
    return json.loads(text) if schema else text  # type: ignore[no-any-return]
