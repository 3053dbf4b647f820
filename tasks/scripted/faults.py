"""The fault plan: which shares of the answers are spoiled, in which ways, and what that does to a text.

Content faults hang on the request alone, so that a repeated request is spoiled the same way, and each is drawn by
itself: wrong_answer, wrong_step, malformed, truncated, refusal, duplicate, test_item, hostile_code. shared_error hangs
on the problem: all samples have the same wrong answer, which no vote can see. Transport faults are drawn for every
attempt, one at most, so that a retry may succeed: 429, 500, timeout, drop. batch_expired is drawn for a batch.
"""

import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from tasks.scripted.asked import Request
from tasks.scripted.replies import PROBLEM_WRITING, SOLVING
from tasks.scripted.stock import Stock

# In the order in which they are done: what takes the place of the whole answer undoes what was done before.
CONTENT = ("duplicate", "test_item", "wrong_step", "shared_error", "wrong_answer", "hostile_code", "malformed",
           "truncated", "refusal")
WHOLE = frozenset(("test_item", "hostile_code", "refusal"))
TRANSPORT = ("429", "500", "timeout", "drop")
BATCH = ("batch_expired",)
TEMPLATES = ("generalise", "mend_program")
REFUSAL = "I am sorry, but I cannot help with that."
# What it tries is stopped by the jail; it says so where it is not.
HOSTILE = ("import os, socket\nfor path in ('/etc/passwd', '/root', '/home'):\n    try:\n        os.stat(path)\n"
           "        open(path).read()\n        print('HOSTILE CODE READ', path)\n    except OSError:\n        pass\n"
           "try:\n    os.kill(-1, 0)\n    print('HOSTILE CODE SIGNALS')\nexcept OSError:\n    pass\n"
           "socket.create_connection(('127.0.0.1', 9))")
