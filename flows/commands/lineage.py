"""`mathmill lineage ID`: how one record came to be and what became of it, as a tree of texts."""

from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.query import Runs, folders

if TYPE_CHECKING:
    from rich.tree import Tree

    from tasks.lineage import Record

TOLD = {  # which columns tell a record's story
    "seeds": ("source", "line", "question", "solution", "answer"),
    "templates": ("origin", "topic", "question", "conditions", "program"),
    "briefs": ("mode", "ingredients", "question"),
    "concepts": ("topics", "points"),
    "rates": ("model", "samples", "passed", "low", "high"),
    "variants": ("mode", "question", "conditions", "program"),
    "problems": ("mode", "values", "question", "answer"),
    "solutions": ("solution",),
    "claims": ("source", "line", "problem", "solution", "answer"),
    "agreements": ("answers", "votes", "share", "gold"),
    "planted": ("truth", "how", "solution", "answer", "status", "reason"),
    "verdicts": ("status", "read", "reason"),
    "examples": ("verified_by", "source", "licence"),
    "rejections": ("step", "reason", "twin"),
}
LED = {"verdicts": "method", "planted": "method", "rejections": "rule"}  # what stands in the headline, beside the id


def lineage(
    record: Annotated[str, typer.Argument(metavar="ID", help="The id of a record of any table.")],
    runs: Runs = None,
) -> None:
    """Show how one record came to be, from seed to example."""
    from flows.commands.output import console
    from tasks.lineage import trace
    from tasks.tools.warehouse import Warehouse

    for root in trace(Warehouse(folders(runs)), record):
        console().print(_tree(root, record))


def _tree(record: "Record", asked: str) -> "Tree":
    from rich.tree import Tree

    tree = Tree(_headline(record, asked))
    for name in TOLD[record.view]:
        if (value := record.row[name]) not in ("", [], 0):
            tree.add(_told(name, value))
    for child in record.children:
        tree.add(_tree(child, asked))
    for view in record.entered:
        tree.add(f"[green]kept in {view.removesuffix('_examples')}[/]")
    return tree


def _headline(record: "Record", asked: str) -> str:
    kind = record.view.removesuffix("s")
    led = f" {record.row[LED[record.view]]}" if record.view in LED else ""
    mark = "  [bold yellow]<- asked for[/]" if record.id == asked else ""
    return f"[bold]{kind}{led}[/]  [dim]{record.id}[/]{mark}"


def _told(name: str, value: object) -> "Tree":
    """`name: value`, and a text of several lines below its name."""
    from rich.text import Text
    from rich.tree import Tree

    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    if "\n" not in text:
        return Tree(Text.assemble((f"{name}: ", "cyan"), text))
    tree = Tree(Text(f"{name}:", style="cyan"))
    tree.add(Text(text))
    return tree
