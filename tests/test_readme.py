"""README.md cannot drift: its commands are run and give the output that it shows, its tree is the real one.

`make readme` runs the commands and writes their output into README.md.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

README = ROOT / "README.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUN_ID = re.compile(r"\b[0-9a-f]{16}\b")  # hangs on the code, so it changes with every commit
BRANCH = re.compile(r"^((?:[│ ] {2} ?| {4})*)(?:├── |└── )(\S+)(?: {2,}(.*))?$")


@dataclass(frozen=True)
class Shown:
    """A command of a ```console block, and the output that stands below it."""

    command: str
    output: str


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCK.findall(README.read_text()) if name == language]


def shown(block: str) -> Iterator[Shown]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        end = next(i for i, line in enumerate(lines) if not line.endswith("\\"))
        yield Shown("\n".join(lines[:end + 1]), "\n".join(lines[end + 1:]))


def answer(command: str, folder: Path) -> str:
    """What a command of the README prints on standard output, run by a shell."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(["bash", "-ec", command], cwd=folder, capture_output=True, text=True, check=False,
                          timeout=600, env={**os.environ, "PATH": path, "COLUMNS": "120"})
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return plain(done.stdout)


def plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in RUN_ID.sub("3f9a0c52d81b7e46", text).strip("\n").splitlines())


def test_commands_give_what_the_readme_shows(tmp_path: Path) -> None:
    """All in one folder, in order, as a reader would type them."""
    pairs = [pair for block in blocks("console") for pair in shown(block)]
    assert len(pairs) >= 6
    for pair in pairs:
        said = answer(pair.command, tmp_path)
        assert said == pair.output, f"$ {pair.command}\n(make readme mends it)"


def test_the_recipe_shown_is_the_recipe() -> None:
    quoted, _ = blocks("python")
    assert quoted in (ROOT / "flows" / "recipes" / "lifted.py").read_text()


def test_the_recipe_taught_runs(tmp_path: Path) -> None:
    _, taught = blocks("python")
    names: dict[str, Any] = {"__name__": "percents"}
    exec(compile(taught, "percents.py", "exec"), names)
    made = names["percents"].run(out=tmp_path / "run", size=20)
    assert made.count() > 10
    assert {row.topic for row in made.rows()} == {"percent"}


def test_make_knows_the_targets_that_the_readme_names() -> None:
    targets = set(re.findall(r"(?:`|^)make (\w+)", README.read_text(), re.MULTILINE))
    assert {"run", "test", "setup"} <= targets
    for target in targets:
        subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)


def test_ci_runs_the_readmes_test_command() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text()


def tree() -> dict[str, str]:
    """Path -> annotation, as the README's tree tells it."""
    [drawn] = blocks("tree")
    paths: dict[str, str] = {}
    above: list[str] = []
    for line in drawn.splitlines()[1:]:
        found = BRANCH.match(line)
        assert found, f"not a branch of the tree: {line!r}"
        depth = len(found[1]) // 4
        above[depth:] = [found[2].rstrip("/")]
        paths["/".join(above)] = (found[3] or "").strip()
    return paths


def worth_telling() -> set[str]:
    """Folders, and files of those folders that the tree opens: what git knows, without what every project has."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.split("\n")
    opened = {"", *(folder for folder in tree() if (ROOT / folder).is_dir() and any(
        other.startswith(f"{folder}/") for other in tree()))}
    found = set()
    for path in map(Path, filter(None, listed)):
        steps = ["", *map(str, reversed(path.parents[:-1])), str(path)]
        for folder, inner in pairwise(steps):
            if folder in opened and Path(inner).name not in ("__init__.py", "__main__.py", ".gitignore"):
                found.add(inner)
    return {path for path in found if (ROOT / path).exists()}


def test_the_tree_is_the_real_one() -> None:
    drawn = tree()
    assert set(drawn) == worth_telling()
    assert all(drawn.values()), "each is told in a few words"


def rewrite() -> None:
    """Put the true output below every command."""
    text = README.read_text()
    with tempfile.TemporaryDirectory() as folder:
        for block in blocks("console"):
            made = "".join(f"$ {pair.command}\n{answer(pair.command, Path(folder))}\n" for pair in shown(block))
            text = text.replace(block, re.sub(r"\n\n\Z", "\n", made))
    README.write_text(text)


if __name__ == "__main__":
    rewrite()
