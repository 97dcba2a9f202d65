"""Locks on open files (flock), and flushing of folders, on file systems that may lack either.

A lock ends with the process that took it, whatever ends that process.
"""

from __future__ import annotations

import contextlib
import enum
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

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


@contextlib.contextmanager
def one_at_a_time(path: Path, seconds: float) -> Iterator[bool]:
    """Hold the lock of a file, which is made; yields False where another process has kept it for all these seconds.

    Without locks, or without the right to write there, there is no waiting.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield True
        return
    try:
        deadline = time.monotonic() + seconds
        while (lock := try_lock(descriptor)) is Lock.HELD and time.monotonic() < deadline:
            time.sleep(0.05)
        yield lock is not Lock.HELD
    finally:
        os.close(descriptor)


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
