"""The local site of a run: filter, search, read and flag its records. On 127.0.0.1 alone, and without a script.

A page of somebody else's cannot flag: requests that name another host are refused, and so are posts from elsewhere.
The one door of starlette and uvicorn.
"""

import secrets
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode

from schemas.errors import InputError
from tasks.lineage import Record, trace
from tasks.report.facts import asked, final_view, readable
from tasks.report.page import page
from tasks.tools.flags import flag, flags, unflag
from tasks.tools.warehouse import Warehouse

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

HOST = "127.0.0.1"
PAGE = 25
LONGEST = 10_000  # bytes of a posted form
CHOICES = {"kept": ("topic", "difficulty", "mode", "answer_kind"), "rejected": ("step", "rule")}
TEXT = {"kept": "concat_ws(' ', id, problem, solution, answer)", "rejected": "concat_ws(' ', row_id, reason, content)"}


class Shelf:
    """A run's records as the site shows them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.house, self.token = folder, Warehouse([folder]), secrets.token_urlsafe(24)
        self.views = {"kept": final_view(self.house), "rejected": "rejections"}
        self.choices = {kind: {column: self._values(kind, column) for column in columns}
                        for kind, columns in CHOICES.items()}

    def _values(self, kind: str, column: str) -> list[str]:
        found = asked(self.house, f"SELECT DISTINCT {column}::VARCHAR AS value FROM {self.views[kind]} ORDER BY 1")
        return [row["value"] for row in found if row["value"]]

    def listed(self, given: Mapping[str, str]) -> str:
        """The page of records that pass the filter in `given`; what it does not know it leaves alone."""
        kind = given.get("kind", "kept") if given.get("kind") in CHOICES else "kept"
        number = given.get("page", "1")
        at = int(number) if number.isdecimal() and 0 < len(number) < 8 else 1
        where, values = self._where(kind, given)
        total = asked(self.house, f"SELECT count(*) AS n FROM {self.views[kind]} WHERE {where}", *values)[0]["n"]
        rows = asked(self.house, f"SELECT * FROM {self.views[kind]} WHERE {where} ORDER BY id LIMIT {PAGE} "
                                 f"OFFSET {max(at - 1, 0) * PAGE}", *values)
        link = {key: value for key, value in given.items() if key != "page"}
        turns = {"earlier": at - 1 if at > 1 else 0, "later": at + 1 if at * PAGE < total else 0}
        return page("browse.html.jinja", title=self.folder.name, kind=kind, given=given, total=total, at=at,
                    rows=[readable(row) if kind == "rejected" else row for row in rows], choices=self.choices[kind],
                    flags=flags(self.folder), turns={
                        name: urlencode({**link, "page": to}) for name, to in turns.items() if to})

    def _where(self, kind: str, given: Mapping[str, str]) -> tuple[str, list[object]]:
        parts: list[str] = ["true"]
        values: list[object] = []
        for column in CHOICES[kind]:
            if wanted := given.get(column):
                parts.append(f"{column}::VARCHAR = ?")
                values.append(wanted)
        if words := given.get("q", "").strip():
            parts.append(f"contains(lower({TEXT[kind]}), lower(?))")
            values.append(words)
        if given.get("flagged"):
            parts.append("list_contains(?::VARCHAR[], id)")
            values.append(sorted(flags(self.folder)))
        return " AND ".join(parts), values

    def record(self, name: str) -> str:
        """The page of one record with its lineage. Raises `InputError` for an id that the run does not know."""
        marked = flags(self.folder)
        return page("record.html.jinja", id=name, remark=marked.get(name, ""), flagged=name in marked, token=self.token,
                    roots=trace(self.house, name), told=told)

    def mark(self, form: Mapping[str, str], name: str) -> None:
        """Set or take away the flag that the form asks for. Raises `InputError` for an id that the run lacks."""
        trace(self.house, name)
        if form.get("do") == "unflag":
            unflag(self.folder, name)
        else:
            flag(self.folder, name, form.get("remark", "")[:1000])


def told(record: Record) -> list[tuple[str, str]]:
    """The columns of a record that say something, as texts."""
    hidden = ("id", "parents", "run_id", "recipe", "slots")
    return [(name, "\n".join(map(str, value)) if isinstance(value, list) else str(value))
            for name, value in record.row.items() if name not in hidden and value not in ("", 0, None, [])]


def site(folder: Path) -> "Starlette":
    """The site of the run in `folder`, as an application."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.routing import Route

    shelf = Shelf(folder)
    return Starlette(routes=[
        Route("/", partial(_list, shelf)), Route("/record/{name:path}", partial(_record, shelf)),
        Route("/flag/{name:path}", partial(_flag, shelf), methods=["POST"])],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])],
        exception_handlers={InputError: _refused})


def serve(folder: Path, port: int) -> None:
    """Serve the site until Ctrl-C."""
    import uvicorn

    uvicorn.run(site(folder), host=HOST, port=port, log_level="warning", server_header=False)


async def _list(shelf: Shelf, request: "Request") -> "Response":
    return _html(shelf.listed(request.query_params))


async def _record(shelf: Shelf, request: "Request") -> "Response":
    return _html(shelf.record(request.path_params["name"]))


async def _flag(shelf: Shelf, request: "Request") -> "Response":
    from starlette.responses import PlainTextResponse, RedirectResponse

    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            return PlainTextResponse("this form is too long", 413)
    form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    if not secrets.compare_digest(form.get("token", "").encode(), shelf.token.encode()):
        return PlainTextResponse("this form is not of this site; load the page again", 403)
    name = request.path_params["name"]
    shelf.mark(form, name)
    return RedirectResponse(f"/record/{quote(name)}", 303)


async def _refused(request: "Request", error: Exception) -> "Response":
    from starlette.responses import PlainTextResponse

    return PlainTextResponse(str(error), 404)


def _html(text: str) -> "Response":
    from starlette.responses import HTMLResponse

    return HTMLResponse(text, headers={"Cache-Control": "no-store", "X-Frame-Options": "DENY"})
