"""What makes two calls the same call: a hash of the whole request, and one of each field, to tell why a call missed."""

import hashlib
from functools import lru_cache
from typing import Any

import orjson

from tasks.tools.llm.ask import Ask

# In this order in `prints`; what the endpoint is called or where it stands is no part: another server of the same
# family with the same model gives the same answers.
FIELDS = ("family", "model", "system", "turns", "temperature", "top_p", "max_tokens", "stop", "schema", "seed",
          "sample")
PRINT = 4  # bytes of a field's hash: it only has to tell that the field changed


def fields(family: str, model: str, ask: Ask) -> dict[str, Any]:
    """The whole request as plain data. `tag` is left out: the same call in two steps is paid once."""
    return {"family": family, "model": model, "system": ask.system,
            "turns": [[turn.role, turn.text] for turn in ask.turns], "temperature": float(ask.temperature),
            "top_p": float(ask.top_p), "max_tokens": ask.max_tokens, "stop": list(ask.stop),
            "schema": [ask.schema_name, ask.schema] if ask.schema else [], "seed": ask.seed, "sample": ask.sample}


def key(family: str, model: str, ask: Ask) -> bytes:
    """32 bytes: sha256 of the request as canonical JSON."""
    return hashlib.sha256(orjson.dumps(fields(family, model, ask), option=orjson.OPT_SORT_KEYS)).digest()


def prints(family: str, model: str, ask: Ask) -> bytes:
    """A short hash of every field, in the order of `FIELDS`."""
    told = fields(family, model, ask)
    return b"".join(_print(orjson.dumps(told[name])) for name in FIELDS)


def changed(one: bytes, other: bytes) -> tuple[str, ...]:
    """Names of the fields in which two requests differ."""
    return tuple(name for at, name in enumerate(FIELDS)
                 if one[at * PRINT:(at + 1) * PRINT] != other[at * PRINT:(at + 1) * PRINT])


@lru_cache(4096)  # all but turns and sample repeat from row to row
def _print(value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=PRINT).digest()
