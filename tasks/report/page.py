"""Facts as HTML, by the templates beside this file. Every text is escaped; no page has a script or loads anything."""

from functools import partial
from pathlib import Path
from typing import Any

from markupsafe import Markup

from tasks.report.charts import bars, intervals, stacked
from tasks.report.mathematics import typeset, typeset_answer
from tasks.report.samples import told

HERE = Path(__file__).parent
SHOWN = {"report.html.jinja": 3_000, "browse.html.jinja": 1_000, "record.html.jinja": 100_000}  # characters of a text


def page(name: str, **facts: Any) -> str:
    """The template `name` filled in; a fact that is missing raises `UndefinedError`."""
    import jinja2

    templates = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE), undefined=jinja2.StrictUndefined,
                                   autoescape=True, trim_blocks=True, lstrip_blocks=True)
    templates.globals.update(bars=bars, stacked=stacked, intervals=intervals, told=told)
    templates.filters.update(
        math=partial(_text, SHOWN[name]), answer=typeset_answer, many=_many,
        percent=lambda share: f"{share:.2%}", dollars=lambda cost: "unknown" if cost is None else f"{cost:,.4f}")
    return templates.get_template(name).render(facts)


def _text(most: int, text: str) -> Markup:
    """A text with its formulas; what is too long to be read is cut, with a word on how much."""
    rest = len(text) - most
    return typeset(text) if rest <= 0 else typeset(text[:most]) + f" … (and {rest:,} characters more)"


def _many(value: object) -> str:
    """Numbers with their thousands apart, anything else as it is."""
    return f"{value:,}" if isinstance(value, int | float) else str(value)
