"""An older Keystone in a virtual environment of its own, made once and kept.

It holds Keystone and waitress only: the sandbox runs its Keystone program with that interpreter, and everything else
with this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from own_python import interpreter


@dataclass(frozen=True)
class Release:
    """What to install: Keystone's exact version and, of all else, only the upper bounds without which it fails."""

    keystone: str
    bounds: tuple[str, ...]

    @property
    def requirements(self) -> tuple[str, ...]:
        return (f"keystone=={self.keystone}", "waitress>=3", *self.bounds)


# The last release without the fix of OSSA-2026-005 in its series.
BEFORE_OSSA_2026_005 = Release(
    "26.1.0",
    (
        # Keystone's middleware reads RequestContext._domain_id, which is gone in 6: a 500 for every request.
        "oslo.context<6",
        # passlib tries bcrypt with a password longer than 72 bytes, which 5 refuses: bootstrap fails.
        "bcrypt<5",
    ),
)
WITH_OSSA_2026_005 = Release("28.0.1", ())


def python_of(release: Release, cache: Path) -> Path:
    """The Python that has this Keystone; see :func:`own_python.interpreter`."""
    return interpreter(f"keystone-{release.keystone}", release.requirements, cache, imports="waitress")
