"""Composed from ingredients, with no problem to start from: topics, concepts with kinds of hardness, concept and level.

    from_topic     an area and a topic of the curriculum (FLAMES' taxonomy agent)
    from_hardness  five concepts and two of nine kinds of hardness; the plan is kept (MathSmith)
    from_grid      one or two concepts, a type, a level (MUSTARD)
    from_concepts  topics and knowledge points of a walk through a concept graph, beside examples (MathScale)
"""

from schemas.records import Brief
from tasks.asking import Unfit
from tasks.evolve.drafts import Draft, Mode, Writer, text, texts
from tasks.prompts import from_concepts, from_grid, from_hardness, from_topic

BREAK = "\x1e"  # between the parts of an ingredient that has several


def from_a_topic(brief: Brief) -> Writer:
    area, topic = brief.ingredients
    reply = yield from_topic.PROMPT.ask({"Area": area, "Topic": topic}, seed=brief.number or None)
    told = {"area": area, "topic": topic, "concepts": texts(reply, "concepts")}
    return Draft(text(reply), "vote", from_topic.PROMPT, told=told)


def from_kinds_of_hardness(brief: Brief) -> Writer:
    concepts, kinds = (part.split(BREAK) for part in brief.ingredients)
    sections = {"Concepts": _listed(concepts), "Kinds of hardness": _listed(kinds)}
    reply = yield from_hardness.PROMPT.ask(sections, seed=brief.number or None)
    rationale = text(reply, "rationale")
    if not all(f"{number}." in rationale for number in range(1, 6)):
        raise Unfit("rationale", "the rationale does not have its five numbered steps")
    told = {"concepts": concepts, "hardness": kinds, "rationale": rationale}
    return Draft(text(reply), "vote", from_hardness.PROMPT, told=told)


def from_a_grid(brief: Brief) -> Writer:
    level, kind, concepts = brief.ingredients
    sections = {"Level": level, "Type": kind, "Concepts": _listed(concepts.split(BREAK))}
    reply = yield from_grid.PROMPT.ask(sections, seed=brief.number or None)
    told = {"level": level, "type": kind, "concepts": concepts.split(BREAK)}
    return Draft(text(reply), "vote", from_grid.PROMPT, told=told)


def from_a_walk(brief: Brief) -> Writer:
    topics, points, examples = (part.split(BREAK) for part in brief.ingredients)
    sections = {"Topics": _listed(topics), "Knowledge points": _listed(points), "Examples": "\n\n".join(examples)}
    reply = yield from_concepts.PROMPT.ask(sections, seed=brief.number or None)
    return Draft(text(reply), "vote", from_concepts.PROMPT, told={"topics": topics, "knowledge_points": points})


def _listed(items: list[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


MODES: dict[str, Mode] = {"from_topic": from_a_topic, "from_hardness": from_kinds_of_hardness,
                          "from_grid": from_a_grid, "from_concepts": from_a_walk}
