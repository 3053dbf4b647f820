"""The host's side of a jail: programs in, outcomes out, tried again where the fork server breaks."""

import os
from collections.abc import Sequence
from threading import Lock
from types import TracebackType
from typing import Literal

from schemas.errors import ParameterError
from tasks.tools.jail.collector import GRACE
from tasks.tools.jail.outcome import IsolationUnavailable, Level, Limits, Outcome, Tier
from tasks.tools.jail.server import Zygote

TRIES = 3  # of a program whose zygote dies
RECYCLE = 10_000  # programs of one zygote


class Jail:
    """One fork server at one isolation level; safe to use from several threads, one program at a time.

    `level` "auto" takes the highest that this machine offers and raises `IsolationUnavailable` where it offers none;
    "none" runs programs with this user's rights and asks for `i_trust_this_code`. `tier` "light" holds the standard
    library, "sympy" also sympy, started quickly; "heavy" sympy and numpy, warmed up; "full" also scipy and networkx.
    `modules` are dotted names of files of ours that the fork server imports.
    """

    def __init__(self, level: Level | Literal["auto"] = "auto", *, tier: Tier = "heavy", limits: Limits | None = None,
                 modules: Sequence[str] = (), i_trust_this_code: bool = False) -> None:
        if level == "none" and not i_trust_this_code:
            raise ParameterError('level "none" runs a model\'s code with your rights',
                                 mend='leave the level at "auto", or say i_trust_this_code=True')
        self.level: Level = _best() if level == "auto" else level
        self.tier, self.limits, self.modules = tier, limits or Limits(), tuple(modules)
        self._lock, self._owner, self._served = Lock(), os.getpid(), 0
        self._closed = False
        self._zygote: Zygote | None = Zygote(self.level, tier, self.modules)

    def __enter__(self) -> "Jail":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def run(self, code: str, *, inputs: bytes | None = None, limits: Limits | None = None) -> Outcome:
        """Run a program in a process of its own. `inputs` reach it as the text `INPUTS`. Never raises for a program.

        Where the fork server dies it is started again, and the program tried `TRIES` times in all. What a closed jail
        is asked to run comes to "internal".
        """
        if os.getpid() != self._owner:
            raise RuntimeError("a jail belongs to the process that made it: make one in this process")
        with self._lock:
            found = _internal(self.level)
            for _ in range(TRIES):
                if self._closed:
                    return _internal(self.level, "the jail is closed")
                found = self._tried(code, inputs, limits or self.limits)
                if found.status != "internal":
                    break
            return found

    def close(self) -> None:
        """End the fork server and what it runs, for good."""
        self._closed = True
        zygote = self._zygote
        if zygote is None or os.getpid() != self._owner:
            return
        zygote.process.kill()  # a run in another thread sees the end, gives up, and lets go of the lock
        if self._lock.acquire(timeout=GRACE):  # not for ever: a signal's handler may close what it interrupted
            try:
                self._discard()
            finally:
                self._lock.release()

    def _discard(self) -> None:
        zygote, self._zygote = self._zygote, None
        if zygote is not None:
            zygote.close()

    @property
    def pid(self) -> int | None:
        """Of the outermost process of the jail, for those who watch it; None where none runs."""
        return self._zygote.process.pid if self._zygote else None

    def _tried(self, code: str, inputs: bytes | None, limits: Limits) -> Outcome:
        try:
            if self._zygote is None or self._served >= RECYCLE:
                self._discard()
                self._zygote, self._served = Zygote(self.level, self.tier, self.modules), 0
            self._served += 1
            return self._zygote.run(code.encode("utf-8", "surrogatepass"), inputs, limits)
        except (OSError, ValueError, KeyError, IsolationUnavailable) as error:
            self._discard()
            return _internal(self.level, f"{type(error).__name__}: {error}")
        except BaseException:  # interrupted: its reply is still to come, and the next program would get it
            self._discard()
            raise


def _best() -> Level:
    from tasks.tools.jail.probing import best_level

    return best_level()


def _internal(level: Level, why: str = "") -> Outcome:
    return Outcome("internal", "", why, None, 0.0, 0.0, (), level)
