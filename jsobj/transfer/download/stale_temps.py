"""Temporary files of downloads that were killed: known by their names, by nobody's holding them, and by no journal.

Whoever writes a temporary file holds a shared lock on it (flock), which the system takes back when the process ends,
however it ends. So a file that can be locked for oneself alone, and that no journal names for a run to come, is of no
use to anybody.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Callable, Collection

from jsobj.transfer.key_path import is_temp

# The names that journals have; None where one of them cannot be read, and so nothing is known.
Claimed = Callable[[], Collection[str] | None]

_OLD = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def hold(descriptor: int) -> bool:
    """Hold a temporary file that was opened. False where a sweep took its name meanwhile: make another one."""
    with contextlib.suppress(OSError):  # file systems without locks: nobody else can take it there either
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    return os.fstat(descriptor).st_nlink > 0


def sweep(folder: int, claimed: Claimed) -> None:
    """Remove from an open folder what killed runs of this user left; what cannot be looked at or removed stays."""
    strays: list[str] = []
    with contextlib.suppress(OSError):
        strays = [name for name in os.listdir(folder) if is_temp(name)]
    known = claimed() if strays else None
    if known is None:
        return
    for name in strays:
        if name not in known:
            with contextlib.suppress(OSError):
                _remove(folder, name)


def _remove(folder: int, name: str) -> None:
    descriptor = os.open(name, _OLD, dir_fd=folder)
    try:
        state = os.fstat(descriptor)
        if stat.S_ISREG(state.st_mode) and state.st_nlink == 1 and state.st_uid == os.geteuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(name, dir_fd=folder)
    finally:
        os.close(descriptor)
