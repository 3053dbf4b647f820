"""What a mode of writing gives: a draft of a problem, with what follows for its answer."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from schemas.records import Brief
from tasks.asking import Step, Unfit
from tasks.prompts import Prompt
from tasks.tools.llm import Reply

Policy: TypeAlias = Literal["preserve", "program", "vote", "unanswerable", "none"]


@dataclass(frozen=True, slots=True)
class Draft:
    """`policy` says where the answer comes from; `answer` is it where that is known. `told` is what else came."""

    question: str
    policy: Policy
    prompt: Prompt | None  # the last that was used
    answer: str = ""
    told: dict[str, Any] = field(default_factory=dict)
    steps: int = 1  # of generation: iterated modes count several


Writer: TypeAlias = Generator[Step, Any, Draft]
Mode: TypeAlias = Callable[[Brief], Writer]

UNANSWERABLE = "cannot be determined"


def text(reply: Reply, name: str = "problem") -> str:
    """One text of a structured answer. Raises `Unfit` where it is empty."""
    found = str((reply.data or {}).get(name, "")).strip()
    if not found:
        raise Unfit(f"no_{name}", f"the answer's {name} is empty")
    return found


def texts(reply: Reply, name: str) -> list[str]:
    """A list of texts of a structured answer, empty ones left out."""
    found = (reply.data or {}).get(name, [])
    return [str(item).strip() for item in found if str(item).strip()] if isinstance(found, list) else []
