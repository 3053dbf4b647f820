"""The jail: what a run comes to, that it holds at both levels for root and for another user, and leaves nothing."""

import gc
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import ParameterError
from tasks.tools.jail import IsolationUnavailable, Jail, Limits, Probe, best_level, probe
from tasks.tools.jail.layout import environment
from tests.attacks import ATTACKS, descendants
from tests.processes import left_of, start

ROOT = Path(__file__).parents[1]
LEVELS: tuple[Any, ...] = ("namespaces", "landlock")
WALL = 1.3  # seconds for an attack that only wants time; one control waits for an alarm of one second
BATCH = 300.0  # seconds


@pytest.fixture(scope="module", params=LEVELS)
def jail(request: pytest.FixtureRequest) -> Iterator[Jail]:
    found = probe(request.param)
    if not found.available:
        pytest.skip(f"this machine refuses {request.param}: {found.refused}")
    with Jail(request.param, limits=Limits(wall=5)) as made:
        yield made


@pytest.mark.parametrize(("code", "status", "stdout", "value"), [
    ("print(2 + 2)", "ok", "4\n", None), ("x = 3\nx * 2", "ok", "", "6"), ("answer = 7", "ok", "", "7"),
    ("answer = 7\n8", "ok", "", "8"), ("1 / 0", "error", "", None), ("def f(:", "error", "", None),
    ("print('a')\nraise SystemExit", "ok", "a\n", None), ("import sys\nsys.exit(3)", "error", "", None),
    ("exit()", "ok", "", None), ("x = [0] * 10**10", "memory", "", None), ("input()", "error", "", None),
    ("import sympy\nsympy.Rational(1, 3) + 1", "ok", "", "4/3"), ("print('π')", "ok", "π\n", None),
    ("import numpy\nprint(numpy.arange(4).sum())", "ok", "6\n", None), ("import scipy", "error", "", None),
    ("import random\nprint(random.randint(1, 100))", "ok", "50\n", None), ("import pip", "error", "", None)])
def test_what_a_program_comes_to(jail: Jail, code: str, status: str, stdout: str, value: str | None) -> None:
    outcome = jail.run(code)
    assert (outcome.status, outcome.stdout, outcome.value, outcome.level) == (status, stdout, value, jail.level)
    assert ("Error" in outcome.stderr) == (status == "error" and "sys.exit" not in code)


def test_limits_are_told_and_kept(jail: Jail) -> None:
    since = time.monotonic()
    slow = jail.run("while True: pass", limits=Limits(wall=0.5))
    assert (slow.status, slow.hit) == ("timeout", ("wall",))
    assert 0.5 <= slow.wall <= time.monotonic() - since < 1
    loud = jail.run("while True: print('spam')", limits=Limits(output=1000))
    assert (loud.status, loud.hit, len(loud.stdout)) == ("output_limit", ("stdout",), 1000)
    busy = jail.run("while True: pass", limits=Limits(cpu=1, wall=10))
    assert (busy.status, busy.hit) == ("timeout", ("cpu",))
    long = jail.run("'x' * 10**6", limits=Limits(value=100))
    assert (long.status, long.hit) == ("output_limit", ("value",))
    assert jail.run("import os\nos.abort()").status == "crash"
    assert jail.run("import ctypes\nctypes.CDLL(None).unshare(0x10000000)").status == "violation"


def test_a_long_echo_on_standard_error_is_no_violation(jail: Jail) -> None:
    outcome = jail.run("x = '" + "a" * 200_000)
    assert outcome.status == "error"
    assert len(outcome.stderr) < 70_000
    assert outcome.stderr.rstrip().endswith("unterminated string literal (detected at line 1)")


def test_inputs_reach_the_program_and_nothing_of_the_host_does(jail: Jail, monkeypatch: pytest.MonkeyPatch) -> None:
    assert jail.run("import json\nprint(json.loads(INPUTS)['a'])", inputs=b'{"a": 5}').stdout == "5\n"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with Jail(jail.level, tier="light") as other:
        assert "secret" not in other.run("import os\nprint(dict(os.environ))").stdout
    seen = jail.run("import os\nfor n in range(64):\n    try: os.fstat(n)\n    except OSError: continue\n    print(n)")
    assert seen.stdout.split() == ["0", "1", "2", "3"]


def test_no_program_leaves_anything_to_the_next(jail: Jail) -> None:
    jail.run("import sympy, builtins\nbuiltins.print = None\nsympy.solve = None\nopen('/tmp/left', 'w').write('x')")
    after = jail.run("import os, sympy\nprint(sympy.solve, os.path.exists('/tmp/left'))  # open")
    assert (after.status, "False" in after.stdout, "None" in after.stdout) == ("ok", True, False)


