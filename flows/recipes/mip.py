"""Problems that cannot be answered, and short solutions that say so.

Source: missing premise (Fan et al. 2025). Departures: the recipe works on training seeds, not on test sets; a judge
must find that no answer is left; formulas with free variables and the drop by hand are left out.
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

MIX = {"missing_premise": 2, "swapped_question": 1}


@recipe(summary="A needed fact left out, or a question of another problem; solutions that notice.")
def mip(teacher: Teacher, model: Model = "", size: Size = 1000, seed: Draws = 0, samples: Samples = 1,
        seeds: Seeds = "", licence: Licence = "", embedder: Embedder = "", decontaminate: TestSets = (),
        name: Name = "mathmill-mip", max_cost: MaxCost = 0.0, max_tokens: MaxTokens = 0) -> Table[Example]:
    """Seeds -> briefs -> problems -> attempts -> verdicts -> examples -> distinct -> clean -> data set."""
    by = llm.teacher(teacher, model)
    worked = sample.problems(seeds, licence=licence, seed=seed)
    briefs = compose.briefs(worked, MIX, size=size, seed=seed)
    problems = compose.unlike(compose.problems(briefs, by))
    attempts = solve.attempts(problems, by, samples=samples)
    verdicts = judge.attempts(problems, attempts)
    examples = judge.accepted(problems, attempts, verdicts, briefs, gate="strict")
    distinct = dedup.by_meaning(examples, embedder=embedder)
    clean = decontamination.against(distinct, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name)
