"""The one door to sentence-transformers: texts in, unit vectors out, computed in a child process that ends afterwards.

A child, because torch and its model hold 700 MB that a process never gives back; one child, because the pipeline's
processes together stay under 2 GiB. `tasks/dedup` and `tasks/decontaminate` call it.

Facts (2 cores with avx512_bf16, grade-school problems of about 60 tokens): bf16 takes 6-11 CPU ms a text, fp32 three
times that; cosines differ by less than 1e-3. Two OpenMP threads halve the wall time at no more CPU if they wait without
spinning, so `OMP_WAIT_POLICY` is set before torch loads. Sorting by length halves the padding.
"""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import MathmillError, ToolError
from tasks.tools.models import DEFAULT_MODEL, Source, locate, no_model
from tasks.tools.workers import die_with_host

BATCH = 32
CHUNK = 128  # texts in one message to the child: a second of work, after which it sees whether it is still wanted
PARTING = 3  # seconds that the child has for ending in good order
HUB_SECONDS = "3"  # a Hub that answers at all answers within this

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]


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
            self._link.close()  # it sees that when done with its chunk, and ends
            self._process.join(PARTING)
            self._process.kill()
            self._process.join()

    def _start(self) -> Connection:
        source = locate(self.model)
        context = get_context("spawn")  # a fork would copy this process's threads and memory
        self._link, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, source), daemon=True)
        # Born deaf to Ctrl-C, which is the parent's to handle: it inherits the mask, but starting the tracker lifts it.
        resource_tracker.ensure_running()
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
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_host()  # the pipe is not looked at while the model loads, which takes seconds
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
        raise no_model(source, f"{type(error).__name__}: {' '.join(str(error).split()):.300}") from error

    def encode(texts: Sequence[str]) -> Vectors:
        vectors = model.encode(list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)

    return encode


@lru_cache(maxsize=1)
def fast_bf16() -> bool:
    """Whether this processor multiplies bf16 itself; without that, bf16 is slower than fp32."""
    try:
        flags = Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return False
    return bool({"avx512_bf16", "amx_bf16"} & set(flags))
