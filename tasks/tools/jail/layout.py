"""What a jail is made of on this machine: the interpreter, its libraries, the packages that programs may import."""

import importlib.util
import os
import sys
import sysconfig
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
# distributions of the heavy tier, as they are named on the index; never a whole site-packages, where pip would lie
SCIENCE = ("numpy", "sympy", "mpmath")
LIBRARIES = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/lib/x86_64-linux-gnu",
             "/lib/aarch64-linux-gnu", "/lib64", "/lib/ld-musl-x86_64.so.1")
HIDDEN = ("site-packages", "dist-packages", "ensurepip", "test", "idlelib", "lib2to3")
ENVIRONMENT = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0", "HOME": "/tmp",
               "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def plan(level: str, tier: str, modules: Sequence[str], control: int, anchor: str) -> dict[str, Any]:
    """The launcher's plan; see there. `modules` are dotted names of ours that the zygote shall hold."""
    own = [f"tasks/tools/jailed/{path.name}" for path in (ROOT / "tasks/tools/jailed").glob("*.py")]
    own += [f"{module.replace('.', '/')}.py" for module in modules]
    packages = _packages() if tier == "heavy" else {}
    if level == "namespaces":
        return _confined(tier, modules, control, anchor, own, packages)
    path = sorted({str(Path(source).parent) for source in packages.values()})
    inside = {"level": level, "tier": tier, "modules": list(modules), "control": control, "own": str(ROOT),
              "path": path, "readable": [*_standard(), *packages.values(), *_libraries()]}
    return {"level": level, "control": control, "own": str(ROOT), "python": os.path.realpath(sys.executable),
            "zygote": str(ROOT / "tasks/tools/jailed/zygote.py"), "inside": inside, "env": _environment("")}


def _confined(tier: str, modules: Sequence[str], control: int, anchor: str, own: Sequence[str],
              packages: dict[str, str]) -> dict[str, Any]:
    """With a root of its own: the same paths on every machine, so that tracebacks say nothing of this one."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    standard = sysconfig.get_path("stdlib")
    python = f"/py/bin/{version}"
    binds = [(os.path.realpath(sys.executable), python), (standard, f"/py/lib/{version}")]
    binds += [("", f"/py/lib/{version}/{name}") for name in HIDDEN if Path(standard, name).is_dir()]
    binds += [(library, f"/py/lib/{Path(library).name}") for library in _shared_python()]
    binds += [(folder, folder) for folder in _libraries()]
    binds += [(source, f"/py/site/{name}") for name, source in packages.items()]
    binds += [(str(ROOT / path), f"/py/own/{path}") for path in own]
    inside = {"level": "namespaces", "tier": tier, "modules": list(modules), "control": control, "own": "/py/own",
              "path": ["/py/site"], "readable": []}
    return {"level": "namespaces", "control": control, "own": str(ROOT), "anchor": anchor, "binds": binds,
            "python": python, "zygote": "/py/own/tasks/tools/jailed/zygote.py", "inside": inside,
            "env": _environment("/py/lib")}


def _environment(libraries: str) -> dict[str, str]:
    return {**ENVIRONMENT, **({"LD_LIBRARY_PATH": libraries} if libraries else {})}


def _shared_python() -> list[str]:
    """libpython, where the interpreter is linked to it and it does not lie with the system's libraries."""
    name, folder = sysconfig.get_config_var("INSTSONAME"), sysconfig.get_config_var("LIBDIR")
    path = Path(folder or "", name or "")
    return [str(path)] if sysconfig.get_config_var("Py_ENABLE_SHARED") and path.is_file() else []


def _standard() -> list[str]:
    return [sysconfig.get_path("stdlib"), *_shared_python()]


def _libraries() -> list[str]:
    """Folders of the system's shared libraries; of two names for one, the one that programs are linked to."""
    return [folder for folder in LIBRARIES if os.path.exists(folder)]


def _packages() -> dict[str, str]:
    """Top-level files and folders of the heavy tier's distributions: name -> where it lies."""
    found: dict[str, str] = {}
    for distribution in SCIENCE:
        try:
            listed = files(distribution) or []
        except PackageNotFoundError:
            continue
        for file in listed:
            top = file.parts[0]
            if top not in found and top != ".." and not top.endswith((".dist-info", "__pycache__")):
                found[top] = str(file.locate()).removesuffix("/".join(("", *file.parts[1:])))
    return found


def has(module: str) -> bool:
    """Whether this installation holds a package."""
    return importlib.util.find_spec(module) is not None
