"""New problems from the template families that ship with mathmill, without any seed."""

from typing import Annotated

from schemas.parameters import InputFile
from schemas.records import Example
from schemas.table import Table
from tasks import decontaminate as decontamination
from tasks import dedup, export, families, instantiate, select, verify
from tasks.tools.orchestrator import recipe


@recipe(summary="New problems from template families that ship: 12 topics, five levels of difficulty.")
def templates(
    size: Annotated[int, "how many problems to draw"] = 1000,
    seed: Annotated[int, "which draws: the same seed, the same tables"] = 0,
    topics: Annotated[tuple[str, ...], "only these topics; empty: all"] = (),
    difficulty: Annotated[tuple[int, ...], "only these levels, 1 to 5; empty: all"] = (),
    modes: Annotated[tuple[str, ...], "variants beside base: p1,p2,m1,noop"] = (),
    embedder: Annotated[str, "model name or path of sentence-transformers; empty: all-MiniLM-L6-v2"] = "",
    decontaminate: Annotated[tuple[str, ...], InputFile, "test sets to keep out: files"] = (),
    name: Annotated[str, "name of the data set on its card"] = "mathmill-templates",
) -> Table[Example]:
    shipped = instantiate.with_variants(families.shipped(topics=topics, difficulty=difficulty), modes)
    problems = instantiate.templates(shipped, size=size, seed=seed)
    solutions = instantiate.solutions(problems, shipped)
    verdicts = verify.by_both(problems, solutions, shipped)
    examples = select.verified(problems, solutions, verdicts, shipped)
    distinct = dedup.by_meaning(examples, embedder=embedder)
    clean = decontamination.against(distinct, test_sets=decontaminate, embedder=embedder)
    return export.parquet(clean, name=name)
