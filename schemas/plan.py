"""What a run will be, before it starts: recipe, parameters, input files, code; and the id that follows from them."""

import json
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b, file_digest, sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from schemas.errors import InputError
from schemas.parameters import Parameter

FORMAT = 1
ROOT = Path(__file__).parents[1]
CODE = ("schemas", "tasks", "flows")  # their .py, .sql and .jinja files
# What tables are made from; wheels use the last.
SHIPPED = ("data/seeds", "data/pools", "data/templates", "data/personas", "data/concepts", "data/fingerprints",
           "tasks/data")
PACKAGES = ("mathmill", "pyarrow", "duckdb", "sympy", "torch", "sentence-transformers", "datasets", "prefect", "numpy")


@dataclass(frozen=True, slots=True)
class Plan:
    """`parameters` hold no secrets; `inputs` maps the name of a parameter to the files that it names."""

    recipe: str
    parameters: dict[str, Any]
    inputs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def of(cls, recipe: str, known: Mapping[str, Parameter], values: Mapping[str, Any]) -> "Plan":
        """A plan from bound parameters; files that they name are hashed. Raises `InputError` for an unreadable one."""
        shown = {name: value for name, value in values.items() if not known[name].secret}
        files = {name: list(_files(value)) for name, value in shown.items() if known[name].is_file}
        return cls(recipe, shown, {name: found for name, found in files.items() if found})

    @property
    def seed(self) -> int:
        return int(self.parameters.get("seed", 0))

    @property
    def run_id(self) -> str:
        """16 hexadecimal digits, the same for the same recipe, parameters, contents of input files and code."""
        return identity(self.record())

    def record(self) -> dict[str, Any]:
        """What run.json opens with."""
        facts = {"format": FORMAT, "recipe": self.recipe, "seed": self.seed,
                 "parameters": json.loads(json.dumps(self.parameters, default=str)), "inputs": self.inputs,
                 "code": code_hash()}
        return {**facts, "run_id": identity(facts)}

    def differences(self, old: Mapping[str, Any]) -> list[str]:
        """In which ways an older run.json is of another run; empty if it is of this one."""
        new = self.record()
        found = [f"{key} is {old.get(key)!r} there, {new[key]!r} here" for key in ("format", "recipe")
                 if old.get(key) != new[key]]
        there, here = _canonical(old), _canonical(new)
        found += [f"{name}={there.get(name)!r} there, {here.get(name)!r} here" for name in sorted({*there, *here})
                  if there.get(name) != here.get(name)]
        if not found and old.get("code") != new["code"]:
            found = ["the code of mathmill has changed since"]
        return found


def identity(record: Mapping[str, Any]) -> str:
    """The run id that follows from a run.json."""
    facts = [record["recipe"], _canonical(record), record["code"]]
    return blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=8).hexdigest()


@cache
def code_hash() -> str:
    """One hash over our own code and the data that ships with it."""
    digest = sha256()
    for path in sorted(_code()):
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


@cache
def versions() -> dict[str, str]:
    """Python and the packages that a run's result may hang on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def hash_file(path: Path) -> str:
    """The sha256 of a file's content."""
    with open(path, "rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _canonical(record: Mapping[str, Any]) -> dict[str, Any]:
    # A file counts by name and content, not by the way that led to it: ./a.jsonl and /tmp/a.jsonl are one input.
    files = {name: [f"{file['name']} ({file['sha256'][:12]})" for file in found]
             for name, found in record.get("inputs", {}).items()}
    return {**record.get("parameters", {}), **files}


def _files(value: Any) -> Iterator[dict[str, Any]]:
    for text in value if isinstance(value, list | tuple) else [value]:
        path = _existing(str(text))
        for file in sorted(path.rglob("*")) if path and path.is_dir() else [path]:
            if file and file.is_file():
                yield _input(file)


def _existing(text: str) -> Path | None:
    options = [text, text.partition("=")[2]]  # test sets may be given as name=path
    return next((Path(option) for option in options if option and Path(option).exists()), None)


def _input(path: Path) -> dict[str, Any]:
    try:
        return {"name": path.name, "sha256": hash_file(path), "bytes": path.stat().st_size}
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path), mend="check its permissions") from error


def _code() -> Iterator[Path]:
    for folder in CODE:
        yield from (path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".sql", ".jinja"))
    for folder in SHIPPED:
        yield from (path for path in (ROOT / folder).rglob("*") if path.is_file())
