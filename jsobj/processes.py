"""Processes that are identified, watched and ended without races.

A pid is reused; pid, start time and boot id together are unique. Signals go through a pidfd that was opened before the
identity was checked, so they never hit a recycled pid; where the system is older than Linux 5.3, or Python was built on
one, the identity is checked right before. Linux only; no process is looked up by name.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
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
        """The running process with this pid, if there is one; a zombie is not running."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        # The second field, the name, is in parentheses and may contain anything: split after the last one.
        state, *fields = stat.rpartition(")")[2].split()
        if state in ("Z", "X"):
            return None
        return cls(pid, int(fields[18]), boot_id())

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return Process.of(self.pid) == self

    def signal(self, number: int) -> bool:
        """Send a signal to this very process; False if it has ended."""
        if not supported():
            with suppress(ProcessLookupError):
                if self.alive():
                    os.kill(self.pid, number)
                    return True
            return False
        with _pidfd(self) as descriptor, suppress(ProcessLookupError):
            if descriptor is not None:
                signal.pidfd_send_signal(descriptor, number)
                return True
        return False

    def wait(self, seconds: float) -> bool:
        """Wait for its end, at most ``seconds``; whether it has ended."""
        if not supported():
            deadline = time.monotonic() + seconds
            while (alive := self.alive()) and time.monotonic() < deadline:
                time.sleep(0.05)
            return not alive
        with _pidfd(self) as descriptor:
            if descriptor is None:
                return True
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            return bool(poll.poll(max(0, seconds) * 1000))

    def end(self, patience: float) -> None:
        """SIGTERM, wait ``patience`` seconds, SIGKILL, wait again."""
        if self.signal(signal.SIGTERM) and not self.wait(patience):
            self.signal(signal.SIGKILL)
            self.wait(patience)


@contextmanager
def _pidfd(process: Process) -> Iterator[int | None]:
    """A pidfd for a process; None if it has ended."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        yield None
        return
    try:
        yield descriptor if process.alive() else None  # checked now that the descriptor is bound to one process
    finally:
        os.close(descriptor)


def boot_id() -> str:
    """The id of this boot: after a reboot the same pid and start time are another process."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


@cache
def supported() -> bool:
    """Whether this system has process descriptors (Linux 5.3 or later)."""
    if not hasattr(os, "pidfd_open") or not hasattr(signal, "pidfd_send_signal"):
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


def die_with(parent: int, name: str) -> None:
    """Have the kernel kill this process when its parent ends, and name it for ``ps``.

    Called first in a forked child; ``parent`` is the parent's pid from before the fork. The parent may end before
    prctl, hence the check after it.
    """
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    libc.prctl(PR_SET_NAME, name.encode()[:15], 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def wait_all(processes: list[Process], seconds: float) -> list[Process]:
    """Wait for all, at most ``seconds`` together; those that still run."""
    deadline = time.monotonic() + seconds
    return [process for process in processes if not process.wait(deadline - time.monotonic())]
