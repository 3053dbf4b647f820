"""Vectors: they hang on text and model alone, to the last bit, and no text is embedded twice."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from schemas.errors import StorageError
from tasks.tools import embeddings, vectors
from tasks.tools.embeddings import encoder
from tasks.tools.vectors import embed
from tests.repeats import a_run

TEXTS = ["How many?", *(f"Rosa bakes {count} scones and sells {'all but one of ' * (count % 7)}them." for count in
                        range(70))]


@pytest.fixture(autouse=True)
def own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MATHMILL_EMBEDDINGS", str(tmp_path / "kept" / "embeddings.sqlite"))
    with a_run(tmp_path / "run"):
        yield


def test_a_vector_hangs_on_its_text_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with encoder() as encode:
        together = encode(TEXTS)
        assert np.array_equal(encode(TEXTS[::-1])[::-1], together)
        assert np.array_equal(np.concatenate([encode([text]) for text in TEXTS[:9]]), together[:9])
    monkeypatch.setattr(embeddings, "MANY", 2)
    monkeypatch.setattr(embeddings, "CHUNK", 5)
    monkeypatch.setattr(embeddings.os, "cpu_count", lambda: 3)
    with encoder() as encode:  # by three processes
        assert np.array_equal(encode(TEXTS), together)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_what_was_embedded_once_needs_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    first = embed(TEXTS[:40], "first")
    asked: list[str] = []

    class Encoder:
        def __init__(self, model: str) -> None: ...
        def __enter__(self) -> "Encoder": return self
        def __exit__(self, *error: object) -> None: ...
        def __call__(self, texts: list[str]) -> np.ndarray:  # type: ignore[type-arg]
            asked.extend(texts)
            return np.zeros((len(texts), first.shape[1]), np.float32)

    monkeypatch.setattr(vectors, "encoder", Encoder)
    assert np.array_equal(embed(TEXTS[39:4:-1], "again"), first[39:4:-1])
    assert not asked
    more = embed(TEXTS[38:42], "more")
    assert asked == sorted(TEXTS[40:42], key=len)
    assert np.array_equal(more[:2], first[38:40])


def test_another_model_has_vectors_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    embed(TEXTS[:2], "first")
    monkeypatch.setattr(vectors, "identity", lambda model: "another")
    monkeypatch.setattr(vectors, "encoder", encoder_that_fails)
    with pytest.raises(RuntimeError, match="asked"):
        embed(TEXTS[:2], "second")


def encoder_that_fails(model: str) -> None:
    raise RuntimeError("asked")


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    vectors.vectors_path().parent.mkdir()
    vectors.vectors_path().write_bytes(b"no database" * 1000)
    with pytest.raises(StorageError, match="only a cache"):
        embed(TEXTS[:2], "first")
