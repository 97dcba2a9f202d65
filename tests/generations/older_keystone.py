"""An older Keystone in a virtual environment of its own, made once and kept.

It holds Keystone and waitress only: the sandbox runs its Keystone program with that interpreter, and everything else
with this one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

INSTALL_SECONDS = 480.0


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


class CannotBuildError(Exception):
    """The environment cannot be made here: the last words of who failed."""


def interpreter(release: Release, cache: Path) -> Path:
    """The Python that has this Keystone, made in a folder below ``cache`` unless it is there already.

    Raises :class:`CannotBuildError`, in most cases for want of a network.
    """
    tag = f"keystone-{release.keystone}-python{sys.version_info.major}.{sys.version_info.minor}"
    folder, complete = cache / tag, cache / f"{tag}.complete"
    python = folder / "bin" / "python"
    made_of = "\n".join((sys.version, sys.executable, *release.requirements))
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{tag}.lock").open("w") as lock:  # several test runs may share the cache
        fcntl.flock(lock, fcntl.LOCK_EX)
        if complete.exists() and complete.read_text() == made_of and _works(python):
            return python
        complete.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        _run(sys.executable, "-m", "venv", str(folder))
        pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input")
        _run(*pip, "--retries", "1", *release.requirements)
        complete.write_text(made_of)
    return python


def _works(python: Path) -> bool:
    """Whether it starts at all: the Python it was made of may have been removed since."""
    try:
        _run(str(python), "-c", "import waitress")
    except CannotBuildError:
        return False
    return True


def _run(*words: str) -> None:
    # PYTHONPATH and its kin are about this interpreter, not about that one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        done = subprocess.run(
            words, env=environment, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotBuildError(str(error)) from error
    if done.returncode:
        raise CannotBuildError((done.stderr.strip() or done.stdout.strip())[-600:])
