"""The parameters that recipes share: type, and what each is for. Flags and Prefect's form follow from them."""

from typing import Annotated, Literal

from schemas.parameters import InputFile
from tasks.judge.gate import Gate

Size = Annotated[int, "how many problems to draw"]
Draws = Annotated[int, "which random draws: the same seed, the same tables"]
Seeds = Annotated[str, InputFile, "worked problems: a file or a Hub id; empty: those that ship"]
Column = Annotated[str, "which column of the seeds holds it; empty: guessed"]
Licence = Annotated[str, "licence of the seeds, where their source does not say"]
Limit = Annotated[int, "use only so many seeds, drawn at random; 0: all"]
Families = Annotated[str, InputFile, "a TOML file of families of yours; empty: those that ship"]
Topics = Annotated[tuple[str, ...], "only these topics; empty: all"]
Levels = Annotated[tuple[int, ...], "only these levels of difficulty, 1 to 5; empty: all"]
Modes = Annotated[tuple[Literal["p1", "p2", "m1", "noop"], ...],
                  "variants besides base: one or two clauses more, one less, one that changes nothing"]
Embedder = Annotated[str, "model of sentence-transformers, name or path; empty: all-MiniLM-L6-v2"]
PerFamily = Annotated[int, "keep at most so many rows of one template or wording; 0: all"]
TestSets = Annotated[tuple[str, ...], InputFile,
                     "test sets to keep out of the result: files, Hub ids, names of mathmill test-sets list"]
Planted = Annotated[float, "share of the rows that is doubled with cases whose truth is known"]
Isolation = Annotated[Literal["auto", "namespaces", "landlock", "none"],
                      "the jail of programs; auto: the best that works here; none: they run with your rights"]
Name = Annotated[str, "name of the data set, on its card"]
Teacher = Annotated[str, "who writes: scripted, openai, or the URL of a server that speaks its protocol"]
Model = Annotated[str, "the model that the server is asked for"]
Student = Annotated[str, "who is taught, told as the teacher is; empty: the teacher, or a scripted student that errs"]
Samples = Annotated[int, "how many solutions to ask for of each problem, at most"]
Personas = Annotated[str, InputFile, "a file with a column persona; empty: the 500 that ship"]
MaxCost = Annotated[float, "dollars that the run may spend on calls; 0: no limit"]
MaxTokens = Annotated[int, "tokens that the run may use; 0: no limit"]
Gated = Annotated[Gate, "which solutions go on: strict, those that passed; lenient, also the undecided; open, all"]
