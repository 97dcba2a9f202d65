"""The file systems that are mounted here, and those that should be."""

from __future__ import annotations

import os
import re

_OCTAL = re.compile(r"\\([0-7]{3})")


def file_systems() -> dict[int, set[str]]:
    """The kinds (``ext4``, ``tmpfs`` ...) that each device number stands for; nothing where the system does not tell.

    Source: proc_pid_mountinfo(5). Read anew each time: numbers of what has no disk are given again after an unmount.
    """
    kinds: dict[int, set[str]] = {}
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                front, _, back = line.partition(" - ")
                major, _, minor = front.split()[2].partition(":")
                kinds.setdefault(os.makedev(int(major), int(minor)), set()).add(back.split()[0])
    except (OSError, ValueError, IndexError):
        return {}
    return kinds


def unmounted(folder: str, table: str = "/etc/fstab") -> str:
    """A mount point of ``table`` at, above or in a folder where nothing is mounted; "" for none.

    The root of the file system and swap are none. Source: fstab(5), where blanks are written as ``\\040``.
    """
    real = os.path.realpath(folder)
    mounted = _mount_points("/proc/self/mountinfo", 4)
    if not mounted:
        return ""  # the system does not tell
    for point in _mount_points(table, 1):
        related = f"{real}/".startswith(f"{point}/") or f"{point}/".startswith(f"{real}/")
        if point != "/" and point.startswith("/") and related and point not in mounted:
            return point
    return ""


def _mount_points(table: str, column: int) -> list[str]:
    try:
        with open(table, encoding="utf-8", errors="surrogateescape") as lines:
            rows = [line.split() for line in lines if not line.lstrip().startswith("#")]
    except OSError:
        return []
    return [_OCTAL.sub(lambda found: chr(int(found[1], 8)), row[column]) for row in rows if len(row) > column]
