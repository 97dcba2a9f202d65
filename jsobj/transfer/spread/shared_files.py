"""Whether a worker on another machine sees the files that the driver sees: proven by one file, before the first byte.

What is read is proven by a file that is there: its size, its times to the nanosecond and its inode, which no copy on
another disk shares. Nothing is written into folders that are only read. For a target folder a file of random content
is made, which workers read, and which is there as long as the run.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.download.target_folder import TargetFolder

_NAME = "jsobj-probe"
_SECONDS = 3.0  # within which a network file system shows a new file


@dataclass(frozen=True, slots=True)
class Landmark:
    """A file that workers must see: with this ``content``, or with these size, times and inode."""

    path: str
    size: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0
    inode: int = 0
    content: bytes = b""

    def require_seen(self, worker: str) -> None:
        """Raise :class:`JsobjError` (local) where this machine does not see the file, or may not write beside it."""
        deadline = time.monotonic() + _SECONDS
        while (fault := self._fault()) and time.monotonic() < deadline and self.content:
            time.sleep(0.1)
        if fault:
            raise JsobjError(
                "files-not-shared",
                f"the worker {worker} does not see the files that this command is about: {fault}",
                code=ExitCode.LOCAL,
                hint="use a folder on a file system that all machines share under the same path",
            )

    def _fault(self) -> str:
        try:
            if self.content:
                return self._fault_of_content()
            state = os.stat(self.path)
        except OSError as error:
            return f"{self.path}: {error.strerror}"
        seen = (state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)
        same = seen == (self.size, self.mtime_ns, self.ctime_ns, self.inode)
        return "" if same else f"{self.path} is another file there"

    def _fault_of_content(self) -> str:
        with open(self.path, "rb") as file:
            if file.read(len(self.content) + 1) != self.content:
                return f"{self.path} is another file there"
            if os.fstat(file.fileno()).st_uid != os.geteuid():
                return "it runs as another user"
        folder = os.path.dirname(self.path)
        return "" if os.access(folder, os.W_OK | os.X_OK) else f"it may not write to {folder}"


def seen_below(paths: Sequence[str]) -> tuple[Landmark, ...]:
    """A file of each source as a landmark; none for a folder without files. ``paths`` are absolute."""
    return tuple(landmark for path in paths if (landmark := _first_below(path)) is not None)


def _first_below(path: str) -> Landmark | None:
    with contextlib.suppress(OSError):
        state = os.stat(path)
        if stat.S_ISREG(state.st_mode):
            return _landmark(path, state)
    for folder, _, names in os.walk(path):
        for name in names:
            file = os.path.join(folder, name)
            with contextlib.suppress(OSError):
                state = os.lstat(file)
                if stat.S_ISREG(state.st_mode):
                    return _landmark(file, state)
    return None


def _landmark(path: str, state: os.stat_result) -> Landmark:
    return Landmark(path, state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)


@contextlib.contextmanager
def probe_in(folder: TargetFolder) -> Iterator[tuple[Landmark, ...]]:
    """A file of random content in a target folder, which is made; gone at the end.

    It is a temporary file like those of downloads: one that a killed run leaves is swept by a later one.
    Raises :class:`JsobjError` (local).
    """
    with folder.open_temp((_NAME,), 0) as probe, probe.errors_named():
        content = os.urandom(32).hex().encode()
        os.pwrite(probe.descriptor, content, 0)
        os.fsync(probe.descriptor)
        yield (Landmark(os.path.join(os.path.abspath(folder.root), probe.name), content=content),)
