"""ScriptedHub: a stand-in for the Hugging Face Hub, on this machine. It speaks the part of the Hub's protocol that
`huggingface_hub` and `datasets` use for data sets (repositories, LFS, commits, downloads), and misbehaves on request.

    with ScriptedHub() as hub:
        hub.faults.append(at(3, Cut()))          # the third request from here on: the connection is cut
"""

import asyncio
import base64
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml
from aiohttp import web

from tests import fake_xet

DATE = "2026-01-01T00:00:00.000Z"
TOKEN, READER, STRANGER = "hf_writer0000secret", "hf_reader0000secret", "hf_stranger00secret"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Cut:
    """The connection breaks: before the request is read, or (`late`) after it was carried out."""

    late: bool = False


@dataclass(frozen=True)
class Refuse:
    """An answer of this status instead of the right one."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Meanwhile:
    """Something happens just before the request is carried out."""

    do: Callable[[], None]


@dataclass(frozen=True)
class Hold:
    """No answer ever: `held` is set when the request has come, and the client may wait."""

    held: threading.Event


Trouble = Cut | Refuse | Meanwhile | Hold
Fault = Callable[["ScriptedHub", web.Request], "Trouble | None"]


def at(number: int, fault: "Trouble", on: str = "", times: int = 1) -> Fault:
    """From the `number`-th request on whose "METHOD path" holds `on`, so many times; -1: for ever."""
    seen = 0

    def find(hub: "ScriptedHub", request: web.Request) -> "Trouble | None":
        nonlocal seen
        seen += on in f"{request.method} {request.path}"
        due = on in f"{request.method} {request.path}" and seen >= number
        return fault if due and (times < 0 or seen < number + times) else None

    return find


@dataclass(frozen=True)
class Blob:
    """A file as a commit has it: its content, and whether it is kept by LFS; of one kept by Xet, its names and size."""

    data: bytes
    lfs: bool
    xet: tuple[str, str, int] | None = None  # sha256, Xet hash, size

    @property
    def sha256(self) -> str:
        return self.xet[0] if self.xet else sha256(self.data).hexdigest()

    @property
    def size(self) -> int:
        return self.xet[2] if self.xet else len(self.data)

    @property
    def oid(self) -> str:
        kept = (f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {self.size}\n"
                ).encode() if self.lfs else self.data
        return sha1(b"blob %d\0" % len(kept) + kept).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.lfs else self.oid


@dataclass
class Repo:
    """A data set's repository: its commits, oldest first; the first has .gitattributes alone, as on the Hub."""

    id: str
    private: bool
    commits: list[tuple[str, str, dict[str, Blob]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        rules = b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"
        self.commit("initial commit", {".gitattributes": Blob(rules, False)})

    @property
    def head(self) -> str:
        return self.commits[-1][0]

    @property
    def files(self) -> dict[str, Blob]:
        return self.commits[-1][2]

    def commit(self, title: str, files: dict[str, Blob]) -> str:
        oid = sha1(f"{self.id} {len(self.commits)} {title}".encode()).hexdigest()
        self.commits.append((oid, title, files))
        return oid

    def at(self, revision: str) -> tuple[str, dict[str, Blob]] | None:
        if revision in ("main", "HEAD"):
            return self.head, self.files
        return next(((oid, files) for oid, _, files in self.commits if oid == revision), None)


class ScriptedHub:
    """The server, in a thread of its own. `log` has every request, `stored` what LFS holds, `sent` the bytes put."""

    def __init__(self, part: int = 0, regular: tuple[str, ...] = (".md", ".json", ".gitattributes"),
                 xet: Path | None = None) -> None:
        self.part, self.regular, self.xet = part, regular, xet
        self.users: dict[str, dict[str, Any]] = {
            TOKEN: {"name": "user", "orgs": ["team"], "role": "write"},
            READER: {"name": "user", "orgs": ["team"], "role": "read"},
            STRANGER: {"name": "stranger", "orgs": [], "role": "write"}}
        self.repos: dict[str, Repo] = {}
        self.stored: dict[str, bytes] = {}
        self.parts: dict[tuple[str, int], bytes] = {}
        self.log: list[str] = []
        self.sent = 0
        self.faults: list[Fault] = []

    def __enter__(self) -> "ScriptedHub":
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)

    def settled(self) -> None:
        """Forget faults and log; what was published stays."""
        self.faults.clear()
        self.log.clear()
        self.sent = 0

    def _serve(self, ready: threading.Event) -> None:
        asyncio.run(self._run(ready))

    async def _run(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()
        await self._stop.wait()
        await runner.cleanup()

    def _app(self) -> web.Application:
        @web.middleware
        async def misbehave(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._misbehave(request, handler)

        app = web.Application(client_max_size=1 << 30, middlewares=[misbehave])
        repo, git = "/api/datasets/{owner}/{name}", "/datasets/{owner}/{name}"
        for method, path, handler in (
            ("GET", "/api/whoami-v2", self.whoami), ("POST", "/api/repos/create", self.create),
            ("POST", "/api/validate-yaml", self.validate), ("GET", repo, self.info),
            ("GET", repo + "/revision/{rev}", self.info), ("GET", repo + "/refs", self.refs),
            ("GET", repo + "/tree/{rev}", self.tree), ("GET", repo + "/tree/{rev}/{path:.*}", self.tree),
            ("POST", repo + "/paths-info/{rev}", self.paths_info), ("POST", repo + "/preupload/{rev}", self.preupload),
            ("POST", repo + "/commit/{rev}", self.commit), ("POST", git + ".git/info/lfs/objects/batch", self.batch),
            ("GET", git + "/resolve/{rev}/{path:.*}", self.resolve), ("PUT", "/lfs/{oid}", self.put),
            ("PUT", "/lfs/{oid}/{part}", self.put_part), ("POST", "/lfs/{oid}/complete", self.complete),
            ("POST", "/lfs-verify/{owner}/{name}", self.verified),
            ("GET", repo + "/xet-write-token/{rev}", self.xet_token),
            ("GET", repo + "/xet-read-token/{rev}", self.xet_token)):
            app.router.add_get(path, handler) if method == "GET" else app.router.add_route(method, path, handler)
        return app

    async def _misbehave(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.log.append(f"{request.method} {request.path}")
        due = next((found for fault in self.faults if (found := fault(self, request)) is not None), None)
        if isinstance(due, Meanwhile):
            due.do()
        if isinstance(due, Hold):
            due.held.set()
            await asyncio.sleep(600)
        if isinstance(due, Cut) and not due.late:
            return self._cut(request)
        if isinstance(due, Refuse):
            await request.read()
            return web.json_response(due.body or {"error": f"scripted {due.status}"}, status=due.status,
                                     headers=due.headers)
        answer = await handler(request)
        return self._cut(request) if isinstance(due, Cut) else answer

    def _cut(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    # Who asks, and which repository is meant

    def _user(self, request: web.Request) -> dict[str, Any] | None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not token:
            return None
        if token not in self.users:  # as a careless server would: it repeats the token
            raise _refused(web.HTTPUnauthorized, f"Invalid credentials: {token}",
                           **{"X-Error-Message": "Invalid credentials in Authorization header"})
        return self.users[token]

    def _repo(self, request: web.Request) -> Repo:
        user, key = self._user(request), f"{request.match_info['owner']}/{request.match_info['name']}"
        repo = self.repos.get(key)
        if repo is None or (repo.private and not _member(user, key)):
            kind = web.HTTPUnauthorized if user is None else web.HTTPNotFound  # alike for missing and for private
            raise _refused(kind, "Repository not found", **{"X-Error-Code": "RepoNotFound"})
        return repo

    def _writable(self, request: web.Request) -> Repo:
        repo, user = self._repo(request), self._user(request)
        if not _member(user, repo.id) or user is None or user["role"] != "write":
            raise _refused(web.HTTPForbidden, "you need the write role",
                           **{"X-Error-Message": "you need the write role"})
        return repo

    def _at(self, request: web.Request) -> tuple[str, dict[str, Blob]]:
        found = self._repo(request).at(unquote(request.match_info.get("rev", "main")))
        if found is None:
            raise _refused(web.HTTPNotFound, "Invalid rev", **{"X-Error-Code": "RevisionNotFound"})
        return found

    # The protocol

    async def whoami(self, request: web.Request) -> web.Response:
        user = self._user(request)
        if user is None:
            raise _refused(web.HTTPUnauthorized, "Invalid username or password.")
        return web.json_response({
            "type": "user", "name": user["name"], "orgs": [{"name": name} for name in user["orgs"]],
            "auth": {"type": "access_token", "accessToken": {"displayName": "t", "role": user["role"]}}})

    async def create(self, request: web.Request) -> web.Response:
        user, asked = self._user(request), await request.json()
        assert asked["type"] == "dataset"
        assert user is not None
        key = f"{asked.get('organization') or user['name']}/{asked['name']}"
        if not _member(user, key) or user["role"] != "write":
            raise _refused(web.HTTPForbidden, f"You don't have the rights to create a dataset under {key}",
                           **{"X-Error-Message": "You don't have the rights to create a dataset here"})
        url = {"url": f"{self.url}/datasets/{key}"}
        if key in self.repos:
            return web.json_response({**url, "error": "You already created this dataset repo"}, status=409)
        self.repos[key] = Repo(key, asked.get("visibility") == "private" or bool(asked.get("private")))
        return web.json_response(url)

    async def validate(self, request: web.Request) -> web.Response:
        content = (await request.json())["content"]
        front = content.split("---\n")[1] if content.startswith("---\n") else "{}"
        try:
            told = yaml.safe_load(front)
        except yaml.YAMLError as error:
            return web.json_response({"errors": [{"message": str(error)}], "warnings": []}, status=400)
        if not (isinstance(told.get("license"), str | list) and told["license"]):
            errors = [{"message": '"license" must be a string'}]
            return web.json_response({"errors": errors, "warnings": []}, status=400)
        return web.json_response({"errors": [], "warnings": []})

    async def info(self, request: web.Request) -> web.Response:
        repo = self._repo(request)
        oid, files = self._at(request)
        return web.json_response({
            "_id": "1", "id": repo.id, "author": repo.id.split("/")[0], "sha": oid, "lastModified": DATE,
            "createdAt": DATE, "private": repo.private, "gated": False, "disabled": False, "tags": [], "downloads": 0,
            "likes": 0, "siblings": [{"rfilename": path} for path in sorted(files)]})

    async def refs(self, request: web.Request) -> web.Response:
        branch = {"name": "main", "ref": "refs/heads/main", "targetCommit": self._repo(request).head}
        return web.json_response({"branches": [branch], "tags": [], "converts": []})

    async def tree(self, request: web.Request) -> web.Response:
        _, files = self._at(request)
        under = request.match_info.get("path", "").strip("/")
        inside = {path: blob for path, blob in files.items() if not under or path.startswith(f"{under}/")}
        if under and not inside:
            raise _refused(web.HTTPNotFound, f"{under} does not exist", **{"X-Error-Code": "EntryNotFound"})
        recursive = request.query.get("recursive", "").lower() in ("true", "1")
        found: dict[str, dict[str, Any]] = {}
        for path, blob in sorted(inside.items()):
            parts = path[len(under):].strip("/").split("/")
            for depth in range(1, len(parts)):
                folder = "/".join(filter(None, [under, *parts[:depth]]))
                if depth == 1 or recursive:
                    found.setdefault(folder, {"type": "directory", "oid": sha1(folder.encode()).hexdigest(), "size": 0,
                                              "path": folder})
            if len(parts) == 1 or recursive:
                found[path] = _entry(path, blob)
        return web.json_response(list(found.values()))

    async def paths_info(self, request: web.Request) -> web.Response:
        _, files = self._at(request)
        form = {} if request.content_type == "application/json" else await request.post()
        found = []
        for path in form.getall("paths") if form else (await request.json())["paths"]:
            if path in files:
                found.append(_entry(path, files[path]))
            elif any(name.startswith(f"{path}/") for name in files):
                found.append({"type": "directory", "oid": sha1(path.encode()).hexdigest(), "size": 0, "path": path})
        return web.json_response(found)

    async def preupload(self, request: web.Request) -> web.Response:
        files, asked = self._writable(request).files, await request.json()
        return web.json_response({"files": [
            {"path": file["path"], "uploadMode": "regular" if file["path"].endswith(self.regular) else "lfs",
             "shouldIgnore": False, "oid": files[file["path"]].etag if file["path"] in files else None}
            for file in asked["files"]]})

    async def batch(self, request: web.Request) -> web.Response:
        repo, asked = self._writable(request), await request.json()
        assert asked["operation"] == "upload"
        objects = [self._wanted(repo, file) for file in asked["objects"]]
        return web.json_response({"transfer": "basic", "objects": objects})

    def _wanted(self, repo: Repo, file: dict[str, Any]) -> dict[str, Any]:
        told = {"oid": file["oid"], "size": file["size"]}
        if file["oid"] in self.stored:
            return told
        href = f"{self.url}/lfs/{file['oid']}"
        upload: dict[str, Any] = {"href": href}
        if self.part and file["size"] > self.part:
            count = -(-file["size"] // self.part)
            upload = {"href": f"{href}/complete", "header": {
                "chunk_size": str(self.part), **{f"{n:05d}": f"{href}/{n}" for n in range(1, count + 1)}}}
        return {**told, "actions": {"upload": upload, "verify": {"href": f"{self.url}/lfs-verify/{repo.id}"}}}

    async def put(self, request: web.Request) -> web.Response:
        assert "Authorization" not in request.headers, "a presigned address needs no token, and must not get it"
        return self._keep(request.match_info["oid"], await self._read(request))

    async def put_part(self, request: web.Request) -> web.Response:
        data, number = await self._read(request), int(request.match_info["part"])
        self.parts[request.match_info["oid"], number] = data
        return web.Response(headers={"ETag": f'"{sha256(data).hexdigest()}"'})

    async def complete(self, request: web.Request) -> web.Response:
        oid, asked = request.match_info["oid"], await request.json()
        assert asked["oid"] == oid
        return self._keep(oid, b"".join(self.parts[oid, part["partNumber"]] for part in asked["parts"]))

    async def _read(self, request: web.Request) -> bytes:
        data = await request.read()
        self.sent += len(data)
        return data

    def _keep(self, oid: str, data: bytes) -> web.Response:
        if sha256(data).hexdigest() != oid:
            raise _refused(web.HTTPBadRequest, "the content is not that of its sha256")
        self.stored[oid] = data
        return web.json_response({})

    async def verified(self, request: web.Request) -> web.Response:
        self._writable(request)
        asked = await request.json()
        if len(self.stored.get(asked["oid"], b"")) != asked["size"]:
            raise _refused(web.HTTPNotFound, "not stored")
        return web.json_response({})

    async def xet_token(self, request: web.Request) -> web.Response:
        """Where the Xet client puts and finds its blocks: a folder, which it takes for a server."""
        self._repo(request)
        if self.xet is None:
            raise _refused(web.HTTPNotFound, "no Xet here")
        told = {"casUrl": f"local://{self.xet}", "accessToken": "xet", "exp": 4102444800}
        return web.json_response(told, headers={"X-Xet-Cas-Url": told["casUrl"], "X-Xet-Access-Token": "xet",
                                                "X-Xet-Token-Expiration": str(told["exp"])})

    async def commit(self, request: web.Request) -> web.Response:
        repo = self._writable(request)
        lines = [json.loads(line) for line in (await request.read()).splitlines() if line]
        header = lines[0]["value"]
        if header.get("parentCommit", repo.head) != repo.head:
            raise _refused(web.HTTPPreconditionFailed, "A commit has happened since. Please refresh and try again.")
        files = dict(repo.files)
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = Blob(base64.b64decode(value["content"]), False)
            elif line["key"] == "lfsFile":
                if self.xet and value["oid"] in (known := fake_xet.stored(self.xet)):
                    files[value["path"]] = Blob(b"", True, (value["oid"], *known[value["oid"]]))
                    continue
                if value["oid"] not in self.stored:
                    raise _refused(web.HTTPBadRequest, f"LFS pointer to a file that does not exist: {value['path']}")
                files[value["path"]] = Blob(self.stored[value["oid"]], True)
            elif line["key"] == "deletedFile":
                del files[value["path"]]
            else:
                raise _refused(web.HTTPBadRequest, f"unknown operation {line['key']}")
        oid = repo.commit(header["summary"], files)
        return web.json_response({"success": True, "commitOid": oid,
                                  "commitUrl": f"{self.url}/datasets/{repo.id}/commit/{oid}"})

    async def resolve(self, request: web.Request) -> web.Response:
        oid, files = self._at(request)
        blob = files.get(request.match_info["path"])
        if blob is None:
            raise _refused(web.HTTPNotFound, "Entry not found",
                           **{"X-Error-Code": "EntryNotFound", "X-Repo-Commit": oid})
        headers = {"X-Repo-Commit": oid, "ETag": f'"{blob.etag}"', "Accept-Ranges": "bytes"}
        if blob.lfs:
            headers |= {"X-Linked-Size": str(blob.size), "X-Linked-Etag": f'"{blob.etag}"'}
        if blob.xet:
            route = f"{self.url}/api/datasets/{self._repo(request).id}/xet-read-token/{oid}"
            headers |= {"X-Xet-Hash": blob.xet[1], "X-Xet-Refresh-Route": route}
            assert request.method == "HEAD", "the content is fetched from the store"
            return web.Response(headers={**headers, "Content-Length": str(blob.size)})
        if "Range" in request.headers:
            piece = request.http_range
            start, stop, _ = piece.indices(len(blob.data))
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(blob.data)}"
            return web.Response(body=blob.data[piece], status=206, headers=headers)
        return web.Response(body=blob.data, headers=headers)


def _member(user: dict[str, Any] | None, key: str) -> bool:
    return user is not None and key.split("/")[0] in (user["name"], *user["orgs"])


def _entry(path: str, blob: Blob) -> dict[str, Any]:
    lfs = {"lfs": {"oid": blob.sha256, "size": blob.size, "pointerSize": 130}} if blob.lfs else {}
    xet = {"xetHash": blob.xet[1]} if blob.xet else {}
    return {"type": "file", "oid": blob.oid, "size": blob.size, "path": path, **lfs, **xet,
            "lastCommit": {"id": "0" * 40, "title": "t", "date": DATE}}


def _refused(kind: type[web.HTTPError], says: str, **headers: str) -> web.HTTPError:
    return kind(text=json.dumps({"error": says}), content_type="application/json", headers=headers)
