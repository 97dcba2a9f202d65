"""What a test needs of the machine: skipped with what to install where it is missing, failed in CI."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
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


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of ``size`` (such as ``64k``) in ``folder``, taken away at the end whatever happens."""
    disk = folder / "disk"
    disk.mkdir()
    mount = [need_program("mount"), "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, timeout=20).returncode:
        lack("a tmpfs may not be mounted here: run the tests as root")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True, timeout=20)
