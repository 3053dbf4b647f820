"""From what is kept of a call to what those who asked get: a reply, a failure, or one more turn to correct it."""

from dataclasses import replace

from tasks.tools.calls.layout import Kept
from tasks.tools.llm.ask import Ask, Failure, Reply, Turn
from tasks.tools.llm.bodies import read
from tasks.tools.llm.schemas import CORRECT, CORRECTIONS, fitted

WORDS = 300  # characters of an answer that a failure quotes


def answered(ask: Ask, *kept: Kept, cached: bool, last: bool = False) -> Reply | Failure | None:
    """The outcome of the calls of one ask, the last of which counts; None where it should be corrected.

    `last`: there are no more corrections.
    """
    said = read(kept[-1].answer)
    if said.refusal:
        return Failure("refused", said.refusal)
    if not said.text.strip():
        return Failure("empty", f"no text; it ended by {said.finish!r}, after {len(said.reasoning)} bytes of thought")
    data = None
    if ask.schema:
        data, wrong = fitted(said.text, ask.schema)
        if data is None:
            return Failure("schema", f"{wrong}\nin: {said.text[:WORDS]}") if last else None
    return Reply(said.text, said.reasoning, data, said.finish, sum(call.prompt_tokens for call in kept),
                 sum(call.completion_tokens for call in kept), sum(call.cost for call in kept), cached)


def correction(ask: Ask, kept: Kept, turns: int) -> Ask | None:
    """The same ask with one more turn that tells what is wrong; None where nothing is, or it was tried enough."""
    said = read(kept.answer)
    if turns > CORRECTIONS or said.refusal or not said.text.strip():
        return None
    data, wrong = fitted(said.text, ask.schema)
    if data is not None:
        return None
    return replace(ask, turns=(*ask.turns, Turn("assistant", said.text), Turn("user", CORRECT.format(errors=wrong))))
