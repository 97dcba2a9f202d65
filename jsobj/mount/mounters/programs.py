"""Which mounters are installed, and of which version."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from jsobj.mount.mounters.protocol import Program

_SECONDS = 20.0
_VERSION = re.compile(r"\bv(\d+(?:\.\d+)+)", re.IGNORECASE)


def find(name: str, option: str) -> Program | None:
    """The newer of the programs beside this Python (as wheels put it there) and in PATH.

    ``option`` makes it tell its version.
    """
    beside = Path(sys.executable).parent / name  # not resolved: in a virtual environment that is its own folder
    paths = {str(beside) if beside.exists() else None, shutil.which(name)}
    found = [program for path in sorted(filter(None, paths)) if (program := _looked_at(path, option)) is not None]
    return max(found, key=lambda program: program.version, default=None)


def _looked_at(path: str, option: str) -> Program | None:
    try:
        done = subprocess.run(  # noqa: S603 - a known program, no shell
            [path, option], capture_output=True, text=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return Program(path, version_in(done.stdout))


def last_said(log: Path, *words: str) -> str:
    """The last line of a log with one of these words; "" where there is none."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if any(word in line for word in words)), "")


def version_in(text: str) -> tuple[int, ...]:
    """The first ``v1.2.3`` of a text, in numbers; () where there is none."""
    match = _VERSION.search(text)
    return tuple(map(int, match[1].split("."))) if match else ()
