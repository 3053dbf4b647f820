"""`mathmill schedules`: what is on a schedule, when it runs next, and how it went."""


def schedules() -> None:
    """List the recipes that are on a schedule."""
    from rich.table import Table
    from rich.text import Text

    from flows.commands.output import console
    from tasks.tools.deployments import listed

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("schedule", "cron", "next", "last"):
        table.add_column(name)
    for row in listed():
        table.add_row(*(Text(row[name]) for name in ("schedule", "cron", "next", "last")))
    console().print(table)
