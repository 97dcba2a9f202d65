"""Sources and sinks of object bytes: stretches of files, and bytes in memory."""

from __future__ import annotations

import os
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError

_BELIEVED = 64 * 1024 * 1024  # bytes of memory that are taken because a server announces them


@dataclass(frozen=True, slots=True)
class FileSource:
    """``size`` bytes of an open file from ``start`` on. ``name`` is for errors. The descriptor stays the caller's."""

    descriptor: int
    start: int
    size: int
    name: str

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill ``buffer``; see :class:`jsobj.store.objects.Source`."""
        wanted = min(len(buffer), self.size - offset)
        done = 0
        while done < wanted:
            count = os.preadv(self.descriptor, [buffer[done:wanted]], self.start + offset + done)
            if not count:
                raise source_changed(self.name)
            done += count
        return done


@dataclass(frozen=True, slots=True)
class BytesSource:
    """Bytes in memory."""

    data: bytes | bytearray | memoryview

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self.data)

    @property
    def view(self) -> memoryview:
        """All of it, where it lies."""
        return memoryview(self.data)

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill ``buffer``; see :class:`jsobj.store.objects.Source`."""
        chunk = self.view[offset : offset + len(buffer)]
        buffer[: len(chunk)] = chunk
        return len(chunk)


@dataclass(frozen=True, slots=True)
class FileSink:
    """An open file from byte ``start`` on. The descriptor stays the caller's."""

    descriptor: int
    start: int = 0

    def write(self, chunk: memoryview, offset: int) -> None:
        """Write all of ``chunk``; raises :class:`OSError` (disk full, for one)."""
        done = 0
        while done < len(chunk):
            done += os.pwrite(self.descriptor, chunk[done:], self.start + offset + done)


class BytesSink:
    """Bytes in memory: ``data`` when the call has returned."""

    def __init__(self) -> None:
        self.data = bytearray()

    def room(self, size: int) -> memoryview | None:
        """Memory for all of it; see :class:`jsobj.store.objects.Room`. What is large grows as it comes instead: a
        server may announce more than it has."""
        if size > _BELIEVED:
            return None
        self.data = bytearray(size)
        return memoryview(self.data)

    def write(self, chunk: memoryview, offset: int) -> None:
        """Keep ``chunk``, and nothing behind it: a retry begins anew, and may be shorter."""
        self.data[offset:] = chunk


def source_changed(name: str) -> JsobjError:
    """The error for a file that is not what it was when the transfer was planned (F/P13: never a mix)."""
    return JsobjError(
        "source-changed",
        f"{name} changed while it was being sent",
        code=ExitCode.INTEGRITY,
        hint="wait until nothing writes to it, and run the same command again",
    )
