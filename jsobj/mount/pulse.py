"""Whether a mount answers, asked by a child with a deadline: a mount whose mounter is stuck stops who asks it."""

from __future__ import annotations

import enum
import errno
import subprocess
import sys
from pathlib import Path

_DEAD = frozenset({errno.ENOTCONN, errno.ECONNABORTED})
_ASK = """
import os, sys
try:
    os.statvfs(sys.argv[1])
    next(os.scandir(sys.argv[1]), None)
except OSError as error:
    sys.exit(error.errno)
"""


class Pulse(enum.Enum):
    """How a mount answers."""

    ALIVE = "alive"
    SLOW = "slow"  # not within the deadline
    STALE = "stale"  # its mounter is dead
    FAULTY = "faulty"  # it answers with an error


def feel(folder: Path, seconds: float) -> Pulse:
    """Ask for its first entry."""
    return waited(asked(folder), seconds)


def asked(folder: Path) -> subprocess.Popen[bytes]:
    """Begin to ask; for :func:`waited`."""
    words = [sys.executable, "-I", "-S", "-c", _ASK, str(folder)]
    return subprocess.Popen(  # noqa: S603 - our own lines, no shell
        words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"
    )


def waited(child: subprocess.Popen[bytes], seconds: float) -> Pulse:
    """What it says within these seconds."""
    try:
        code = child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()  # it may be beyond that, in the kernel: nobody waits for it
        child.returncode = child.returncode or 0
        return Pulse.SLOW
    return Pulse.ALIVE if code == 0 else Pulse.STALE if code in _DEAD else Pulse.FAULTY
