"""The fault plan: which shares of the answers are spoiled, in which ways, and what that does to a text.

Content faults hang on the request alone, so that a repeated request is spoiled the same way: wrong_answer, wrong_step,
malformed, truncated, refusal, duplicate, test_item, hostile_code. Transport faults are drawn for every attempt, so that
a retry may succeed: 429, 500, timeout, drop.
"""

import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from tasks.scripted.replies import PROBLEM_WRITING, SOLVING, Request
from tasks.scripted.stock import Stock

CONTENT = ("wrong_answer", "wrong_step", "malformed", "truncated", "refusal", "duplicate", "test_item", "hostile_code")
TRANSPORT = ("429", "500", "timeout", "drop")
REFUSAL = "I am sorry, but I cannot help with that."
# What it tries is stopped by the jail; it says so where it is not.
HOSTILE = ("import os, socket\nfor path in ('/etc/passwd', '/root', '/home'):\n    try:\n        os.stat(path)\n"
           "        open(path).read()\n        print('HOSTILE CODE READ', path)\n    except OSError:\n        pass\n"
           "try:\n    os.kill(-1, 0)\n    print('HOSTILE CODE SIGNALS')\nexcept OSError:\n    pass\n"
           "socket.create_connection(('127.0.0.1', 9))")
_BOX = re.compile(r"\\boxed\{(.*)\}")
_EQUATION = re.compile(r"=\s*(\d+)(?!\d*\})")


@dataclass(frozen=True, slots=True)
class Plan:
    """Shares between 0 and 1 by kind of fault; `test_items` are the questions that "test_item" writes."""

    shares: Mapping[str, float] = field(default_factory=dict)
    test_items: tuple[str, ...] = ()

    def content(self, key: str) -> str:
        """The content fault of a request, "" for none."""
        return _drawn(self.shares, CONTENT, key)

    def transport(self, key: str, attempt: int) -> str:
        return _drawn(self.shares, TRANSPORT, f"{key} {attempt}")


def parse(text: str, test_items: tuple[str, ...] = ()) -> Plan:
    """A plan from "wrong_answer=0.05,429=0.02". Raises `ValueError` with what is wrong."""
    shares: dict[str, float] = {}
    for part in filter(None, text.replace(" ", "").split(",")):
        name, _, share = part.partition("=")
        if name not in CONTENT + TRANSPORT:
            raise ValueError(f"{name!r} is no fault; there are {', '.join(CONTENT + TRANSPORT)}")
        shares[name] = float(share)
    if any(not 0 <= share <= 1 for share in shares.values()):
        raise ValueError("shares lie between 0 and 1")
    return Plan(shares, test_items)


def _drawn(shares: Mapping[str, float], kinds: tuple[str, ...], key: str) -> str:
    """One fault at most: kinds lie side by side on the line from 0 to 1, on which the key has its place."""
    place = int.from_bytes(blake2b(key.encode(), digest_size=6).digest()) / 2**48
    for kind in kinds:
        place -= shares.get(kind, 0.0)
        if place < 0:
            return kind
    return ""


def spoiled(kind: str, text: str, request: Request, rng: random.Random, stock: Stock,
            plan: Plan) -> tuple[str, str, bool]:
    """The spoiled text, how it ends ("stop", "length"), and whether the fault could be made in this answer."""
    if kind == "refusal":
        return REFUSAL, "stop", True
    if kind == "truncated":
        return text[:max(1, len(text) // 2)], "length", True
    if kind == "malformed":
        broken = text[:-2] if request.schema else _BOX.sub(r"\1", text)
        return broken, "stop", broken != text
    made = {"wrong_answer": _wrong_answer, "wrong_step": _wrong_step, "hostile_code": _hostile}.get(kind)
    if made and request.name in SOLVING:
        broken = made(text, rng)
        return broken, "stop", broken != text
    if kind in {"duplicate", "test_item"} and request.name in PROBLEM_WRITING:
        items = plan.test_items if kind == "test_item" else (stock.drawn[0].question,)
        return (_with_problem(text, rng.choice(items)), "stop", True) if items else (text, "stop", False)
    return text, "stop", False


def _with_problem(text: str, question: str) -> str:
    return json.dumps({**json.loads(text), "problem": question}, ensure_ascii=False)


def _other(number: str, rng: random.Random) -> str:
    return str(int(number) + rng.choice((-1, 1, 2, 10)))


def _wrong_answer(text: str, rng: random.Random) -> str:
    """Another number in the box; in a program, in what it adds."""
    if (box := _BOX.search(text)):
        changed, times = re.subn(r"\d+", lambda found: _other(found[0], rng), box[1], count=1)
        return text[:box.start(1)] + (changed if times else box[1] + " + 1") + text[box.end(1):]
    return re.sub(r"(first = )(-?\d+)", lambda found: found[1] + _other(found[2], rng), text, count=1)


def _wrong_step(text: str, rng: random.Random) -> str:
    """Another number behind the first equals sign, the answer as it was."""
    return _EQUATION.sub(lambda found: found[0].replace(found[1], _other(found[1], rng)), text, count=1)


def _hostile(text: str, _: random.Random) -> str:
    return re.sub(r"```python\n.*?```", lambda _: f"```python\n{HOSTILE}\n```", text, count=1, flags=re.DOTALL)
