"""What a jail is made of on this machine: the interpreter, its libraries, the packages that programs may import."""

import os
import sys
import sysconfig
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
# distributions of each tier, as they are named on the index; never a whole site-packages, where pip would lie
SCIENCE = {"light": (), "sympy": ("sympy", "mpmath"), "heavy": ("numpy", "sympy", "mpmath"),
           "full": ("numpy", "sympy", "mpmath", "scipy", "networkx")}
LIBRARIES = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/lib/x86_64-linux-gnu",
             "/lib/aarch64-linux-gnu", "/lib64", "/lib/ld-musl-x86_64.so.1")
HIDDEN = ("site-packages", "dist-packages", "ensurepip", "test", "idlelib", "lib2to3")
ENVIRONMENT = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0", "HOME": "/tmp",
               "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def plan(level: str, tier: str, modules: Sequence[str], control: int, anchor: str) -> dict[str, Any]:
    """The launcher's plan; see there. `modules` are dotted names of ours that the zygote shall hold."""
    own = [f"tasks/tools/jailed/{path.name}" for path in (ROOT / "tasks/tools/jailed").glob("*.py")]
    own += [f"{module.replace('.', '/')}.py" for module in modules]
    packages = _packages(SCIENCE[tier])
    if level == "namespaces":
        return _confined(tier, modules, control, anchor, own, packages)
    inside = {"level": level, "tier": tier, "modules": list(modules), "control": control, "own": str(ROOT),
              "packages": packages, "readable": [sysconfig.get_path("stdlib"), *_shared_python(), *packages.values(),
                                                 *_libraries()]}
    return {"level": level, "control": control, "own": str(ROOT), "python": os.path.realpath(sys.executable),
            "zygote": str(ROOT / "tasks/tools/jailed/zygote.py"), "inside": inside, "env": environment()}


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
              "packages": {name: f"/py/site/{name}" for name in packages}, "readable": []}
    return {"level": "namespaces", "control": control, "own": str(ROOT), "anchor": anchor, "binds": binds,
            "python": python, "zygote": "/py/own/tasks/tools/jailed/zygote.py", "inside": inside,
            "env": {**ENVIRONMENT, "LD_LIBRARY_PATH": "/py/lib"}}


def environment() -> dict[str, str]:
    """All that a jailed process knows of an environment; libpython may lie where only this user's setting finds it."""
    folders = ":".join(str(Path(library).parent) for library in _shared_python())
    return {**ENVIRONMENT, **({"LD_LIBRARY_PATH": folders} if folders else {})}


@cache
def _shared_python() -> list[str]:
    """libpython, where this interpreter is linked to it, from where it was really loaded."""
    name = sysconfig.get_config_var("INSTSONAME") or ""
    lines = Path("/proc/self/maps").read_text().splitlines() if name.endswith(".so.1.0") else []
    return sorted({line[line.index("/"):] for line in lines if line.endswith("/" + name)})


def _libraries() -> list[str]:
    """Folders of the system's shared libraries; of two names for one, the one that programs are linked to."""
    return [folder for folder in LIBRARIES if os.path.exists(folder)]


def _packages(distributions: Sequence[str]) -> dict[str, str]:
    """Top-level files and folders of distributions: name -> where it lies. Those not installed are left out."""
    found: dict[str, str] = {}
    for distribution in distributions:
        try:
            listed = files(distribution) or []
        except PackageNotFoundError:
            continue
        for file in listed:
            top = file.parts[0]
            if top not in found and top != ".." and not top.endswith((".dist-info", "__pycache__")):
                found[top] = str(file.locate()).removesuffix("/".join(("", *file.parts[1:])))
    return found
