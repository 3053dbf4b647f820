"""Facts as HTML, by the templates beside this file. Every text is escaped; no page has a script or loads anything."""

from pathlib import Path
from typing import Any

from tasks.report.mathematics import typeset, typeset_answer

HERE = Path(__file__).parent


def page(name: str, **facts: Any) -> str:
    """The template `name` filled in; a fact that is missing raises `UndefinedError`."""
    import jinja2

    templates = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE), undefined=jinja2.StrictUndefined,
                                   autoescape=True, trim_blocks=True, lstrip_blocks=True)
    templates.filters.update(math=typeset, answer=typeset_answer, many=lambda count: f"{count:,}",
                             percent=lambda share: f"{share:.2%}")
    return templates.get_template(name).render(facts)
