"""The mix that FLAMES found best: harder by suggestion, composed in layers, from a taxonomy, with a distractor.

Source: FLAMES (Seegmiller et al. 2025), whose data and prompts are not public. Kept: shares of 50, 20, 20 and 10
percent, one solution a problem, no gate. Departures: a curriculum and prompts of our own, dedup by meaning too, and a
verdict on every solution beside it, for whoever wants a gate.
"""

from flows.parameters import (
    Draws,
    Embedder,
    Gated,
    Licence,
    MaxCost,
    MaxTokens,
    Model,
    Name,
    Samples,
    Seeds,
    Size,
    Teacher,
    TestSets,
)
from schemas.records import Example
from schemas.table import Table
from tasks import compose, dedup, export, judge, sample, solve
from tasks import decontaminate as decontamination
from tasks.tools import llm
from tasks.tools.orchestrator import recipe

MIX = {"suggest_edit": 50, "layered": 20, "from_topic": 20, "distractor": 10}


@recipe(summary="FLAMES' mix: 50 % suggester-editor, 20 % layered, 20 % from a taxonomy, 10 % distractors.")
def flames(teacher: Teacher, model: Model = "", size: Size = 1000, seed: Draws = 0, samples: Samples = 1,
           gate: Gated = "open", seeds: Seeds = "", licence: Licence = "", embedder: Embedder = "",
           decontaminate: TestSets = (), name: Name = "mathmill-flames", max_cost: MaxCost = 0.0,
           max_tokens: MaxTokens = 0) -> Table[Example]:
    """Seeds -> briefs -> problems -> attempts -> verdicts -> examples -> distinct -> clean -> data set."""
    by = llm.teacher(teacher, model)
    worked = sample.problems(seeds, licence=licence, seed=seed)
    briefs = compose.briefs(worked, MIX, size=size, seed=seed)
    problems = compose.unlike(compose.problems(briefs, by))
    attempts = solve.attempts(problems, by, samples=samples)
    verdicts = judge.attempts(problems, attempts)
    examples = judge.accepted(problems, attempts, verdicts, briefs, gate=gate)
    distinct = dedup.by_meaning(examples, embedder=embedder)
    clean = decontamination.against(distinct, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name)
