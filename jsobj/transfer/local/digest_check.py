"""Local files against a list of digests."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from jsobj.parallel_map import parallel_map
from jsobj.transfer.local.digest_list import DigestLine
from jsobj.transfer.verify import DIFFERS, MISSING, SAME, UNREADABLE, Checked

_READ = 1024**2
_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


def check_folder(folder: str, lines: Iterable[DigestLine], *, workers: int) -> Iterator[Checked]:
    """The verdicts on the files of ``folder`` that a list names, in its order. An early end stops what is being read.

    A symbolic link is followed where it stays in the folder: a list that somebody else made reads nothing outside.
    """
    check = _Check(os.path.realpath(folder))
    return parallel_map(check, lines, workers, stop=check.stopped.set)


@dataclass(frozen=True, slots=True)
class _Check:
    """Checks one file at a time, from several threads. ``folder``: without symbolic links."""

    folder: str
    stopped: threading.Event = field(default_factory=threading.Event)

    def __call__(self, line: DigestLine) -> Checked:
        path = os.path.join(self.folder, line.name)
        inside = self.folder.rstrip("/") + "/"
        try:
            if not os.path.realpath(path).startswith(inside):
                return Checked(line.name, UNREADABLE, "a symbolic link leads out of the folder")
            descriptor = os.open(path, _OPEN)
            try:
                return self._compared(line, descriptor)
            finally:
                os.close(descriptor)
        except (FileNotFoundError, NotADirectoryError):
            return Checked(line.name, MISSING, "no such file")
        except OSError as error:
            return Checked(line.name, UNREADABLE, error.strerror or type(error).__name__)

    def _compared(self, line: DigestLine, descriptor: int) -> Checked:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            return Checked(line.name, UNREADABLE, "it is no regular file")
        digest, buffer, offset = hashlib.new(line.kind, usedforsecurity=False), memoryview(bytearray(_READ)), 0
        while not self.stopped.is_set() and (count := os.preadv(descriptor, [buffer], offset)):
            digest.update(buffer[:count])
            offset += count
        now = os.fstat(descriptor)
        if (now.st_size, now.st_mtime_ns, now.st_ctime_ns) != (before.st_size, before.st_mtime_ns, before.st_ctime_ns):
            return Checked(line.name, UNREADABLE, "it changed while it was read")
        return Checked(line.name, SAME if digest.hexdigest() == line.digest else DIFFERS, line.kind, now.st_size)
