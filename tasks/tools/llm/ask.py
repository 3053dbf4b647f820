"""What is asked of a model and what comes back: plain data, the same for every endpoint."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A whole request: with the endpoint's family and model, it is the key of a call.

    `schema` is the JSON schema that the answer must meet, as text ("" for free text), `schema_name` its name for the
    server. `sample` tells several answers to one request apart. `tag` names the step that asks, for the ledger: it is
    no part of the key.
    """

    system: str
    turns: tuple[Turn, ...]
    temperature: float = 0.7
    top_p: float = 1.0
    max_tokens: int = 2048
    stop: tuple[str, ...] = ()
    schema: str = ""
    schema_name: str = ""
    seed: int | None = None
    sample: int = 0
    tag: str = ""


class Reply(NamedTuple):
    """An answer: its text without the reasoning, which is kept apart; `data` where a schema was met.

    `cost` is in dollars, nan where the model has no price; `cached` says that nothing was paid for it now.
    """

    text: str
    reasoning: str
    data: dict[str, Any] | None
    finish: str
    prompt_tokens: int
    completion_tokens: int
    cost: float
    cached: bool


class Failure(NamedTuple):
    """No answer, for good: `kind` is a short name to count by, `words` what the server said.

    Kinds: "refused" (by the server's filter), "too_long" (context), "empty", "schema" (not met after the corrections),
    "invalid" (a request that the server does not take), "budget" (not asked: the limit is reached), "gave_up" (retries
    were used up). A wrong key, an unknown model and an endpoint that is down stop the run instead.
    """

    kind: str
    words: str
