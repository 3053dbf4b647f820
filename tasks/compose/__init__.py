"""Compose: what is to be written (`briefs`), and problems written by a model (`problems`), one a brief.

A brief names a mode; `MODES` has them all: those of `tasks.evolve` start from a seed's problem, those of
`tasks.compose.fresh` from ingredients alone.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from random import Random

from schemas.errors import ParameterError, RunError
from schemas.records import Brief, Concepts, Problem, Rejection, Seed, Template, reject, stable_id
from schemas.run import current_run
from schemas.table import Table
from tasks.asking import Talk, Unfit, asked
from tasks.compose import abstract, fresh, graph, stock
from tasks.evolve import change, culture, deeper, perturb, reverse, rewrite
from tasks.evolve.drafts import Draft, Mode
from tasks.tools.each import by_row, each, whole
from tasks.tools.llm import Teacher
from tasks.tools.orchestrator import task

MODES: dict[str, Mode] = {**change.MODES, **deeper.MODES, **reverse.MODES, **perturb.MODES, **rewrite.MODES,
                          **culture.MODES, **fresh.MODES}
SHARD = 1_000  # briefs; all calls of a shard are under way together
MAX_DEPTH = 1  # what a model wrote seeds nothing further, unless a recipe says so


@task
def briefs(seeds: Table[Seed], mix: Mapping[str, float], *, size: int, seed: int = 0,
           personas: str = "", name: str = "briefs") -> Table[Brief]:
    """`size` briefs, the modes in the shares of `mix`, every seed as often as any other in each mode.

    Raises `ParameterError` for an unknown mode or a share that is not positive, `InputError` for `personas`.
    """
    unknown = sorted(set(mix) - set(MODES))
    if unknown or not mix or min(mix.values()) <= 0:
        raise ParameterError(f"there is no mode {', '.join(unknown)}" if unknown else "a mode's share is above 0",
                             where="mix", mend=f"there are: {', '.join(MODES)}")
    people = stock.personas(personas) if "persona" in mix else []
    return whole(partial(_briefed, mix, size, seed, people), seeds, into=Brief, name=name, expected=size,
                 shard=SHARD)


def _briefed(mix: Mapping[str, float], size: int, seed: int, people: list[str],
             table: Table[Seed]) -> Iterator[Brief]:
    seeds = list(table.rows())
    if not seeds:
        raise RunError("there is no seed that a problem could start from", where=table.name,
                       mend="if a student is to fail some, give it harder seeds, or take another student")
    order = Random(seed).sample(range(len(seeds)), len(seeds))
    turns = {mode: count() for mode in mix}
    for mode in shared_out(mix, size):
        turn = next(turns[mode])
        source = seeds[order[turn % len(order)]]
        rng = Random(f"{seed} {mode} {turn}")
        found = stock.INGREDIENTS[mode](rng, seeds, people) if mode in stock.INGREDIENTS else []
        yield alone(mode, turn, found) if mode in stock.ALONE else brief(source, mode, turn // len(order), found)


def shared_out(mix: Mapping[str, float], size: int) -> Iterator[str]:
    """`size` modes, at every moment as near to their shares as can be: a run that ends early has the mix too."""
    whole_share, given = sum(mix.values()), dict.fromkeys(mix, 0)
    for number in range(1, size + 1):
        due = max(mix, key=lambda mode: number * mix[mode] / whole_share - given[mode])
        given[due] += 1
        yield due


def brief(source: Seed, mode: str, number: int, ingredients: list[str]) -> Brief:
    """What is to be made of a seed; `number` tells several such briefs apart."""
    return Brief(stable_id("brief", source.id, mode, number, *ingredients), [source.id], mode, number, source.question,
                 source.solution, source.answer, ingredients, source.id, 0, source.source, source.licence)


def alone(mode: str, number: int, ingredients: list[str], parents: list[str] | None = None) -> Brief:
    """What is to be made of ingredients alone."""
    return Brief(stable_id("brief", mode, number, *ingredients), parents or [], mode, number, "", "", "", ingredients,
                 "", 0, "composed", "")


@task
def concepts(seeds: Table[Seed], teacher: Teacher) -> Table[Concepts]:
    """Topics and knowledge points of each seed, as the teacher names them."""
    return asked(graph.extracted, seeds, teacher=teacher, into=Concepts, name="concepts")


@task
def walks(concepts: Table[Concepts], *, size: int, seed: int = 0) -> Table[Brief]:
    """`size` briefs for new problems, each a walk through the graph of what occurs together in seeds."""
    return whole(partial(_walked, size, seed), concepts, into=Brief, name="briefs", expected=size, shard=SHARD)


def _walked(size: int, seed: int, table: Table[Concepts]) -> Iterator[Brief]:
    rows = list(table.rows())
    known = graph.graph_of(rows)
    for number in range(size):
        topics, points = graph.walk(known, Random(f"{seed} walk {number}"))
        examples = graph.nearest(rows, topics, points)
        made = alone("from_concepts", number, graph.ingredients(topics, points, examples), [row.id for row in examples])
        yield replace(made, source=examples[0].source, licence=examples[0].licence)


@task
def problems(briefs: Table[Brief], teacher: Teacher, *, max_depth: int = MAX_DEPTH,
             name: str = "problems") -> Table[Problem]:
    """What the teacher makes of each brief; what comes to nothing is a rejection that says why."""
    return asked(partial(written, recipe=current_run().recipe, model=teacher.model, max_depth=max_depth), briefs,
                 teacher=teacher, into=Problem, name=name)


@task
def templates(seeds: Table[Seed], teacher: Teacher) -> Table[Template]:
    """A template of each seed by the teacher, which must give the seed and its answer back."""
    return asked(abstract.abstracted, seeds, teacher=teacher, into=Template, name="templates")


@task
def partly_bound(templates: Table[Template]) -> Table[Template]:
    """Each template and some in which a part of its numbers stays the seed's (InfinityMATH): table `partial`."""
    return each(by_row(abstract.partly), templates, into=Template, name="partial", expected=_with_parts)


