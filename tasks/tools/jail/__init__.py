"""The door for programs that a model wrote: a fork server in a jail, which runs each in a process of its own.

    with Jail() as jail:
        outcome = jail.run("print(2 + 2)")

Two levels, probed by doing, never silently lowered: `namespaces` (own root, processes, network, users; seccomp) and
`landlock` (no new files, nothing to write; a stricter seccomp) for containers that forbid namespaces. Where neither
works, `IsolationUnavailable`. What runs inside lies in `tasks.tools.jailed`. Out of scope: holes of the kernel behind
the allowed calls, and side channels; for hostile tenants run all of mathmill in a virtual machine as well.
"""

from tasks.tools.jail.host import Jail
from tasks.tools.jail.outcome import IsolationUnavailable, Level, Limits, Outcome, Status, Tier
from tasks.tools.jail.probing import Probe, best_level, probe

__all__ = ["IsolationUnavailable", "Jail", "Level", "Limits", "Outcome", "Probe", "Status", "Tier", "best_level",
           "probe"]
