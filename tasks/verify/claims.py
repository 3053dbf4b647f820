"""Any data set as claims: rows of a file, a folder or the Hub, their columns guessed, one claim a solution.

Taken as they come: plain columns, nested ones (`reward_model.ground_truth`), lists of solutions, chat messages.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from schemas.errors import InputError
from schemas.records import Claim, Rejection, reject, stable_id
from schemas.run import current_run
from schemas.table import Table
from tasks.sample import PEEK, final_answer, opened, text_of
from tasks.tools.each import whole
from tasks.tools.files import ENDINGS, map_columns, read_rows

STEP = "claims"
SHARD = 2_000  # a shard of programs takes minutes, and a file of this size keeps one process busy
GUESSES = {
    "problem": ("problem", "question", "prompt", "query", "instruction", "input", "problem_text", "statement",
                "extra_info.question", "extra_info.problem"),
    "solution": ("response", "responses", "generation", "generations", "completion", "completions", "output",
                 "outputs", "candidate", "candidates", "prediction", "predictions", "generated_solution",
                 "model_output", "solution", "solutions", "rationale"),
    "answer": ("expected_answer", "final_answer", "gold", "gold_answer", "ground_truth", "reference_answer",
               "reference", "answer", "correct_answer", "target", "reward_model.ground_truth", "extra_info.answer",
               "label", "solution"),
    "messages": ("messages", "conversations", "conversation", "dialogue", "chat"),
    "group": (),  # never guessed: ids that repeat across sources would put different problems together
    "id": ("id", "uuid", "unique_id"),
    "licence": ("licence", "license"),
}
MARKS = 12  # characters around an answer that is merely marked, as "$\\boxed{72}$." is
ASKS, SAYS = frozenset({"user", "human", "prompter"}), frozenset({"assistant", "gpt", "model", "bot"})
TEXTS = ("content", "value", "text", "solution", "response", "generation", "message")  # where a dict keeps its text

Row = Mapping[str, object]


def claims(source: str, given: Mapping[str, str], licence: str = "") -> Table[Claim]:
    """The table `claims` of a data set. Raises `InputError` for one that cannot be read or holds nothing to verify."""
    table = whole(partial(_work, source, given, licence), into=Claim, name=STEP, shard=SHARD)
    if not table.count():
        first = next(table.rejections.rows())
        raise InputError(f"none of its rows can be verified; the first: {first.reason}", where=source,
                         mend="name the columns with --problem, --solution and --answer")
    return table


def _work(source: str, given: Mapping[str, str], licence: str) -> Iterator[Claim | Rejection]:
    rows, said, mark = rows_of(source)
    peeked = list(islice(rows, PEEK))
    names = list(dict.fromkeys(name for _, _, row in peeked for name in row))
    columns = mapped(names, given, source)
    for name, line, row in chain(peeked, rows):
        yield from of_row(row, columns, name, line, licence or said)
    current_run().note(STEP, {"source": Path(source).name if Path(source).exists() else source, "columns": columns,
                              "contents": mark})


def rows_of(source: str) -> tuple[Iterator[tuple[str, int, Row]], str, str]:
    """(file, line, flat row) of all rows, the licence, and a mark of exact contents. A folder is read file by file."""
    if Path(source).is_dir():
        found = sorted(path for path in Path(source).rglob("*") if path.is_file() and path.name.endswith(ENDINGS))
        # Beside its rows a published data set keeps manifests and the like.
        files = [path for path in found if path.suffix != ".json"] or found
        if not files:
            raise InputError("holds no file of rows", where=source, mend=f"endings known: {', '.join(ENDINGS)}")
        return ((str(path.relative_to(source)), line, flat(row)) for path in files
                for line, row in read_rows(path)), "", ""
    origin = opened(source)
    return ((origin.name, line, flat(row)) for line, row in origin.rows), origin.licence, origin.mark


def mapped(names: Sequence[str], given: Mapping[str, str], where: str) -> dict[str, str]:
    """Which column holds what. Raises `InputError` where nothing to verify is found, or a named column is not there."""
    columns = map_columns(names, (), given, optional=tuple(GUESSES), where=where, guesses=GUESSES, flag="--{}")
    if not {"solution", "answer", "messages"} & set(columns):
        raise InputError(f"no column looks like a solution or an answer; columns found: {', '.join(map(repr, names))}",
                         where=where, mend="name them with --problem, --solution and --answer")
    return columns


def flat(row: Row) -> Row:
    """The row with the fields of its structs beside them, as `struct.field`."""
    if not any(isinstance(value, dict) for value in row.values()):
        return row
    inner = {f"{name}.{key}": item for name, value in row.items() if isinstance(value, dict)
             for key, item in value.items()}
    return {**row, **inner}


def of_row(row: Row, columns: Mapping[str, str], source: str, line: int, licence: str) -> Iterator[Claim | Rejection]:
    """The claims of one row: one a solution, or one for a reference alone; a rejection where there is neither."""
    cell = {key: row.get(name) for key, name in columns.items()}
    asked, talked = conversation(cell.get("messages"))
    problem = asked or text(cell.get("problem"))
    solutions = texts(cell.get("solution")) or ([talked] if talked else [])
    answer = text(cell.get("answer"))
    worked = final_answer(answer)
    if worked and not solutions and len(answer) > len(worked) + MARKS:
        solutions, answer = [answer], ""  # GSM8K's `answer` is a worked solution
    answer = worked if answer and worked else answer
    row_id = text(cell.get("id"))
    key = text(cell.get("group")) or " ".join(problem.split()) or f"{source}:{line}"
    said = text(cell.get("licence")) or licence
    if not answer and not any(solutions):
        held = ", ".join(f"{kind} {name!r}" for kind, name in columns.items() if kind in ("solution", "answer"))
        yield reject(stable_id("claim", source, line), STEP, "nothing_to_verify",
                     f"{source}, row {line}: no text in {held or 'its messages'}",
                     content=json.dumps(dict(row), ensure_ascii=False, default=str)[:2000], key=f"{source}:{line}")
        return
    for attempt, solution in enumerate(solutions or [""]):
        claim_id = stable_id("claim", source, line, attempt, problem, solution, answer)
        if solutions and not solution:
            yield reject(claim_id, STEP, "no_text", f"{source}, row {line}: solution {attempt + 1} holds no text",
                         content=problem[:2000])
            continue
        yield Claim(claim_id, [], stable_id("problem", key), row_id, attempt, problem, solution, answer, source, said,
                    line)


def text(value: object) -> str:
    """One text of a cell: of a number its digits, of a chat its last words, of a list its parts with commas."""
    if isinstance(value, list):
        if _is_chat(value):
            return next((said for role, said in reversed(list(_turns(value))) if role != "tool"), "")
        return ", ".join(filter(None, map(text, value)))
    if isinstance(value, dict):
        return next((found for key in TEXTS if (found := text(value.get(key)))), "")
    return text_of(value) or ""


def texts(value: object) -> list[str]:
    """The solutions of a cell: a list gives one each, unless it is one chat."""
    if isinstance(value, list):
        return [conversation(value)[1]] if _is_chat(value) else [
            conversation(item)[1] if _is_chat(item) else text(item) for item in value]
    found = text(value)
    return [found] if found else []


def conversation(value: object) -> tuple[str, str]:
    """(problem, solution) of chat messages: what the user asked last, and all that came after it, tools' words too."""
    if isinstance(value, str) and value.lstrip().startswith("[{"):  # CSV holds them as JSON
        try:
            value = json.loads(value)
        except ValueError:
            return "", ""
    turns = list(_turns(value)) if _is_chat(value) else []
    asked = max((place for place, (role, _) in enumerate(turns) if role == "user"), default=-1)
    said = [f"```output\n{words}\n```" if role == "tool" else words for role, words in turns[asked + 1:]
            if role != "system"]
    return (turns[asked][1] if asked >= 0 else ""), "\n".join(filter(None, said)).strip()


def _is_chat(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(
        isinstance(item, dict) and ("role" in item or "from" in item) for item in value)


def _turns(messages: Any) -> Iterator[tuple[str, str]]:
    """(user, assistant, tool or system; words) of each message, a call of a tool as the program that it sends."""
    for message in messages:
        role = str(message.get("role") or message.get("from") or "").lower()
        words = text({**message, "message": None})
        calls = [program for call in message.get("tool_calls") or () if (program := _called(call))]
        kind = "user" if role in ASKS else "assistant" if role in SAYS else "system" if role == "system" else "tool"
        if kind == "user" and words.startswith("```output"):  # some sets let the user speak for the tool
            kind, words = "assistant", words
        yield kind, "\n".join([words, *(f"```python\n{program}\n```" for program in calls)]).strip()


def _called(call: Any) -> str:
    """The code that a tool call sends; "" for another call."""
    arguments = (call.get("function") or call).get("arguments") if isinstance(call, dict) else None
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            return ""
    return text(arguments.get("code")) if isinstance(arguments, dict) else ""