def test_a_dead_fork_server_is_no_verdict_and_comes_back(jail: Jail) -> None:
    before = jail.pid
    assert before
    os.kill(before, signal.SIGKILL)
    assert jail.run("print(1)").stdout == "1\n"
    assert jail.pid not in (None, before)
    killer = threading.Timer(0.3, lambda: os.kill(jail.pid or 0, signal.SIGKILL))
    killer.start()
    assert jail.run("import time\ntime.sleep(1)\nprint(2)").stdout == "2\n"


def test_programs_of_several_threads_do_not_mix(jail: Jail) -> None:
    found: dict[int, str] = {}
    threads = [threading.Thread(target=lambda n=n: found.update({n: jail.run(f"print({n})").stdout})) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: f"{n}\n" for n in range(8)}


def test_many_runs_leave_nothing_behind(jail: Jail) -> None:
    def held() -> tuple[int, int]:
        gc.collect()
        return len(os.listdir("/proc/self/fd")), len(descendants(os.getpid()))

    jail.run("print(1)")
    before, size = held(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(300):
        assert jail.run(f"print({number})").stdout == f"{number}\n"
    assert held() == before
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - size < 8_000  # KiB


def test_no_isolation_only_by_an_explicit_word() -> None:
    with pytest.raises(ParameterError, match="i_trust_this_code"):
        Jail("none")
    with Jail("none", tier="light", i_trust_this_code=True) as open_door:
        assert open_door.run("answer = 1")[-1] == "none"


@pytest.mark.parametrize("level", LEVELS)
def test_a_killed_host_leaves_no_process(level: str) -> None:
    if not probe(level).available:
        pytest.skip(f"this machine refuses {level}")
    code = ("from tasks.tools.jail import Jail\n"
            f"jail = Jail({level!r}, tier='light')\nprint(jail.pid, flush=True)\njail.run('while True: pass')")
    host = start(["-c", code])
    assert host.stdout
    zygote = int(host.stdout.readline())
    time.sleep(0.3)
    family = descendants(host.pid)
    assert zygote in family
    host.kill()
    host.wait()
    until = time.monotonic() + 0.5
    while (left := list(filter(_lives, family))) and time.monotonic() < until:
        time.sleep(0.01)
    assert left == []
    assert left_of(host.pid, 0.1) == []


def test_where_namespaces_are_refused_the_lower_level_is_found_and_said() -> None:
    """In a user namespace that may hold no further ones, as in many containers."""
    if shutil.which("unshare") is None or not probe("namespaces").available:
        pytest.skip("no unshare, or no namespaces, here")
    script = ("echo 0 > /proc/sys/user/max_user_namespaces; echo 0 > /proc/sys/user/max_net_namespaces; exec \"$@\"")
    code = ("from tasks.tools.jail import probe, best_level\n"
            "found = probe('namespaces'); print(found.available, found.refused); print(best_level())")
    done = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", sys.executable,
                           "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode and "unshare" in done.stderr:
        pytest.skip(done.stderr)
    refused, level = done.stdout.splitlines()
    assert refused.startswith("False Refused: unshare: ")
    assert level == "landlock"


def test_where_nothing_is_offered_the_jail_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.tools.jail.probing.probe", lambda level: Probe(level, False, "unshare: EPERM"))
    best_level.cache_clear()
    with pytest.raises(IsolationUnavailable, match=r"unshare: EPERM[\s\S]*mathmill doctor"):
        Jail()
    best_level.cache_clear()


@pytest.mark.skipif(not ATTACKS.exists(), reason="../shared/data/attacks is not here")
@pytest.mark.parametrize("level", LEVELS)
def test_every_attack_is_survived(level: str) -> None:
    _stood([sys.executable, "-m", "tests.attacks", level, str(WALL)], {})


@pytest.mark.skipif(not ATTACKS.exists(), reason="../shared/data/attacks is not here")
@pytest.mark.parametrize("level", LEVELS)
def test_every_attack_is_survived_as_another_user(level: str) -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None or shutil.which("setpriv") is None:
        pytest.skip("only root can become another user (with unshare and setpriv)")
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        home, version = Path(sys.base_prefix), Path(os.path.realpath(sys.executable)).name
        # the interpreter may lie in root's home: in a mount namespace of its own it lies where others can read it too
        script = (f"mount --bind {home} {place} && exec setpriv --reuid 1234 --regid 1234 --clear-groups "
                  f"{place}/bin/{version} -m tests.attacks {level} {WALL}")
        env = {**environment(), "LD_LIBRARY_PATH": f"{place}/lib",
               "PYTHONPATH": f"{ROOT}:{sysconfig.get_path('purelib')}"}
        _stood(["unshare", "--mount", "sh", "-c", script], env)


def _lives(pid: int) -> bool:
    """A zombie, which only waits for its new parent to look, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _stood(words: list[str], env: dict[str, str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, timeout=BATCH, check=False,
                          env={**os.environ, **env})
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    if "refused" in told:
        pytest.skip(f"this machine refuses: {told['refused']}")
    assert told["fired"] > 80
    assert told["failed"] == {}
