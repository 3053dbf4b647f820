"""A solution in turns: cut where a program's output stands, each turn marked as learnt or not."""

import re
from typing import NamedTuple

from tasks.views.view import Message, assistant

OUTPUT = re.compile(r"^```output[ \t]*\n(.*?)\n?^```[ \t]*$\n?", re.DOTALL | re.MULTILINE)
PROGRAM = re.compile(r"^```(?:python|py)[ \t]*\n.*?^```[ \t]*$", re.DOTALL | re.MULTILINE)
ENDS_IN_PROGRAM = re.compile(r"^```(?:python|py)[ \t]*\n(?:(?!^```).)*^```\s*\Z", re.DOTALL | re.MULTILINE)


class Turns(NamedTuple):
    """Messages of assistant and tool by turns, the assistant first and last; or why the text cannot be cut so."""

    messages: list[Message]
    wrong: str = ""

    @property
    def trained(self) -> list[int]:
        """1 for what the model itself says, 0 for what a tool printed."""
        return [int(message["role"] == "assistant") for message in self.messages]


def in_turns(solution: str) -> Turns:
    """The turns of a solution; an output that nothing follows is left off, since nothing is learnt behind it.

    >>> turns = in_turns("Count.\\n```python\\nprint(2)\\n```\\n```output\\n2\\n```\\nSo 2.")
    >>> [(message["role"], message["content"]) for message in turns.messages]
    [('assistant', 'Count.\\n```python\\nprint(2)\\n```'), ('tool', '2'), ('assistant', 'So 2.')]
    >>> turns.trained
    [1, 0, 1]
    """
    if not PROGRAM.search(solution):
        return Turns([], "it has no program")
    pieces = OUTPUT.split(solution)  # what is said and what was printed, by turns
    messages: list[Message] = []
    for number, piece in enumerate(pieces):
        if number % 2:
            if not ENDS_IN_PROGRAM.search(messages[-1]["content"]):
                return Turns([], "an output without a program before it")
            messages.append({"role": "tool", "content": piece})
        elif piece.strip():
            messages.append(assistant(piece.strip()))
        elif number < len(pieces) - 1:
            return Turns([], "an output without a program before it")
    return Turns(messages if messages[-1]["role"] == "assistant" else messages[:-1])
