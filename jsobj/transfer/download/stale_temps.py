"""Temporary files that killed downloads left: known by their names, without a lock, and in no journal.

Each process that writes a temporary file holds a shared lock on it, which ends with the process. So a file that can be
locked exclusively, and that no journal names for a later run, is stale.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Collection

from jsobj.locks import Lock, try_lock, wait_shared
from jsobj.transfer.local.key_path import is_temp

# The names that journals have; None where one of them cannot be read: then no file is known to be stale.
Claimed = Callable[[], Collection[str] | None]

_OLD = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def hold(descriptor: int) -> bool:
    """Hold a temporary file that was opened. False where a sweep took its name meanwhile: make another one."""
    with contextlib.suppress(OSError):  # file systems without locks: no sweep takes it there either
        wait_shared(descriptor)
    return os.fstat(descriptor).st_nlink > 0


def sweep(folder: int, claimed: Claimed, new: Collection[str] = ()) -> None:
    """Remove from an open folder what killed runs of this user left; what cannot be looked at or removed stays.

    ``new``: files that other threads make at this moment, and do not hold yet.
    """
    stale: list[str] = []
    with contextlib.suppress(OSError):
        stale = [name for name in os.listdir(folder) if is_temp(name)]
    known = claimed() if stale else None
    if known is None:
        return
    for name in stale:
        if name not in known and name not in new:
            with contextlib.suppress(OSError):
                _remove(folder, name)


def _remove(folder: int, name: str) -> None:
    descriptor = os.open(name, _OLD, dir_fd=folder)
    try:
        state = os.fstat(descriptor)
        ours = stat.S_ISREG(state.st_mode) and state.st_nlink == 1 and state.st_uid == os.geteuid()
        if ours and try_lock(descriptor) is Lock.TAKEN:
            os.unlink(name, dir_fd=folder)
    finally:
        os.close(descriptor)
