"""The file systems that are mounted here, by their device numbers."""

from __future__ import annotations

import os


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