_BOX = re.compile(r"\\boxed\{(.*)\}")
_EQUATION = re.compile(r"=\s*[$£€]?(\d+)(?!\d*\})")
_FENCE = re.compile(r"```python\n.*?```", re.DOTALL)
_PRINT = re.compile(r"^print\((\w+)\)$", re.MULTILINE)
_QUOTED = re.compile(r"^\w+ = (['\"])(.*)\1$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Plan:
    """Shares between 0 and 1 by kind of fault; `test_items` are the questions that "test_item" writes."""

    shares: Mapping[str, float] = field(default_factory=dict)
    test_items: tuple[str, ...] = ()

    @property
    def shaky(self) -> bool:
        """Whether an attempt may fail."""
        return any(self.shares.get(kind) for kind in TRANSPORT)

    def drawn(self, kind: str, key: str) -> bool:
        share = self.shares.get(kind, 0.0)
        return share > 0 and _place(f"{kind} {key}") < share

    def content(self, key: str, problem: str = "") -> tuple[str, ...]:
        """The content faults of a sample of a request, and of the problem that it is about."""
        return tuple(kind for kind in CONTENT if self.drawn(kind, problem if kind == "shared_error" else key)
                     ) if self.shares else ()

    def transport(self, key: str, attempt: int) -> str:
        """The transport fault of an attempt: kinds lie side by side from 0 to 1, where the attempt has its place."""
        place = _place(f"{key} {attempt}")
        for kind in TRANSPORT:
            place -= self.shares.get(kind, 0.0)
            if place < 0:
                return kind
        return ""


def parse(text: str, test_items: tuple[str, ...] = ()) -> Plan:
    """A plan from "wrong_answer=0.05,429=0.02". Raises `ValueError` with what is wrong."""
    shares: dict[str, float] = {}
    for part in filter(None, text.replace(" ", "").split(",")):
        name, _, share = part.partition("=")
        if name not in CONTENT + TRANSPORT + BATCH:
            raise ValueError(f"{name!r} is no fault; there are {', '.join(CONTENT + TRANSPORT + BATCH)}")
        try:
            shares[name] = float(share)
        except ValueError:
            raise ValueError(f"{name} wants a share, as in {name}=0.05") from None
    if any(not 0 <= share <= 1 for share in shares.values()):
        raise ValueError("shares lie between 0 and 1")
    if sum(shares.get(kind, 0.0) for kind in TRANSPORT) > 1:
        raise ValueError(f"an attempt has one of {', '.join(TRANSPORT)} at most: together they must not exceed 1")
    if shares.get("test_item") and not test_items:
        raise ValueError("test_item needs --test-items: the file whose questions it writes")
    return Plan(shares, test_items)


def _place(key: str) -> float:
    return int.from_bytes(blake2b(key.encode(), digest_size=6).digest()) / 2**48


def spoil(faults: Sequence[str], text: str, request: Request, rng: random.Random, stock: Stock,
          plan: Plan) -> tuple[str, str, tuple[str, ...]]:
    """The text, how it ends ("stop", "length"), and which faults it bears: not all can be made in every answer."""
    kinds: list[str] = []
    for kind in faults:
        broken = _broken(kind, text, request, rng, stock, plan)
        if broken != text:
            kinds = [kind] if kind in WHOLE else [*kinds, kind]
            text = broken
    return text, "length" if "truncated" in kinds else "stop", tuple(kinds)


def _broken(kind: str, text: str, request: Request, rng: random.Random, stock: Stock, plan: Plan) -> str:
    if kind == "refusal":
        return REFUSAL
    if kind == "truncated":
        return text[:max(1, len(text) // 2)]
    if kind == "malformed":
        return text[:-2] if request.schema or request.structured else _BOX.sub(r"\1", text)
    if kind in ("duplicate", "test_item"):
        items = plan.test_items if kind == "test_item" else (stock.drawn[0].question,)
        return _with(text, problem=rng.choice(items)) if request.name in PROBLEM_WRITING and items else text
    if kind == "wrong_answer" and request.name in TEMPLATES:
        return _with(text, program=f"{json.loads(text)['program']} + 1")
    if kind == "shared_error":  # at the first turn alone: the later ones believe it
        kind, rng = "wrong_answer" if not request.turns else "", random.Random(request.sections.get("Problem", ""))
    return IN_SOLUTIONS[kind](text, rng) if request.name in SOLVING and kind in IN_SOLUTIONS else text


def _with(text: str, **other: str) -> str:
    return json.dumps({**json.loads(text), **other}, ensure_ascii=False)


def _other(number: str, rng: random.Random) -> str:
    return str(int(number) + rng.choice((-1, 1, 2, 10)))


def _wrong_answer(text: str, rng: random.Random) -> str:
    """Another number in the box; of a program, another number or text printed."""
    place = (box.span(1) if (box := _BOX.search(text)) else
             quoted.span(2) if (quoted := _QUOTED.search(text)) else None)
    if place is None:
        return _PRINT.sub(rf"print(\1 + {rng.choice((1, 2, 10))})", text)
    changed, times = re.subn(r"\d+", lambda found: _other(found[0], rng), text[slice(*place)], count=1)
    return text[:place[0]] + (changed if times else f"{changed} + 1") + text[place[1]:]


def _wrong_step(text: str, rng: random.Random) -> str:
    """Another number behind the first equals sign, the answer as it was; in a program it would not stay so."""
    if _FENCE.search(text):
        return text
    return _EQUATION.sub(lambda found: found[0].replace(found[1], _other(found[1], rng)), text, count=1)


def _hostile(text: str, _: random.Random) -> str:
    return _FENCE.sub(lambda _: f"```python\n{HOSTILE}\n```", text, count=1)


IN_SOLUTIONS: Mapping[str, Callable[[str, random.Random], str]] = {
    "wrong_answer": _wrong_answer, "wrong_step": _wrong_step, "hostile_code": _hostile}
