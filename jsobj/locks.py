"""Locks on open files (flock), and flushing of folders, on file systems that may lack either.

A lock ends with the process that took it, whatever ends that process.
"""

from __future__ import annotations

import enum
import errno
import fcntl
import os

# What file systems without locks answer (some network and FUSE ones), and those that cannot flush a folder.
_NO_LOCKS = frozenset({errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOLCK})
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.EOPNOTSUPP})


class Lock(enum.Enum):
    """How an attempt to take a lock ended."""

    TAKEN = enum.auto()
    HELD = enum.auto()  # by another process, or another descriptor of this one
    UNSUPPORTED = enum.auto()


def try_lock(descriptor: int, *, shared: bool = False) -> Lock:
    """Take the lock of an open file or folder, without waiting. Raises :class:`OSError` for other failures."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return Lock.HELD
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return Lock.UNSUPPORTED
        raise
    return Lock.TAKEN


def wait_shared(descriptor: int) -> None:
    """Take a shared lock, once no process has an exclusive one. Raises :class:`OSError`."""
    fcntl.flock(descriptor, fcntl.LOCK_SH)


def unlock(descriptor: int) -> None:
    """Release a lock now: closing the file is not enough where a forked child shares it. Raises :class:`OSError`."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def is_locked(descriptor: int) -> bool:
    """Whether another descriptor has an exclusive lock. Raises :class:`OSError`."""
    return try_lock(descriptor, shared=True) is Lock.HELD


def sync_folder(descriptor: int) -> None:
    """Flush an open folder, so that renames in it survive a power cut. Raises :class:`OSError`."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
