"""Problems for reinforcement learning: open questions with one answer, and how often a model reaches it.

Source: Big-Math (Albalak et al. 2025). Kept: rules and a judge sort out choices, parts, proofs and yes-or-no
questions; multiple choice becomes an open question first, and a judge compares. Departures: 8 attempts by default
instead of 64, dedup by our own rules. The solve rates are the table `rates`. `size` is how many seeds are used.
"""

from flows.parameters import (
    Draws,
    Embedder,
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


@recipe(summary="Open questions with one answer and their solve rate, for reinforcement learning.")
def bigmath(teacher: Teacher, model: Model = "", size: Size = 1000, seed: Draws = 0, samples: Samples = 8,
            seeds: Seeds = "", licence: Licence = "", embedder: Embedder = "", decontaminate: TestSets = (),
            name: Name = "mathmill-bigmath", max_cost: MaxCost = 0.0, max_tokens: MaxTokens = 0) -> Table[Example]:
    """Seeds -> open problems -> attempts -> verdicts -> rates, examples -> distinct -> clean -> data set."""
    by = llm.teacher(teacher, model)
    worked = sample.problems(seeds, licence=licence, seed=seed)
    briefs = compose.briefs(worked, {"opened": 1}, size=size, seed=seed)
    problems = judge.sorted_out(compose.unlike(compose.problems(briefs, by)), by)
    attempts = solve.attempts(problems, by, samples=samples)
    verdicts = judge.attempts(problems, attempts)
    judge.rates(problems, attempts, verdicts)
    examples = judge.accepted(problems, attempts, verdicts, briefs, gate="strict")
    distinct = dedup.by_meaning(examples, embedder=embedder)
    clean = decontamination.against(distinct, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name)
