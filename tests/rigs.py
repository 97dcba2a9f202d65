"""What a test needs of the machine: skipped with what to install where it is missing, failed in CI."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from typing import NoReturn

import pytest

# Where the program's name is not its Debian package's.
_PACKAGES = {"unshare": "util-linux", "mount": "util-linux", "chattr": "e2fsprogs"}


def lack(reason: str) -> NoReturn:
    """Skip the test; fail it where JSOBJ_REQUIRE_RIGS demands every rig."""
    (pytest.fail if os.environ.get("JSOBJ_REQUIRE_RIGS") else pytest.skip)(reason)
    raise AssertionError


def need_program(name: str, path: str | None = None) -> str:
    """The program's path."""
    found = shutil.which(name, path=path)
    if found is None:
        lack(f"{name} not found: apt-get install {_PACKAGES.get(name, name)}")
    return found


def need_strace() -> str:
    """strace's path, where it may trace."""
    found = need_program("strace")
    if not _traces(found):
        lack("strace may not trace here (ptrace is forbidden)")
    return found


@functools.cache
def _traces(strace: str) -> bool:
    return subprocess.run([strace, "true"], capture_output=True, timeout=20).returncode == 0
