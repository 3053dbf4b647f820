"""What several tests share: no server, no telemetry, the folder of given material, and one real run."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
for _name in ("PREFECT_API_URL", "MATHMILL_RUNS", "MATHMILL_DEBUG", "MATHMILL_WORKERS"):
    os.environ.pop(_name, None)
# Tests share one file of embeddings, which is no user's.
os.environ.setdefault("MATHMILL_EMBEDDINGS", str(Path(tempfile.gettempdir(), f"mathmill-tests-{os.getuid()}.sqlite")))
os.environ.update(DO_NOT_TRACK="1", HF_HUB_OFFLINE="1", COLUMNS="120")

Command = Callable[..., subprocess.CompletedProcess[str]]

Done = subprocess.CompletedProcess[str]


def mathmill_in(folder: Path, *words: str, check: bool = True, **environment: str) -> Done:
    """The real command, in its own process, with `folder` as the working directory."""
    command = [sys.executable, "-m", "flows", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600,
                          env={**os.environ, "PYTHONPATH": str(ROOT), **environment})
    assert not check or done.returncode == 0, f"mathmill {' '.join(words)}\n{done.stderr}"
    return done


@pytest.fixture
def mathmill(tmp_path: Path) -> Command:
    """`mathmill("run", "lifted", …)` in an empty folder."""
    return lambda *words, **options: mathmill_in(tmp_path, *words, **options)


@pytest.fixture(scope="session")
def real_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one small finished run of the main job on the seeds that ship."""
    folder = tmp_path_factory.mktemp("real")
    mathmill_in(folder, "run", "lifted", "--size", "120", "--out", "run")
    return folder / "run"
