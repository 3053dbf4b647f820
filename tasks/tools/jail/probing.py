"""What isolation this machine offers, found by doing: the real jail is started, and break-outs are tried in it."""

import os
import tempfile
from functools import cache
from typing import Literal, NamedTuple

from tasks.tools.jail.host import Jail
from tasks.tools.jail.outcome import IsolationUnavailable, Level, Limits

# each must print "kept" and nothing else
CANARIES = {
    "a file of this machine is read": "try: open({file!r}).read(); print('out')\nexcept OSError: print('kept')",
    "another process gets a signal":  # one's own number can be the same, in a container
        "import os\ntry:\n    os.kill({pid}, 0)\n    print('kept' if {pid} == os.getpid() else 'out')\n"
        "except OSError: print('kept')",
    "a socket is opened": "import socket\ntry: socket.socket(); print('out')\nexcept OSError: print('kept')",
    "a process is started":
        "import os\ntry:\n    os.fork() or os._exit(0)\n    print('out')\nexcept OSError: print('kept')",
    "a file is written": "try: open({file!r}, 'a').write('out')\nexcept OSError: pass\nprint('kept')",
    "secrets are in the environment": "import os\nprint('out' if {secret!r} in os.environ else 'kept')"}
SECRET = "MATHMILL_CANARY"
LIMITS = Limits(wall=15, cpu=15)  # a busy machine must not pass for one that offers less


class Probe(NamedTuple):
    """Whether a level works here; if not, what was `refused` (a system call) or which canary got `out`."""

    level: Level
    available: bool
    refused: str


@cache
def probe(level: Literal["namespaces", "landlock"]) -> Probe:
    """Start the jail at a level and try to get out of it. Once a process; about a tenth of a second."""
    os.environ[SECRET] = "1"
    try:
        with tempfile.NamedTemporaryFile() as file, Jail(level, tier="light", limits=LIMITS) as jail:
            for what, code in CANARIES.items():
                outcome = jail.run(code.format(file=file.name, pid=os.getpid(), secret=SECRET))
                if outcome.status != "ok" or outcome.stdout != "kept\n":
                    return Probe(level, False, f"{what} ({outcome.status}: {outcome.stdout}{outcome.stderr[-200:]})")
            if os.stat(file.name).st_size:
                return Probe(level, False, "a file of this machine is written")
    except IsolationUnavailable as error:
        return Probe(level, False, error.what)
    finally:
        os.environ.pop(SECRET, None)
    return Probe(level, True, "")


@cache
def best_level(require: Literal["namespaces", "landlock"] = "landlock") -> Level:
    """The highest level that works here. Raises `IsolationUnavailable` where that is less than `require`."""
    tried = [probe("namespaces"), *([probe("landlock")] if require == "landlock" else [])]
    for found in tried:
        if found.available:
            return found.level
    raise IsolationUnavailable(
        "this machine offers no isolation for programs: " + "; ".join(f"{p.level}: {p.refused}" for p in tried),
        where="sandbox", mend="allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, or "
        "user.max_user_namespaces > 0; in a container --security-opt seccomp=unconfined) or a kernel with Landlock "
        "(5.13 or later); `mathmill doctor` tells more")
