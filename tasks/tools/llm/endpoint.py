"""Where a model is to be had: plain data that recipes hand on. The key of an endpoint is never part of it.

    teacher("scripted")                       the scripted teacher that ships, started as a child of this process
    teacher("scripted:--seed 3 --faults …")   the same with its own flags
    teacher("openai", "gpt-4.1-mini")         api.openai.com
    teacher("http://localhost:8000/v1", "my-model")           any server: vLLM, SGLang, Ollama, a gateway
    teacher("llamacpp+http://localhost:8080/v1", "any")       one whose dialect must be told

How hard a teacher is used changes no answer, so it is no parameter of a recipe and not in a run's id: `SETTINGS` come
from the environment, where `mathmill run --batch --concurrency 200` puts them.
"""

import os
import shlex
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from schemas.errors import ParameterError, ToolError

Dialect = Literal["openai", "server", "llamacpp", "plain"]
DIALECTS: tuple[Dialect, ...] = ("openai", "server", "llamacpp", "plain")
OPENAI = "https://api.openai.com/v1"
KEYS = ("MATHMILL_API_KEY", "OPENAI_API_KEY")
SETTINGS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "MATHMILL_CONCURRENCY": ("concurrency", int), "MATHMILL_RPM": ("requests_per_minute", float),
    "MATHMILL_TPM": ("tokens_per_minute", float), "MATHMILL_BATCH": ("batch", lambda said: bool(int(said)))}
NO_KEY = "none"  # what servers that want no key are sent; the client cannot do without
SOON = 0.5  # seconds between looks at a batch of the scripted teacher, which takes no hours
STARTUP = 60  # seconds that the scripted teacher may take to say where it listens
# Run in the child: it ends with its parent, however that ends.
CHILD = ("import ctypes, os, runpy, sys\n"
         "ctypes.CDLL(None).prctl(1, 9)\n"  # PR_SET_PDEATHSIG, SIGKILL
         "os.getppid() == int(sys.argv.pop(1)) or os._exit(1)\n"
         "runpy.run_module('tasks.scripted', run_name='__main__', alter_sys=True)")


@dataclass(frozen=True, slots=True)
class Teacher:
    """An endpoint, a model, and how hard it may be used.

    `dialect`: "openai" and "server" have `json_schema` and `n`, "llamacpp" `json_object` with a schema, "plain" neither
    of them. `family` is part of every call's key: servers of one family are taken to give the same answers. Rates of 0
    are unlimited, or what the server's own headers say. `timeout` is seconds for a call, `patience` seconds in which no
    call succeeds before the run stops. `batch`: what is asked goes through the endpoint's batches, which are looked at
    every `poll` seconds.
    """

    name: str
    url: str
    model: str
    dialect: Dialect = "server"
    family: str = "server"
    key_env: str = ""
    requests_per_minute: float = 0
    tokens_per_minute: float = 0
    concurrency: int = 64
    timeout: float = 300.0
    patience: float = 60.0
    batch: bool = False
    poll: float = 30.0

    def key(self) -> str:
        """The secret, from the environment only. Raises `ParameterError` where the endpoint surely wants one.

        `OPENAI_API_KEY` goes to OpenAI alone: no other server is to learn it because it happens to be set.
        """
        for name in (self.key_env,) if self.key_env else KEYS if self.url == OPENAI else KEYS[:1]:
            if value := os.environ.get(name, "").strip():
                return value
        if self.key_env or self.url == OPENAI:
            raise ParameterError(f"{self.name} wants an API key", where="--teacher",
                                 mend=f"set {self.key_env or ' or '.join(KEYS)} in the environment")
        return NO_KEY


def teacher(name_or_url: str, model: str = "", **settings: Any) -> Teacher:
    """The teacher of that name or URL; `settings` are fields of `Teacher`.

    Raises `ParameterError` for what is neither a name nor a URL, for no model, and for a setting out of range.
    """
    name, _, flags = name_or_url.partition(":")
    if name == "scripted":
        found = Teacher("scripted", scripted(flags), model or "scripted",
                        family=" ".join(["scripted", *flags.split()]), poll=SOON)
    elif name_or_url == "openai":
        found = Teacher("openai", OPENAI, model, "openai", "openai")
    else:
        found = _by_url(name_or_url, model)
    if not found.model:
        raise ParameterError("no model is named", where="--model", mend="name one that the endpoint serves")
    unknown = set(settings) - set(Teacher.__dataclass_fields__)
    if unknown:
        raise ParameterError(f"a teacher has no setting {', '.join(sorted(unknown))}", where="--teacher")
    settings = {**_from_environment(), **settings}
    if settings.get("concurrency", 1) < 1:
        raise ParameterError("there must be at least one call at a time", where="--concurrency", mend="give 1 or more")
    return replace(found, **settings)


def _from_environment() -> dict[str, Any]:
    """What `SETTINGS` say where they are set. Raises `ParameterError` for what is no number."""
    found: dict[str, Any] = {}
    for variable, (name, kind) in SETTINGS.items():
        if value := os.environ.get(variable, "").strip():
            try:
                found[name] = kind(value)
            except ValueError:
                raise ParameterError(f"{value!r} is no number", where=variable, mend="give one, or unset it") from None
    return found


def _by_url(url: str, model: str) -> Teacher:
    prefix, plus, rest = url.partition("+")
    dialect = next((one for one in DIALECTS if plus and one == prefix), None)
    address = (rest if dialect else url).rstrip("/")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ParameterError(f"{url!r} is no teacher", where="--teacher",
                             mend="give scripted, openai, or a URL such as http://localhost:8000/v1; before it, where "
                                  f"need be, {', '.join(f'{one}+' for one in DIALECTS)}")
    if parts.username or parts.password:
        raise ParameterError("a URL must not hold a password: it would be written down with the run",
                             where="--teacher", mend=f"set {KEYS[0]} in the environment")
    if address == OPENAI:
        return Teacher("openai", OPENAI, model, "openai", "openai")
    return Teacher(parts.netloc, address, model, dialect or "server", dialect or "server")


@lru_cache
def scripted(flags: str = "") -> str:
    """The URL of a scripted teacher with those flags, one a process. Raises `ToolError` if it does not start."""
    said: list[str] = []
    told = threading.Event()
    # The child's death is tied to the thread that starts it, so that thread must live as long as this process.
    threading.Thread(target=_keep, args=(flags, said, told), name="scripted", daemon=True).start()
    told.wait(STARTUP)
    if not said or not said[0].startswith("http"):
        raise ToolError(f"the scripted teacher did not start: {''.join(said).strip() or 'it said nothing'}",
                        where=f"--teacher scripted:{flags}", mend="see python -m tasks.scripted --help")
    return said[0].strip().rstrip("/")


def _keep(flags: str, said: list[str], told: threading.Event) -> None:
    command = [sys.executable, "-c", CHILD, str(os.getpid()), "--port", "0", *shlex.split(flags)]
    with (tempfile.TemporaryFile("w+") as trouble,
          subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=trouble, text=True,
                           cwd=Path(__file__).parents[3]) as child):
        assert child.stdout is not None
        said.append(child.stdout.readline())
        if not said[0].startswith("http"):
            child.wait(STARTUP)
            trouble.seek(0)
            said.append(trouble.read()[-2000:])
        told.set()
        child.stdout.read()
