"""A virtual environment for packages that cannot, or should not, be installed beside jsobj: made once, kept."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

INSTALL_SECONDS = 480.0


class CannotBuildError(Exception):
    """The environment cannot be made here: the last words of who failed."""


def cache_of(config: pytest.Config, name: str) -> Path:
    """Where environments are kept: in JSOBJ_TEST_CACHE, else in pytest's own cache."""
    chosen = os.environ.get("JSOBJ_TEST_CACHE")
    return (Path(chosen) if chosen else Path(config.cache.mkdir(name))).absolute()


def interpreter(name: str, requirements: Sequence[str], cache: Path, *, imports: str) -> Path:
    """The Python of an environment with ``requirements``, made in a folder below ``cache`` unless it is there already.

    ``imports``: a module that shows that it works. Raises :class:`CannotBuildError`, in most cases for want of a
    network.
    """
    tag = f"{name}-python{sys.version_info.major}.{sys.version_info.minor}"
    folder, complete = cache / tag, cache / f"{tag}.complete"
    python = folder / "bin" / "python"
    made_of = "\n".join((sys.version, sys.executable, *requirements))
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{tag}.lock").open("w") as lock:  # several test runs may share the cache
        fcntl.flock(lock, fcntl.LOCK_EX)
        if complete.exists() and complete.read_text() == made_of and _works(python, imports):
            return python
        complete.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        _run(sys.executable, "-m", "venv", str(folder))
        pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input")
        _run(*pip, "--retries", "1", *requirements)
        complete.write_text(made_of)
    return python


def _works(python: Path, imports: str) -> bool:
    """Whether it starts at all: the Python it was made of may have been removed since."""
    try:
        _run(str(python), "-c", f"import {imports}")
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
