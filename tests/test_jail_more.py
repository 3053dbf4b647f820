"""The jail: what one program could do to the next, or to its own verdict, through what the host holds."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tasks.tools.jail import Jail, Limits, probe
from tests.attacks import descendants
from tests.test_jail import LEVELS, ROOT, _lives


@pytest.fixture(params=LEVELS)
def jail(request: pytest.FixtureRequest) -> Iterator[Jail]:
    if not probe(request.param).available:
        pytest.skip(f"this machine refuses {request.param}")
    with Jail(request.param, tier="light") as made:
        yield made


def test_standard_input_is_not_shared_by_programs(jail: Jail) -> None:
    jail.run("import os\ntry: os.write(0, b'42\\n')\nexcept OSError: pass\nos.lseek(0, 0, 0)")
    assert jail.run("print(input())").status == "error"
    jail.run("import os\nos.lseek(0, 4242, 0)")
    assert jail.run("import os\nprint(os.lseek(0, 0, 1))").stdout == "0\n"


def test_a_host_with_many_open_files_hands_none_on(jail: Jail) -> None:
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(400)]
    try:
        with Jail(jail.level, tier="light") as other:
            seen = other.run("import os\nfor n in range(3000):\n    try: os.fstat(n)\n    except OSError: continue\n"
                             "    print(n)")
    finally:
        for fd in held:
            os.close(fd)
    assert seen.stdout.split() == ["0", "1", "2", "3"]


def test_an_interrupted_run_leaves_no_reply_for_the_next(jail: Jail) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(KeyboardInterrupt):
            jail.run("import time\ntime.sleep(1)")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert jail.run("print(2)")[:2] == ("ok", "2\n")


def test_a_closed_jail_stays_closed_even_while_it_runs(jail: Jail) -> None:
    found: list[Any] = []
    runner = threading.Thread(target=lambda: found.append(jail.run("import time\ntime.sleep(2)")))
    runner.start()
    time.sleep(0.3)
    jail.close()
    runner.join()
    assert (found[0].status, jail.pid, jail.run("print(1)").status) == ("internal", None, "internal")


def test_limits_that_change_no_status_are_told(jail: Jail) -> None:
    loud = jail.run("import sys\nsys.stderr.write('e' * 100_000)")
    assert (loud.status, loud.hit) == ("ok", ("stderr",))
    if jail.level == "namespaces":
        full = jail.run("with open('a', 'wb') as f:\n    for _ in range(40): f.write(b'x' * (1 << 20))")
        assert (full.status, full.hit) == ("error", ("scratch",))
        assert jail.run("from os import mkdir\nmkdir('a')\nanswer = 1").value == "1"


def test_what_the_child_could_not_set_up_is_no_error_of_the_program(jail: Jail) -> None:
    if jail.level == "namespaces":  # needs jailed.patch
        assert jail.run("print(open)", limits=Limits(scratch=-5)).status == "internal"
    assert jail.run("import os\nos._exit(99)").status == "error"


@pytest.mark.parametrize("level", LEVELS)
def test_a_killed_host_that_had_forked_leaves_no_process(level: Any) -> None:
    if not probe(level).available:
        pytest.skip(f"this machine refuses {level}")
    code = (f"import os, time\nfrom tasks.tools.jail import Jail\njail = Jail({level!r}, tier='light')\n"
            "if os.fork() == 0:\n    time.sleep(5)\n    os._exit(0)\n"
            "print(jail.pid, flush=True)\njail.run('while True: pass')")
    host = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert host.stdout
    zygote = int(host.stdout.readline())
    time.sleep(0.3)
    family = descendants(zygote)
    host.kill()
    host.wait()
    time.sleep(0.5)
    assert [pid for pid in family if _lives(pid)] == []
