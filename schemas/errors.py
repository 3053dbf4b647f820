"""Every error that mathmill raises on purpose, as one tree.

    MathmillError            a run cannot go on; the message says where and what to do
    ├── InputError           a file, a row or a column that the user gave
    ├── ParameterError       a flag or a flow parameter
    ├── RunError             a run's folder: damaged, written by other parameters
    │   └── BusyError        another process is at work in it
    ├── StorageError         the disk: full, read-only, vanished
    └── ToolError            a library or a process that we lean on broke

A bad *row* is never an error: it is a `Rejection`.
"""


class MathmillError(Exception):
    """Something that stops a run: `what` happened `where`, and the `mend` that the user can make."""

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.mend = what, where, mend

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        mend = f"\n  mend: {self.mend}" if self.mend else ""
        return f"{place}{self.what}{mend}"

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        # Errors cross process borders by pickle, which would lose keyword arguments.
        return _rebuild, (type(self), self.what, self.where, self.mend)


def _rebuild(kind: type[MathmillError], what: str, where: str, mend: str) -> MathmillError:
    return kind(what, where=where, mend=mend)


class InputError(MathmillError):
    """A file, row or column that the user gave cannot be used."""


class ParameterError(MathmillError):
    """A flag or a flow parameter is not one that the recipe takes, or has a value it cannot take."""


class RunError(MathmillError):
    """A run's folder is taken by another run, damaged, or not a run."""


class BusyError(RunError):
    """Another process is at work in this folder; later it will not be."""


class StorageError(MathmillError):
    """The disk is full, read-only or gone."""


class ToolError(MathmillError):
    """A library or a process that we lean on broke; never a verdict on a row."""
