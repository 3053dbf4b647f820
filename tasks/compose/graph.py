"""MathScale's way: topics and knowledge points of seeds, the graph of what occurs together, and walks through it.

A walk: a topic by chance, one or two steps to topics that occur with it, a step to a knowledge point, up to four more
among knowledge points; steps by weight, log(occurs together + 1), as a softmax; nothing twice. The seeds that share
most with a walk are its examples.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from math import log1p
from random import Random
from typing import NamedTuple

from schemas.records import Concepts, Seed, stable_id
from tasks.asking import Talk, Unfit
from tasks.compose.fresh import BREAK
from tasks.evolve.drafts import texts
from tasks.prompts import concepts_of

EXAMPLES = 2
TOPIC_STEPS, POINT_STEPS = (1, 2), 4


def extracted(seed: Seed) -> Talk[Concepts]:
    """What a seed's problem calls for."""
    reply = yield concepts_of.PROMPT.ask({"Problem": seed.question})
    topics, points = texts(reply, "topics"), texts(reply, "knowledge_points")
    if not topics or not points:
        raise Unfit("no_concepts", "no topic or no knowledge point was named")
    return [Concepts(stable_id("concepts", seed.id), [seed.id], seed.question, topics, points, seed.source,
                     seed.licence)]


class Graph(NamedTuple):
    """`near[a][b]` is the weight of the step from a to b; topics and points are told apart by a leading letter."""

    near: dict[str, dict[str, float]]
    topics: list[str]


def graph_of(rows: Sequence[Concepts]) -> Graph:
    """The graph of all seeds: what occurs together in one of them is joined."""
    together: Counter[tuple[str, str]] = Counter()
    for row in rows:
        nodes = sorted({*(f"t{topic}" for topic in row.topics), *(f"k{point}" for point in row.points)})
        together.update(combinations(nodes, 2))
    near: dict[str, dict[str, float]] = {}
    for (one, other), count in sorted(together.items()):
        near.setdefault(one, {})[other] = near.setdefault(other, {})[one] = log1p(count)
    return Graph(near, sorted(node for node in near if node[0] == "t"))


def walk(graph: Graph, rng: Random) -> tuple[list[str], list[str]]:
    """Topics and knowledge points of one walk."""
    seen = [rng.choice(graph.topics)]
    for _ in range(rng.choice(TOPIC_STEPS)):
        _step(graph, seen, seen[-1], "t", rng)
    at = _step(graph, seen, seen[-1], "k", rng) or _step(graph, seen, seen[0], "k", rng)
    for _ in range(rng.randint(0, POINT_STEPS)):
        at = _step(graph, seen, at, "k", rng) if at else ""
    return [node[1:] for node in seen if node[0] == "t"], [node[1:] for node in seen if node[0] == "k"]


def _step(graph: Graph, seen: list[str], at: str, kind: str, rng: Random) -> str:
    """Where a step leads, or "" where it leads nowhere new. A softmax of log(n + 1) is a choice by n + 1."""
    open_to = [(node, weight) for node, weight in graph.near.get(at, {}).items()
               if node[0] == kind and node not in seen]
    if not open_to:
        return ""
    seen.append(rng.choices([node for node, _ in open_to], [2.718281828 ** weight for _, weight in open_to])[0])
    return seen[-1]


def nearest(rows: Sequence[Concepts], topics: Sequence[str], points: Sequence[str]) -> list[Concepts]:
    """The seeds that share most with a walk."""
    wanted = {*topics, *points}

    def likeness(row: Concepts) -> float:
        own = {*row.topics, *row.points}
        return len(own & wanted) / len(own | wanted)

    return sorted(rows, key=lambda row: (-likeness(row), row.id))[:EXAMPLES]


def ingredients(topics: Sequence[str], points: Sequence[str], examples: Sequence[Concepts]) -> list[str]:
    """Of a brief for `from_concepts`."""
    return [BREAK.join(topics), BREAK.join(points), BREAK.join(row.question for row in examples)]
