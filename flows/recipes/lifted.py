"""The main job: real problems in; new, verified, distinct, clean problems with worked solutions out. No model needed.

Source of the idea: templates of grade-school problems as in GSM-Symbolic (Mirzadeh et al. 2024), where people wrote 100
by hand. Departure: here they are lifted from the worked solutions themselves, and every example is verified twice.
"""

from typing import Annotated

from schemas.parameters import InputFile
from schemas.records import Example
from schemas.table import Table
from tasks import decontaminate as decontamination
from tasks import dedup, export, instantiate, lift, sample, select, verify
from tasks.tools.orchestrator import recipe


@recipe(summary="New problems from worked ones: lift templates, draw, verify twice, dedup, decontaminate, export.")
def lifted(
    size: Annotated[int, "how many problems to draw"] = 1000,
    seed: Annotated[int, "which draws: the same seed, the same tables"] = 0,
    seeds: Annotated[str, InputFile, "worked problems: a file or a Hub id; empty: those that ship"] = "",
    question_column: Annotated[str, "empty: guessed"] = "",
    solution_column: Annotated[str, "empty: guessed"] = "",
    answer_column: Annotated[str, "empty: guessed, or read from the solution"] = "",
    licence: Annotated[str, "of the seeds, where their source does not say"] = "",
    limit: Annotated[int, "use only so many seeds; 0: all"] = 0,
    modes: Annotated[tuple[str, ...], "variants beside base: p1,p2,m1,noop"] = (),
    embedder: Annotated[str, "model name or path of sentence-transformers; empty: all-MiniLM-L6-v2"] = "",
    decontaminate: Annotated[tuple[str, ...], InputFile, "test sets to keep out: files"] = (),
    name: Annotated[str, "name of the data set on its card"] = "mathmill-lifted",
) -> Table[Example]:
    problems_in = sample.problems(seeds, question_column=question_column, solution_column=solution_column,
                                  answer_column=answer_column, licence=licence, limit=limit, seed=seed)
    templates = instantiate.with_variants(lift.templates(problems_in), modes)
    problems = instantiate.templates(templates, size=size, seed=seed)
    solutions = instantiate.solutions(problems, templates)
    verdicts = verify.by_both(problems, solutions, templates)
    examples = select.verified(problems, solutions, verdicts, templates)
    distinct = dedup.by_meaning(examples, embedder=embedder)
    clean = decontamination.against(distinct, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name)
