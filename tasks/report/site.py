"""The local site of a run: filter, search, read and flag its records. On 127.0.0.1 alone, and without a script.

A page of somebody else's cannot flag: requests that name another host are refused, and so are posts from elsewhere.
The one door of starlette and uvicorn.
"""

import secrets
import socket
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode

from schemas.errors import InputError, MathmillError, ParameterError
from tasks.report.page import page
from tasks.report.shelf import Shelf
from tasks.tools.flags import flag, flags, unflag

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

HOST = "127.0.0.1"
LONGEST = 10_000  # bytes of a posted form
REMARK = 1000  # characters of a remark


class Site:
    """The pages over a shelf. `token` tells this site's own forms from others."""

    def __init__(self, folder: Path) -> None:
        self.shelf, self.token = Shelf(folder), secrets.token_urlsafe(24)

    def records(self, given: Mapping[str, str]) -> str:
        """The page that lists records. Raises as the warehouse does."""
        shelf, found = self.shelf, self.shelf.listed(given)
        asked = {key: value for key, value in given.items() if key != "page" and value}
        places = {"first": 1, "earlier": found.at - 1, "later": found.at + 1, "last": found.pages}
        turns = {name: urlencode({**asked, "page": to}) for name, to in places.items()
                 if 0 < to <= found.pages and to != found.at}
        return page("browse.html.jinja", title=shelf.folder.name, run=shelf.run, state=shelf.state, found=found,
                    table=shelf.named(given), tables=list(shelf.views), choices=shelf.kind(shelf.named(given)).choices,
                    given=given, flags=flags(shelf.folder), turns=turns,
                    back=quote(urlencode({**asked, "page": found.at}), safe=""))

    def record(self, name: str, back: str) -> str:
        """The page of one record with its lineage. Raises `InputError` for an id that the run does not know."""
        marked, (record, roots) = flags(self.shelf.folder), self.shelf.record(name)
        return page("record.html.jinja", id=name, remark=marked.get(name, ""), flagged=name in marked, token=self.token,
                    run=self.shelf.run, state=self.shelf.state, roots=roots, record=record, back=back, longest=REMARK)

    def mark(self, form: Mapping[str, str], name: str) -> None:
        """Set or take away the flag that the form asks for. Raises `InputError` for an id that the run lacks."""
        if form.get("do") == "unflag":
            unflag(self.shelf.folder, name)
        else:
            self.shelf.record(name)
            flag(self.shelf.folder, name, form.get("remark", "")[:REMARK])


def site(folder: Path) -> "Starlette":
    """The site of the run in `folder`, as an application. Raises `RunError` where there is no run."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.routing import Route

    pages = Site(folder)
    return Starlette(routes=[
        Route("/", partial(_list, pages)), Route("/record/{name:path}", partial(_record, pages)),
        Route("/flag/{name:path}", partial(_flag, pages), methods=["POST"])],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])],
        exception_handlers={MathmillError: _refused})


def serve(folder: Path, port: int, ready: Callable[[], None]) -> None:
    """Serve the site until Ctrl-C; `ready` is called when it can be reached.

    Raises `ParameterError` for a port that another program has, `RunError` where there is no run.
    """
    import uvicorn

    made = site(folder)
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((HOST, port))
            door.listen()  # from here on callers wait their turn
        except OSError as error:
            raise ParameterError(f"the port cannot be had: {error.strerror}", where=f"--port {port}",
                                 mend=f"another --port, such as {port + 1 if port < 65535 else 8090}") from None
        ready()
        uvicorn.Server(uvicorn.Config(made, log_level="warning", server_header=False)).run(sockets=[door])


async def _list(pages: Site, request: "Request") -> "Response":
    return _html(pages.records(request.query_params))


async def _record(pages: Site, request: "Request") -> "Response":
    return _html(pages.record(request.path_params["name"], request.query_params.get("back", "")))


async def _flag(pages: Site, request: "Request") -> "Response":
    from starlette.responses import PlainTextResponse, RedirectResponse

    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            return PlainTextResponse("this form is too long", 413)
    form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    if not secrets.compare_digest(form.get("token", "").encode(), pages.token.encode()):
        return PlainTextResponse("this form is not of this site; load the page again", 403)
    name = request.path_params["name"]
    pages.mark(form, name)
    return RedirectResponse(f"/record/{quote(name)}?{urlencode({'back': form.get('back', '')})}", 303)


async def _refused(request: "Request", error: Exception) -> "Response":
    from starlette.responses import PlainTextResponse

    return PlainTextResponse(str(error), 404 if isinstance(error, InputError) else 500)


def _html(text: str) -> "Response":
    from starlette.responses import HTMLResponse

    return HTMLResponse(text, headers={"Cache-Control": "no-store", "X-Frame-Options": "DENY"})
