"""How soon after a change a second one shows in a file's time stamps.

A file system marks a change with its clock, which moves in steps: two changes within one step leave the same stamp.
Linux marks by the tick of its own clock, 1 to 10 ms (``CONFIG_HZ``), on disks and in memory; newer kernels more finely.
The stamps of network file systems are another machine's, whose clock is not this one's, and FAT counts 2 s.

:func:`now_ns` reads the clock that Linux stamps with, not the exact one: where the processor of a virtual machine that
has the tick is kept waiting, it is behind by more than a tick.
"""

from __future__ import annotations

import os
import sys
import time
from functools import cache

from jsobj.transfer.local.mounts import file_systems

TICK = 50_000_000  # ns; several times the longest tick
COARSE = 2_000_000_000  # ns; the coarsest steps that file systems have
_OURS = frozenset({"bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs", "zfs"})
_SECOND = 1_000_000_000
_CLOCK = 5 if sys.platform == "linux" else time.CLOCK_REALTIME  # CLOCK_REALTIME_COARSE, which Python has no name for


def now_ns() -> int:
    """What a file that changed now would be stamped with, in ns since 1970."""
    return time.clock_gettime_ns(_CLOCK)


def ticks(folder: str) -> bool:
    """Whether files in ``folder`` are stamped by this machine's clock. False where that is not known."""
    try:
        return os.stat(folder).st_dev in _devices()
    except (OSError, ValueError):
        return False


def step(stamp: int, *, ticking: bool) -> int:
    """The time in ns that has to pass after ``stamp`` until another change has another one.

    ``ticking``: what :func:`ticks` says. A stamp of whole seconds may be all that a file system has (ext3).
    """
    return TICK if ticking and stamp % _SECOND else COARSE


@cache
def _devices() -> frozenset[int]:
    """The device numbers of what is mounted and stamped by this machine; a newer mount than the first call is unknown.

    A number under which anything else is mounted, too, is left out.
    """
    return frozenset(device for device, kinds in file_systems().items() if kinds <= _OURS)
