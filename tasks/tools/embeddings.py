"""The one door to sentence-transformers: texts in, unit vectors out, computed in child processes that end afterwards.

Children, because torch and its model hold 700 MB that a process never gives back: one, or for many texts as many as
there are cores, up to `MOST`, each with one thread.

A text's vector hangs on the model and the text alone, to the last bit: every batch has the same shape (`BATCH` texts,
filled up, and a length in steps of `STEP` tokens), so that neither its neighbours nor its place in the batch change how
it is summed. Which process computed it when and beside which others is therefore nobody's concern.

Facts (avx512_bf16, 512 grade-school problems of about 60 tokens, one thread): bf16 so batched takes 5.1 CPU ms a text,
sentence-transformers' own batches in bf16 5.3, in fp32 15.6; cosines to fp32 are 0.9999 and more, because pooling is
done in fp32 (in bf16 they fall to 0.996).
"""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import MathmillError, ToolError
from tasks.tools.models import DEFAULT_MODEL, Source, locate, no_model
from tasks.tools.workers import die_with_host

BATCH = 8
STEP = 16  # tokens
CHUNK = 256  # texts in one message to a child: a second of work, after which it sees whether it is still wanted
MANY = 8 * CHUNK  # texts from which it pays to load the model several times
MOST = 4  # children: they may hold 700 MB each
PARTING = 3  # seconds that the child has for ending in good order
HUB_SECONDS = "3"  # a Hub that answers at all answers within this

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]


@contextmanager
def encoder(model: str = "") -> Iterator[Encode]:
    """A function from n texts to (n, d) float32 unit vectors; `model` is a Hub id or folder, "" the default.

    Children start with the first text and end with the block; a block inside a block for the same model shares them.

    Raises `ToolError` if no model can be had, or if a child dies.
    """
    model = model or DEFAULT_MODEL
    if model in _open:
        yield _open[model].encode
        return
    team = _open[model] = _Team(model)
    try:
        yield team.encode
    finally:
        del _open[model]
        team.end()


_open: dict[str, "_Team"] = {}


class _Team:
    """The processes that hold one model."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.children: list[_Child] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, 0), np.float32)
        distinct = sorted(set(texts), key=lambda text: (len(text), text))  # alike in length: less padding
        self._grow(min(MOST, os.cpu_count() or 1) if len(distinct) >= MANY else 1)
        parts = self._parts([distinct[i:i + CHUNK] for i in range(0, len(distinct), CHUNK)])
        row = {text: i for i, text in enumerate(distinct)}
        vectors: Vectors = np.concatenate(parts)[[row[text] for text in texts]]
        return vectors

    def end(self) -> None:
        for child in self.children:
            child.end()

    def _grow(self, size: int) -> None:
        new = [_Child(self.model) for _ in range(size - len(self.children))]
        for child in new:
            child.send([])
        self.children += new
        for child in new:
            child.receive()

    def _parts(self, chunks: list[Sequence[str]]) -> list[Vectors]:
        """The vectors of each chunk, from whichever child is free."""
        found: dict[int, Vectors] = {}
        left, idle, busy = list(enumerate(chunks))[::-1], list(self.children), dict[Any, tuple[_Child, int]]()
        while left or busy:
            while left and idle:
                child, (number, chunk) = idle.pop(), left.pop()
                child.send(chunk)
                busy[child.link] = child, number
            for link in wait(list(busy)):
                child, number = busy.pop(link)
                found[number] = child.receive()
                idle.append(child)
        return [found[number] for number in range(len(chunks))]


class _Child:
    """A process that holds the model; its pipe closes when either side dies, so none is left behind."""

    def __init__(self, model: str) -> None:
        source = locate(model)
        self.model = model
        context = get_context("spawn")  # a fork would copy this process's threads and memory
        self.link, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, source), daemon=True)
        # Born deaf to Ctrl-C, which is the parent's to handle: it inherits the mask, but starting the tracker lifts it.
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()

    def send(self, texts: Sequence[str]) -> None:
        try:
            self.link.send(texts)
        except OSError as error:
            raise self._died() from error

    def receive(self) -> Vectors:
        try:
            reply = self.link.recv()
        except (EOFError, OSError) as error:
            raise self._died() from error
        if isinstance(reply, MathmillError):
            raise reply
        answer: Vectors = reply
        return answer

    def end(self) -> None:
        self.link.close()  # it sees that when done with its chunk, and ends
        self._process.join(PARTING)
        self._process.kill()
        self._process.join()

    def _died(self) -> ToolError:
        self._process.join()
        return ToolError(f"the embedding process died (exit code {self._process.exitcode})",
                         where=f"embedder {self.model}", mend="see that 1 GB of memory is free")


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
    torch.set_num_threads(1)
    kind = torch.bfloat16 if fast_bf16() else torch.float32
    try:
        model = SentenceTransformer(str(source.folder or source.model), revision=source.revision, device="cpu",
                                    model_kwargs={"dtype": kind})
    except Exception as error:  # every library below it has its own: timeouts, hashes, json, safetensors
        raise no_model(source, f"{type(error).__name__}: {' '.join(str(error).split()):.300}") from error
    return _batched(model) if hasattr(model.tokenizer, "pad") else _plain(model)


def _plain(model: Any) -> Encode:
    """For models without attention, such as static ones: they sum each text by itself anyway."""
    def encode(texts: Sequence[str]) -> Vectors:
        vectors = model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)

    return encode


def _batched(model: Any) -> Encode:
    """Batches of one shape each, pooled in fp32."""
    import torch

    most = model.max_seq_length or model.tokenizer.model_max_length
    said_before = model.prompts.get(model.default_prompt_name or "", "")

    def forward(rows: list[list[int]]) -> Vectors:
        length = -(-max(map(len, rows)) // STEP) * STEP
        batch = model.tokenizer.pad({"input_ids": rows + rows[:1] * (BATCH - len(rows))}, padding="max_length",
                                    max_length=length, return_tensors="pt")
        features = dict(batch)
        for module in model:
            features = module(features)
            if "token_embeddings" in features:
                features["token_embeddings"] = features["token_embeddings"].float()
        unit = torch.nn.functional.normalize(features["sentence_embedding"].float(), dim=1)
        return np.asarray(unit[:len(rows)].numpy(), np.float32)

    def encode(texts: Sequence[str]) -> Vectors:
        tokens = model.tokenizer([said_before + text for text in texts], truncation=True, max_length=most)["input_ids"]
        alike: dict[int, list[int]] = {}
        for place, row in enumerate(tokens):
            alike.setdefault(-(-len(row) // STEP), []).append(place)
        found: dict[int, NDArray[np.float32]] = {}
        with torch.inference_mode():
            for places in alike.values():
                for i in range(0, len(places), BATCH):
                    part = places[i:i + BATCH]
                    found |= zip(part, forward([tokens[place] for place in part]), strict=True)
        return np.stack([found[place] for place in range(len(texts))]) if texts else np.zeros((0, 0), np.float32)

    return encode


@lru_cache(maxsize=1)
def fast_bf16() -> bool:
    """Whether this processor multiplies bf16 itself; without that, bf16 is slower than fp32."""
    try:
        flags = Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return False
    return bool({"avx512_bf16", "amx_bf16"} & set(flags))
