"""So many detached runs at once on a machine: the others wait for their turn.

A turn is the lock of a file, which the kernel takes back from a process that dies. Those who wait stand in a line: the
first has the lock of the line, and looks for a free turn.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from jsobj.errors import BadUsage
from jsobj.identity.settings import JOBS_AT_ONCE, Settings
from jsobj.locks import Lock, try_lock
from jsobj.transfer.detached.record import this_host

DEFAULT = 4
_POLL = 0.2


def at_once(settings: Settings) -> int:
    """The number that the environment gives. Raises :class:`JsobjError` (usage)."""
    text = settings.get(JOBS_AT_ONCE) or str(DEFAULT)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1000:
        hint = f"export {JOBS_AT_ONCE}={DEFAULT}"
        raise BadUsage(f"{JOBS_AT_ONCE} is '{text}', and a number from 1 to 1000 is needed", hint=hint)
    return int(text)


@contextlib.contextmanager
def turn(folder: Path, limit: int) -> Iterator[None]:
    """Wait until fewer than ``limit`` others have a turn, and have one. ``folder``: of the locks.

    Where there are no locks, nobody waits. Raises :class:`OSError`.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = _open(folder, "line")
    try:
        if try_lock(line) is Lock.HELD:
            fcntl.flock(line, fcntl.LOCK_EX)
        while (mine := _free(folder, limit)) is None:
            time.sleep(_POLL)
    finally:
        os.close(line)
    try:
        yield
    finally:
        os.close(mine)


def _free(folder: Path, limit: int) -> int | None:
    """The open file of a turn that is free, locked."""
    for number in range(1, limit + 1):
        descriptor = _open(folder, str(number))
        if try_lock(descriptor) is not Lock.HELD:
            return descriptor
        os.close(descriptor)
    return None


def _open(folder: Path, name: str) -> int:
    path = folder / f"{this_host()}-{name}.lock"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