def _with_parts(rows: Sequence[Template]) -> int:
    return len(rows) * (1 + abstract.SUBSETS)


@task
def unlike(problems: Table[Problem], *, name: str = "unlike") -> Table[Problem]:
    """Problems without those whose words came before: no solution is paid for twice."""
    return whole(_unlike, problems, into=Problem, name=name, shard=SHARD)


def _unlike(problems: Table[Problem]) -> Iterator[Problem | Rejection]:
    first: dict[str, str] = {}
    for row in problems.rows():
        twin = first.setdefault(stable_id("words", *row.question.casefold().split()), row.id)
        yield row if twin == row.id else reject(row.id, "unlike", "exact", "the same words as its twin",
                                                content=row.question, twin_id=twin)


def written(brief: Brief, recipe: str, model: str, max_depth: int = MAX_DEPTH) -> Talk[Problem]:
    """The talk of one brief. Layers within a mode count as one step towards `max_depth`."""
    if brief.generation_depth + 1 > max_depth and brief.mode != "seed":
        raise Unfit("depth", f"a problem of depth {brief.generation_depth} seeds no further one")
    draft = yield from MODES[brief.mode](brief)
    if draft.steps and same(draft.question, brief.question):
        raise Unfit("unchanged", "the problem came back as it was")
    made: list[Problem | Rejection] = [problem(brief, draft, recipe, model)]
    return made


def same(one: str, other: str) -> bool:
    return one.casefold().split() == other.casefold().split()


def problem(brief: Brief, draft: Draft, recipe: str, model: str) -> Problem:
    """The row. Gold of a kept or masked answer is the seed's own, so a person's; an agreed one is not there yet."""
    level = {"preserve": "human", "program": "program", "unanswerable": "teacher"}.get(draft.policy, "none")
    by_model = model if draft.prompt else ""
    return Problem(
        id=stable_id("problem", brief.id, draft.question), parents=[brief.id], question=draft.question,
        answer=draft.answer, answer_kind="", answer_unit="", answer_policy=draft.policy, gold_level=level,
        template_id="", seed_id=brief.seed_id, binding_id="", recipe=recipe,
        operation="compose" if brief.mode in stock.ALONE else "evolve", mode=brief.mode, number=brief.number,
        values=json.dumps(draft.told, ensure_ascii=False, sort_keys=True),
        generation_depth=brief.generation_depth + draft.steps, model=by_model,
        prompt_hash=draft.prompt.hash if draft.prompt else "")
