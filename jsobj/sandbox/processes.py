"""Knowing, watching and ending processes for certain.

A pid alone names a process only until it ends; pid, start time and boot id together name one process for ever. Every
signal goes through a pidfd that was opened before the identity was checked, so that it can never hit a recycled pid.
Linux only. It never looks a process up by name.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import time
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_NAME = 15


@dataclass(frozen=True, slots=True)
class Process:
    """One process: ``start_time`` in clock ticks after boot (field 22 of /proc/PID/stat, proc(5))."""

    pid: int
    start_time: int
    boot_id: str

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The process that has this pid now, or None when there is none or it has ended (zombies have ended)."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        # The second field, the name, is in parentheses and may contain anything: count from the last one.
        state, *fields = stat.rpartition(")")[2].split()
        if state in ("Z", "X"):
            return None
        return cls(pid, int(fields[18]), boot_id())

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return Process.of(self.pid) == self

    def signal(self, number: int) -> bool:
        """Send a signal to this very process; False when it has ended."""
        with _PidFd(self) as descriptor:
            if descriptor is None:
                return False
            try:
                signal.pidfd_send_signal(descriptor, number)
            except ProcessLookupError:
                return False
            return True

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended, at most ``seconds``; True when it has."""
        with _PidFd(self) as descriptor:
            if descriptor is None:
                return True
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            return bool(poll.poll(max(0, seconds) * 1000))

    def end(self, patience: float) -> None:
        """SIGTERM, wait ``patience`` seconds, SIGKILL, wait until it is gone."""
        if self.signal(signal.SIGTERM) and not self.wait(patience):
            self.signal(signal.SIGKILL)
            self.wait(patience)

    def to_json(self) -> dict[str, object]:
        """For the state file."""
        return {"pid": self.pid, "start_time": self.start_time, "boot_id": self.boot_id}


class _PidFd:
    """A pidfd for a process, or None when it has ended."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._descriptor: int | None = None

    def __enter__(self) -> int | None:
        try:
            self._descriptor = os.pidfd_open(self._process.pid)
        except ProcessLookupError:
            return None
        # Only now the identity: from here on the descriptor stands for one process, whatever becomes of the number.
        return self._descriptor if self._process.alive() else None

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)


def boot_id() -> str:
    """The id of this boot of the kernel: after a reboot the same pid and start time mean another process."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def supported() -> bool:
    """Whether this system has what the module needs (Linux 5.3 or later)."""
    if not hasattr(os, "pidfd_open") or not hasattr(signal, "pidfd_send_signal"):
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


def die_with(parent: int, name: str) -> None:
    """Make the kernel kill this process when its parent ends, and give it a name for ``ps``.

    To be called first thing in a forked child; ``parent`` is the pid that the parent had before the fork. The parent
    may have ended before the request reached the kernel, hence the second look.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    libc.prctl(PR_SET_NAME, name.encode()[:15], 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def wait_all(processes: list[Process], seconds: float) -> list[Process]:
    """Wait for all to end, at most ``seconds`` together; the ones that still run."""
    deadline = time.monotonic() + seconds
    return [process for process in processes if not process.wait(deadline - time.monotonic())]
